//! Keys in files: what a data folder holds, how it is made and changed.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use license_core::{
    crypto::{KeyId, PublicKey, SigningKey},
    keys::{KeySet, OnlineKey, SignedKeySet},
    schema::SCHEMA,
};
use license_types::UnixTime;

use super::{Keys, KeysError, rotation};
use crate::{
    data_dir::{DATABASE, DataDir, DataDirError},
    draw,
};

pub(super) const ROOT_KEY: &str = "root.key";
pub(super) const ROOT_PUBLIC: &str = "root.pub";
pub(crate) const ONLINE_KEY: &str = "online.key";
pub(super) const KEY_SET: &str = "key-set.json";

/// What a secret key starts with. A file holds one in each line.
const SECRET_PREFIX: &str = "ed25519-secret:";

/// Where systemd puts what `LoadCredential=` names (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where the root key is that signs a new key set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RootKey {
    /// In the data folder, or among the credentials of the service.
    #[default]
    Here,
    /// In that file.
    File(PathBuf),
}

/// What tells one key set file from the next without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    modified: i64,
    modified_nanos: i64,
}

impl Stamp {
    /// The stamp of the key set in a data folder; `None` while it cannot be looked at.
    #[must_use]
    pub fn of(dir: &DataDir) -> Option<Self> {
        let file = fs::metadata(dir.file(KEY_SET)).ok()?;
        Some(Self { inode: file.ino(), modified: file.mtime(), modified_nanos: file.mtime_nsec() })
    }
}

impl Keys {
    /// Reads the keys; what is missing at the first start is made, with an empty database. Call it under [`DataDir::lock`].
    pub fn open(dir: &DataDir) -> Result<Self, KeysError> {
        let (root, root_key) = root(dir)?;
        if dir.read(KEY_SET)?.is_none() {
            let online = match secrets(dir, ONLINE_KEY)?.pop() {
                Some(key) => key,
                None => make(dir, ONLINE_KEY)?,
            };
            let root_key = root_key.ok_or_else(|| KeysError::NoKeySet { path: dir.file(KEY_SET) })?;
            let signed = first_set(&online).sign(&root_key)?;
            // Before the key set, which ends the first start: keys without a database have lost it.
            dir.database()?;
            dir.create(KEY_SET, &serde_json::to_string(&signed)?)?;
        } else if !dir.file(DATABASE).exists() {
            return Err(KeysError::NoDatabase { path: dir.file(DATABASE) });
        }
        Self::read(dir, root)
    }

    /// Whether the first start made all of them.
    #[must_use]
    pub fn are_made(dir: &DataDir) -> bool {
        dir.file(KEY_SET).exists()
    }

    /// Reads keys that must be there: what is missing is not made.
    pub(crate) fn present(dir: &DataDir) -> Result<Self, KeysError> {
        let text = dir.read(ROOT_PUBLIC)?.ok_or_else(|| unreadable(dir, ROOT_PUBLIC, "public key"))?;
        let root = text.parse().map_err(|_| unreadable(dir, ROOT_PUBLIC, "public key"))?;
        Self::read(dir, root)
    }

    /// Reads them anew. The set first: the secrets that it needs were there before it.
    pub fn reread(&self, dir: &DataDir) -> Result<Self, KeysError> {
        Self::read(dir, self.root)
    }

    fn read(dir: &DataDir, root: PublicKey) -> Result<Self, KeysError> {
        let path = dir.file(KEY_SET);
        let text = dir.read(KEY_SET)?.ok_or_else(|| unreadable(dir, KEY_SET, "signed key set"))?;
        let signed: SignedKeySet =
            serde_json::from_str(&text).map_err(|_| unreadable(dir, KEY_SET, "signed key set"))?;
        let set =
            signed.verify(&[root]).map_err(|source| KeysError::KeySet { path: path.clone(), source })?;
        let signs = rotation::signing(&set).map(|key| key.public);
        let secrets = secrets(dir, ONLINE_KEY)?;
        if secrets.is_empty() {
            return Err(unreadable(dir, ONLINE_KEY, "secret key"));
        }
        let online = secrets.into_iter().find(|secret| Some(PublicKey::of(secret)) == signs);
        let online = online.ok_or(KeysError::NotListed { path })?;
        Ok(Self { root, online, signed, set })
    }

    /// Makes a new online key that signs from now on. Call it under [`DataDir::lock`].
    pub fn rotate(&self, dir: &DataDir, root: &RootKey, now: UnixTime) -> Result<Self, KeysError> {
        self.follow(dir, root, |fresh| Ok(rotation::rotated(&self.set, fresh, now)))
    }

    /// Revokes an online key; if it is the one that signs, a new one is made. Call it under
    /// [`DataDir::lock`].
    pub fn revoke(
        &self,
        dir: &DataDir,
        id: &KeyId,
        root: &RootKey,
        now: UnixTime,
    ) -> Result<Self, KeysError> {
        self.follow(dir, root, |fresh| rotation::revoked(&self.set, id, fresh, now))
    }

