//! Clients in other languages: the PHP module loader, and the Python client that was written from
//! docs/protocol.md alone.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use crate::{Answered, Host, answered::verdict_in, programs::workspace};

/// What the PHP loader says of each of its example modules, by name.
pub fn php_loader(host: &Host) -> BTreeMap<String, String> {
    let examples = workspace().join("clients/php/examples");
    let mut loader = interpreter("php", "php-cli");
    loader.arg(examples.join("module-loader.php")).arg("--json");
    loader.arg(host.socket()).arg(examples.join("modules"));
    let rows = Answered::by(&mut loader).ended_with(0).json();
    let said = rows.as_array().unwrap().iter();
    said.map(|row| (row["module"].as_str().unwrap().to_owned(), verdict_in(row))).collect()
}

/// What the Python client prints about a feature.
pub fn python_client(host: &Host, feature: u32) -> Value {
    let mut client = interpreter("python3", "python3");
    client.arg(workspace().join("tests/python/protocol_client.py"));
    client.arg(host.socket()).arg(feature.to_string());
    Answered::by(&mut client).ended_with(0).json()
}

fn interpreter(program: &str, package: &str) -> Command {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(found, "{program} is not there. Install it: apt-get install {package} (`cargo xtask test` does)");
    Command::new(program)
}
