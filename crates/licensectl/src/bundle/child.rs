//! Running a program that may never end.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use license_texts::{Text, text};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use super::raw::{self, Keep, Raw};

/// How long a killed program may take to be gone.
const DEATH: Duration = Duration::from_secs(1);

/// What a program says on standard output within the time. Whatever it comes to, it is gone afterwards.
pub(super) fn output(command: &mut Command, keep: Keep, within: Duration) -> Result<Raw, Text> {
    let program = command.get_program().to_string_lossy().into_owned();
    let fault = |error: &io::Error| {
        if error.kind() == io::ErrorKind::NotFound {
            text!("bundle-no-program", program = program.as_str())
        } else {
            text!("bundle-no-run", program = program.as_str(), why = error.to_string())
        }
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| fault(&error))?;
    let group = i32::try_from(child.id()).map(Pid::from_raw);
    let said_wrong = in_background(child.stderr.take());
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits any more if it was too late.
        let _ = done.send(run(&mut child, keep));
    });
    let in_time = ended.recv_timeout(within).ok();
    let is_late = in_time.is_none();
    let came = in_time.or_else(|| {
        // It may have ended in this moment; then there is nothing to kill.
        let _ = group.map(|group| killpg(group, Signal::SIGKILL));
        ended.recv_timeout(DEATH).ok()
    });
    let late = || text!("bundle-late", program = program.as_str(), seconds = within.as_secs());
    let (mut raw, status) = came.ok_or_else(late)?.map_err(|error| fault(&error))?;
    if raw.bytes.trim_ascii().is_empty() {
        if is_late {
            return Err(late());
        }
        let last = said_wrong.recv_timeout(DEATH).ok().and_then(|said| last_line(&said));
        return Err(match last {
            None if status.success() => text!("bundle-nothing", program = program.as_str()),
            last => {
                let why = last.unwrap_or_else(|| status.to_string());
                text!("bundle-silent", program = program.as_str(), why = why)
            }
        });
    }
    raw.ended = (!status.success()).then(|| status.to_string());
    Ok(raw)
}

fn run(child: &mut Child, keep: Keep) -> io::Result<(Raw, ExitStatus)> {
    let raw = child.stdout.take().map(|out| raw::read(out, keep)).transpose()?.unwrap_or_default();
    Ok((raw, child.wait()?))
}

/// Reads aside, so that the program is not kept from going on.
fn in_background(from: Option<impl io::Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (done, read) = mpsc::channel();
    thread::spawn(move || {
        let said = from.and_then(|from| raw::read(from, Keep::Tail).ok()).unwrap_or_default();
        let _ = done.send(said.bytes);
    });
    read
}

fn last_line(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    said.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use license_texts::Language;

    fn shell(line: &str, within: u64) -> Result<Raw, String> {
        let within = Duration::from_millis(within);
        output(Command::new("sh").args(["-c", line]), Keep::Tail, within)
            .map_err(|it| it.to(Language::English))
    }

    #[test]
    fn what_a_program_says_is_there_with_how_it_ended() {
        let raw = shell("echo it is down; exit 3", 60_000).unwrap();
        assert_eq!(raw.bytes, b"it is down\n");
        assert_eq!(raw.ended.as_deref(), Some("exit status: 3"));
        assert_eq!(shell("echo fine", 60_000).unwrap().ended, None);
    }

    #[test]
    fn a_program_that_says_nothing_is_told_by_its_last_words() {
        let why = shell("echo first >&2; echo no journal >&2; exit 1", 60_000).unwrap_err();
        assert!(why.contains("no journal") && !why.contains("first"), "{why}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let why = output(&mut Command::new("journalctl-of-nobody"), Keep::Tail, DEATH).unwrap_err();
        assert!(why.to(Language::English).contains("journalctl-of-nobody"));
    }

    #[test]
    fn a_program_that_never_ends_is_killed_with_its_children_and_what_it_said_is_there() {
        let raw = shell("echo begun; sleep 600 & sleep 600", 300).unwrap();
        assert_eq!(raw.bytes, b"begun\n");
        assert!(raw.ended.unwrap().contains("signal: 9"));
        assert!(shell("sleep 600 & sleep 600", 300).is_err());
    }

    #[test]
    fn a_program_that_talks_for_ever_is_cut() {
        let raw = shell("yes", 300).unwrap();
        assert_eq!(raw.cut, Some(Keep::Tail));
    }
}
