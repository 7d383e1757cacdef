//! Backup and restore: one file that holds the database as it was at one moment, and the keys if that is
//! wanted.
//!
//! A backup is a database itself, in which one more table holds the files of the keys. It always holds the
//! public half of the root, so that it cannot be restored over another server.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use license_types::UnixTime;

use crate::{
    LicenseServer, OpenError,
    data_dir::{DATABASE, DATABASE_LOGS, DataDir, DataDirError, NewFile},
    keys::{Keys, KeysError, RestoredKeys},
    lock,
    store::{KeptFile, Store, StoreError},
};

/// Why a backup was not made or not restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup is there already.
    #[error("{file} exists, and a backup overwrites nothing; name another file")]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The copy cannot be written.
    #[error("cannot write the backup {file}: {source}")]
    Write {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: StoreError,
    },
    /// The backup cannot be read.
    #[error("cannot read the backup {file}: {source}")]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The backup cannot be used.
    #[error("cannot restore {file}: {source}")]
    Restore {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: StoreError,
    },
    /// The database that is to be replaced cannot be closed in order.
    #[error("cannot replace the database in {folder}: {source}; restore when no other program uses it")]
    Old {
        /// The data folder.
        folder: PathBuf,
        /// What is wrong.
        source: StoreError,
    },
    /// A command works on the database that is to be replaced.
    #[error("another program uses the database in {folder}; restore when it has ended")]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
}

/// What is in a backup beside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Whether the online key and the key set are.
    pub online_key: bool,
    /// Whether the root key is.
    pub root_key: bool,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What became of the keys.
    pub keys: RestoredKeys,
    /// The database that was there before; `None` if there was none.
    pub aside: Option<PathBuf>,
}

impl LicenseServer {
    /// Writes a backup into a new file, closed to others. The server may run meanwhile.
    pub async fn back_up(&self, file: &Path, with_keys: bool) -> Result<BackedUp, BackupError> {
        if file.exists() {
            return Err(BackupError::Exists { file: file.to_owned() });
        }
        let kept = {
            let _lock = lock(self.dir()).await?;
            self.keys().reread(self.dir())?.kept(self.dir(), with_keys)?
        };
        let new = NewFile::beside(file)?;
        let copied = self.store().copy(new.draft(), &kept).await;
        copied.map_err(|source| BackupError::Write { file: file.to_owned(), source })?;
        new.put()?;
        let root_key = kept.iter().any(Keys::is_root_key);
        Ok(BackedUp { online_key: with_keys, root_key })
    }
}

/// Restores a backup into a data folder that no server runs on; the folder is made if it is missing. The
/// database that it replaces is set aside. A folder that was made for nothing is removed.
pub async fn restore(folder: &Path, file: &Path, now: UnixTime) -> Result<Restored, BackupError> {
    let is_new = !folder.exists();
    let dir = DataDir::open(folder)?;
    let restored = restore_into(&dir, folder, file, now).await;
    if is_new && restored.is_err() {
        dir.discard();
    }
    restored
}

async fn restore_into(
    dir: &DataDir,
    folder: &Path,
    file: &Path,
    now: UnixTime,
) -> Result<Restored, BackupError> {
    let _serving = dir.serving()?;
    // Held to the end: a command that starts meanwhile works on what was restored.
    let _lock = lock(dir).await?;
    // The backup as a data folder of its own, on the same file system. What is wrong with it shows there.
    let staging = dir.staging()?;
    let staged = unpack(file, staging.path()).await?;
    let at = Timestamp::from_second(now.0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string();
    let closed = dir.has_database() && {
        let closed = Store::fold(&dir.file(DATABASE)).await;
        closed.map_err(|source| BackupError::Old { folder: folder.to_owned(), source })?
    };
    if closed && DATABASE_LOGS.iter().any(|log| dir.file(log).exists()) {
        return Err(BackupError::InUse { folder: folder.to_owned() });
    }
    let keys = Keys::restore(dir, &staged, &at)?;
    let aside = dir.set_aside(DATABASE, &at)?;
    // Those of a database that is damaged or gone. SQLite would play them into the restored one.
    for log in DATABASE_LOGS {
        if dir.set_aside(log, &at)?.is_some() {
            dir.remove(log)?;
        }
    }
    dir.replace_database(&staged.file(DATABASE))?;
    Ok(Restored { keys, aside })
}

/// Unpacks a backup into a folder, checks its database and brings its tables up to date.
async fn unpack(file: &Path, into: &Path) -> Result<DataDir, BackupError> {
    let folder = DataDir::open(into)?;
    let copied = fs::copy(file, folder.file(DATABASE));
    copied.map_err(|source| {
        if source.kind() == io::ErrorKind::PermissionDenied {
            DataDirError::outside(file, "read", source).into()
        } else {
            BackupError::Read { file: file.to_owned(), source }
        }
    })?;
    let database = folder.database()?;
    let unpacked = async {
        let kept = Store::unpack(&database).await?;
        Store::open(&database).await?.close().await;
        Ok::<_, StoreError>(kept)
    };
    let kept = unpacked.await.map_err(|source| BackupError::Restore { file: file.to_owned(), source })?;
    for KeptFile { name, content } in kept.iter().filter(|kept| Keys::is_kept(kept)) {
        folder.create(name, content)?;
    }
    Ok(folder)
}
