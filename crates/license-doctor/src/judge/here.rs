//! This host: daemon, socket, unit, state, disk, configuration.

use license_client::ipc::{State, Status};
use license_texts::{Text, text};

use crate::{
    findings::{Daemon, Findings, Folder, KnownFrom, Room, SocketFile},
    report::{Cause, Check, Outcome},
};

/// Below this the state does not fit any more: two generations of the largest one, in blocks.
const FULL: u64 = 64 * 1024;

/// Below this a person should look at the disk.
const SCARCE: u64 = 16 * 1024 * 1024;

pub(super) fn checks(findings: &Findings) -> Vec<Check> {
    let mut checks = daemon(findings);
    checks.extend(socket(findings));
    checks.extend(unit(findings));
    checks.push(state(findings));
    checks.extend(disk(&findings.folder));
    checks.push(configuration(findings));
    checks.extend(root_keys(findings));
    checks
}

fn daemon(findings: &Findings) -> Vec<Check> {
    let path = findings.socket.path.display().to_string();
    let not_running = |message| {
        let start =
            if findings.has_systemd { text!("doctor-next-daemon") } else { text!("doctor-next-daemon-bare") };
        Check::failed("daemon", Cause::DaemonNotRunning, message).then(start)
    };
    let check = match &findings.daemon {
        Daemon::Answers(status) => {
            Check::ok("daemon", text!("doctor-daemon", version = status.version.as_str()))
        }
        Daemon::NoSocket => not_running(text!("doctor-daemon-no-socket", path = &path)),
        Daemon::NobodyListens => not_running(text!("doctor-daemon-nobody-listens", path = &path)),
        Daemon::NotPermitted => Check::warning("daemon", text!("doctor-daemon-unknown")),
        Daemon::Silent(why) => Check::failed(
            "daemon",
            Cause::DaemonNotAnswering,
            text!("doctor-daemon-silent", path = &path, why = Text::verbatim(why.as_str())),
        ),
    };
    let mut checks = vec![check.about(path)];
    if let Daemon::Answers(status) = &findings.daemon {
        checks.extend(warnings(status));
    }
    checks
}

/// What the daemon itself warns of.
fn warnings(status: &Status) -> impl Iterator<Item = Check> + '_ {
    status.warnings.iter().map(|warning| Check::warning("warning", Text::verbatim(warning.as_str())))
}

fn socket(findings: &Findings) -> Option<Check> {
    let SocketFile { path, seen } = &findings.socket;
    let path = path.display().to_string();
    let caller = &findings.caller;
    let user = caller.user.as_str();
    let Some(seen) = seen else {
        let message = text!("doctor-socket-closed-folder", path = &path, user = user);
        let check = Check::failed("socket", Cause::SocketNotPermitted, message).about(path);
        let check = check.then(text!("doctor-next-socket-join", group = "licensed", user = user));
        return (findings.daemon == Daemon::NotPermitted).then_some(check);
    };
    let (owner, group) = (seen.owner.as_str(), seen.group.as_str());
    let mode = format!("{:04o}", seen.mode);
    if findings.daemon != Daemon::NotPermitted {
        let message = text!("doctor-socket", owner = owner, group = group, mode = mode, user = user);
        return Some(Check::ok("socket", message).about(path));
    }
    let groups = if caller.groups.is_empty() { "-".to_owned() } else { caller.groups.join(", ") };
    let message = text!(
        "doctor-socket-denied",
        user = user,
        path = &path,
        owner = owner,
        group = group,
        mode = mode,
        groups = groups
    );
    let next = if caller.joined_later {
        text!("doctor-next-socket-login", user = user, group = group)
    } else if group == "root" {
        // Nobody joins that one.
        text!("doctor-next-socket-root")
    } else {
        text!("doctor-next-socket-join", group = group, user = user)
    };
    Some(Check::failed("socket", Cause::SocketNotPermitted, message).about(path).then(next))
}

