//! The license server, the daemon and the folder that they live in.

use std::{
    env, fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{self as this, Command},
};

use serde_json::Value;

use crate::{
    error::Error,
    place,
    process::{self, Answered},
    service::Service,
};

/// A name that only survives if everybody on the way speaks UTF-8.
const COMPANY: &str = "ООО «Ромашка»";

/// A port that the system chooses; later starts use the same again.
const ANY_PORT: &str = "127.0.0.1:0";

/// Everything that the demo starts and makes. Dropped in the order of the fields: first the processes are
/// killed, then the folder is removed.
pub(super) struct World {
    server: Option<Service>,
    daemon: Option<Service>,
    folder: Folder,
    php: &'static str,
    /// Where the license server listens, once it does.
    address: String,
    number: String,
    coupon: String,
    /// How many processes were started: each has a log of its own.
    started: usize,
}

impl World {
    pub(super) fn new(php: &'static str) -> Result<Self, Error> {
        Ok(Self {
            server: None,
            daemon: None,
            folder: Folder::new()?,
            php,
            address: ANY_PORT.to_owned(),
            number: String::new(),
            coupon: String::new(),
            started: 0,
        })
    }

    // The steps, in the order of the table.

    pub(super) fn start(&mut self) -> Result<(), Error> {
        self.start_server()?;
        let key = process::ask(self.admin(&["public-key"]))?;
        let key = succeeded(key, "print the root key")?.stdout;
        let trust = self.folder.at("root.pub");
        fs::write(&trust, key).map_err(|source| Error::File { doing: "write", path: trust, source })?;
        self.start_daemon()
    }

    pub(super) fn register(&mut self) -> Result<(), Error> {
        let person = ["--company", COMPANY, "--email", "office@romashka.example", "--contact", "Иван Петров"];
        let answered = process::ask(self.licensectl(&[&["register"], &person[..], &["--json"]].concat()))?;
        let number = serde_json::from_str::<Value>(&answered.stdout).unwrap_or_default();
        let Some(number) = number["number"].as_str() else { return Err(refused(answered, "give a number")) };
        number.clone_into(&mut self.number);
        let info = process::ask(self.licensectl(&["info", "--json"]))?;
        if info.stdout.contains(COMPANY) { Ok(()) } else { Err(refused(info, "name the company")) }
    }

    pub(super) fn issue_coupon(&mut self) -> Result<(), Error> {
        let issue = ["coupon", "issue", "--product", "81", "--count", "1", "--days", "365"];
        let issued = succeeded(process::ask(self.admin(&issue))?, "print a coupon")?;
        issued.stdout.trim().clone_into(&mut self.coupon);
        Ok(())
    }

    pub(super) fn activate_coupon(&mut self) -> Result<(), Error> {
        let activate = self.licensectl(&["coupon", &self.coupon]);
        succeeded(process::ask(activate)?, "activate the coupon").map(drop)
    }

    pub(super) fn kill_server(&mut self) -> Result<(), Error> {
        self.server = None;
        self.recheck_ends_with(4, "end with 4: no answer")
    }

    pub(super) fn restart_daemon(&mut self) -> Result<(), Error> {
        self.daemon = None;
        self.start_daemon()
    }

    pub(super) fn restart_server(&mut self) -> Result<(), Error> {
        self.start_server()?;
        self.recheck_ends_with(0, "reach the license server")
    }

    pub(super) fn drop_binding(&mut self) -> Result<(), Error> {
        let drop_all = self.admin(&["binding", "drop", "--number", &self.number, "--all"]);
        succeeded(process::ask(drop_all)?, "drop the binding")?;
        self.recheck_ends_with(1, "end with 1: denied")
    }

    // What the steps are made of.

    fn recheck_ends_with(&self, code: i32, expected: &'static str) -> Result<(), Error> {
        let answered = process::ask(self.licensectl(&["recheck"]))?;
        if answered.code == Some(code) { Ok(()) } else { Err(refused(answered, expected)) }
    }

    fn start_server(&mut self) -> Result<(), Error> {
        let mut command = program("license-server");
        command
            .arg("serve")
            .arg("--data-dir")
            .arg(self.folder.at("server"))
            .args(["--listen", &self.address]);
        let mut server = Service::start("license-server", command, self.next_log("license-server"))?;
        self.address = server.wait_for("\"listening\" in its log", address_in)?;
        self.server = Some(server);
        Ok(())
    }

    fn start_daemon(&mut self) -> Result<(), Error> {
        let socket = self.socket();
        let mut command = program("licensed");
        command.arg("--state-dir").arg(self.folder.at("state")).arg("--socket").arg(&socket);
        command.args(["--server", &format!("http://{}", self.address), "--host-id", "demo"]);
        command.arg("--trust").arg(self.folder.at("root.pub"));
        let mut daemon = Service::start("licensed", command, self.next_log("licensed"))?;
        daemon.wait_for("a connection to its socket", |_| UnixStream::connect(&socket).ok())?;
        self.daemon = Some(daemon);
        Ok(())
    }

