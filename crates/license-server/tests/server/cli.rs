//! The program itself: its forms, exit codes, and signals.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use crate::host::Host;
use license_core::{api::Call, crypto::PublicKey, statement::Kind};
use license_types::{Coupon, Registration};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};

pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_license-server"))
}

pub(crate) fn admin(folder: &Path, arguments: &str) -> Output {
    let mut program = program();
    program.arg("admin").arg("--data-dir").arg(folder);
    program.args(arguments.split_whitespace()).output().unwrap()
}

pub(crate) fn ok(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A running server, killed when the test ends.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it logged when it listened.
    pub(crate) listening: String,
    pub(crate) log: BufReader<std::process::ChildStderr>,
}

impl Served {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    pub(crate) fn start_with(folder: &Path, flags: &[&str]) -> Self {
        let mut program = program();
        program.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder).args(flags);
        Self::spawn(program)
    }

    /// Starts one that answers without limits, and logs no answers: nobody reads its log.
    pub(crate) fn start_for_load(folder: &Path, listen: SocketAddr) -> Self {
        let mut program = program();
        program.args(["serve", "--listen", &listen.to_string(), "--data-dir"]).arg(folder);
        let log = "info,license_server::exchange=warn,license_server::http::request=warn";
        program.args(["--rate-limits", "off"]).env("RUST_LOG", log);
        Self::spawn(program)
    }

    fn spawn(mut program: Command) -> Self {
        let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server ended before it listened");
        }
        let (_, port) = line.split_once("127.0.0.1:").unwrap();
        let port = port.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self { child, address, listening: line, log }
    }

    /// Stops it in order; what it logged after it listened.
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::SIGTERM);
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{log}");
        log
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub(crate) fn company() -> Call {
    Call::Register(Registration {
        company: "ООО «Ромашка»".to_owned(),
        email: "a@example.com".to_owned(),
        contact: "Контакт".to_owned(),
        phone: None,
        tax_id: None,
    })
}

#[tokio::test]
async fn the_documented_forms_do_what_they_say_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let root: PublicKey = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let served = Served::start(folder.path());
    let mut host = Host::new(1, root);
    let (_, statement) = host.ok(served.address, &company()).await;
    let number = statement.unwrap().number;

    let issued = ok(admin(folder.path(), "coupon issue --product 81 --count 3 --days 365"));
    let coupons: Vec<Coupon> = issued.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(coupons.len(), 3);
    host.ok(served.address, &Call::Coupon { coupon: coupons[0].clone() }).await;
    let blocked =
        |index: usize| ok(admin(folder.path(), &format!("coupon block {}", coupons[index].as_str())));
    assert!(blocked(0).contains("goes on"));
    assert!(!blocked(1).contains("goes on"));
    let refused = host.refused(served.address, &Call::Coupon { coupon: coupons[1].clone() }).await;
    assert_eq!(refused.code.map(|code| code.0), Some(2057));

    let list = format!("binding list --number {} --json", number.as_str());
    let listed: serde_json::Value = serde_json::from_str(&ok(admin(folder.path(), &list))).unwrap();
    let keys: Vec<&String> = listed[0].as_object().unwrap().keys().collect();
    let expected = [
        "captured_at",
        "feature",
        "feature_name",
        "holder",
        "host",
        "last_seen",
        "product",
        "serial",
        "session",
        "state",
    ];
    assert_eq!(keys, expected);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let table = ok(admin(folder.path(), &format!("binding list --number {}", number.as_str())));
    assert_eq!(table.lines().count(), 3, "{table}");

    let dropped = ok(admin(folder.path(), &format!("binding drop --number {} --all", number.as_str())));
    assert!(dropped.contains("may run on until 20"), "{dropped}");
    let (_, statement) = host.ok(served.address, &Call::CheckIn).await;
    assert!(matches!(statement.unwrap().kind, Kind::Refusal(_)));

    let log = served.stop();
    assert!(log.contains(&number.masked()), "{log}");
    for secret in [number.as_str(), coupons[0].as_str(), coupons[1].as_str(), "a@example.com"] {
        assert!(!log.contains(secret), "a secret in the log: {log}");
    }
}

#[tokio::test]
async fn a_server_that_was_killed_starts_again_with_what_it_knew() {
    let folder = tempfile::tempdir().unwrap();
    let root: PublicKey = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let served = Served::start(folder.path());
    let mut host = Host::new(1, root);
    host.ok(served.address, &company()).await;
    served.signal(Signal::SIGKILL);
    drop(served);
    let served = Served::start(folder.path());
    assert_eq!(host.leased(served.address, 33).await.unwrap().refusal, None);
}

#[test]
fn signals_stop_the_server_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let folder = tempfile::tempdir().unwrap();
        let mut served = Served::start(folder.path());
        served.signal(signal);
        assert_eq!(served.child.wait().unwrap().code(), Some(0), "{signal}");
        let rest: Vec<String> = served.log.by_ref().lines().map(Result::unwrap).collect();
        assert!(rest.last().unwrap().contains("stopped"), "{signal}: {rest:?}");
    }
}

