//! A Debian with a systemd of its own, booted for a test.

use std::{
    env,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use nix::unistd::Uid;
use serde_json::Value;

use crate::{Answered, answered::verdict_in, programs, waiting};

/// Debian packages in the box beside those that every Debian has: what the tests run in it. The same for all, so
/// that one image serves all.
const PACKAGES: &str = "locales,monit,php8.2-cli,php8.2-curl";

/// Where the packages of the project lie in the box.
pub const PACKAGES_FOLDER: &str = "/root/packages";

/// What an administrator has who wants no service to be started by an installation.
const START_NOTHING: &str =
    r"printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d";

/// The units.
pub const UNITS: [&str; 5] = [
    "licensed.socket",
    "licensed.service",
    "license-gateway.socket",
    "license-gateway.service",
    "license-server.service",
];

/// What removes the box when its standard input ends, however the test does.
const GUARD: &str = r#"cat >/dev/null; exec "$0" destroy"#;

/// One at a time: a box takes some hundred megabytes of memory.
static ONE: Mutex<()> = Mutex::new(());

/// A booted Debian on loopback alone. It is destroyed with this value, and with the process of the test.
#[derive(Debug)]
pub struct SystemdBox {
    name: String,
    guard: Child,
    _one: MutexGuard<'static, ()>,
}

impl SystemdBox {
    /// Boots a new one.
    pub fn boot() -> Self {
        assert!(Uid::effective().is_root(), "this test boots a system: run it as root");
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("licensed-{}", process::id());
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD]).arg(script()).env("BOX_NAME", &name);
        // Not in the group that an interrupt or a time-out ends.
        guard.process_group(0);
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let new = Self { name, guard, _one: one };
        new.control(&["start"]);
        new
    }

    /// Boots a new one and installs everything in it.
    pub fn installed() -> Self {
        let new = Self::boot();
        new.install();
        new
    }

    /// Installs everything. Nothing is started yet.
    pub fn install(&self) {
        self.copy_packages();
        self.sh(START_NOTHING).ended_with(0);
        self.sh(&format!("dpkg -i {PACKAGES_FOLDER}/*.deb && rm /usr/sbin/policy-rc.d")).ended_with(0);
    }

    /// Copies the packages into the box.
    pub fn copy_packages(&self) {
        self.copy(&programs::packages(), &format!("{PACKAGES_FOLDER}/"));
    }

    /// Copies files or folders into the box.
    pub fn copy(&self, from: &[PathBuf], to: &str) {
        let from = from.iter().map(|path| path.to_str().unwrap());
        self.control(&["copy-in"].into_iter().chain(from).chain([to]).collect::<Vec<_>>());
    }

    /// A command in the box, as root.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.script();
        command.arg("run").args(words);
        command
    }

    /// Runs a program in the box.
    pub fn run(&self, words: &[&str]) -> Answered {
        Answered::by(&mut self.command(words))
    }

    /// Runs a script in the box.
    pub fn sh(&self, script: &str) -> Answered {
        self.run(&["sh", "-euc", script])
    }

    /// Runs a program in the box as another user.
    pub fn run_as(&self, user: &str, words: &[&str]) -> Answered {
        self.run(&[&["runuser", "-u", user, "--"], words].concat())
    }

    /// `systemctl`, which has to end well.
    pub fn systemctl(&self, words: &[&str]) {
        let answered = self.run(&[&["systemctl"], words].concat());
        if answered.code != 0 {
            let log =
                self.sh("systemctl --failed --no-legend; journalctl -b -n 60 -o short-monotonic --no-pager");
            panic!("{answered:#?}\n{}", log.stdout);
        }
    }

    /// A property of a unit.
    pub fn property(&self, unit: &str, name: &str) -> String {
        self.run(&["systemctl", "show", "--property", name, "--value", unit])
            .ended_with(0)
            .stdout
            .trim()
            .to_owned()
    }

    /// Waits until a property of a unit is as it should be.
    pub fn wait_for(&self, unit: &str, name: &str, is_right: impl Fn(&str) -> bool) -> String {
        let found = waiting::until(|| Some(self.property(unit, name)).filter(|value| is_right(value)));
        found.unwrap_or_else(|| {
            panic!("{unit}: {name} is {:?}\n{}", self.property(unit, name), self.log(unit))
        })
    }

    /// The process id of a service.
    pub fn main_pid(&self, unit: &str) -> String {
        self.property(unit, "MainPID")
    }

    /// What the journal holds of a unit, as text.
    pub fn log(&self, unit: &str) -> String {
        self.run(&["journalctl", "-u", unit, "-o", "cat", "--no-pager"]).stdout
    }

    /// What the journal holds of a unit, entry for entry.
    pub fn journal(&self, unit: &str) -> Vec<Value> {
        let entries = self.run(&["journalctl", "-u", unit, "-o", "json", "--no-pager"]).ended_with(0);
        entries.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `licensectl` with JSON, as root.
    pub fn licensectl(&self, words: &[&str]) -> Answered {
        self.run(&[&["licensectl", "--json"], words].concat())
    }

    /// The verdict on a feature: `granted fresh`.
    pub fn check(&self, feature: &str) -> String {
        let checked = self.licensectl(&["check", feature]);
        assert_ne!(checked.code, 3, "{checked:#?}\n{}", self.log("licensed"));
        verdict_in(&checked.json())
    }

    /// Starts the license server and the daemon, and registers this host. It holds feature 33.
    pub fn register(&self) {
        self.systemctl(&["start", "license-server", "licensed.socket", "licensed"]);
        self.sh(
            "license-server admin --data-dir /var/lib/license-server public-key >/etc/licensed/trust.d/vendor.pub
            echo 'server = \"http://127.0.0.1:8080\"' >/etc/licensed/licensed.toml",
        )
        .ended_with(0);
        self.systemctl(&["reload", "licensed"]);
        let company =
            ["--company", "ООО «Ромашка»", "--email", "office@romashka.example", "--contact", "Иван"];
        self.licensectl(&[&["register"], &company[..]].concat()).ended_with(0);
    }

    /// Shuts the box down and boots it again, on the same disk.
    pub fn reboot(&self) {
        self.control(&["stop"]);
        self.control(&["start"]);
    }

    fn control(&self, words: &[&str]) {
        Answered::by(self.script().args(words)).ended_with(0);
    }

    fn script(&self) -> Command {
        let mut command = Command::new(script());
        command.env("BOX_NAME", &self.name).env("BOX_INCLUDE", PACKAGES);
        command.env("TERM", env::var_os("TERM").unwrap_or_else(|| "dumb".into()));
        command
    }
}

impl Drop for SystemdBox {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // Another box may be booted when this one is gone.
        let _ = self.guard.wait();
    }
}

fn script() -> PathBuf {
    programs::workspace().join(Path::new("tests/systemd/systemd-box"))
}
