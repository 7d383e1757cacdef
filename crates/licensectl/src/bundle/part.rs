//! What is put into the archive, a row for each part.

use std::{
    ffi::OsString,
    fmt::Write,
    io::{Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use license_client::Client;
use license_texts::{Text, text};
use nix::{
    dir::Dir,
    fcntl::AtFlags,
    sys::{
        stat::{Mode, SFlag, fstatat},
        statvfs::fstatvfs,
    },
};

use super::{
    child, path,
    raw::{self, Keep, Raw},
};

/// How long a program may take. `doctor` has the longest limit of its own: 10 seconds.
const PATIENCE: Duration = Duration::from_secs(12);

/// The most files of a folder that are listed.
const MOST_LISTED: usize = 1000;

/// The most lines of a journal that are read.
const MOST_LINES: &str = "20000";

/// Where a syslog daemon writes; the last is MikoPBX's.
const SYSLOGS: [&str; 3] =
    ["/var/log/syslog", "/var/log/messages", "/storage/usbdisk1/mikopbx/log/system/messages"];

/// Where everything is.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The folder that holds `etc`, `var` and the like.
    pub(super) root: PathBuf,
    /// Where programs are.
    pub(super) path: OsString,
    /// This tool.
    pub(super) tool: PathBuf,
    pub(super) socket: PathBuf,
    /// How long a program may take.
    pub(super) patience: Duration,
}

/// A part of the archive, by its name there.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) gather: fn(&Places) -> Result<Raw, Text>,
}

/// The configuration as it is written; what it holds of secrets is looked for in all the others.
pub(super) const CONFIG_FILE: &str = "config/licensed.toml";

macro_rules! parts {
    ($($name:expr => $gather:expr),+ $(,)?) => {
        pub(super) const PARTS: &[Part] = &[$(Part { name: $name, gather: $gather }),+];
    };
}

parts! {
    "status.json" => |at| at.own(&["status", "--json"]),
    "doctor.txt" => |at| at.own(&["doctor"]),
    "doctor.json" => |at| at.own(&["doctor", "--json"]),
    "config/config.json" => |at| at.own(&["config", "--json"]),
    CONFIG_FILE => |at| at.file(&at.config_file(), Keep::Head),
    "log/licensed.log" => |at| at.log("licensed"),
    "log/license-gateway.log" => |at| at.log("license-gateway"),
    "versions/licensed" => |at| at.program("licensed", &["--version"]),
    "versions/licensectl" => |at| at.own(&["--version"]),
    "versions/license-gateway" => |at| at.program("license-gateway", &["--version"]),
    "versions/kernel" => |at| at.file(Path::new("/proc/version"), Keep::Head),
    "versions/os-release" => |at| at.file(Path::new("/etc/os-release"), Keep::Head),
    "versions/mikopbx" => |at| at.file(Path::new("/etc/version"), Keep::Head),
    "network/resolv.conf" => |at| at.file(Path::new("/etc/resolv.conf"), Keep::Head),
    "network/hosts" => |at| at.file(Path::new("/etc/hosts"), Keep::Head),
    "network/nsswitch.conf" => |at| at.file(Path::new("/etc/nsswitch.conf"), Keep::Head),
    "network/addresses" => |at| at.network(&["address"], &["/proc/net/fib_trie", "/proc/net/if_inet6"]),
    "network/routes-ipv4" => |at| at.network(&["-4", "route"], &["/proc/net/route"]),
    "network/routes-ipv6" => |at| at.network(&["-6", "route"], &["/proc/net/ipv6_route"]),
    "units" => Places::units,
    "state-folder" => Places::state,
}