    /// Replaces the key set. The secret comes first: a set that names a key without one would stop the
    /// server. What the new set does not need goes last.
    fn follow(
        &self,
        dir: &DataDir,
        root: &RootKey,
        next: impl FnOnce(PublicKey) -> Result<KeySet, KeysError>,
    ) -> Result<Self, KeysError> {
        let root_key = self.root_key(dir, root)?;
        let fresh = draw::signing_key()?;
        let set = next(PublicKey::of(&fresh))?;
        let is_used = set.get(&PublicKey::of(&fresh).id()).is_some();
        if is_used {
            // What is there, and no more: a secret among the credentials does not get onto the disk.
            let here = dir.read(ONLINE_KEY)?.unwrap_or_default();
            let here: String = here.lines().flat_map(|line| [line, "\n"]).collect();
            dir.replace(ONLINE_KEY, &[here, line(&fresh)].concat())?;
        }
        dir.replace(KEY_SET, &serde_json::to_string(&set.sign(&root_key)?)?)?;
        if is_used {
            dir.replace(ONLINE_KEY, &line(&fresh))?;
        }
        self.reread(dir)
    }

    /// The root key, which fits the root that hosts pin.
    fn root_key(&self, dir: &DataDir, root: &RootKey) -> Result<SigningKey, KeysError> {
        let (path, key) = match root {
            RootKey::Here => (dir.file(ROOT_KEY), secrets(dir, ROOT_KEY)?.pop()),
            RootKey::File(path) => (path.clone(), read_secrets(path)?.pop()),
        };
        let key = key.ok_or_else(|| KeysError::NoRootKey { path: path.clone() })?;
        if PublicKey::of(&key) == self.root {
            Ok(key)
        } else {
            Err(KeysError::OtherRoot { path, root: self.root.id() })
        }
    }

    /// Whether the root key is in the data folder.
    #[must_use]
    pub fn root_is_here(dir: &DataDir) -> bool {
        dir.file(ROOT_KEY).exists()
    }

    /// Writes the root key into a new file, 0600, and then removes it here if that is wanted.
    pub fn export_root(&self, dir: &DataDir, to: &Path, remove: bool) -> Result<(), KeysError> {
        let key = self.root_key(dir, &RootKey::Here)?;
        DataDir::create_file(to, line(&key).as_bytes())?;
        if remove { Ok(dir.remove(ROOT_KEY)?) } else { Ok(()) }
    }
}

/// The root's public half, and its secret one if it is still here. The secret is written first, so
/// that a first start that was cut short goes on where it stopped.
fn root(dir: &DataDir) -> Result<(PublicKey, Option<SigningKey>), KeysError> {
    let public = match dir.read(ROOT_PUBLIC)? {
        Some(text) => Some(text.parse().map_err(|_| unreadable(dir, ROOT_PUBLIC, "public key"))?),
        None => None,
    };
    let key = secrets(dir, ROOT_KEY)?.pop();
    match (public, key) {
        (Some(public), key) => Ok((public, key)),
        (None, Some(key)) => {
            let public = PublicKey::of(&key);
            dir.create(ROOT_PUBLIC, &format!("{public}\n"))?;
            Ok((public, Some(key)))
        }
        (None, None) if dir.read(KEY_SET)?.is_some() || dir.has_database() => {
            Err(unreadable(dir, ROOT_PUBLIC, "public key"))
        }
        (None, None) => {
            make(dir, ROOT_KEY)?;
            root(dir)
        }
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
    dir.create(name, &line(&key))?;
    Ok(key)
}

pub(super) fn line(key: &SigningKey) -> String {
    format!("{SECRET_PREFIX}{}\n", BASE64.encode(key.as_bytes()))
}

/// The secrets of that name: of the service's credentials, and of the data folder.
pub(super) fn secrets(dir: &DataDir, name: &str) -> Result<Vec<SigningKey>, KeysError> {
    let credential = env::var_os(CREDENTIALS).map(|folder| PathBuf::from(folder).join(name));
    let mut secrets = Vec::new();
    for path in credential.into_iter().chain([dir.file(name)]) {
        secrets.extend(read_secrets(&path)?);
    }
    Ok(secrets)
}

/// The secrets in a file; none if there is no file.
fn read_secrets(path: &Path) -> Result<Vec<SigningKey>, KeysError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(DataDirError::outside(path, "read", source).into()),
    };
    let secret = |line: &str| {
        let bytes = BASE64.decode(line.trim().strip_prefix(SECRET_PREFIX)?).ok()?.try_into().ok()?;
        Some(SigningKey::from_bytes(&bytes))
    };
    let secrets = text.lines().map(secret).collect::<Option<Vec<_>>>();
    let unreadable = || KeysError::Unreadable { path: path.to_owned(), what: "secret key" };
    secrets.filter(|secrets| !secrets.is_empty()).ok_or_else(unreadable)
}

fn unreadable(dir: &DataDir, name: &str, what: &'static str) -> KeysError {
    KeysError::Unreadable { path: dir.file(name), what }
}
