//! Where the gateway keeps what it remembers of numbers: one file, `number.json`, for its owner alone to read.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::wish::Kept;

/// The version of the file. Another one is set aside like a damaged one.
const VERSION: u32 = 1;

/// The folder in which the gateway keeps its file.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// What the file holds. Generic, so that what is written need not be copied.
#[derive(Serialize, Deserialize)]
struct Stored<K> {
    version: u32,
    kept: K,
}

/// What can go wrong with the folder.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be used.
    #[error("cannot use the state folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be read, for a reason that is not in the file.
    #[error("cannot read {path}: {source}; what it holds is not pursued")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{path} is not readable ({what}); it is kept as {quarantine}, and what it held is not pursued")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// Where it is now.
        quarantine: PathBuf,
    },
    /// The work ended early.
    #[error("cannot work on the disk: {0}")]
    Broken(String),
}

impl Store {
    /// The store in `folder`, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// What was kept; nothing if nothing was. At the start, when nobody else is writing there.
    pub fn load(&self) -> Result<Kept, StoreError> {
        self.make_folder()?;
        let cannot = |source| StoreError::Folder { path: self.folder.clone(), source };
        durable::remove_unfinished(&self.folder).map_err(cannot)?;
        let path = self.path();
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            Err(source) => return Err(StoreError::Read { path, source }),
        };
        parse(&content).map_err(|what| set_aside(path, what))
    }

    /// Stores what is to be kept. It is on the disk when this is done.
    pub fn save(&self, kept: &Kept) -> Result<(), StoreError> {
        self.make_folder()?;
        let path = self.path();
        let content = serde_json::to_vec(&Stored { version: VERSION, kept }).map_err(io::Error::from);
        content
            .and_then(|content| durable::replace(&path, &content))
            .map_err(|source| StoreError::Write { path, source })
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|source| StoreError::Folder { path: self.folder.clone(), source })
    }

    fn path(&self) -> PathBuf {
        self.folder.join("number.json")
    }
}

/// What the content of the file means. An error says what is wrong with it, and nothing of what it holds.
fn parse(content: &[u8]) -> Result<Kept, String> {
    #[derive(Deserialize)]
    struct Header {
        version: u32,
    }
    let wrong =
        |error: serde_json::Error| format!("{:?} error at column {}", error.classify(), error.column());
    match serde_json::from_slice(content).map_err(wrong)? {
        Header { version: VERSION } => {}
        Header { version } => return Err(format!("it has version {version}, this program reads {VERSION}")),
    }
    serde_json::from_slice(content).map(|stored: Stored<Kept>| stored.kept).map_err(wrong)
}

/// Renames a file that cannot be read, so that it is neither used nor overwritten. One is kept, the latest.
fn set_aside(path: PathBuf, what: String) -> StoreError {
    let quarantine = unreadable(&path);
    match fs::rename(&path, &quarantine) {
        Ok(()) => StoreError::Unreadable { path, what, quarantine },
        Err(source) => StoreError::Read { path, source },
    }
}

fn unreadable(path: &Path) -> PathBuf {
    path.with_extension("json.unreadable")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{
        super::wish::{Event, State},
        *,
    };

    const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

    fn wished() -> Kept {
        State::default().step(Event::Wished(Some(NUMBER.parse().unwrap()))).0.kept
    }

    #[test]
    fn a_new_folder_holds_nothing_and_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("deep/er"));
        assert_eq!(store.load().unwrap(), Kept::default());
        assert_eq!(fs::metadata(&store.folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_is_kept_comes_back_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        store.save(&wished()).unwrap();
        assert_eq!(store.load().unwrap(), wished());
        assert_eq!(fs::metadata(store.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_read_is_set_aside_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        store.save(&wished()).unwrap();
        let sound = fs::read(store.path()).unwrap();
        let text = String::from_utf8(sound.clone()).unwrap();
        let damages = [
            ("cut", sound[..sound.len() / 2].to_vec()),
            ("emptied", Vec::new()),
            ("no text", vec![0xff; 100]),
            ("of another version", text.replacen("\"version\":1", "\"version\":2", 1).into_bytes()),
            ("with a wrong number", text.replace(NUMBER, "MIKO-SECRET").into_bytes()),
            ("with an unknown source", text.replace("changekey", "oracle").into_bytes()),
        ];
        for (name, content) in damages {
            assert_ne!(content, sound, "{name}: it is damaged");
            fs::write(store.path(), &content).unwrap();
            let fault = store.load().unwrap_err();
            let StoreError::Unreadable { quarantine, .. } = &fault else { panic!("{name}: {fault}") };
            assert_eq!(fs::read(quarantine).unwrap(), content, "{name}: nothing is lost");
            assert!(!fault.to_string().contains("SECRET"), "{name}: {fault}");
            assert_eq!(store.load().unwrap(), Kept::default(), "{name}: it goes on with nothing");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_an_error_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let store = Store::new(file.join("below"));
        assert!(matches!(store.load(), Err(StoreError::Folder { .. })));
        assert!(matches!(store.save(&wished()), Err(StoreError::Folder { .. })));
    }

    #[test]
    fn what_a_power_cut_left_unfinished_goes_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        store.save(&wished()).unwrap();
        fs::write(folder.path().join(".tmp-abc"), "half a st").unwrap();
        assert_eq!(store.load().unwrap(), wished());
        assert!(!folder.path().join(".tmp-abc").exists());
    }
}
