//! The license server: registers companies, binds hosts to numbers, and signs what they may use.
//!
//! [`LicenseServer::open`] makes all that is missing in a data folder, [`http::router`] answers hosts,
//! [`admin::Console`] does what the vendor asks for. What is allowed is decided in [`decide`], pure; the
//! [`store`] only loads and stores, in one transaction for each request.

pub mod admin;
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
pub mod owner;
pub mod store;

use std::path::Path;

use crate::{
    data_dir::{DataDir, DataDirError},
    keys::{Keys, KeysError},
    store::{Store, StoreError},
};

/// A license server over its data.
#[derive(Debug)]
pub struct LicenseServer {
    keys: Keys,
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

impl LicenseServer {
    /// Opens a data folder; at the first start folder, keys, database and catalogue are made. Several
    /// programs may do so at the same time.
    pub async fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let dir = DataDir::open(data_dir)?;
        let waiting = dir.clone();
        let _lock = tokio::task::spawn_blocking(move || waiting.lock()).await??;
        let keys = Keys::open(&dir)?;
        let store = Store::open(&dir.database()?).await?;
        Ok(Self { keys, store })
    }

    /// The server's keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The server's data.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}
