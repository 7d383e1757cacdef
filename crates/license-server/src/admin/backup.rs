//! `admin backup` and `admin restore`

use std::{io, path::Path};

use license_types::UnixTime;
use serde_json::json;

use super::{CommandError, Console, say};
use crate::{
    backup::{self, BackedUp, Restored},
    keys::RestoredKeys,
};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn back_up(&mut self, file: &Path, with_keys: bool) -> Result<(), CommandError> {
        let BackedUp { online_key, root_key } = self.server.back_up(file, with_keys).await?;
        let json = json!({ "file": file, "online_key": online_key, "root_key": root_key });
        let keys = match (online_key, root_key) {
            (false, _) => {
                "The keys are not in it: keep root.key, root.pub, online.key and key-set.json apart from it."
            }
            (true, false) => {
                "The online key is in it, the root key is not. Keep it where nobody else gets at it."
            }
            (true, true) => {
                "The root key and the online key are in it: whoever has it can be this server. Keep it where \
                 nobody else gets at it."
            }
        };
        self.say(&json, || format!("The backup is in {}. {keys}", file.display()))
    }
}

/// Restores a backup into a data folder that no server runs on, and prints what came of it.
pub async fn restore(
    folder: &Path,
    file: &Path,
    now: UnixTime,
    as_json: bool,
    mut out: impl io::Write,
) -> Result<(), CommandError> {
    let Restored { keys, aside } = backup::restore(folder, file, now).await?;
    let (from_backup, root_key) = match keys {
        RestoredKeys::Stayed => (false, false),
        RestoredKeys::FromBackup { root_key } => (true, root_key),
    };
    let json = json!({
        "folder": folder,
        "replaced": aside,
        "keys_from_backup": from_backup,
        "root_key_from_backup": root_key,
    });
    say(&mut out, as_json, &json, || {
        let keys = match (from_backup, root_key) {
            (false, _) => "The keys are those that were in the folder.",
            (true, false) => "The online key comes from the backup, the root key does not.",
            (true, true) => "The root key and the online key come from the backup.",
        };
        let aside = aside.as_ref().map(|aside| format!(" The database from before is {}.", aside.display()));
        format!("The backup is restored into {}. {keys}{}", folder.display(), aside.unwrap_or_default())
    })?;
    Ok(out.flush()?)
}
