//! The data folder: what is in it, and that only its owner gets at it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, PersistError, TempDir};

use crate::owner;

/// Others may not even look: keys and customers are in here.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The name of the database.
pub(crate) const DATABASE: &str = "license-server.db";

/// What SQLite keeps beside it: the log of writes that are not in it yet, and an index of that.
pub(crate) const DATABASE_LOGS: [&str; 2] = ["license-server.db-wal", "license-server.db-shm"];

const LOCK: &str = "lock";
const SERVING: &str = "serving";
const STAGING: &str = ".restoring";

/// The folder that holds keys and database.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
}

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// A file or folder cannot be read or written.
    #[error("cannot use {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file outside of the data folder is closed to its owner.
    #[error(
        "cannot {access} {path}: permission denied; this command runs as {user}, the owner of the data folder, \
         who must be allowed to"
    )]
    Denied {
        /// The file.
        path: PathBuf,
        /// What is not allowed.
        access: &'static str,
        /// The owner.
        user: String,
    },
    /// Another server runs on it.
    #[error("a license server runs on {path}; stop it first, or name another data folder")]
    Serving {
        /// The folder.
        path: PathBuf,
    },
    /// A log of writes lies there without the database that it belongs to.
    #[error(
        "{log} is of a database that is not there; put that back, or move this file away and start again"
    )]
    LeftLog {
        /// The log.
        log: PathBuf,
    },
    /// Others could put their own keys into it.
    #[error(
        "{path} can be written by others (mode {mode:o}); run `chmod go-w` on it, or name another data folder"
    )]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

impl DataDirError {
    /// Why a file that somebody named cannot be used. Root becomes the owner of the data folder, who may be
    /// shut out of where root keeps its files.
    pub(crate) fn outside(path: &Path, access: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::PermissionDenied {
            Self::Denied { path, access, user: owner::effective() }
        } else {
            Self::Io { path, source }
        }
    }
}

