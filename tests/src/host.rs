//! A host: a daemon with its state, and the tools that ask it.

use std::{
    ffi::OsString,
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use license_client::{Client, ClientError, ipc::ErrorKind, types::FeatureId};
use nix::{sys::signal::Signal, unistd::Uid};
use serde_json::Value;

use crate::{Answered, LicenseServer, answered::verdict_in, programs, service::Service, waiting};

/// The company that registers, with a name that survives only if everybody on the way speaks UTF-8.
pub const COMPANY: &str = "ООО «Ромашка»";

/// Its e-mail.
pub const EMAIL: &str = "office@romashka.example";

/// A host. Its state outlives its daemon.
#[derive(Debug)]
pub struct Host {
    name: String,
    folder: PathBuf,
    flags: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    days: u32,
    daemon: Option<Service>,
}

impl Host {
    /// A host that keeps everything in `folder`, under its name, which is the configured host id too.
    /// The daemon does not run yet.
    pub fn new(folder: &Path, name: &str) -> Self {
        let host = Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            flags: Vec::new(),
            variables: Vec::new(),
            days: 0,
            daemon: None,
        };
        let (state_dir, socket) = (host.state_dir(), host.socket());
        // Not the file of a daemon that is installed on this machine.
        let config = folder.join(format!("{name}.toml"));
        fs::write(&config, "").unwrap();
        host.flag("--config", config)
            .flag("--state-dir", state_dir)
            .flag("--socket", socket)
            .flag("--host-id", name)
    }

    /// A host that believes a license server and is told to use it.
    pub fn of(folder: &Path, name: &str, server: &LicenseServer) -> Self {
        let trust = folder.join("root.pub");
        fs::write(&trust, server.public_key()).unwrap();
        Self::new(folder, name).flag("--server", server.url()).flag("--trust", trust)
    }

    /// The daemon is started with this flag; a later value replaces an earlier one.
    pub fn flag(mut self, name: &str, value: impl Into<OsString>) -> Self {
        if let Some(at) = self.flags.iter().position(|flag| flag == name) {
            self.flags.drain(at..at + 2);
        }
        self.flags.extend([name.into(), value.into()]);
        self
    }

    /// The daemon is started with this environment variable.
    pub fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// The socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(format!("{}.sock", self.name))
    }

    /// The state folder.
    pub fn state_dir(&self) -> PathBuf {
        self.folder.join(format!("{}-state", self.name))
    }

    /// Where something else of this host is.
    pub fn beside(&self, what: &str) -> PathBuf {
        self.folder.join(format!("{}-{what}", self.name))
    }

    /// The names of the files in the state folder.
    pub fn state_files(&self) -> Vec<String> {
        let files = fs::read_dir(self.state_dir()).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    fn spawn(&self, log: &Path) -> Service {
        let licensed = programs::path_of("licensed");
        let mut command = if self.days == 0 {
            Command::new(licensed)
        } else {
            let mut later = Command::new("unshare");
            later
                .args(["--time", "--boottime", &(u64::from(self.days) * 24 * 3600).to_string()])
                .arg(licensed);
            later
        };
        // Neither a proxy nor settings of whoever runs the tests.
        command.args(&self.flags).env_clear().envs(self.variables.iter().cloned());
        Service::start(command, log)
    }

    /// Starts the daemon, and waits until it can be asked.
    pub fn start(&mut self) {
        assert!(self.daemon.is_none(), "it runs already");
        let socket = self.socket();
        let mut daemon = self.spawn(&self.log_file());
        daemon.wait_for("a connection to its socket", |_| UnixStream::connect(&socket).ok());
        self.daemon = Some(daemon);
    }

    /// Starts a daemon that ends by itself, since something is wrong. Gives what it has said. A daemon
    /// of this host that runs is left alone.
    pub fn fails_to_start(&self) -> String {
        let mut daemon = self.spawn(&self.folder.join(format!("{}-failed.log", self.name)));
        let status = daemon.wait_for_end();
        assert_eq!(status.code(), Some(1), "{}", daemon.log());
        daemon.log()
    }

    /// Kills the daemon with SIGKILL.
    pub fn kill(&mut self) {
        self.daemon = None;
    }

    /// Starts a daemon and kills it that long afterwards.
    pub fn kill_while_it_starts(&self, after: Duration) {
        let starting = self.spawn(&self.log_file());
        waiting::pass(after);
        drop(starting);
    }

    /// Kills the daemon with SIGKILL and starts it again.
    pub fn crash(&mut self) {
        self.kill();
        self.start();
    }

    /// Kills the daemon and starts it again that many days later by the clock of the boot, in a time
    /// namespace of its own.
    pub fn days_pass(&mut self, days: u32) {
        assert!(Uid::effective().is_root(), "this test moves a clock of the kernel: run it as root");
        self.kill();
        self.days += days;
        self.start();
    }

    /// The daemon that runs.
    pub fn daemon(&mut self) -> &mut Service {
        self.daemon.as_mut().expect("the daemon runs")
    }

    /// Stops the daemon with a signal; it has to end well.
    pub fn stop(&mut self, signal: Signal) {
        let mut daemon = self.daemon.take().expect("the daemon runs");
        daemon.signal(signal);
        let status = daemon.wait_for_end();
        assert!(status.success(), "{status}; its log:\n{}", daemon.log());
    }

    /// `licensectl` for this host, with JSON.
    pub fn licensectl(&self, arguments: &[&str]) -> Answered {
        Answered::by(&mut self.licensectl_command(arguments))
    }

    /// The command that [`Self::licensectl`] runs.
    pub fn licensectl_command(&self, arguments: &[&str]) -> Command {
        let mut tool = programs::program("licensectl");
        tool.arg("--socket").arg(self.socket()).args(arguments).arg("--json");
        tool
    }

    /// The client that Rust modules use.
    pub fn client(&self) -> Client {
        Client::new(self.socket())
    }

    /// Registers [`COMPANY`]. Gives the number.
    pub fn register(&self) -> String {
        let registered = self.register_as(COMPANY, EMAIL).ended_with(0);
        registered.json()["number"].as_str().unwrap().to_owned()
    }

    /// Registers a company.
    pub fn register_as(&self, company: &str, email: &str) -> Answered {
        let data = ["--company", company, "--email", email, "--contact", "Иван Петров"];
        self.licensectl(&[&["register"], &data[..]].concat())
    }

    /// Activates a coupon.
    pub fn activate_coupon(&self, coupon: &str) {
        self.licensectl(&["coupon", coupon]).ended_with(0);
    }

    /// Asks the license server now; it has to answer, be it that it refuses this host.
    pub fn recheck(&self) {
        if let Err(error) = self.client().recheck() {
            let is_refusal = matches!(&error, ClientError::Failed(it) if it.kind == ErrorKind::Refused);
            assert!(is_refusal, "{error}");
        }
    }

    /// Asks the license server now; it must not answer. Gives the failure, `no_answer 1012`.
    pub fn recheck_in_vain(&self) -> String {
        self.licensectl(&["recheck"]).ended_with(4).failure()
    }

    /// What `licensectl check` says of a feature, whole.
    pub fn checked(&self, feature: u32) -> Value {
        self.licensectl(&["check", &feature.to_string()]).json()
    }

    /// The verdict on a feature: `granted fresh`.
    pub fn check(&self, feature: u32) -> String {
        verdict_in(&self.checked(feature))
    }

    /// `licensectl status`
    pub fn status(&self) -> Value {
        self.licensectl(&["status"]).ended_with(0).json()
    }

    /// The state that `licensectl status` tells.
    pub fn state(&self) -> String {
        self.status()["state"].as_str().unwrap().to_owned()
    }

    /// The number that this host is bound to.
    pub fn number(&self) -> String {
        let info = self.licensectl(&["info"]).ended_with(0).json();
        info["number"].as_str().unwrap().to_owned()
    }

    /// What holds for a feature as far as a restart must not change it: all but the two times that
    /// depend on when is asked.
    pub fn lasting(&self, feature: u32) -> Value {
        let mut checked = self.checked(feature);
        let facts = checked.as_object_mut().unwrap();
        facts.remove("next_check").unwrap();
        if facts["verdict"] == "indeterminate" {
            facts.remove("since").unwrap();
        }
        checked
    }

    /// The verdict of the Rust client.
    pub fn verdict_in_rust(&self, feature: u32) -> String {
        use license_client::types::{Basis, Verdict};
        match self.client().check(FeatureId(feature)).unwrap().verdict {
            Verdict::Granted { basis: Basis::Fresh, .. } => "granted fresh".to_owned(),
            Verdict::Granted { basis: Basis::Offline { .. }, .. } => "granted offline".to_owned(),
            Verdict::Denied { code, .. } => format!("denied {code}"),
            Verdict::Indeterminate { code, .. } => format!("indeterminate {code}"),
        }
    }
}
