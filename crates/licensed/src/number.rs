//! A registration number that lies ready, for the first activation without a person.

use std::{
    fs::OpenOptions,
    io::{self, Read},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use license_texts::{Text, text};
use license_types::RegistrationNumber;
use nix::fcntl::OFlag;

/// The credential that may hold the number; see systemd.exec(5), `LoadCredential=`.
const CREDENTIAL: &str = "licensed.number";

/// The most that is read: far more than a number, far less than a wrong file.
const LONGEST: u64 = 1024;

/// A number that lies ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyNumber {
    /// The number.
    pub number: RegistrationNumber,
    /// Where it is.
    pub source: PathBuf,
}

/// Why a number that lies ready is not used.
#[derive(Debug, thiserror::Error)]
pub enum NumberError {
    /// Others can read it too.
    #[error(
        "{path} is not used: others than its owner can read it, and whoever has the number can bind hosts to \
         it. Run `chmod 600 {path}`, then restart licensed"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read the registration number in {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{path} holds no registration number: it must match ^MIKO(-[A-Z0-9]{{5}}){{4}}$")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

impl NumberError {
    /// It as it is told to people.
    #[must_use]
    pub fn sentence(&self) -> Text {
        match self {
            Self::Exposed { path } => text!("number-file-exposed", path = path.display().to_string()),
            Self::Read { path, source } => {
                let (path, error) = (path.display().to_string(), source.to_string());
                text!("number-file-unread", path = path, error = error)
            }
            Self::Malformed { path } => text!("number-file-malformed", path = path.display().to_string()),
        }
    }
}

/// The number in the service's credentials, else the one in `file`, which its owner alone may read.
pub fn find(credentials: Option<&Path>, file: Option<&Path>) -> Result<Option<ReadyNumber>, NumberError> {
    let credential = credentials.map(|folder| folder.join(CREDENTIAL)).filter(|path| path.exists());
    if let Some(path) = credential {
        // systemd keeps other users from the folder of credentials; the modes in it say nothing.
        let (_mode, text) = read(&path)?;
        // The unit's default for a file that is missing; systemd takes none that is empty.
        if !text.trim().is_empty() {
            return number_in(&text, path).map(Some);
        }
    }
    let Some(path) = file.map(Path::to_owned) else { return Ok(None) };
    let (mode, text) = read(&path)?;
    if mode & 0o077 != 0 {
        return Err(NumberError::Exposed { path });
    }
    number_in(&text, path).map(Some)
}

fn number_in(text: &str, path: PathBuf) -> Result<ReadyNumber, NumberError> {
    match text.parse() {
        Ok(number) => Ok(ReadyNumber { number, source: path }),
        Err(_) => Err(NumberError::Malformed { path }),
    }
}

fn read(path: &Path) -> Result<(u32, String), NumberError> {
    content(path).map_err(|source| NumberError::Read { path: path.to_owned(), source })
}

/// The mode and the text of one file, whatever happens to its name meanwhile.
fn content(path: &Path) -> io::Result<(u32, String)> {
    // A pipe without a writer must not keep the daemon from its start.
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mode = metadata.permissions().mode();
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok((mode, text))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

    fn file(folder: &Path, name: &str, content: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_does_not_hold_the_start_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR).unwrap();
        let error = find(None, Some(&path)).unwrap_err().to_string();
        assert!(error.contains("no regular file"), "{error}");
    }

    #[test]
    fn a_credential_comes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let private = file(folder.path(), "number", &format!("{NUMBER}\n"), 0o600);
        let found = find(Some(folder.path()), Some(&private)).unwrap().unwrap();
        assert_eq!((found.number.as_str(), found.source), (NUMBER, private.clone()));
        let other = "MIKO-ZZZZZ-EF2GH-IJ3KL-MN4OP";
        let credential = file(folder.path(), CREDENTIAL, other, 0o440);
        let found = find(Some(folder.path()), Some(&private)).unwrap().unwrap();
        assert_eq!((found.number.as_str(), found.source), (other, credential));
        assert_eq!(find(None, None).unwrap(), None);
    }

    #[test]
    fn a_blank_credential_is_none() {
        let folder = tempfile::tempdir().unwrap();
        file(folder.path(), CREDENTIAL, "\n", 0o440);
        assert_eq!(find(Some(folder.path()), None).unwrap(), None);
        let private = file(folder.path(), "number", NUMBER, 0o600);
        let found = find(Some(folder.path()), Some(&private)).unwrap().unwrap();
        assert_eq!(found.source, private);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_to_run() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o644, 0o640, 0o604, 0o602] {
            let path = file(folder.path(), "number", NUMBER, mode);
            let error = find(None, Some(&path)).unwrap_err().to_string();
            assert!(error.contains(&format!("`chmod 600 {}`", path.display())), "{mode:o}: {error}");
        }
    }

    #[test]
    fn what_is_no_number_is_said_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "number", "secret", 0o600);
        let error = find(None, Some(&path)).unwrap_err();
        assert!(matches!(error, NumberError::Malformed { .. }));
        assert!(!error.to_string().contains("secret"), "{error}");
        let missing = find(None, Some(&folder.path().join("missing")));
        assert!(matches!(missing, Err(NumberError::Read { .. })));
    }
}
