//! A program that runs until it is stopped.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::waiting;

/// A running program whose output goes to a file. It is killed (SIGKILL) when this value is dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts `command`; its output goes to `log`.
    pub fn start(command: Command, log: &Path) -> Self {
        Self::with_input(command, log, Stdio::null())
    }

    /// The same, with something as its standard input.
    pub fn with_input(mut command: Command, log: &Path, input: Stdio) -> Self {
        let file = File::create(log).unwrap();
        command.stdin(input).stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, log: log.to_owned() }
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until `look`, which is shown the log so far, finds what it looks for.
    pub fn wait_for<T>(&mut self, what: &str, mut look: impl FnMut(&str) -> Option<T>) -> T {
        let log = self.log.clone();
        let found = waiting::until(|| {
            let ended = self.ended();
            let found = look(&fs::read_to_string(&log).unwrap());
            match (found, ended) {
                (None, Some(status)) => panic!("{status} before {what}; its log:\n{}", self.log()),
                (found, _) => found,
            }
        });
        found.unwrap_or_else(|| panic!("waited in vain for {what}; the log:\n{}", self.log()))
    }

    /// Waits until its log holds `text`, and returns the log.
    pub fn wait_for_log(&mut self, text: &str) -> String {
        self.wait_for(&format!("{text:?} in its log"), |log| log.contains(text).then(|| log.to_owned()))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits until it ends by itself.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        waiting::until(|| self.ended()).unwrap_or_else(|| panic!("it does not end; its log:\n{}", self.log()))
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
