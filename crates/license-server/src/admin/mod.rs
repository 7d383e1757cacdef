//! What the vendor does from the command line. It works on the same transactions as the server.

mod backup;
mod binding;
mod confirm;
mod coupon;
mod customer;
mod grant;
mod host;
mod import;
mod key;
mod log;
mod product;

use std::{io, path::PathBuf};

use jiff::Timestamp;
use license_types::UnixTime;
use serde_json::{Value, json};

pub use self::backup::restore;
use crate::{
    LicenseServer, OpenError,
    backup::BackupError,
    cli::AdminCommand,
    decide::{Draft, Rows, Wanted, log::Actor, vendor::Unable},
    draw::DrawError,
    keys::KeysError,
    store::StoreError,
};

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It cannot be done.
    #[error(transparent)]
    Unable(#[from] Unable),
    /// The number has no such seat.
    #[error("the number has no binding of that session; `admin binding list` shows those it has")]
    UnknownSession,
    /// A person was asked, and did not say yes.
    #[error("not confirmed, so nothing was changed; answer y, or give --yes")]
    NotConfirmed,
    /// Logs are not as they were written.
    #[error("{} not as written; compare with a backup from before", counted(*broken, "log"))]
    LogBroken {
        /// How many.
        broken: usize,
    },
    /// Coupons cannot be written to a file.
    #[error(
        "cannot write {path}: {source}; no coupon was issued. Name a file that does not exist yet, in a folder \
         where the owner of the data folder may write"
    )]
    Export {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file to import cannot be read.
    #[error(
        "cannot read {path}: {source}; nothing was imported. The owner of the data folder must be able to read \
         it"
    )]
    Import {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Records to import are in error.
    #[error("nothing was imported, because of {}; correct the files and import them again", counted(*errors, "error"))]
    NotImported {
        /// How many.
        errors: usize,
    },
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A backup was not made or not restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The output cannot be written as JSON.
    #[error("cannot write the output as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Who asks, of which server, and where the answer goes.
pub struct Console<'a, O> {
    /// The server.
    pub server: &'a LicenseServer,
    /// Who asks: stands in the log of the numbers that change.
    pub actor: Actor,
    /// When.
    pub now: UnixTime,
    /// Whether the answer is JSON.
    pub json: bool,
    /// Where the answer goes.
    pub out: O,
}

impl<O: io::Write> Console<'_, O> {
    /// Does what a command says and prints what came of it.
    pub async fn run(&mut self, command: &AdminCommand) -> Result<(), CommandError> {
        match command {
            AdminCommand::PublicKey => {
                let key = self.server.keys().root_public();
                self.say(&json!({ "public_key": key }), || key.to_string())
            }
            AdminCommand::Key(command) => self.key(command).await,
            AdminCommand::Backup { file, with_keys } => self.back_up(file, *with_keys).await,
            // Whoever has a console has the database open. See [`restore`].
            AdminCommand::Restore { .. } => Err(BackupError::from(self.server.dir().in_use()).into()),
            AdminCommand::Coupon(command) => self.coupon(command).await,
            AdminCommand::Binding(command) => self.binding(command).await,
            AdminCommand::Customer(command) => self.customer(command).await,
            AdminCommand::Host(command) => self.host(command).await,
            AdminCommand::Log(command) => self.log(command).await,
            AdminCommand::Grant(command) => self.grant(command).await,
            AdminCommand::Product(command) => self.product(command).await,
            AdminCommand::Feature(command) => self.feature(command).await,
            AdminCommand::Import { files, dry_run } => self.import(files, *dry_run).await,
        }
    }

    /// Changes what is wanted, with lines in the log; on an error nothing is changed.
    async fn change<T>(
        &self,
        wanted: &Wanted,
        decide: impl FnOnce(&mut Draft) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let decide = |rows: Rows| {
            let mut draft = Draft::new(rows, self.actor.clone(), self.now);
            let outcome = decide(&mut draft)?;
            Ok((draft.finish().0, outcome))
        };
        self.server.store().transaction(wanted, decide).await?
    }

    /// Looks at what is wanted.
    async fn look<T>(
        &self,
        wanted: &Wanted,
        look: impl FnOnce(&Rows) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        self.change(wanted, |draft| look(&draft.rows)).await
    }

    /// Prints the answer as JSON or as text, one or more lines.
    fn say(&mut self, json: &Value, text: impl FnOnce() -> String) -> Result<(), CommandError> {
        say(&mut self.out, self.json, json, text)
    }
}

fn say(
    out: &mut impl io::Write,
    as_json: bool,
    json: &Value,
    text: impl FnOnce() -> String,
) -> Result<(), CommandError> {
    let text = if as_json { serde_json::to_string_pretty(json)? } else { text() };
    // A line break less is no answer less: nothing to print is no empty line.
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    Ok(out.write_all(format!("{text}{end}").as_bytes())?)
}

/// So many of something, in words.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn date(time: UnixTime) -> String {
    Timestamp::from_second(time.0).map_or_else(|_| time.to_string(), |timestamp| timestamp.to_string())
}
