//! What can be seen on this host without the network.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use clap::Parser;
use license_client::{ipc::Configuration, types::UnixTime};
use license_core::time::Age;
use license_texts::{Text, text};
use licensed::{
    clock::SystemClock,
    config::{Config, DEFAULT_FILE, Flags},
    store,
    transport::{BUILD_DATE, ServerUrl, Through, through},
    trust,
};
use nix::{
    sys::statvfs::{FsFlags, statvfs},
    unistd::{geteuid, getgroups},
};
use tokio::{process::Command, time};

use super::{Budget, accounts};
use crate::{
    Question,
    findings::{Caller, Content, Daemon, Folder, KnownFrom, Ownership, Room, Settings, SocketFile, Unit},
};

/// How long systemd is waited for.
const SYSTEMCTL: Duration = Duration::from_secs(2);

/// What the probes have to know of the configuration.
pub(super) struct Known {
    pub(super) settings: Settings,
    pub(super) state_dir: PathBuf,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) servers: Vec<Way>,
}

/// A license server and the way to it.
pub(super) struct Way {
    pub(super) url: ServerUrl,
    pub(super) proxy: Option<Through>,
    pub(super) proxy_from: String,
}

/// What the daemon says that it runs with; else what the file says, as far as the caller may read it.
pub(super) fn settings(question: &Question, daemon: &Daemon, told: Option<Configuration>) -> Known {
    let read = read(question);
    let file = question.config.as_deref().unwrap_or(Path::new(DEFAULT_FILE)).display().to_string();
    let Some(told) = told else { return from_file(file, daemon, read) };
    let config = read.unwrap_or_default();
    let way = |told: &license_client::ipc::ServerWay| {
        let url = ServerUrl::parse(&told.url).ok()?;
        // The daemon keeps the password to itself. Whoever may read it in the file may use it here.
        let known = through(&config.proxy, &url).filter(|known| Some(&known.url) == told.proxy.as_ref());
        let proxy =
            told.proxy.clone().map(|url| known.unwrap_or(Through { url, authorization: None, source: "" }));
        Some(Way { url, proxy, proxy_from: told.proxy_from.clone().unwrap_or_default() })
    };
    Known {
        state_dir: PathBuf::from(&told.state_dir),
        ca_file: told.ca_file.as_ref().map(PathBuf::from),
        servers: told.servers.iter().filter_map(way).collect(),
        settings: Settings {
            file: told.file,
            known_from: KnownFrom::Daemon,
            trust: told.trust,
            root_keys: Some(told.root_keys),
        },
    }
}

/// The file, with the variables that stand for flags of the daemon.
fn read(question: &Question) -> Result<Config, Text> {
    // A daemon that was started by hand has its settings from elsewhere: where there is no file nothing is known.
    if question.config.is_none() && !Path::new(DEFAULT_FILE).exists() {
        return Err(text!("doctor-configuration-no-file", path = DEFAULT_FILE));
    }
    let mut arguments = vec![OsString::from("licensed")];
    if let Some(path) = &question.config {
        arguments.extend([OsString::from("--config"), path.into()]);
    }
    let flags = Flags::try_parse_from(arguments).map_err(|error| Text::verbatim(error.to_string()))?;
    Config::load(&flags).map_err(|error| Text::verbatim(error.to_string()))
}