fn unit(findings: &Findings) -> Option<Check> {
    let unit = findings.unit.as_ref()?;
    let state = format!("{} ({})", unit.active, unit.sub);
    let check = if unit.load != "loaded" {
        Check::warning("unit", text!("doctor-unit-none", load = unit.load.as_str()))
    } else if unit.active == "failed" || unit.result != "success" {
        let message = text!(
            "doctor-unit-failed",
            state = state,
            result = unit.result.as_str(),
            restarts = unit.restarts
        );
        Check::warning("unit", message).then(text!("doctor-next-unit"))
    } else if unit.restarts > 0 {
        let message = text!("doctor-unit-restarts", state = state, restarts = unit.restarts);
        Check::warning("unit", message).then(text!("doctor-next-unit"))
    } else if unit.active == "active" {
        Check::ok("unit", text!("doctor-unit", state = state))
    } else {
        Check::warning("unit", text!("doctor-unit", state = state))
    };
    Some(check.about("licensed.service"))
}

fn state(findings: &Findings) -> Check {
    let folder = &findings.folder;
    let path = folder.path.display().to_string();
    let failed = |message| Check::failed("state", Cause::StateUnreadable, message);
    let is_lost = matches!(&findings.daemon, Daemon::Answers(status) if status.state == State::Recovering);
    let check = match &folder.content {
        Some(content) if !content.faults.is_empty() => {
            failed(text!("doctor-state-damaged", what = content.faults.join("; ")))
        }
        Some(content) if !content.set_aside.is_empty() => {
            let files: Vec<_> = content.set_aside.iter().map(|path| path.display().to_string()).collect();
            failed(text!("doctor-state-set-aside", files = files.join(", ")))
                .then(text!("doctor-next-state-set-aside"))
        }
        _ if is_lost => failed(text!("doctor-state-lost")),
        Some(_) => Check::ok("state", text!("doctor-state")),
        None if folder.exists == Some(false) => Check::warning("state", text!("doctor-state-none")),
        None => Check::ok("state", text!("doctor-state-closed", user = findings.caller.user.as_str())),
    };
    let owned = folder.ownership.as_ref().filter(|it| check.result == Outcome::Ok && it.mode & 0o077 != 0);
    let check = match owned {
        Some(it) => Check::warning("state", text!("doctor-state-open", mode = format!("{:04o}", it.mode)))
            .then(text!("doctor-next-state-open", path = &path)),
        None => check,
    };
    check.about(path)
}

fn disk(folder: &Folder) -> Option<Check> {
    let room: Room = folder.room?;
    let kilobytes = room.bytes / 1024;
    let check = if room.is_read_only {
        Check::failed("disk", Cause::DiskFull, text!("doctor-disk-read-only"))
            .then(text!("doctor-next-disk-read-only"))
    } else if room.bytes < FULL {
        Check::failed("disk", Cause::DiskFull, text!("doctor-disk-full", kilobytes = kilobytes))
    } else if !room.has_inodes {
        Check::failed("disk", Cause::DiskFull, text!("doctor-disk-inodes"))
    } else if room.bytes < SCARCE {
        Check::warning("disk", text!("doctor-disk", megabytes = kilobytes / 1024))
            .then(text!("doctor-next-disk"))
    } else {
        Check::ok("disk", text!("doctor-disk", megabytes = kilobytes / 1024))
    };
    Some(check.about(folder.path.display().to_string()))
}

fn configuration(findings: &Findings) -> Check {
    let settings = &findings.settings;
    let servers: Vec<_> = findings.servers.iter().map(|server| server.url.as_str()).collect();
    let check = match &settings.known_from {
        KnownFrom::Nobody(why) if servers.is_empty() => {
            Check::warning("configuration", text!("doctor-configuration-unknown", why = why.clone()))
        }
        KnownFrom::Daemon | KnownFrom::File | KnownFrom::Nobody(_) if servers.is_empty() => {
            Check::failed("configuration", Cause::NoServerConfigured, text!("doctor-configuration-no-server"))
        }
        KnownFrom::Daemon | KnownFrom::File | KnownFrom::Nobody(_) => {
            Check::ok("configuration", text!("doctor-configuration", servers = servers.join(", ")))
        }
    };
    check.about(settings.file.as_str())
}

fn root_keys(findings: &Findings) -> Option<Check> {
    let settings = &findings.settings;
    let trust = settings.trust.join(", ");
    let check = match settings.root_keys? {
        0 => Check::failed("root-key", Cause::NoRootKey, text!("doctor-keys-none", trust = &trust)),
        keys => Check::ok("root-key", text!("doctor-keys", keys = keys)),
    };
    Some(check.about(trust))
}