impl Places {
    /// Those of this machine.
    pub(super) fn of_this_machine(tool: PathBuf, socket: PathBuf) -> Self {
        // Not the caller's: a program of the same name elsewhere would be run by root.
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into();
        Self { root: "/".into(), path, tool, socket, patience: PATIENCE }
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// What this tool says to a command.
    fn own(&self, arguments: &[&str]) -> Result<Raw, Text> {
        let mut command = Command::new(&self.tool);
        command.arg("--socket").arg(&self.socket).args(arguments).env("PATH", &self.path);
        child::output(&mut command, Keep::Head, self.patience)
    }

    fn program(&self, program: &str, arguments: &[&str]) -> Result<Raw, Text> {
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", &self.path).env("LC_ALL", "C.UTF-8").env("SYSTEMD_COLORS", "0");
        child::output(&mut command, Keep::Tail, self.patience)
    }

    fn file(&self, path: &Path, keep: Keep) -> Result<Raw, Text> {
        let unreadable = |error: std::io::Error| {
            text!("bundle-unreadable", path = path.display().to_string(), why = error.to_string())
        };
        let mut file = path::file(&self.at(path))?;
        let len = file.metadata().map_err(unreadable)?.len();
        let skipped = if keep == Keep::Tail { len.saturating_sub(raw::TAIL) } else { 0 };
        file.seek(SeekFrom::Start(skipped)).map_err(unreadable)?;
        let mut raw = raw::read(file, keep).map_err(unreadable)?;
        if skipped > 0 {
            raw.cut = Some(Keep::Tail);
        }
        if raw.bytes.is_empty() {
            return Err(text!("bundle-empty", path = path.display().to_string()));
        }
        Ok(raw)
    }

    /// What the daemon runs with, if it answers.
    fn configuration(&self) -> Option<license_client::ipc::Configuration> {
        Client::new(&self.socket).configuration().ok()
    }

    fn config_file(&self) -> PathBuf {
        let named = self.configuration().map(|it| PathBuf::from(it.file));
        // The daemon is less privileged than root, and might name a file that it may not read itself.
        let is_config = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
        named.filter(is_config).unwrap_or_else(|| "/etc/licensed/licensed.toml".into())
    }

    /// The last week of a program's log, from wherever it goes on this machine.
    fn log(&self, name: &str) -> Result<Raw, Text> {
        let journal =
            ["-u", name, "-o", "short-iso-precise", "--since", "-7d", "-n", MOST_LINES, "-q", "--no-pager"];
        let from_journal = self.program("journalctl", &journal);
        let own_file = PathBuf::from(format!("/var/log/{name}.log"));
        from_journal.or_else(|no_journal| {
            let own = self.file(&own_file, Keep::Tail);
            let mut syslogs = SYSLOGS.iter().filter_map(|path| self.lines_of(name, Path::new(path)));
            own.ok().or_else(|| syslogs.next()).ok_or(no_journal)
        })
    }

    /// The lines of a program in a log of many; those of others are nobody's business.
    fn lines_of(&self, name: &str, log: &Path) -> Option<Raw> {
        let mut raw = self.file(log, Keep::Tail).ok()?;
        let [named, with_pid] = [format!(" {name}: "), format!(" {name}[")];
        let holds = |line: &[u8], words: &str| line.windows(words.len()).any(|at| at == words.as_bytes());
        let lines = raw.bytes.split_inclusive(|&byte| byte == b'\n');
        raw.bytes =
            lines.filter(|line| holds(line, &named) || holds(line, &with_pid)).flatten().copied().collect();
        // Its first line may be half a line of somebody.
        (!raw.bytes.is_empty()).then_some(raw)
    }

    /// What `ip` says, or the kernel where there is none.
    fn network(&self, arguments: &[&str], else_files: &[&str]) -> Result<Raw, Text> {
        self.program("ip", arguments).or_else(|no_program| {
            let files = else_files.iter().filter_map(|path| self.file(Path::new(path), Keep::Head).ok());
            let bytes: Vec<u8> = files.flat_map(|raw| raw.bytes).collect();
            if bytes.is_empty() { Err(no_program) } else { Ok(Raw { bytes, ..Raw::default() }) }
        })
    }

    /// What looks after the daemon.
    fn units(&self) -> Result<Raw, Text> {
        let units =
            ["licensed.service", "licensed.socket", "license-gateway.service", "license-gateway.socket"];
        let systemd = [&["status", "--no-pager", "--full", "--lines=0"][..], &units[..]].concat();
        let of_systemd = self.program("systemctl", &systemd);
        of_systemd.or_else(|no_systemd| self.program("monit", &["-B", "summary"]).map_err(|_| no_systemd))
    }

    /// The files of the state folder from outside, and the room that is left.
    fn state(&self) -> Result<Raw, Text> {
        let path =
            self.configuration().map_or_else(|| "/var/lib/licensed".into(), |it| PathBuf::from(it.state_dir));
        let unreadable = |errno: nix::errno::Errno| {
            text!("bundle-unreadable", path = path.display().to_string(), why = errno.desc())
        };
        let folder = path::folder(&self.at(&path))?;
        let room = fstatvfs(&folder).map_err(unreadable)?;
        let free = room.blocks_available().saturating_mul(room.fragment_size());
        let mut listed = format!("{}: {free} bytes free\nmode uid gid bytes modified name\n", path.display());
        let mut folder = Dir::from_fd(folder).map_err(unreadable)?;
        let mut names: Vec<_> = folder
            .iter()
            .filter_map(Result::ok)
            .take(MOST_LISTED)
            .map(|it| it.file_name().to_owned())
            .collect();
        names.sort();
        for name in names {
            let Ok(found) = fstatat(&folder, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) else { continue };
            let (kind, mode) = (found.st_mode & SFlag::S_IFMT.bits(), found.st_mode & !SFlag::S_IFMT.bits());
            let end = match SFlag::from_bits_truncate(kind) {
                SFlag::S_IFDIR => "/",
                SFlag::S_IFLNK => "@",
                _ => "",
            };
            let mode = Mode::from_bits_truncate(mode).bits();
            let name = name.to_string_lossy();
            let (uid, gid, size, at) = (found.st_uid, found.st_gid, found.st_size, found.st_mtime);
            // Writing to a string does not fail.
            let _ = writeln!(listed, "{mode:04o} {uid} {gid} {size} {at} {name}{end}");
        }
        Ok(Raw { bytes: listed.into_bytes(), ..Raw::default() })
    }
}
