//! A sign of life while the license server is waited for.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long an answer may take before somebody wonders.
const UNNOTICED: Duration = Duration::from_millis(400);

/// A line on standard error that says what is waited for and for how long; it goes when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Shows it, where standard error is a terminal.
    pub(crate) fn show(words: String) -> Self {
        if !io::stderr().is_terminal() {
            return Self::default();
        }
        let (end, is_over) = mpsc::channel();
        let line = thread::spawn(move || {
            if is_over.recv_timeout(UNNOTICED) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let mut seconds = 0_u64;
            loop {
                // Where it cannot be shown there is nobody to tell.
                let _ = write!(io::stderr(), "\r{words} {seconds} s\x1b[K");
                if is_over.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout) {
                    let _ = write!(io::stderr(), "\r\x1b[K");
                    return;
                }
                seconds += 1;
            }
        });
        Self(Some((end, line)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, line)) = self.0.take() {
            drop(end);
            // What it could not draw is no matter any more.
            let _ = line.join();
        }
    }
}