fn from_file(file: String, daemon: &Daemon, read: Result<Config, Text>) -> Known {
    let (config, known_from) = match read {
        Ok(config) => (config, KnownFrom::File),
        Err(why) => (Config::default(), KnownFrom::Nobody(why)),
    };
    let mut urls = config.server.clone();
    if let Daemon::Answers(status) = daemon
        && let Some(in_use) = status.server.as_deref().and_then(|url| ServerUrl::parse(url).ok())
        && !urls.contains(&in_use)
    {
        urls.insert(0, in_use);
    }
    let way = |url: ServerUrl| {
        let proxy = through(&config.proxy, &url);
        let proxy_from = proxy.as_ref().map_or_else(String::new, |it| it.source.to_owned());
        Way { url, proxy, proxy_from }
    };
    let trust = trust::load(&config.trust);
    let is_seen = !trust.faults.iter().any(|fault| {
        matches!(fault, trust::TrustError::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    });
    // The flags of a daemon that does not tell them are not known.
    let is_whole = known_from == KnownFrom::File && !matches!(daemon, Daemon::Answers(_));
    Known {
        servers: urls.into_iter().map(way).collect(),
        settings: Settings {
            file,
            known_from,
            trust: config.trust.iter().map(|path| path.display().to_string()).collect(),
            root_keys: u32::try_from(trust.roots.len()).ok().filter(|_| is_whole && is_seen),
        },
        state_dir: config.state_dir,
        ca_file: config.ca_file,
    }
}

/// The wall clock.
pub(super) fn wall() -> UnixTime {
    SystemClock::resume(None, Age(0)).0.now().wall
}

/// When certificates are checked: as the daemon does, by the latest of wall clock, last signed time and build.
pub(super) fn certificate_time(daemon: &Daemon, wall: UnixTime) -> UnixTime {
    let signed = match daemon {
        Daemon::Answers(status) => status.last_answer,
        Daemon::NoSocket | Daemon::NobodyListens | Daemon::NotPermitted | Daemon::Silent(_) => None,
    };
    wall.max(BUILD_DATE).max(signed.unwrap_or(wall))
}

/// Whether systemd runs this host (`sd_booted(3)`).
pub(super) fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

fn ownership(path: &Path) -> io::Result<Ownership> {
    let seen = fs::metadata(path)?;
    let groups = getgroups().unwrap_or_default();
    let is_own =
        |gid: u32| nix::unistd::getegid().as_raw() == gid || groups.iter().any(|it| it.as_raw() == gid);
    Ok(Ownership {
        owner: accounts::user(seen.uid()),
        group: accounts::group(seen.gid()),
        mode: seen.mode() & 0o7777,
        caller_in_group: is_own(seen.gid()),
    })
}

/// The file of the socket.
pub(super) fn socket(path: &Path) -> SocketFile {
    SocketFile { path: path.to_owned(), seen: ownership(path).ok() }
}

/// Who looks.
pub(super) fn caller(socket: &Path) -> Caller {
    let uid = geteuid();
    let user = accounts::user(uid.as_raw());
    let groups: Vec<String> =
        getgroups().unwrap_or_default().into_iter().map(|gid| accounts::group(gid.as_raw())).collect();
    let joined_later = ownership(socket)
        .is_ok_and(|socket| !socket.caller_in_group && accounts::lists(&socket.group, &user));
    Caller { is_root: uid.is_root(), user, groups, joined_later }
}

/// The folder with the state.
pub(super) fn folder(path: &Path) -> Folder {
    let seen = ownership(path);
    let exists = match &seen {
        Ok(_) => Some(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    };
    let content = match store::inspect(path) {
        Ok(seen) => Some(Content { set_aside: seen.set_aside, faults: seen.faults }),
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound) => {
            None
        }
        Err(error) => {
            Some(Content { faults: vec![format!("{}: {error}", path.display())], ..Content::default() })
        }
    };
    Folder { path: path.to_owned(), exists, ownership: seen.ok(), content, room: room(path) }
}

fn room(path: &Path) -> Option<Room> {
    let disk = statvfs(path).ok()?;
    #[allow(clippy::useless_conversion, reason = "the types differ by platform")]
    let bytes = u64::from(disk.blocks_available()).saturating_mul(u64::from(disk.fragment_size()));
    Some(Room {
        bytes,
        // A file system without a table of inodes counts none at all.
        has_inodes: disk.files() == 0 || disk.files_available() > 0,
        is_read_only: disk.flags().contains(FsFlags::ST_RDONLY),
    })
}

/// What systemd says of the unit.
pub(super) async fn unit(budget: &Budget) -> Option<Unit> {
    if !has_systemd() {
        return None;
    }
    let mut command = Command::new("systemctl");
    let command = command
        // Root looks where root's programs are, whoever set its PATH.
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["show", "licensed.service", "--property=LoadState,ActiveState,SubState,Result,NRestarts"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = time::timeout_at(budget.within(SYSTEMCTL), command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    };
    output.status.success().then(|| Unit {
        load: value("LoadState"),
        active: value("ActiveState"),
        sub: value("SubState"),
        result: value("Result"),
        restarts: value("NRestarts").parse().unwrap_or(0),
    })
}
