//! SQLite: one file, one writer.

use std::{path::Path, time::Duration};

use prometheus_client::metrics::histogram::Histogram;
use sqlx::{
    SqlStr, Sqlite, SqlitePool, Transaction,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    StoreError,
    catalogue::{self, Sold},
    load,
    together::{Job, Together},
    write,
};
use crate::{
    catalogue::Catalogue,
    clock,
    decide::{Rows, Wanted, Write},
    metrics,
};

/// How long a transaction waits for one of another process (an `admin` command).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that are kept prepared: with one for each number of rows of those that write many.
const STATEMENTS: usize = 256;

/// Of the database in memory: a negative number of KiB (<https://sqlite.org/pragma.html#pragma_cache_size>).
const CACHE: &str = "-32768";

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) pool: SqlitePool,
    sold: Sold,
    pub(super) together: Together,
    transactions: Histogram,
}

/// Decisions one after the other in one transaction: all of them are stored at its [`commit`](Self::commit),
/// none without. Whoever else wants to write waits that long.
#[derive(Debug)]
pub struct Series {
    transaction: Transaction<'static, Sqlite>,
    sold: Sold,
}

impl Series {
    pub(super) async fn begin(pool: &SqlitePool, sold: &Sold) -> Result<Self, StoreError> {
        Ok(Self { transaction: pool.begin_with("BEGIN IMMEDIATE").await?, sold: sold.clone() })
    }

    /// Loads rows, has `decide` look at them, and applies its writes. An error of `decide` writes nothing.
    pub async fn decide<T, E>(
        &mut self,
        wanted: &Wanted,
        decide: impl FnOnce(Rows) -> Result<(Vec<Write>, T), E>,
    ) -> Result<Result<T, E>, StoreError> {
        let rows = load::rows(&mut self.transaction, &self.sold, wanted).await?;
        let hosts = rows.hosts.clone();
        let (writes, outcome) = match decide(rows) {
            Ok(decided) => decided,
            Err(error) => return Ok(Err(error)),
        };
        write::apply_all(&mut self.transaction, &hosts, &writes).await?;
        Ok(Ok(outcome))
    }

    /// Loads rows for all, has each decided on what those before it left, and applies all writes.
    pub(super) async fn decide_together(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        let mut wanted = Wanted::default();
        for job in jobs.iter() {
            wanted.add_hosts(job.wanted());
        }
        let mut rows = load::rows(&mut self.transaction, &self.sold, &wanted).await?;
        let (hosts, mut writes) = (rows.hosts.clone(), Vec::new());
        for job in jobs {
            let decided = job.decide(rows.of_hosts(job.wanted()));
            for write in &decided {
                rows.apply(write);
            }
            writes.extend(decided);
        }
        write::apply_all(&mut self.transaction, &hosts, &writes).await
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
    /// Opens the file, which exists, brings its tables up to date and, if it is new, writes the catalogue. Call
    /// it under the lock of the data folder.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // An answer that a host has seen survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("cache_size", CACHE)
            .statement_cache_capacity(STATEMENTS)
            .busy_timeout(BUSY_TIMEOUT);
        // SQLite has one writer, and every request writes: one connection queues them fairly, where
        // several would poll for the lock.
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await;
        let pool = pool.map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        let migrated = migrations().run(&pool).await;
        migrated.map_err(|source| StoreError::Migrate { path: path.to_owned(), source })?;
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        catalogue::fill(&mut transaction, &Catalogue::initial()).await?;
        transaction.commit().await?;
        let sold = Sold::default();
        let together = Together::start(pool.clone(), sold.clone());
        Ok(Self { pool, sold, together, transactions: metrics::seconds() })
    }

    /// Loads rows, has `decide` look at them, and applies its writes. An error of `decide` or of the store
    /// leaves everything as it was. The transaction is immediate: no other one writes between load and
    /// commit, so a decision holds when it is stored.
    pub async fn transaction<T, E>(
        &self,
        wanted: &Wanted,
        decide: impl FnOnce(Rows) -> Result<(Vec<Write>, T), E>,
    ) -> Result<Result<T, E>, StoreError> {
        let decided = async {
            let mut series = self.series().await?;
            let outcome = series.decide(wanted, decide).await?;
            if outcome.is_ok() {
                series.commit().await?;
            }
            Ok(outcome)
        };
        self.timed(decided).await
    }

    /// As [`transaction`](Self::transaction), in one together with others that wait for their turn. It ends even
    /// if nobody waits for it any more. `decide` may be called again: what it said last is stored.
    pub async fn transaction_together<T: Send + 'static, E: Send + 'static>(
        &self,
        wanted: Wanted,
        decide: impl FnMut(Rows) -> Result<(Vec<Write>, T), E> + Send + 'static,
    ) -> Result<Result<T, E>, StoreError> {
        self.timed(self.together.decide(wanted, decide)).await
    }

    async fn timed<T>(&self, transaction: impl Future<Output = T>) -> T {
        let begun = clock::monotonic();
        let outcome = transaction.await;
        let took = clock::monotonic().saturating_duration_since(begun);
        self.transactions.observe(took.as_secs_f64());
        outcome
    }

    /// Begins a transaction of several decisions.
    pub async fn series(&self) -> Result<Series, StoreError> {
        Series::begin(&self.pool, &self.sold).await
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
}
