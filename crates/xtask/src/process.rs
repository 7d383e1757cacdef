//! Running programs that come to an end, and waiting.
//!
//! All waiting watches for Ctrl-C and its like, so that an interrupt ends a chore like an error does: by
//! returning, with every process killed on the way.

use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
};

use crate::{clock, error::Error};

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From now on Ctrl-C, SIGTERM and a closed terminal end the waiting, and not the process.
pub(crate) fn listen_for_interrupts() -> Result<(), Error> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&INTERRUPTED))
            .map_err(|source| Error::Start { program: "the signal handler".to_owned(), source })?;
    }
    Ok(())
}

/// To be asked in every loop that waits.
pub(crate) fn interrupted() -> Result<(), Error> {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
}

/// Runs `command` to its end. Gives all that it wrote, both streams in the order of writing; an end
/// with another status than 0 is an error that holds the same.
pub(crate) fn run(mut command: Command) -> Result<String, Error> {
    let line = line_of(&command);
    let cannot = |source| Error::Start { program: line.clone(), source };
    let (reader, writer) = io::pipe().map_err(cannot)?;
    let second = writer.try_clone().map_err(cannot)?;
    command.stdin(Stdio::null()).stdout(writer).stderr(second);
    let mut child = KilledOnDrop(command.spawn().map_err(cannot)?);
    // It holds our ends of the pipe, and the pipe ends with its last writer.
    drop(command);
    let output = all_of(&drain(reader))?;
    let status = child.0.wait().map_err(cannot)?;
    if status.success() { Ok(output) } else { Err(Error::Failed { command: line, status, output }) }
}

/// What a program answered, whatever its exit code.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The command, to speak of it.
    pub(crate) command: String,
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `command` to its end, with its streams apart.
pub(crate) fn ask(mut command: Command) -> Result<Answered, Error> {
    let line = line_of(&command);
    let cannot = |source| Error::Start { program: line.clone(), source };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = KilledOnDrop(command.spawn().map_err(cannot)?);
    let stdout = child.0.stdout.take().map(drain);
    let stderr = child.0.stderr.take().map(drain);
    let stdout = stdout.as_ref().map_or(Ok(String::new()), all_of)?;
    let stderr = stderr.as_ref().map_or(Ok(String::new()), all_of)?;
    let code = child.0.wait().map_err(cannot)?.code();
    Ok(Answered { command: line, code, stdout, stderr })
}

/// A command as it would be typed, without its environment.
fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Reads `pipe` to its end on a thread of its own.
fn drain(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is all that there is to show; the status tells the rest.
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

fn all_of(pipe: &Receiver<String>) -> Result<String, Error> {
    loop {
        let text = pipe.recv_timeout(clock::POLL);
        // Also at the end: Ctrl-C has reached the program too, and its failure is no news then.
        interrupted()?;
        match text {
            Ok(text) => return Ok(text),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
        }
    }
}

/// A child that does not outlive this value.
pub(crate) struct KilledOnDrop(pub(crate) Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut sh = Command::new("sh");
        sh.args(["-c", script]);
        sh
    }

    #[test]
    fn a_run_gives_both_streams_in_the_order_of_writing() {
        assert_eq!(run(sh("echo a; echo b >&2; echo c")).unwrap(), "a\nb\nc\n");
    }

    #[test]
    fn a_failure_holds_what_was_written() {
        let error = run(sh("echo reason; exit 3")).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("\nreason"), "{error}");
    }

    #[test]
    fn an_answer_keeps_its_streams_and_its_code() {
        let answered = ask(sh("echo out; echo err >&2; exit 4")).unwrap();
        assert_eq!((answered.code, &*answered.stdout, &*answered.stderr), (Some(4), "out\n", "err\n"));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(Command::new("/no/such/program")).unwrap_err().to_string();
        assert!(error.starts_with("cannot start /no/such/program: "), "{error}");
    }
}
