//! PHP that asks whether a feature may run: the daemon on its socket, and the gateway over HTTP.

use std::{error::Error, path::Path, process::Command};

use crate::{daemon::Host, program::Served};

/// Who is asked by whom, and how often.
pub(crate) struct Plan<'a> {
    pub(crate) license_server: &'a Path,
    pub(crate) licensed: &'a Path,
    pub(crate) gateway: &'a Path,
    /// What PHP runs: it takes the times, and prints a line for each way to ask.
    pub(crate) script: &'a Path,
    /// Of each way to ask.
    pub(crate) calls: usize,
}

/// Measures everything and prints a line for each way to ask.
pub(crate) fn run(plan: &Plan<'_>, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (_served, host) = Host::with_server(plan.license_server, plan.licensed, folder)?;
    let (_daemon, _) = host.start()?;
    host.register()?;
    let mut gateway = Command::new(plan.gateway);
    gateway.env_clear().args(["--listen", "127.0.0.1:0", "--socket"]).arg(host.socket());
    gateway.arg("--state-dir").arg(folder.join("gateway"));
    let gateway = Served::listening(&mut gateway)?;
    let mut php = Command::new("php");
    php.arg(plan.script).arg(host.socket()).arg(format!("http://{}", gateway.address));
    let measured = php.arg(plan.calls.to_string()).output()?;
    print!("{}", String::from_utf8_lossy(&measured.stdout));
    if measured.status.success() {
        Ok(())
    } else {
        Err(format!("php ended with {}\n{}", measured.status, String::from_utf8_lossy(&measured.stderr))
            .into())
    }
}
