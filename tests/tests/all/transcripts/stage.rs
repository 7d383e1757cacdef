//! Where the scenes are played: a license server, a host, and who runs `licensectl` there.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use end_to_end::{World, programs, waiting};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use super::normal::normal;

/// To whom it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    English,
    Russian,
    Json,
}

impl Form {
    /// Where its transcripts are.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
            Self::Json => "json",
        }
    }

    fn locale(self) -> &'static str {
        match self {
            // Scripts read English, whoever runs them.
            Self::Russian | Self::Json => "ru_RU.UTF-8",
            Self::English => "C.UTF-8",
        }
    }
}

/// A stage, with what was said on it so far.
pub(super) struct Stage {
    form: Form,
    pub(super) world: World,
    said: BTreeMap<&'static str, String>,
    /// What is another one each time, and what stands for it.
    known: Vec<(String, String)>,
}

impl Stage {
    /// The license server runs, the daemon does not yet.
    pub(super) fn new(form: Form) -> Self {
        let world = World::prepared();
        // Groups that every machine has, so that nothing is said of those of the package.
        let groups = "socket_group = \"root\"\nadmin_group = \"daemon\"\n";
        fs::write(world.folder.path().join("pbx.toml"), groups).unwrap();
        let known = vec![
            (world.folder.path().display().to_string(), "/DIR".to_owned()),
            (world.server.address().to_owned(), "127.0.0.1:PORT".to_owned()),
        ];
        Self { form, world, said: BTreeMap::new(), known }
    }

    /// A registration number or coupon that is another one each time.
    pub(super) fn knows(&mut self, key: &str, group: char) {
        let (prefix, _) = key.split_once('-').unwrap();
        let [whole, masked, same_masked] = [
            format!("{prefix}{}", format!("-{}", group.to_string().repeat(5)).repeat(4)),
            format!("{prefix}-*****-*****-*****-{}", &key[key.len() - 5..]),
            format!("{prefix}-*****-*****-*****-{}", group.to_string().repeat(5)),
        ];
        self.known.extend([(key.to_owned(), whole), (masked, same_masked)]);
    }

    /// The sessions that this host has now.
    pub(super) fn knows_sessions(&mut self) {
        let features = self.world.host.licensectl(&["features"]).ended_with(0).json();
        for feature in features.as_array().unwrap() {
            if let Value::String(session) = &feature["session"] {
                self.known.push((session.clone(), format!("SESSION-{}", feature["feature"])));
            }
        }
    }

    /// A command, and what it says.
    pub(super) fn say(&mut self, name: &'static str, arguments: &[&str]) {
        let command = self.command(programs::path_of("licensectl"), arguments);
        self.keep(name, arguments, command);
    }

    /// The same, run by a user who is in no group.
    pub(super) fn say_as_nobody(&mut self, name: &'static str, arguments: &[&str]) {
        let tool = self.world.folder.path().join("licensectl");
        if !tool.exists() {
            // It is built where only its builder may look.
            fs::copy(programs::path_of("licensectl"), &tool).unwrap();
            fs::set_permissions(self.world.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command =
            self.command("setpriv".into(), &["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
        command.arg(tool).args(self.flags(arguments));
        self.keep(name, arguments, command);
    }

    /// A command that ends when it is interrupted, once it has said something.
    pub(super) fn say_until_interrupted(&mut self, name: &'static str, arguments: &[&str]) {
        let out = self.world.folder.path().join("out");
        let mut command = self.command(programs::path_of("licensectl"), arguments);
        let mut child = command.stdout(File::create(&out).unwrap()).stdin(Stdio::null()).spawn().unwrap();
        let read = || fs::read_to_string(&out).unwrap();
        waiting::until(|| read().ends_with('\n').then_some(())).unwrap();
        waiting::pass(Duration::from_millis(300));
        kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        let code = child.wait().unwrap().code();
        self.said.insert(name, self.transcript(arguments, &read(), "", code));
    }

    /// What was said, by the names of the files.
    pub(super) fn transcripts(self) -> BTreeMap<String, String> {
        let end = if self.form == Form::Json { "json" } else { "txt" };
        let files = self.said.iter().map(|(name, text)| (format!("{name}.{end}"), normal(text, &self.known)));
        files.collect()
    }

    fn command(&self, program: PathBuf, arguments: &[&str]) -> Command {
        let is_tool = program.ends_with("licensectl");
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", self.form.locale()).env("TZ", "UTC");
        if is_tool {
            command.args(self.flags(arguments));
        } else {
            command.args(arguments);
        }
        command
    }

    fn flags(&self, arguments: &[&str]) -> Vec<String> {
        let socket = ["--socket".to_owned(), self.world.host.socket().display().to_string()];
        let json = (self.form == Form::Json).then(|| "--json".to_owned());
        socket.into_iter().chain(json).chain(arguments.iter().map(|&it| it.to_owned())).collect()
    }

    fn keep(&mut self, name: &'static str, arguments: &[&str], mut command: Command) {
        let output = command.stdin(Stdio::null()).output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        let text = self.transcript(arguments, &out, &err, output.status.code());
        assert!(self.said.insert(name, text).is_none(), "{name} is there twice");
    }

    fn transcript(&self, arguments: &[&str], out: &str, err: &str, code: Option<i32>) -> String {
        if self.form == Form::Json {
            return out.to_owned();
        }
        let quoted =
            |it: &&str| if it.contains(' ') || it.is_empty() { format!("'{it}'") } else { (*it).to_owned() };
        let line: Vec<_> = ["licensectl"].iter().chain(arguments).map(quoted).collect();
        let code = code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        format!("$ {}\n{out}{err}= {code}\n", line.join(" "))
    }
}