impl DataDir {
    /// Makes the folder if it is missing, and closes it to others if it is empty or ours. A folder that
    /// holds other things keeps its mode; the files in it are closed one by one.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let this = Self { path: path.to_owned() };
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path).map_err(|e| this.error("", e))?;
        let mode = fs::metadata(path).map_err(|e| this.error("", e))?.permissions().mode() & 0o7777;
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(DataDirError::Open { path: path.to_owned(), mode });
        }
        let is_empty = fs::read_dir(path).map_err(|e| this.error("", e))?.next().is_none();
        if is_empty || this.file(LOCK).exists() {
            fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE)).map_err(|e| this.error("", e))?;
        }
        Ok(this)
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The lock under which a new folder is filled: the first start of two programs makes one set of keys.
    /// Blocks until it is free; dropping the file frees it.
    pub fn lock(&self) -> Result<File, DataDirError> {
        let file = self.private(LOCK)?;
        file.lock().map_err(|source| self.error(LOCK, source))?;
        Ok(file)
    }

    /// The lock that a running server holds: there is one in a folder, and nobody replaces its database.
    pub fn serving(&self) -> Result<File, DataDirError> {
        let file = self.private(SERVING)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(self.in_use()),
            Err(TryLockError::Error(source)) => Err(self.error(SERVING, source)),
        }
    }

    /// Says that a server runs on it.
    #[must_use]
    pub fn in_use(&self) -> DataDirError {
        DataDirError::Serving { path: self.path.clone() }
    }

    /// Whether a license server keeps its data there.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        path.join(DATABASE).exists()
    }

    /// Whether the database is there and not empty.
    #[must_use]
    pub fn has_database(&self) -> bool {
        fs::metadata(self.file(DATABASE)).is_ok_and(|file| file.len() > 0)
    }

    /// The path of the database, which exists and is closed to others. None is made beside the log of another
    /// one: SQLite would play that into it, or remove it.
    pub fn database(&self) -> Result<PathBuf, DataDirError> {
        let [log, _index] = DATABASE_LOGS.map(|name| self.file(name));
        if !self.has_database() && log.exists() {
            return Err(DataDirError::LeftLog { log });
        }
        self.private(DATABASE)?;
        Ok(self.file(DATABASE))
    }

    /// The content of a file; `None` if there is none.
    pub fn read(&self, name: &str) -> Result<Option<String>, DataDirError> {
        match fs::read_to_string(self.file(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.error(name, source)),
        }
    }

    /// Writes a new file: whole and on the disk, or not at all. A file that exists is never overwritten.
    pub fn create(&self, name: &str, content: &str) -> Result<(), DataDirError> {
        Self::create_file(&self.file(name), content.as_bytes())
    }

    /// Writes a new file anywhere, closed to others, as [`create`](Self::create) does.
    pub fn create_file(path: &Path, content: &[u8]) -> Result<(), DataDirError> {
        NewFile::with(path, content)?.put()
    }

    /// Writes a file in the place of another one: at any moment there is the old one or the new one, whole.
    pub fn replace(&self, name: &str, content: &str) -> Result<(), DataDirError> {
        NewFile::with(&self.file(name), content.as_bytes())?.put_over()
    }

    /// An empty folder in this one, for what is being prepared; of one that was left behind by a program
    /// that was killed nothing stays. Call it under [`serving`](Self::serving).
    pub fn staging(&self) -> Result<TempDir, DataDirError> {
        let make = || {
            match fs::remove_dir_all(self.file(STAGING)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let mode = Permissions::from_mode(FOLDER_MODE);
            tempfile::Builder::new().prefix(STAGING).rand_bytes(0).permissions(mode).tempdir_in(&self.path)
        };
        make().map_err(|source| self.error(STAGING, source))
    }

    /// Gives a file a second name that says when it was set aside; `None` if there is no such file.
    pub fn set_aside(&self, name: &str, at: &str) -> Result<Option<PathBuf>, DataDirError> {
        let path = self.file(name);
        if !path.exists() {
            return Ok(None);
        }
        let names = (1_u32..).map(|n| if n == 1 { String::new() } else { format!(".{n}") });
        for another in names {
            let aside = self.file(&format!("{name}.before-{at}{another}"));
            match fs::hard_link(&path, &aside) {
                Ok(()) => return Ok(Some(aside)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(DataDirError::Io { path: aside, source }),
            }
        }
        Ok(None)
    }

    /// Puts a database of the same file system in the place of this one, which no program uses.
    pub fn replace_database(&self, by: &Path) -> Result<(), DataDirError> {
        let put = || {
            File::open(by)?.sync_all()?;
            // The name under which the old one was set aside is on the disk before it loses this one.
            File::open(&self.path)?.sync_all()?;
            fs::rename(by, self.file(DATABASE))?;
            File::open(&self.path)?.sync_all()
        };
        put().map_err(|source| self.error(DATABASE, source))
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> Result<(), DataDirError> {
        let remove = || {
            fs::remove_file(self.file(name))?;
            File::open(&self.path)?.sync_all()
        };
        remove().map_err(|source| self.error(name, source))
    }

    /// Removes a folder in which nothing was put but locks.
    pub fn discard(&self) {
        for lock in [LOCK, SERVING] {
            let _missing = fs::remove_file(self.file(lock));
        }
        let _in_use = fs::remove_dir(&self.path);
    }

    fn private(&self, name: &str) -> Result<File, DataDirError> {
        let path = self.file(name);
        let file = OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(&path);
        let file = file.map_err(|source| self.error(name, source))?;
        file.set_permissions(Permissions::from_mode(FILE_MODE)).map_err(|source| self.error(name, source))?;
        Ok(file)
    }

    fn error(&self, name: &str, source: io::Error) -> DataDirError {
        let path = if name.is_empty() { self.path.clone() } else { self.file(name) };
        DataDirError::Io { path, source }
    }
}

/// A file that is written beside its place, closed to others. Unless it is put there, it is gone with
/// this value.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    folder: PathBuf,
    path: PathBuf,
}

impl NewFile {
    /// An empty one.
    pub fn beside(path: &Path) -> Result<Self, DataDirError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        // Closed to others from the first moment: `tempfile` makes its files 0600.
        let file = NamedTempFile::new_in(&folder);
        let file = file.map_err(|source| DataDirError::outside(path, "write", source))?;
        Ok(Self { file, folder, path: path.to_owned() })
    }

    fn with(path: &Path, content: &[u8]) -> Result<Self, DataDirError> {
        let mut new = Self::beside(path)?;
        let written = new.file.write_all(content);
        written.map_err(|source| DataDirError::Io { path: path.to_owned(), source })?;
        Ok(new)
    }

    /// Where it is until it is put into its place.
    #[must_use]
    pub fn draft(&self) -> &Path {
        self.file.path()
    }

    /// Puts it into its place, on the disk. A file that is there is not overwritten.
    pub fn put(self) -> Result<(), DataDirError> {
        self.put_by(|file, path| file.persist_noclobber(path))
    }

    fn put_over(self) -> Result<(), DataDirError> {
        self.put_by(|file, path| file.persist(path))
    }

    fn put_by(
        self,
        persist: impl FnOnce(NamedTempFile, &Path) -> Result<File, PersistError>,
    ) -> Result<(), DataDirError> {
        let Self { file, folder, path } = self;
        let put = || {
            file.as_file().sync_all()?;
            persist(file, &path).map_err(|error| error.error)?;
            File::open(folder)?.sync_all()
        };
        put().map_err(|source| DataDirError::Io { path: path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_new_folder_and_its_files_are_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("deep/data");
        let dir = DataDir::open(&path).unwrap();
        let lock = dir.lock().unwrap();
        dir.create("x.key", "secret").unwrap();
        dir.database().unwrap();
        assert_eq!(mode(&path), FOLDER_MODE);
        for name in [LOCK, "x.key", DATABASE] {
            assert_eq!(mode(&dir.file(name)), FILE_MODE, "{name}");
        }
        drop(lock);
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        DataDir::open(&path).unwrap();
        assert_eq!(mode(&path), FOLDER_MODE, "a folder that is ours is closed again");
    }

    #[test]
    fn a_folder_with_other_things_keeps_its_mode() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        fs::write(root.path().join("other"), "").unwrap();
        DataDir::open(root.path()).unwrap();
        assert_eq!(mode(root.path()), 0o755);
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o777)).unwrap();
        let error = DataDir::open(root.path()).unwrap_err();
        assert!(error.to_string().contains("777"), "{error}");
    }

    #[test]
    fn a_file_is_never_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::open(root.path()).unwrap();
        dir.create("x.key", "first").unwrap();
        dir.create("x.key", "second").unwrap_err();
        assert_eq!(dir.read("x.key").unwrap().as_deref(), Some("first"));
        assert_eq!(dir.read("y.key").unwrap(), None);
    }

    #[test]
    fn a_path_that_is_no_folder_is_named() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        fs::write(&path, "").unwrap();
        let error = DataDir::open(&path).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
}
