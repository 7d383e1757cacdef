//! What the daemon keeps on disk: `state` in two generations, and `clock`.
//!
//! Each file is a header line (what it is, its version, the SHA-256 of the rest) and JSON. What cannot
//! be read is set aside, never overwritten, and the previous generation is served.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use license_core::{crypto::sha256_hex, state::State, time::ClockRecord};
use license_texts::{Text, text};
use nix::fcntl::{Flock, FlockArg};
use serde::{Serialize, de::DeserializeOwned};

/// The version of both files. Another one is set aside like a damaged one (docs/architecture.md).
const VERSION: &str = "1";

/// At most so many unreadable files are set aside; the last is overwritten by the next.
const MOST_QUARANTINED: u32 = 9;

/// The state folder, locked for this process.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    _lock: Arc<Flock<File>>,
}

/// What a start found on disk.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The newest state that could be read.
    pub state: Option<State>,
    /// What could not be read, for the log.
    pub faults: Vec<StoreError>,
    /// Whether there was a state that is lost, now or at an earlier start.
    pub is_lost: bool,
}

impl Store {
    /// Opens the folder, makes it if need be, and locks it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let cannot = |source| StoreError::Folder { path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(cannot)?;
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(folder.join("lock")).map_err(cannot)?;
        match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => {
                durable::remove_unfinished(folder).map_err(cannot)?;
                Ok(Self { folder: folder.to_owned(), _lock: Arc::new(lock) })
            }
            Err((_, nix::Error::EWOULDBLOCK)) => Err(StoreError::InUse { path: folder.to_owned() }),
            Err((_, errno)) => Err(cannot(errno.into())),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn current(&self) -> PathBuf {
        self.folder.join("state")
    }

    fn previous(&self) -> PathBuf {
        self.folder.join("state.previous")
    }

    fn clock(&self) -> PathBuf {
        self.folder.join("clock")
    }

    /// The newest state that is sound. An error means that a file may be sound and cannot be read now.
    pub fn load(&self) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded::default();
        for path in [self.current(), self.previous()] {
            match read("licensed-state", &path) {
                Ok(Some(state)) => {
                    loaded.state = Some(state);
                    break;
                }
                Ok(None) => {}
                Err(fault @ StoreError::Unreadable { .. }) => loaded.faults.push(fault),
                Err(fault) => return Err(fault),
            }
        }
        loaded.is_lost = loaded.state.is_none() && quarantine(&self.current()).any(|path| path.exists());
        Ok(loaded)
    }

    /// Stores a state; the one before stays as the second generation.
    pub fn save(&self, state: &State) -> Result<(), StoreError> {
        let (path, previous) = (self.current(), self.previous());
        durable::keep(&path, &previous).map_err(|source| StoreError::Write { path: previous, source })?;
        write("licensed-state", &path, state)
    }

    /// Stores a state in both generations, so that nothing revives what is gone.
    pub fn save_both(&self, state: &State) -> Result<(), StoreError> {
        write("licensed-state", &self.current(), state)?;
        write("licensed-state", &self.previous(), state)
    }

    /// The stored time. A record that cannot be read is set aside; the state knows an age too.
    pub fn load_clock(&self) -> Result<Option<ClockRecord>, StoreError> {
        read("licensed-clock", &self.clock())
    }

    /// Stores the time.
    pub fn save_clock(&self, record: &ClockRecord) -> Result<(), StoreError> {
        write("licensed-clock", &self.clock(), record)
    }
}

/// What a look into the state folder sees. It takes no lock, and leaves everything as it is.
#[derive(Debug, Default)]
pub struct Inspection {
    /// Files that an earlier start set aside, since they could not be read.
    pub set_aside: Vec<PathBuf>,
    /// What is wrong with the files of now.
    pub faults: Vec<String>,
}

