//! The license server: registers companies, binds hosts to numbers, and signs what they may use.
//!
//! [`LicenseServer::open`] makes all that is missing in a data folder, [`http::serve`] answers hosts,
//! [`admin::Console`] does what the vendor asks for. What is allowed is decided in [`decide`], pure; the
//! [`store`] only loads and stores, in one transaction for each request.

pub mod admin;
pub mod backup;
pub mod catalogue;
pub mod cli;
pub mod clock;
pub mod data_dir;
pub mod decide;
pub mod draw;
pub mod exchange;
pub mod feed;
pub mod http;
pub mod keys;
pub mod mail;
pub mod metrics;
pub mod owner;
pub mod reload;
pub mod store;

use std::{
    fs::File,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::time;

use crate::{
    data_dir::{DataDir, DataDirError},
    keys::{Keys, KeysError, Stamp},
    store::{Store, StoreError},
};

/// A license server over its data.
#[derive(Debug)]
pub struct LicenseServer {
    dir: DataDir,
    keys: RwLock<Arc<Keys>>,
    store: Store,
}

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not usable.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The keys are not usable.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database is not usable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that waited for the lock of the folder broke.
    #[error("waiting for the lock of the data folder was cut short: {0}")]
    Lock(#[from] tokio::task::JoinError),
}

/// How often a running server looks whether its keys changed.
const KEYS_EVERY: Duration = Duration::from_secs(1);

/// The lock of the data folder.
async fn lock(dir: &DataDir) -> Result<File, OpenError> {
    let dir = dir.clone();
    Ok(tokio::task::spawn_blocking(move || dir.lock()).await??)
}

impl LicenseServer {
    /// Opens a data folder; at the first start folder, keys, database and catalogue are made. Several
    /// programs may do so at the same time.
    pub async fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let dir = DataDir::open(data_dir)?;
        let _lock = lock(&dir).await?;
        let is_first = !Keys::are_made(&dir);
        let keys = Keys::open(&dir)?;
        let store = Store::open(&dir.database()?).await?;
        if is_first {
            tracing::warn!(
                root = %keys.root_public().id(),
                online = %keys.signing_id(),
                folder = %data_dir.display(),
                "first start: made a new root key, an online key, a database and its catalogue"
            );
        }
        let keys = RwLock::new(Arc::new(keys));
        Ok(Self { dir, keys, store })
    }

    /// The server's keys as they are now. Whoever signs more than once for one answer keeps them.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the keys in the data folder, and takes up what they are then.
    pub async fn change_keys(
        &self,
        change: impl FnOnce(&Keys, &DataDir) -> Result<Keys, KeysError>,
    ) -> Result<Arc<Keys>, OpenError> {
        let _lock = lock(&self.dir).await?;
        // Another process may have changed them since.
        let now = self.keys().reread(&self.dir)?;
        let changed = Arc::new(change(&now, &self.dir)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&changed);
        Ok(changed)
    }

    /// Takes up what `admin key` changed, for ever. What cannot be used is logged, and the keys from
    /// before go on.
    pub async fn follow_keys(&self) {
        let mut seen = Stamp::of(&self.dir);
        let mut rounds = time::interval(KEYS_EVERY);
        loop {
            rounds.tick().await;
            let found = Stamp::of(&self.dir);
            if found == seen {
                continue;
            }
            match self.change_keys(Keys::reread).await {
                Ok(keys) => {
                    seen = found;
                    tracing::info!(version = keys.version(), signs = %keys.signing_id(), "took up a new key set");
                }
                Err(error) => {
                    seen = found;
                    tracing::error!(%error, "cannot take up the new key set; the keys from before go on");
                }
            }
        }
    }

    /// The data folder.
    #[must_use]
    pub fn dir(&self) -> &DataDir {
        &self.dir
    }

    /// The server's data.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}
