//! The server's keys: a root that is pinned by hosts, and an online key that signs statements.
//!
//! The root key signs key sets alone, so it can be moved elsewhere after the first start; `root.pub`,
//! `online.key` and `key-set.json` are enough to serve.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use license_core::{
    crypto::{PublicKey, SigningKey},
    keys::{KeySet, KeySetError, OnlineKey, SignedKeySet},
    receipt::{Receipt, SignedReceipt},
    schema::SCHEMA,
    statement::{SignedStatement, Statement},
};
use license_types::UnixTime;

use crate::{
    data_dir::{DataDir, DataDirError},
    draw::{self, DrawError},
};

const ROOT_KEY: &str = "root.key";
const ROOT_PUBLIC: &str = "root.pub";
const ONLINE_KEY: &str = "online.key";
const KEY_SET: &str = "key-set.json";

/// What a file with a secret key starts with.
const SECRET_PREFIX: &str = "ed25519-secret:";

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
    /// The root key is needed to make a key set, and is not there.
    #[error(
        "{path} is missing and the root key is not here to sign a new one; restore it from a backup, or \
             put {ROOT_KEY} back for this start"
    )]
    NoRootKey {
        /// The file that is missing.
        path: PathBuf,
    },
    /// The key set is not this server's.
    #[error("{path} is not usable: {source}; restore it from a backup")]
    KeySet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeySetError,
    },
    /// The key set does not list the online key.
    #[error("{path} does not list the key of {ONLINE_KEY}; restore both from the same backup")]
    NotListed {
        /// The file.
        path: PathBuf,
    },
    /// A key set cannot be written as JSON.
    #[error("cannot write the key set as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Keys {
    /// Reads the keys; what is missing at the first start is made. Call it under [`DataDir::lock`].
    pub fn open(dir: &DataDir) -> Result<Self, KeysError> {
        let (root, root_key) = Self::root(dir)?;
        let online = match secret(dir, ONLINE_KEY)? {
            Some(key) => key,
            None if dir.read(KEY_SET)?.is_some() => return Err(unreadable(dir, ONLINE_KEY, "secret key")),
            None => make(dir, ONLINE_KEY)?,
        };
        let signed = if let Some(text) = dir.read(KEY_SET)? {
            serde_json::from_str(&text).map_err(|_| unreadable(dir, KEY_SET, "signed key set"))?
        } else {
            let root_key = root_key.ok_or_else(|| KeysError::NoRootKey { path: dir.file(KEY_SET) })?;
            let signed = first_set(&online).sign(&root_key)?;
            dir.create(KEY_SET, &serde_json::to_string(&signed)?)?;
            signed
        };
        let path = dir.file(KEY_SET);
        let set =
            signed.verify(&[root]).map_err(|source| KeysError::KeySet { path: path.clone(), source })?;
        if set.get(&PublicKey::of(&online).id()).is_none() {
            return Err(KeysError::NotListed { path });
        }
        Ok(Self { root, online, signed, set })
    }

    /// The root's public half, and its secret one if it is still here. The secret is written first, so
    /// that a first start that was cut short goes on where it stopped.
    fn root(dir: &DataDir) -> Result<(PublicKey, Option<SigningKey>), KeysError> {
        let public = match dir.read(ROOT_PUBLIC)? {
            Some(text) => Some(text.parse().map_err(|_| unreadable(dir, ROOT_PUBLIC, "public key"))?),
            None => None,
        };
        let key = secret(dir, ROOT_KEY)?;
        match (public, key) {
            (Some(public), key) => Ok((public, key)),
            (None, Some(key)) => {
                let public = PublicKey::of(&key);
                dir.create(ROOT_PUBLIC, &format!("{public}\n"))?;
                Ok((public, Some(key)))
            }
            (None, None) if dir.read(KEY_SET)?.is_some() => {
                Err(KeysError::NoRootKey { path: dir.file(ROOT_PUBLIC) })
            }
            (None, None) => {
                make(dir, ROOT_KEY)?;
                Self::root(dir)
            }
        }
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
    pub fn proved(&self, receipt: Option<&SignedReceipt>, key: &PublicKey) -> Option<Receipt> {
        receipt?.verify(&self.set, key)
    }
}

/// The first key has no predecessor, so there is no moment before which it may not sign: a clock that
/// was ahead at the first start does not make later statements invalid.
fn first_set(online: &SigningKey) -> KeySet {
    let public = PublicKey::of(online);
    let key =
        OnlineKey { id: public.id(), public, valid_from: UnixTime(0), signs_until: None, revoked: false };
    KeySet { schema: SCHEMA.to_owned(), version: 1, keys: vec![key] }
}

fn make(dir: &DataDir, name: &str) -> Result<SigningKey, KeysError> {
    let key = draw::signing_key()?;
    dir.create(name, &format!("{SECRET_PREFIX}{}\n", BASE64.encode(key.as_bytes())))?;
    Ok(key)
}