    fn next_log(&mut self, name: &str) -> PathBuf {
        self.started += 1;
        self.folder.at(&format!("{}-{name}.log", self.started))
    }

    fn socket(&self) -> PathBuf {
        self.folder.at("licensed.sock")
    }

    fn admin(&self, arguments: &[&str]) -> Command {
        let mut admin = program("license-server");
        admin.arg("admin").arg("--data-dir").arg(self.folder.at("server")).args(arguments);
        admin
    }

    pub(super) fn licensectl(&self, arguments: &[&str]) -> Command {
        let mut tool = program("licensectl");
        tool.arg("--socket").arg(self.socket()).args(arguments);
        tool
    }

    pub(super) fn loader(&self) -> Command {
        let examples = place::workspace().join("clients/php/examples");
        let mut loader = Command::new(self.php);
        loader.arg(examples.join("module-loader.php")).arg("--json");
        loader.arg("--socket").arg(self.socket()).arg("survey").arg(examples.join("modules"));
        loader
    }

    /// What the processes that run have logged.
    pub(super) fn logs(&self) -> String {
        let running = [&self.server, &self.daemon].into_iter().flatten();
        let logs = running.map(|service| format!("log of {}:\n{}", service.name, service.log()));
        logs.collect::<Vec<_>>().join("\n")
    }

    /// Leaves everything as it is, and tells how to talk to it.
    pub(super) fn keep(self) -> String {
        let Self { server, daemon, folder, php, address, number, .. } = self;
        let programs = programs();
        let programs = programs.display();
        let examples = place::workspace().join("clients/php/examples");
        let examples = examples.display();
        let pids: Vec<String> = [server, daemon]
            .into_iter()
            .flatten()
            .filter_map(Service::keep)
            .map(|pid| pid.to_string())
            .collect();
        let pids = pids.join(" ");
        let folder = folder.keep();
        let folder = folder.display();
        let ctl = format!("{programs}/licensectl --socket {folder}/licensed.sock");
        let admin = format!("{programs}/license-server admin --data-dir {folder}/server");
        format!(
            "\n\
            The license server (http://{address}) and the daemon are still up. To talk to them:\n\
            \n  {ctl} status\
            \n  {ctl} activate {number}\
            \n  {ctl} capture 45\
            \n  {ctl} check 45\
            \n  {admin} coupon issue --product 81 --count 1 --days 30\
            \n  {admin} binding list --number {number} --json\
            \n  {php} {examples}/module-loader.php --socket {folder}/licensed.sock survey {examples}/modules\n\
            \nand to end it:\n\
            \n  kill -9 {pids} && rm -r {folder}"
        )
    }
}

/// Where the programs of the workspace are built.
fn programs() -> PathBuf {
    place::target_dir().join("debug")
}

fn program(name: &str) -> Command {
    Command::new(programs().join(name))
}

/// The address in the line of the log that says "listening".
fn address_in(log: &str) -> Option<String> {
    let (complete, _) = log.rsplit_once('\n')?;
    let line = complete.lines().find(|line| line.contains("listening"))?;
    let (_, port) = line.split_once("127.0.0.1:")?;
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("127.0.0.1:{port}"))
}

fn succeeded(answered: Answered, wanted: &'static str) -> Result<Answered, Error> {
    if answered.code == Some(0) { Ok(answered) } else { Err(refused(answered, wanted)) }
}

fn refused(answered: Answered, wanted: &'static str) -> Error {
    Error::Answer(Box::new(answered), wanted)
}

/// A private folder that is removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Error> {
        let path = env::temp_dir().join(format!("licensed-demo-{}", this::id()));
        match place::make_private(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(Error::File { doing: "create", path, source }),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.0 != Path::new("") {
            // What cannot be removed is in the folder for temporary files, where the system cleans up.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_in_the_line_that_says_listening() {
        let log = "2026-11-24T05:00:00Z  INFO opened server.db\n\
            2026-11-24T05:00:00Z  INFO listening address=127.0.0.1:34567 scheme=\"http\"\n";
        assert_eq!(address_in(log).as_deref(), Some("127.0.0.1:34567"));
        assert_eq!(address_in("INFO opened 127.0.0.1:1\n"), None);
        assert_eq!(address_in("INFO listening address=127.0.0.1:345"), None, "the line is not complete yet");
    }

    #[test]
    fn a_folder_goes_with_its_value_and_stays_when_kept() {
        let folder = Folder::new().unwrap();
        let path = folder.at("");
        fs::write(folder.at("file"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
        let kept = Folder::new().unwrap().keep();
        assert!(kept.exists());
        fs::remove_dir(kept).unwrap();
    }
}
