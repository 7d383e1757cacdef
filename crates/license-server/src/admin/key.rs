//! `admin key`

use std::{fmt::Write as _, io, path::Path};

use license_core::crypto::KeyId;
use serde_json::{Value, json};

use super::{CommandError, Console, date};
use crate::{
    cli::KeyCommand,
    keys::{Keys, ONLINE_KEY, RootKey},
};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn key(&mut self, command: &KeyCommand) -> Result<(), CommandError> {
        let now = self.now;
        match command {
            KeyCommand::List => {
                let keys = self.server.keys();
                self.say(&listed(&keys), || list_text(&keys))
            }
            KeyCommand::Rotate { root_key } => {
                let root = root(root_key.as_deref());
                let rotate = self.server.change_keys(|keys, dir| keys.rotate(dir, &root, now));
                let keys = rotate.await?;
                let secret = self.server.dir().file(ONLINE_KEY);
                self.say(&listed(&keys), || {
                    format!(
                        "The online key {} signs now. Its secret is in {}.",
                        keys.signing_id(),
                        secret.display()
                    )
                })
            }
            KeyCommand::Revoke { id, root_key } => {
                let (id, root) = (KeyId(id.clone()), root(root_key.as_deref()));
                let revoke = self.server.change_keys(|keys, dir| keys.revoke(dir, &id, &root, now));
                let keys = revoke.await?;
                self.say(&listed(&keys), || {
                    format!(
                        "The online key {id} is revoked for good; {} signs now. The hosts of all customers drop \
                         what the revoked key signed at their next check.",
                        keys.signing_id()
                    )
                })
            }
            KeyCommand::ExportRoot { file, remove } => {
                self.server.keys().export_root(self.server.dir(), file, *remove)?;
                self.say(&json!({ "file": file, "removed": remove }), || {
                    let here = if *remove { "and is not in the data folder any more" } else { "too" };
                    format!(
                        "The root key is in {}, {here}. Keep it where nobody else gets at it.",
                        file.display()
                    )
                })
            }
        }
    }
}

fn root(file: Option<&Path>) -> RootKey {
    file.map_or(RootKey::Here, |file| RootKey::File(file.to_owned()))
}

fn listed(keys: &Keys) -> Value {
    let signs = keys.signing_id();
    let online = keys.online_keys().iter().map(|key| {
        json!({
            "id": key.id,
            "public": key.public,
            "valid_from": key.valid_from,
            "signs_until": key.signs_until,
            "revoked": key.revoked,
            "signs": key.id == signs,
        })
    });
    json!({ "root": keys.root_public(), "version": keys.version(), "keys": online.collect::<Value>() })
}

fn list_text(keys: &Keys) -> String {
    let signs = keys.signing_id();
    let mut table = format!("{:<16}  {:<8}  {:<20}  SIGNS UNTIL\n", "KEY", "STATE", "VALID FROM");
    for key in keys.online_keys() {
        let state = match key.revoked {
            true => "revoked",
            false if key.id == signs => "signs",
            false => "retired",
        };
        let (from, until) = (date(key.valid_from), key.signs_until.map_or("-".to_owned(), date));
        // Writing into a text cannot fail.
        let _written = writeln!(table, "{:<16}  {state:<8}  {from:<20}  {until}", key.id);
    }
    table
}
