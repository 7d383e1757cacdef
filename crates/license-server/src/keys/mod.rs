//! The server's keys: a root that is pinned by hosts, and online keys that sign statements.
//!
//! The root key signs key sets alone, so it can be moved elsewhere after the first start; `root.pub`,
//! `online.key` and `key-set.json` are enough to serve. Which online key signs the key set alone says, so
//! that a rotation that is cut short leaves the old set with the old key.

mod backup;
mod files;
mod rotation;

use std::path::PathBuf;

use license_core::{
    crypto::{KeyId, PublicKey, SigningKey},
    keys::{KeySet, KeySetError, OnlineKey, SignedKeySet},
    receipt::{Receipt, SignedReceipt},
    schema::SCHEMA,
    statement::{SignedStatement, Statement},
};
use license_types::UnixTime;

pub(crate) use self::files::ONLINE_KEY;
pub use self::{
    backup::RestoredKeys,
    files::{RootKey, Stamp},
};
use crate::{data_dir::DataDirError, draw::DrawError};

/// The keys that a running server needs.
pub struct Keys {
    root: PublicKey,
    online: SigningKey,
    signed: SignedKeySet,
    set: KeySet,
}

impl std::fmt::Debug for Keys {
    /// Shows the root's public half alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("root", &self.root).finish_non_exhaustive()
    }
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] DataDirError),
    /// Nothing can be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// A file does not hold what it is for.
    #[error("{path} holds no {what}; restore it from a backup")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// There is no key set, and no root key to make one.
    #[error(
        "{path} is missing and the root key is not here to sign a new one; restore it from a backup, or put \
         root.key back for this start"
    )]
    NoKeySet {
        /// The file that is missing.
        path: PathBuf,
    },
    /// The keys have no database: a start would know no host any more.
    #[error(
        "{path} is missing, and the keys of this server are here; put it back, or restore a backup with `admin \
         restore`. To begin anew with these keys, put an empty file there"
    )]
    NoDatabase {
        /// The file that is missing.
        path: PathBuf,
    },
    /// The root key is needed to sign a key set, and is not there.
    #[error(
        "{path} is needed to sign a key set, and is not there; put it back for this command, name its file \
         with --root-key, or restore it from a backup"
    )]
    NoRootKey {
        /// Where it is expected.
        path: PathBuf,
    },
    /// A key that was named as the root key is another one.
    #[error("{path} is not the root key of this server, which is {root}")]
    OtherRoot {
        /// The file.
        path: PathBuf,
        /// The id of the root key.
        root: KeyId,
    },
    /// The key set is not this server's.
    #[error("{path} is not usable: {source}; restore it from a backup")]
    KeySet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeySetError,
    },
    /// No secret is there for the key that signs.
    #[error(
        "{path} does not list a key that signs and whose secret is in online.key; restore both from the same backup"
    )]
    NotListed {
        /// The file.
        path: PathBuf,
    },
    /// A backup holds none, and the folder has none either.
    #[error(
        "the backup holds no keys, and {path} is not there; put root.pub, online.key and key-set.json into the \
         folder first, or take a backup that was made with --with-keys"
    )]
    NotInBackup {
        /// The file that is missing.
        path: PathBuf,
    },
    /// A backup is of another server.
    #[error(
        "the backup is of the license server with the root {theirs}, and the keys in the folder are those of \
         {ours}; move the folder away, and restore into a new one"
    )]
    OtherServer {
        /// The id of the root key in the backup.
        theirs: KeyId,
        /// The id of the root key in the folder.
        ours: KeyId,
    },
    /// The key set lists no such key.
    #[error("there is no online key {id}; `admin key list` shows those there are")]
    UnknownKey {
        /// The id.
        id: KeyId,
    },
    /// It cannot be revoked twice.
    #[error("the online key {id} is revoked already")]
    Revoked {
        /// The id.
        id: KeyId,
    },
    /// A key set cannot be written as JSON.
    #[error("cannot write the key set as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Keys {
    /// Keys that are in no folder: one online key, good from `valid_from` on.
    pub fn in_memory(
        root: &SigningKey,
        online: SigningKey,
        valid_from: UnixTime,
    ) -> Result<Self, serde_json::Error> {
        let public = PublicKey::of(&online);
        let key = OnlineKey { id: public.id(), public, valid_from, signs_until: None, revoked: false };
        let set = KeySet { schema: SCHEMA.to_owned(), version: 1, keys: vec![key] };
        Ok(Self { root: PublicKey::of(root), online, signed: set.sign(root)?, set })
    }

    /// The key that hosts pin.
    #[must_use]
    pub fn root_public(&self) -> PublicKey {
        self.root
    }

    /// The key set, as it goes to hosts.
    #[must_use]
    pub fn signed_set(&self) -> &SignedKeySet {
        &self.signed
    }

    /// All online keys, the oldest first.
    #[must_use]
    pub fn online_keys(&self) -> &[OnlineKey] {
        &self.set.keys
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn signing_id(&self) -> KeyId {
        PublicKey::of(&self.online).id()
    }

    /// The version of the key set.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.set.version
    }

    /// Signs a statement.
    pub fn sign(&self, statement: &Statement) -> Result<SignedStatement, serde_json::Error> {
        statement.sign(&self.online)
    }

    /// Signs the receipt of a statement.
    pub fn receipt(&self, statement: &Statement) -> Result<SignedReceipt, serde_json::Error> {
        Receipt::of(statement)?.sign(&self.online)
    }

    /// What the host of `key` was told, if this server signed it, with this or a retired key. Anything
    /// else proves nothing, and is no fault of the request.
    #[must_use]
    pub fn proved(&self, receipt: &SignedReceipt, key: &PublicKey) -> Option<Receipt> {
        receipt.verify(&self.set, key)
    }
}

#[cfg(test)]
mod tests;
