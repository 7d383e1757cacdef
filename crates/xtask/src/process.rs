//! Running programs: those that answer and end, and those that stay until they are killed.
//!
//! All waiting watches for Ctrl-C and SIGTERM, so that an interrupt ends a chore like an error does: by
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

/// From now on Ctrl-C and SIGTERM end the waiting, and not the process.
pub(crate) fn listen_for_interrupts() -> Result<(), Error> {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&INTERRUPTED))
            .map_err(|source| Error::Start { program: "the signal handler".to_owned(), source })?;
    }
    Ok(())
}

fn interrupted() -> Result<(), Error> {
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
        match pipe.recv_timeout(clock::POLL) {
            Ok(text) => return Ok(text),
            Err(RecvTimeoutError::Timeout) => interrupted()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
        }
    }
}

/// A child that does not outlive this value.
struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
