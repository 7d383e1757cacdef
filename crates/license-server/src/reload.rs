//! A reload that somebody waits for. A signal tells nothing back, so a server that runs as a unit notes what came of
//! each reload in the folder that the unit gives it (`RuntimeDirectory=`), and `license-server reload` reads it there.

use std::{env, fs, io, path::PathBuf, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time;

/// The file: how many reloads there were, and the faults of the last, a line each.
const FILE: &str = "reloads";

/// How long a reload may take. It reads some files; a certificate's folder may be far away.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often is looked.
const PAUSE: Duration = Duration::from_millis(20);

/// Why a reload did not go well.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// It is not called by a unit.
    #[error(
        "RUNTIME_DIRECTORY is not set: this is for ExecReload= of a unit. By hand, send SIGHUP and read the log"
    )]
    NoFolder,
    /// There is no such process, or it is another's.
    #[error("cannot signal process {0}: {1}")]
    Signal(i32, nix::Error),
    /// The server does not say what came of it.
    #[error("the server did not say within {} s what came of it: see its log", PATIENCE.as_secs())]
    TooLate,
    /// Something cannot be used, and what was there before goes on.
    #[error("{0}")]
    Faulty(String),
}

/// What came of the reloads of this process.
#[derive(Debug)]
pub struct Reloads {
    file: Option<PathBuf>,
    count: u64,
}

impl Reloads {
    /// None yet.
    #[must_use]
    pub fn none() -> Self {
        let none = Self { file: file(), count: 0 };
        none.write(&[]);
        none
    }

    /// There was one, with these faults.
    pub fn note(&mut self, faults: &[String]) {
        self.count += 1;
        self.write(faults);
    }

    fn write(&self, faults: &[String]) {
        let Some(file) = &self.file else { return };
        let (text, new) = (format!("{}\n{}", self.count, faults.join("\n")), file.with_extension("new"));
        // Whole or not at all: somebody reads it.
        if let Err(error) = fs::write(&new, text).and_then(|()| fs::rename(&new, file)) {
            tracing::warn!(%error, "cannot note what came of a reload in {}", file.display());
        }
    }
}

/// Has the server with that process id reload, and waits for what comes of it.
pub async fn ask(pid: i32) -> Result<(), ReloadError> {
    let file = file().ok_or(ReloadError::NoFolder)?;
    let before = read(&file).map(|(count, _)| count);
    kill(Pid::from_raw(pid), Signal::SIGHUP).map_err(|error| ReloadError::Signal(pid, error))?;
    let noted = async {
        loop {
            match read(&file) {
                Some((count, faults)) if Some(count) != before => break faults,
                Some(_) | None => time::sleep(PAUSE).await,
            }
        }
    };
    let faults = time::timeout(PATIENCE, noted).await.map_err(|_| ReloadError::TooLate)?;
    if faults.is_empty() { Ok(()) } else { Err(ReloadError::Faulty(faults)) }
}

fn file() -> Option<PathBuf> {
    env::var_os("RUNTIME_DIRECTORY").map(|folder| PathBuf::from(folder).join(FILE))
}

fn read(file: &PathBuf) -> Option<(u64, String)> {
    let text: io::Result<String> = fs::read_to_string(file);
    let text = text.ok()?;
    let (count, faults) = text.split_once('\n')?;
    Some((count.parse().ok()?, faults.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reload_is_noted_with_its_faults() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        assert_eq!(read(&file), None);
        let mut reloads = Reloads { file: Some(file.clone()), count: 0 };
        reloads.note(&[]);
        assert_eq!(read(&file), Some((1, String::new())));
        reloads.note(&["no key".to_owned(), "no certificate".to_owned()]);
        assert_eq!(read(&file), Some((2, "no key\nno certificate".to_owned())));
    }
}
