//! The store: the one place where rows are kept.
//!
//! What a store is for is [`Store::transaction`]: it loads the rows that are [`Wanted`](crate::decide::Wanted),
//! has a decision made about them, and applies its writes, all in one transaction that no other
//! overlaps. Beside it there is what no decision needs: the feed, the outbox, and lists for the vendor. Rules
//! live in [`decide`](crate::decide) and nowhere here, so that another database is another module of this
//! folder.

mod backup;
mod catalogue;
mod feed;
mod fields;
mod former;
mod list;
mod load;
mod log;
mod outbox;
mod sqlite;
mod together;
mod vendor;
mod write;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use self::{
    backup::KeptFile,
    list::{CouponFilter, FoundCustomer},
    log::{BrokenChain, ChainEnd, Verified},
    sqlite::{Series, Store},
};

/// Why the store gave no answer. Always a fault, never a "no".
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("cannot open the database {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: sqlx::Error,
    },
    /// The tables cannot be brought up to date.
    #[error("cannot bring the tables of {path} up to date: {source}; is it from a newer version?")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("the database failed: {0}")]
    Query(#[from] sqlx::Error),
    /// A list cannot be handed to the database.
    #[error("cannot write a list as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// SQLite takes names in UTF-8 alone.
    #[error("{path} is no name in UTF-8; name another folder")]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// A database is damaged.
    #[error("the database is damaged: {found}; take an older backup")]
    Damaged {
        /// What was found.
        found: String,
    },
    /// A database was not made by `admin backup`.
    #[error("it is no backup that `admin backup` made")]
    NoBackup,
    /// A request was dropped: the server stops, or a rule broke.
    #[error("the request was dropped undecided; the log may say why")]
    Undecided,
    /// A column holds what this version does not write.
    #[error("the database holds an unreadable {column}; restore it from a backup")]
    Unreadable {
        /// The column.
        column: &'static str,
    },
}
