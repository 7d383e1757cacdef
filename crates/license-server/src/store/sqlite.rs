//! SQLite: one file, one writer.

use std::{path::Path, time::Duration};

use prometheus_client::metrics::histogram::Histogram;
use sqlx::{
    SqlStr, Sqlite, SqlitePool, Transaction,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{StoreError, load, write};
use crate::{
    catalogue::Catalogue,
    clock,
    decide::{Rows, Wanted, Write},
    metrics,
};

/// How long a transaction waits for one of another process (an `admin` command).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) pool: SqlitePool,
    transactions: Histogram,
}

/// Decisions one after the other in one transaction: all of them are stored at its [`commit`](Self::commit),
/// none without. Whoever else wants to write waits that long.
#[derive(Debug)]
pub struct Series {
    transaction: Transaction<'static, Sqlite>,
}

impl Series {
    /// Loads rows, has `decide` look at them, and applies its writes. An error of `decide` writes nothing.
    pub async fn decide<T, E>(
        &mut self,
        wanted: &Wanted,
        decide: impl FnOnce(Rows) -> Result<(Vec<Write>, T), E>,
    ) -> Result<Result<T, E>, StoreError> {
        let rows = load::rows(&mut self.transaction, wanted).await?;
        let (writes, outcome) = match decide(rows) {
            Ok(decided) => decided,
            Err(error) => return Ok(Err(error)),
        };
        for change in &writes {
            write::apply(&mut self.transaction, change).await?;
        }
        Ok(Ok(outcome))
    }

    /// Stores what was decided.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}

fn migrations() -> Migrator {
    let first = SqlStr::from_static(include_str!("../../migrations/0001_first.sql"));
    Migrator::with_migrations(vec![Migration::new(1, "first".into(), MigrationType::Simple, first, false)])
}

impl Store {
    /// Opens the file, which exists, brings its tables up to date and, if it is new, writes the catalogue. Call it under
    /// the lock of the data folder.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // An answer that a host has seen survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        // SQLite has one writer, and every request writes: one connection queues them fairly, where
        // several would poll for the lock.
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await;
        let pool = pool.map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        let migrated = migrations().run(&pool).await;
        migrated.map_err(|source| StoreError::Migrate { path: path.to_owned(), source })?;
        let store = Self { pool, transactions: metrics::seconds() };
        store.fill_catalogue(&Catalogue::initial()).await?;
        Ok(store)
    }

    /// Loads rows, has `decide` look at them, and applies its writes. An error of `decide` or of the store
    /// leaves everything as it was. The transaction is immediate: no other one writes between load and
    /// commit, so a decision holds when it is stored.
    pub async fn transaction<T, E>(
        &self,
        wanted: &Wanted,
        decide: impl FnOnce(Rows) -> Result<(Vec<Write>, T), E>,
    ) -> Result<Result<T, E>, StoreError> {
        let begun = clock::monotonic();
        let outcome = self.decided(wanted, decide).await;
        let took = clock::monotonic().saturating_duration_since(begun);
        self.transactions.observe(took.as_secs_f64());
        outcome
    }

    async fn decided<T, E>(
        &self,
        wanted: &Wanted,
        decide: impl FnOnce(Rows) -> Result<(Vec<Write>, T), E>,
    ) -> Result<Result<T, E>, StoreError> {
        let mut series = self.series().await?;
        let outcome = series.decide(wanted, decide).await?;
        if outcome.is_ok() {
            series.commit().await?;
        }
        Ok(outcome)
    }

    /// Begins a transaction of several decisions.
    pub async fn series(&self) -> Result<Series, StoreError> {
        Ok(Series { transaction: self.pool.begin_with("BEGIN IMMEDIATE").await? })
    }

    /// How long transactions took, with the wait for their turn.
    #[must_use]
    pub fn transaction_seconds(&self) -> &Histogram {
        &self.transactions
    }

    /// Ready once the database has read next to nothing from its file.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT id FROM product LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(())
    }

    /// Ends all connections: the write-ahead log goes into the database.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn fill_catalogue(&self, catalogue: &Catalogue) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if load::catalogue(&mut transaction).await?.products.is_empty() {
            write::catalogue(&mut transaction, catalogue).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
