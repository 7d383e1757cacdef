//! The file in which today's MikoPBX leaves its registration number for its broker.
//!
//! **Who could plant a number there, and what for.** The PBX writes the file as root, into a temporary folder that
//! others may be able to write to. A number in it is adopted by a host without one, and by no other, so a planted
//! one shows the PBX somebody else's license, and shows that license's owner which host it is: no secret, and no
//! seat that the PBX had. The users that may `changekey` can do that anyway. For all others:
//!
//! - The file counts only if root, the gateway's own user or a user that may `changekey` owns it, and nobody else can
//!   write to it: who can put a file into the folder cannot make it root's.
//! - The last part of its path is not followed if it is a link, so that a link cannot choose which of root's files is
//!   read. Its folder may be one: it is the administrator's word where that is.
//! - It is opened without waiting (a pipe), must be a regular file, and a kilobyte of it is read. What it holds is
//!   shown to nobody; what is no number is said to be none.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::PathBuf,
};

use license_client::types::RegistrationNumber;
use nix::{fcntl::OFlag, unistd};
use serde::{Deserialize, Serialize};

/// The most that is read: far more than a number, far less than a wrong file.
const LONGEST: u16 = 1024;

/// The right of others than owner and group to write.
const OTHERS_WRITE: u32 = 0o002;

/// A key file.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
    owners: Vec<u32>,
}

/// What the key file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A registration number.
    Number(RegistrationNumber),
    /// Nothing: MikoPBX has no number.
    Empty,
    /// There is no such file.
    #[default]
    Absent,
    /// Something that cannot be used.
    Unusable,
}

impl Content {
    /// The registration number, if it is one.
    pub(super) const fn number(&self) -> Option<&RegistrationNumber> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }
}

