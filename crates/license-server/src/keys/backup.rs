//! Keys in backups: what goes into one, and what of it comes back.

use license_core::crypto::PublicKey;

use super::{
    Keys, KeysError,
    files::{KEY_SET, ONLINE_KEY, ROOT_KEY, ROOT_PUBLIC, line, secrets},
};
use crate::{data_dir::DataDir, store::KeptFile};

/// What became of the keys in a restored folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoredKeys {
    /// Those in the folder stay: a key that was revoked since the backup stays revoked.
    Stayed,
    /// They come from the backup.
    FromBackup {
        /// Whether the root key is among them.
        root_key: bool,
    },
}

impl Keys {
    /// What a backup holds of the keys: whose it is, and with `secrets` all that it takes to go on.
    pub fn kept(&self, dir: &DataDir, secrets_too: bool) -> Result<Vec<KeptFile>, KeysError> {
        let file = |name: &str, content| KeptFile { name: name.to_owned(), content };
        let mut files = vec![file(ROOT_PUBLIC, format!("{}\n", self.root))];
        if secrets_too {
            files.push(file(ONLINE_KEY, line(&self.online)));
            files.push(file(KEY_SET, serde_json::to_string(&self.signed)?));
            files.extend(secrets(dir, ROOT_KEY)?.pop().map(|root| file(ROOT_KEY, line(&root))));
        }
        Ok(files)
    }

    /// Whether a file of a backup is one of the keys.
    #[must_use]
    pub fn is_kept(file: &KeptFile) -> bool {
        [ROOT_PUBLIC, ONLINE_KEY, KEY_SET, ROOT_KEY].contains(&file.name.as_str())
    }

    /// Whether a file of a backup is the root key.
    #[must_use]
    pub fn is_root_key(file: &KeptFile) -> bool {
        file.name == ROOT_KEY
    }

    /// Puts the keys of a backup, which are in the folder `backup`, into the data folder, unless the same
    /// or newer ones are there. What they replace is set aside under the date `at`.
    pub fn restore(dir: &DataDir, backup: &DataDir, at: &str) -> Result<RestoredKeys, KeysError> {
        let whose =
            |dir: &DataDir| Ok::<_, KeysError>(dir.read(ROOT_PUBLIC)?.and_then(|text| text.parse().ok()));
        let (theirs, ours): (Option<PublicKey>, Option<PublicKey>) = (whose(backup)?, whose(dir)?);
        if let (Some(theirs), Some(ours)) = (theirs, ours)
            && theirs != ours
        {
            return Err(KeysError::OtherServer { theirs: theirs.id(), ours: ours.id() });
        }
        let ours = Self::present(dir);
        if backup.read(KEY_SET)?.is_none() {
            return match ours {
                Ok(_) => Ok(RestoredKeys::Stayed),
                Err(_) if dir.read(KEY_SET)?.is_none() => {
                    Err(KeysError::NotInBackup { path: dir.file(KEY_SET) })
                }
                Err(error) => Err(error),
            };
        }
        let theirs = Self::present(backup)?;
        if ours.is_ok_and(|ours| ours.version() >= theirs.version()) {
            return Ok(RestoredKeys::Stayed);
        }
        // The set comes last: until it is there, the same command does the same again. A folder that has
        // `root.pub` without the root key had it moved elsewhere.
        let with_root_key = !dir.file(ROOT_PUBLIC).exists() && backup.read(ROOT_KEY)?.is_some();
        let root_key = with_root_key.then_some(ROOT_KEY);
        for name in root_key.into_iter().chain([ROOT_PUBLIC, ONLINE_KEY, KEY_SET]) {
            if let Some(content) = backup.read(name)? {
                dir.set_aside(name, at)?;
                dir.replace(name, &content)?;
            }
        }
        Ok(RestoredKeys::FromBackup { root_key: with_root_key })
    }
}
