//! `cargo xtask bench`: load for release builds. The figures are in docs/performance.md.

use std::process::Command;

use crate::{
    error::Error,
    place::{self, cargo},
    process,
    progress::Progress,
    tools::{PHP, PHP_CURL},
};

/// What the programs do in how much time: `server` is the license server under load, `admin` are the vendor's
/// commands, `daemon` is the daemon, `php` is PHP that asks the daemon and the gateway.
pub(crate) fn run(subject: &str, flags: &[&str]) -> Result<(), Error> {
    let building = Progress::show("release build");
    process::run(cargo(&[
        "build",
        "--locked",
        "--release",
        "--package",
        "license-server",
        "--package",
        "licensed",
        "--package",
        "license-gateway",
        "--package",
        "bench",
    ]))?;
    drop(building);
    let built = place::target_dir().join("release");
    let mut bench = Command::new(built.join("bench"));
    bench.arg(subject).arg(built.join("license-server"));
    if matches!(subject, "daemon" | "php") {
        bench.arg(built.join("licensed"));
    }
    if subject == "php" {
        PHP.installed()?;
        PHP_CURL.installed()?;
        bench.arg(built.join("license-gateway"));
        bench.arg(place::workspace().join("clients/php/bench/ask.php"));
    }
    bench.args(flags);
    let running = Progress::show("bench");
    let figures = process::run(bench)?;
    drop(running);
    print!("{figures}");
    Ok(())
}