/// Looks into the state folder. An error means that the caller may not.
pub fn inspect(folder: &Path) -> io::Result<Inspection> {
    let mut seen = Inspection::default();
    let owner = fs::metadata(folder)?.uid();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().contains(".unreadable-")) {
            seen.set_aside.push(path);
        }
    }
    seen.set_aside.sort();
    for name in ["state", "state.previous"] {
        let path = folder.join(name);
        let wrong = match fs::read(&path) {
            Ok(_) if fs::metadata(&path)?.uid() != owner => {
                Some("it belongs to another user than the folder".to_owned())
            }
            Ok(content) => parse::<State>("licensed-state", &content).err(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        seen.faults.extend(wrong.map(|why| format!("{}: {why}", path.display())));
    }
    Ok(seen)
}

fn write<T: Serialize>(kind: &str, path: &Path, value: &T) -> Result<(), StoreError> {
    let cannot = |source| StoreError::Write { path: path.to_owned(), source };
    let json = serde_json::to_string(value).map_err(|error| cannot(error.into()))?;
    let content = format!("{kind} {VERSION} {}\n{json}", sha256_hex(json.as_bytes()));
    durable::replace(path, content.as_bytes()).map_err(cannot)
}

/// What the file holds; `None` if there is none. What is no such file is set aside; one that cannot be read
/// now may be sound, and is left alone.
fn read<T: DeserializeOwned>(kind: &str, path: &Path) -> Result<Option<T>, StoreError> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Read { path: path.to_owned(), source }),
    };
    parse(kind, &content).map(Some).map_err(|what| set_aside(path.to_owned(), what))
}

/// What the content of a file means. An error says what is wrong with it.
fn parse<T: DeserializeOwned>(kind: &str, content: &[u8]) -> Result<T, String> {
    let content = str::from_utf8(content).map_err(|error| error.to_string())?;
    let (header, json) = content.split_once('\n').ok_or("it is cut off")?;
    let mut words = header.split(' ');
    if words.next() != Some(kind) {
        return Err(format!("it is no {kind} file"));
    }
    match words.next() {
        Some(VERSION) => {}
        Some(other) => return Err(format!("it has version {other}, this program reads {VERSION}")),
        None => return Err("it is cut off".to_owned()),
    }
    if words.next() != Some(&sha256_hex(json.as_bytes())) {
        return Err("its checksum is wrong".to_owned());
    }
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// The names under which copies of a file are set aside, in order.
fn quarantine(path: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=MOST_QUARANTINED).map(|number| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".unreadable-{number}"));
        PathBuf::from(name)
    })
}

/// Renames a file that cannot be read, so that it is neither used nor overwritten.
pub(crate) fn set_aside(path: PathBuf, what: String) -> StoreError {
    // Past the last name, the last file is overwritten.
    let free = quarantine(&path).find(|candidate| !candidate.exists()).or_else(|| quarantine(&path).last());
    let quarantine = free.unwrap_or_else(|| path.clone());
    match fs::rename(&path, &quarantine) {
        Ok(()) => StoreError::Unreadable { path, what, quarantine },
        Err(source) => StoreError::Quarantine { path, what, source },
    }
}

/// What can go wrong with the state folder.
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
    /// Another daemon uses it.
    #[error("the state folder {path} is in use by another licensed")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be read, for a reason that is not in the file.
    #[error("cannot read {path}: {source}; it belongs to the user that licensed runs as, 0600")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}; the binding is kept in memory until it can be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is not readable ({what}); it is kept as {quarantine}, and the daemon goes on without it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// Where it is now.
        quarantine: PathBuf,
    },
    /// A file is not what it should be, and cannot be set aside.
    #[error("{path} is not readable ({what}) and cannot be set aside: {source}")]
    Quarantine {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// Why it is still there.
        source: io::Error,
    },
}