fn secret(dir: &DataDir, name: &str) -> Result<Option<SigningKey>, KeysError> {
    let Some(text) = dir.read(name)? else { return Ok(None) };
    let encoded = text.trim().strip_prefix(SECRET_PREFIX);
    let bytes = encoded.and_then(|encoded| BASE64.decode(encoded).ok()?.try_into().ok());
    let bytes = bytes.ok_or_else(|| unreadable(dir, name, "secret key"))?;
    Ok(Some(SigningKey::from_bytes(&bytes)))
}

fn unreadable(dir: &DataDir, name: &str, what: &'static str) -> KeysError {
    KeysError::Unreadable { path: dir.file(name), what }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use license_core::{
        crypto::Nonce,
        statement::{Kind, Refusal},
    };
    use license_types::Code;

    use super::*;

    fn dir() -> (tempfile::TempDir, DataDir) {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::open(root.path()).unwrap();
        (root, dir)
    }

    #[test]
    fn keys_are_made_once() {
        let (_root, dir) = dir();
        let first = Keys::open(&dir).unwrap();
        let second = Keys::open(&dir).unwrap();
        assert_eq!(first.root_public(), second.root_public());
        assert_eq!(first.signed_set(), second.signed_set());
        assert_eq!(first.set.version, 1);
        assert!(first.signed_set().verify(&[first.root_public()]).is_ok());
    }

    #[test]
    fn serving_needs_no_root_key() {
        let (_root, dir) = dir();
        let public = Keys::open(&dir).unwrap().root_public();
        fs::remove_file(dir.file(ROOT_KEY)).unwrap();
        assert_eq!(Keys::open(&dir).unwrap().root_public(), public);
        assert!(!dir.file(ROOT_KEY).exists(), "no new root is made in its place");
    }

    #[test]
    fn a_first_start_that_was_cut_short_goes_on() {
        let (_root, dir) = dir();
        let public = Keys::open(&dir).unwrap().root_public();
        // The order in which they are made, backwards.
        for name in [KEY_SET, ONLINE_KEY, ROOT_PUBLIC] {
            fs::remove_file(dir.file(name)).unwrap();
            assert_eq!(Keys::open(&dir).unwrap().root_public(), public, "without {name}");
            fs::remove_file(dir.file(KEY_SET)).unwrap();
        }
    }

    #[test]
    fn keys_that_are_lost_or_damaged_are_named_and_never_replaced() {
        let cases: [(&str, &[&str], Option<&str>); 6] = [
            (ONLINE_KEY, &[ONLINE_KEY], None),
            (ROOT_PUBLIC, &[ROOT_PUBLIC, ROOT_KEY], None),
            (KEY_SET, &[KEY_SET, ROOT_KEY], None),
            (ONLINE_KEY, &[], Some(ONLINE_KEY)),
            (ROOT_PUBLIC, &[], Some(ROOT_PUBLIC)),
            (KEY_SET, &[], Some(KEY_SET)),
        ];
        for (named, removed, damaged) in cases {
            let (_root, dir) = dir();
            Keys::open(&dir).unwrap();
            for name in removed {
                fs::remove_file(dir.file(name)).unwrap();
            }
            if let Some(name) = damaged {
                fs::write(dir.file(name), "damaged").unwrap();
            }
            let error = Keys::open(&dir).unwrap_err().to_string();
            assert!(error.contains(named), "{removed:?} {damaged:?}: {error}");
        }
    }

    #[test]
    fn a_host_proves_by_its_own_receipt_of_this_server_alone() {
        let ((_a, one), (_b, other)) = (dir(), dir());
        let (one, other) = (Keys::open(&one).unwrap(), Keys::open(&other).unwrap());
        let key = |host: u8| PublicKey::of(&SigningKey::from_bytes(&[host; 32]));
        let reason = String::new();
        let statement = Statement {
            schema: SCHEMA.to_owned(),
            serial: 7,
            number: "MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap(),
            binding: "b".to_owned(),
            host_key: key(1),
            nonce: Nonce([0; 32]),
            issued_at: UnixTime(1),
            refresh_after: 1,
            kind: Kind::Refusal(Refusal { code: Code::NO_LICENSE, reason }),
        };
        let (ours, foreign) = (one.receipt(&statement).unwrap(), other.receipt(&statement).unwrap());
        assert_eq!(one.proved(Some(&ours), &key(1)), Some(Receipt::of(&statement).unwrap()));
        assert_eq!(one.proved(Some(&ours), &key(2)), None, "another host's");
        assert_eq!(one.proved(Some(&foreign), &key(1)), None, "another server's");
        assert_eq!(one.proved(None, &key(1)), None);
    }

    #[test]
    fn an_online_key_of_another_server_is_refused() {
        let ((_a, one), (_b, other)) = (dir(), dir());
        Keys::open(&one).unwrap();
        Keys::open(&other).unwrap();
        fs::copy(other.file(ONLINE_KEY), one.file(ONLINE_KEY)).unwrap();
        assert!(matches!(Keys::open(&one), Err(KeysError::NotListed { .. })));
    }
}