/// Why a key file is not used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("cannot read the key file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody owns it who may not change the number.
    #[error(
        "the key file {path} is not used: uid {uid} owns it, who may not change the number. Remove it, and have MikoPBX \
         write it anew"
    )]
    Owner {
        /// The file.
        path: PathBuf,
        /// Who.
        uid: u32,
    },
    /// Everybody can write to it.
    #[error("the key file {path} is not used: everybody can write to it. Run `chmod o-w {path}`")]
    Writable {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("the key file {path} holds no registration number: it must match ^MIKO(-[A-Z0-9]{{5}}){{4}}$")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

impl KeyFile {
    /// The key file at `path`, if root, our own user or one of `owners` owns it.
    pub fn new(path: impl Into<PathBuf>, owners: impl IntoIterator<Item = u32>) -> Self {
        let own = [0, unistd::geteuid().as_raw()];
        Self { path: path.into(), owners: own.into_iter().chain(owners).collect() }
    }

    /// What it holds now.
    pub fn look(&self) -> Result<Content, KeyFileError> {
        let path = || self.path.clone();
        let text = match self.read() {
            Ok(text) => text?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::Absent),
            Err(source) => return Err(KeyFileError::Read { path: path(), source }),
        };
        match text.trim() {
            "" => Ok(Content::Empty),
            text => text.parse().map(Content::Number).map_err(|_| KeyFileError::Malformed { path: path() }),
        }
    }

    /// The text of one file, whatever happens to its name meanwhile.
    fn read(&self) -> io::Result<Result<String, KeyFileError>> {
        let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
        let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(&self.path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        if !self.owners.contains(&about.uid()) {
            return Ok(Err(KeyFileError::Owner { path: self.path.clone(), uid: about.uid() }));
        }
        if about.mode() & OTHERS_WRITE != 0 {
            return Ok(Err(KeyFileError::Writable { path: self.path.clone() }));
        }
        begin_of(file).map(Ok)
    }
}

fn begin_of(file: File) -> io::Result<String> {
    let mut content = Vec::new();
    file.take(u64::from(LONGEST) + 1).read_to_end(&mut content)?;
    if content.len() > usize::from(LONGEST) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long"));
    }
    Ok(String::from_utf8_lossy(&content).into_owned())
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, chown, symlink},
    };

    use tempfile::TempDir;

    use super::*;

    const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

    fn key_file(content: &[u8]) -> (TempDir, KeyFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("license.key");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        (folder, KeyFile::new(path, []))
    }

    fn why_not(file: &KeyFile) -> String {
        file.look().unwrap_err().to_string()
    }

    #[test]
    fn the_number_is_read_whatever_stands_around_it() {
        for content in [NUMBER.to_owned(), format!("{NUMBER}\n"), format!(" {}\r\n", NUMBER.to_lowercase())] {
            let (_folder, file) = key_file(content.as_bytes());
            assert_eq!(file.look().unwrap(), Content::Number(NUMBER.parse().unwrap()), "{content:?}");
        }
    }

    #[test]
    fn an_empty_file_is_not_the_same_as_none() {
        let (_folder, file) = key_file(b" \n");
        assert_eq!(file.look().unwrap(), Content::Empty);
        fs::remove_file(&file.path).unwrap();
        assert_eq!(file.look().unwrap(), Content::Absent);
        let in_no_folder = KeyFile::new("/nonexistent/nats_cache/license.key", []);
        assert_eq!(in_no_folder.look().unwrap(), Content::Absent);
    }

    #[test]
    fn what_is_no_number_is_not_shown() {
        for content in [&b"root:secret:1"[..], &[0xff; 28], b"MIKO-AB1CD-EF2GH-IJ3KL-MN4O"] {
            let (_folder, file) = key_file(content);
            assert!(matches!(file.look(), Err(KeyFileError::Malformed { .. })), "{content:?}");
            assert!(!why_not(&file).contains("secret"));
        }
    }

    #[test]
    fn a_long_file_is_not_read_to_its_end() {
        let (_folder, file) = key_file(&vec![b' '; usize::from(LONGEST)]);
        assert_eq!(file.look().unwrap(), Content::Empty);
        let (_folder, file) = key_file(&vec![b' '; usize::from(LONGEST) + 1]);
        assert!(why_not(&file).contains("too long"));
    }

    #[test]
    fn a_pipe_a_folder_and_a_link_are_no_key_file() {
        let (folder, file) = key_file(b"");
        let there = |name| KeyFile::new(folder.path().join(name), []);
        unistd::mkfifo(&there("pipe").path, nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert!(why_not(&there("pipe")).contains("no regular file"));
        fs::create_dir(there("folder").path).unwrap();
        assert!(why_not(&there("folder")).contains("no regular file"));
        symlink(&file.path, there("link").path).unwrap();
        assert!(matches!(there("link").look(), Err(KeyFileError::Read { .. })));
        symlink("nowhere", there("dangling").path).unwrap();
        assert!(matches!(there("dangling").look(), Err(KeyFileError::Read { .. })));
    }

    #[test]
    fn a_file_that_everybody_can_write_is_not_believed() {
        let (_folder, file) = key_file(NUMBER.as_bytes());
        fs::set_permissions(&file.path, Permissions::from_mode(0o666)).unwrap();
        assert!(why_not(&file).contains("chmod o-w"));
    }

    #[test]
    fn a_file_counts_only_if_its_owner_may_change_the_number() {
        let (_folder, file) = key_file(NUMBER.as_bytes());
        let owner = fs::metadata(&file.path).unwrap().uid();
        let of_others = KeyFile { owners: vec![owner + 1], ..file.clone() };
        assert!(why_not(&of_others).contains(&format!("uid {owner} owns it")));
        let named = KeyFile { owners: vec![owner], ..file };
        assert!(named.look().is_ok());
        // Only root can give files away.
        if chown(&named.path, Some(7), None).is_ok() {
            assert!(matches!(KeyFile::new(&named.path, []).look(), Err(KeyFileError::Owner { uid: 7, .. })));
            assert!(KeyFile::new(&named.path, [7]).look().is_ok());
        }
    }
}