#[test]
fn failures_are_one_sentence_and_exit_1_and_usage_is_2() {
    let folder = tempfile::tempdir().unwrap();
    ok(admin(folder.path(), "public-key"));
    let cases = [
        ("coupon issue --product 999 --count 1 --days 1", 1, "999"),
        ("coupon block MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKOUPD-*****-*****-*****-DDDDD"),
        ("binding list --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKO-*****-*****-*****-DDDDD"),
        ("binding drop --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --all", 1, "MIKO-*****-*****-*****-DDDDD"),
        ("binding drop --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD", 2, "--all"),
        ("coupon", 2, "Usage"),
        ("customer suspend --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKO-*****-*****-*****-DDDDD"),
        ("grant end nothing", 1, "admin grant list"),
        ("customer show --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKO-*****-*****-*****-DDDDD"),
        ("log show --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKO-*****-*****-*****-DDDDD"),
        ("log verify --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKO-*****-*****-*****-DDDDD"),
        ("host show 0123456789abcdef", 1, "admin customer show"),
        ("host clear --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKO-*****-*****-*****-DDDDD"),
        ("coupon show MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD", 1, "MIKOUPD-*****-*****-*****-DDDDD"),
        ("coupon block --batch spring", 1, "spring"),
        ("coupon issue --product 81 --count 1 --days 1 --out /nowhere/file", 1, "no coupon was issued"),
        ("product set 81 --refresh 4s", 1, "10m to 7d"),
        ("product add 81 --name x --features 33", 1, "amoCRM"),
    ];
    for (arguments, status, says) in cases {
        let output = admin(folder.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments}: {error}");
        assert!(error.contains(says), "{arguments}: {error}");
        assert!(status == 2 || error.lines().count() == 1, "{arguments}: {error}");
        assert!(output.stdout.is_empty(), "{arguments}");
    }
    let mistyped = folder.path().join("mistyped");
    let error =
        String::from_utf8(admin(&mistyped, "coupon issue --product 81 --count 1 --days 1").stderr).unwrap();
    assert!(error.contains("check the path") && !mistyped.exists(), "{error}");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(admin(&file, "public-key").status.code(), Some(1));
}

#[test]
fn two_first_starts_at_once_make_one_set_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut program = program();
        program.args(["admin", "--data-dir"]).arg(folder.path()).arg("public-key");
        program.stdout(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..4).map(|_| start()).collect();
    let mut keys: Vec<String> =
        children.into_iter().map(|child| ok(child.wait_with_output().unwrap())).collect();
    keys.dedup();
    assert_eq!(keys.len(), 1, "{keys:?}");
}

/// Root becomes the owner of the folder; anybody else is told whom to run it as.
#[test]
fn only_the_owner_of_the_folder_uses_it() {
    /// Debian's and everybody's `nobody`.
    const NOBODY: u32 = 65534;

    if !geteuid().is_root() {
        let output = admin(Path::new("/"), "public-key");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains("belongs to root"), "{error}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    chown(&data, Some(NOBODY), None).unwrap();
    ok(admin(&data, "public-key"));
    for file in fs::read_dir(&data).unwrap() {
        let file = file.unwrap();
        let metadata = file.metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.mode() & 0o777), (NOBODY, 0o600), "{:?}", file.path());
    }
    assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o700);

    // Root's own folders are closed to the owner, which is said.
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(closed.join("backup"), "").unwrap();
    for (command, access) in [("backup", "write"), ("key export-root", "write"), ("restore", "read")] {
        let file = closed.join(if access == "read" { "backup" } else { "new" });
        let output = admin(&data, &format!("{command} {}", file.display()));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(&format!("cannot {access} {}", file.display())), "{command}: {error}");
        assert!(error.contains("the owner of the data folder"), "{command}: {error}");
    }

    // Whoever is not the owner is told that, and not that there is nothing.
    chown(&data, Some(0), None).unwrap();
    // Where the programs are built may be closed to everybody but root.
    let open = folder.path().join("license-server");
    fs::copy(program().get_program(), &open).unwrap();
    let as_nobody = |data: &Path| {
        let mut program = Command::new(&open);
        program.uid(NOBODY).args(["admin", "--data-dir"]).arg(data).args(["customer", "find", "a"]);
        String::from_utf8(program.output().unwrap().stderr).unwrap()
    };
    let error = as_nobody(&data);
    assert!(error.contains("permission denied") && error.contains("run this command as root"), "{error}");
    let error = as_nobody(&closed.join("data"));
    assert!(error.contains("permission denied") && error.contains("as root"), "{error}");
}

#[test]
fn one_server_runs_on_a_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Served::start(folder.path());
    let second =
        program().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path()).output();
    let second = second.unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{error}");
    assert!(error.contains("a license server runs on"), "{error}");
    first.stop();
    Served::start(folder.path()).stop();
}
