//! Clients in other languages: the PHP module loader, and the Python client that was written from
//! docs/protocol.md alone; and schemathesis.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use crate::{Answered, Host, LicenseServer, answered::verdict_in, programs::workspace};

/// Coupons for generated requests to use.
const COUPONS: usize = 12;

/// What the PHP loader says of each of its example modules, by name.
pub fn php_loader(host: &Host) -> BTreeMap<String, String> {
    let examples = workspace().join("clients/php/examples");
    let mut loader = interpreter("php", &["--version"], "php-cli");
    loader.arg(examples.join("module-loader.php")).arg("--json");
    loader.arg("--socket").arg(host.socket()).arg("survey").arg(examples.join("modules"));
    let rows = Answered::by(&mut loader).ended_with(0).json();
    let said = rows.as_array().unwrap().iter();
    said.map(|row| (row["module"].as_str().unwrap().to_owned(), verdict_in(row))).collect()
}

/// The PHP program that prints a line of JSON for each change.
pub fn php_watch(host: &Host) -> Command {
    let mut watch = interpreter("php", &["--version"], "php-cli");
    watch.arg(workspace().join("clients/php/examples/watch.php")).arg(host.socket());
    watch
}

/// What the Python client prints about a feature.
pub fn python_client(host: &Host, feature: u32) -> Value {
    let mut client = interpreter("python3", &["--version"], "python3");
    client.arg(workspace().join("tests/python/protocol_client.py"));
    client.arg(host.socket()).arg(feature.to_string());
    Answered::by(&mut client).ended_with(0).json()
}

/// What came of trying a license server against its own description.
pub fn api_description(server: &LicenseServer) -> Answered {
    let coupons = (0..COUPONS).map(|_| server.coupon(81));
    let mut python = interpreter("python3", &["--version"], "python3");
    python.arg(workspace().join("tests/python/api_description.py")).arg(server.url()).args(coupons);
    // It leaves its crash reports where it runs.
    python.current_dir(server.data());
    Answered::by(&mut python)
}

/// A program of the system, if it ends well with these arguments.
pub(crate) fn interpreter(program: &str, probe: &[&str], package: &str) -> Command {
    let found = Command::new(program).args(probe).output().is_ok_and(|output| output.status.success());
    assert!(found, "{package} is not there. Install it: apt-get install {package} (`cargo xtask test` does)");
    Command::new(program)
}
