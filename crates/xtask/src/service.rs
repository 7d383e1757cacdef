//! Processes that stay up until they are killed.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    clock::{self, Stopwatch},
    error::Error,
    process::{self, KilledOnDrop},
};

/// How long a service may take to come up. Ten times what a loaded machine with a slow disk was seen to need.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running process whose output goes to a file. It is killed (SIGKILL) when this value is dropped.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    child: Option<KilledOnDrop>,
    log: PathBuf,
}

impl Service {
    /// Starts `command`, in a process group of its own: Ctrl-C at the terminal is for us, not for it.
    pub(crate) fn start(name: &'static str, mut command: Command, log: PathBuf) -> Result<Self, Error> {
        let unusable = |source| Error::File { doing: "write", path: log.clone(), source };
        let stdout = File::create(&log).map_err(unusable)?;
        let stderr = stdout.try_clone().map_err(unusable)?;
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).process_group(0);
        let child = command.spawn().map_err(|source| Error::Start { program: name.to_owned(), source })?;
        Ok(Self { name, child: Some(KilledOnDrop(child)), log })
    }

    /// Waits until `look`, which is shown the log so far, finds what it looks for. An error if the process
    /// ends before that, or takes too long.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &'static str,
        look: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Error> {
        let waiting = Stopwatch::start();
        loop {
            process::interrupted()?;
            let log = self.log();
            if let Some(found) = look(&log) {
                return Ok(found);
            }
            if let Some(KilledOnDrop(child)) = &mut self.child
                && let Ok(Some(status)) = child.try_wait()
            {
                return Err(Error::Ended { name: self.name, status, log: self.log() });
            }
            if waiting.elapsed() > DEADLINE {
                return Err(Error::TooLate { name: self.name, what, after: DEADLINE, log });
            }
            clock::pause();
        }
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Leaves it running, and gives its process id.
    pub(crate) fn keep(mut self) -> Option<u32> {
        let child = std::mem::ManuallyDrop::new(self.child.take()?);
        Some(child.0.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(name: &'static str, script: &str) -> (Service, PathBuf) {
        let log = std::env::temp_dir().join(format!("xtask-{name}-{}.log", std::process::id()));
        let mut sh = Command::new("sh");
        sh.args(["-c", script]);
        (Service::start(name, sh, log.clone()).unwrap(), log)
    }

    #[test]
    fn a_service_is_up_when_its_log_says_so_and_gone_when_dropped() {
        let (mut service, log) = start("up", "echo pid $$ >&2; exec sleep 60");
        let pid_in = |log: &str| log.strip_prefix("pid ")?.strip_suffix('\n')?.parse::<u32>().ok();
        let pid = service.wait_for("its pid", pid_in).unwrap();
        let process = PathBuf::from(format!("/proc/{pid}"));
        assert!(process.exists());
        drop(service);
        assert!(!process.exists());
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_service_that_ends_early_says_why() {
        let (mut service, log) = start("early", "echo no such folder; exit 7");
        let error = service.wait_for("nothing", |_| None::<()>).unwrap_err().to_string();
        assert!(error.contains("exit status: 7") && error.ends_with("no such folder"), "{error}");
        fs::remove_file(log).unwrap();
    }
}