impl StoreError {
    /// It as it is told to people.
    #[must_use]
    pub fn sentence(&self) -> Text {
        match self {
            Self::Write { path, source } => {
                let (path, error) = (path.display().to_string(), source.to_string());
                text!("store-not-written", path = path, error = error)
            }
            // These are for the log of a start: nobody is told anything yet.
            Self::Folder { .. }
            | Self::InUse { .. }
            | Self::Read { .. }
            | Self::Unreadable { .. }
            | Self::Quarantine { .. } => Text::verbatim(self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use license_core::time::{Age, Now};
    use license_types::UnixTime;

    use super::*;

    fn state(millis: u64) -> State {
        State::unregistered(Now { age: Age(millis), wall: UnixTime(0) })
    }

    fn two_generations() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.save(&state(1)).unwrap();
        store.save(&state(2)).unwrap();
        (folder, store)
    }

    #[test]
    fn the_newest_state_is_served() {
        let (_folder, store) = two_generations();
        let loaded = store.load().unwrap();
        assert_eq!(loaded.state, Some(state(2)));
        assert!(loaded.faults.is_empty());
    }

    #[test]
    fn a_new_folder_has_no_state_and_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let loaded = Store::open(&folder.path().join("deep/er")).unwrap().load().unwrap();
        assert!(loaded.state.is_none() && loaded.faults.is_empty() && !loaded.is_lost);
    }

    #[test]
    fn an_unreadable_state_is_set_aside_and_the_previous_one_served() {
        type Damage = fn(Vec<u8>) -> Vec<u8>;
        let damages: [(&str, Damage); 5] = [
            ("cut to half", |content| content[..content.len() / 2].to_vec()),
            ("emptied", |_| Vec::new()),
            ("of another version", |content| {
                String::from_utf8(content)
                    .unwrap()
                    .replacen("licensed-state 1", "licensed-state 2", 1)
                    .into_bytes()
            }),
            ("with a flipped bit", |mut content| {
                let last = content.len() - 3;
                content[last] ^= 4;
                content
            }),
            ("no text", |_| vec![0xff; 100]),
        ];
        for (name, damage) in damages {
            let (_folder, store) = two_generations();
            let content = damage(fs::read(store.current()).unwrap());
            fs::write(store.current(), &content).unwrap();
            let loaded = store.load().unwrap();
            assert_eq!(loaded.state, Some(state(1)), "{name}");
            let [StoreError::Unreadable { quarantine, .. }] = &loaded.faults[..] else {
                panic!("{name}: {:?}", loaded.faults)
            };
            assert_eq!(fs::read(quarantine).unwrap(), content, "{name}: nothing is lost");
        }
    }

    #[test]
    fn a_look_sees_what_is_damaged_and_moves_nothing() {
        let (folder, store) = two_generations();
        assert!(inspect(folder.path()).unwrap().faults.is_empty());
        fs::write(store.current(), "damaged").unwrap();
        let [fault] = inspect(folder.path()).unwrap().faults.try_into().unwrap();
        assert!(fault.contains("/state: "), "{fault}");
        assert_eq!(fs::read(store.current()).unwrap(), b"damaged");
        store.load().unwrap();
        let seen = inspect(folder.path()).unwrap();
        assert!(seen.faults.is_empty());
        assert_eq!(seen.set_aside, [folder.path().join("state.unreadable-1")]);
    }

    #[test]
    fn a_state_that_cannot_be_read_now_is_left_alone() {
        let (folder, store) = two_generations();
        fs::remove_file(store.current()).unwrap();
        fs::create_dir(store.current()).unwrap();
        assert!(matches!(store.load(), Err(StoreError::Read { .. })));
        assert!(store.current().is_dir() && folder.path().join("state.previous").exists());
    }

    #[test]
    fn two_unreadable_generations_are_a_loss_and_not_a_new_host() {
        let (_folder, store) = two_generations();
        fs::write(store.current(), "").unwrap();
        fs::write(store.previous(), "").unwrap();
        let loaded = store.load().unwrap();
        assert!(loaded.state.is_none() && loaded.is_lost);
        assert_eq!(loaded.faults.len(), 2);
        assert!(store.load().unwrap().is_lost, "and so it stays at the next start");
    }

    #[test]
    fn nothing_revives_a_state_that_was_saved_in_both_generations() {
        let (_folder, store) = two_generations();
        store.save_both(&state(3)).unwrap();
        fs::write(store.current(), "").unwrap();
        assert_eq!(store.load().unwrap().state, Some(state(3)));
    }

    #[test]
    fn what_a_power_cut_left_unfinished_goes_at_the_next_start() {
        let (folder, store) = two_generations();
        fs::write(folder.path().join(".tmp-abc"), "half a st").unwrap();
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert!(!folder.path().join(".tmp-abc").exists());
        assert_eq!(store.load().unwrap().state, Some(state(2)));
    }

    #[test]
    fn a_folder_has_one_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let first = Store::open(folder.path()).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::InUse { .. })));
        drop(first);
        assert!(Store::open(folder.path()).is_ok());
    }

    #[test]
    fn the_time_survives() {
        let (_folder, store) = two_generations();
        assert_eq!(store.load_clock().unwrap(), None);
        let record =
            ClockRecord { boot_id: "b".to_owned(), since_boot_ms: 5, wall: UnixTime(7), age: Age(9) };
        store.save_clock(&record).unwrap();
        assert_eq!(store.load_clock().unwrap(), Some(record));
        fs::write(store.clock(), "nonsense").unwrap();
        assert!(store.load_clock().is_err());
        assert_eq!(store.load_clock().unwrap(), None, "it was set aside");
    }
}
