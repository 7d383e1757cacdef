//! Copies of the database, with files beside the rows: backups.

use std::path::Path;

use sqlx::{
    ConnectOptions, Connection, Error, SqliteConnection, query, query_scalar,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

use super::{Store, StoreError};

/// The longest file in a backup, in bytes. A key set grows by some 200 with each rotation.
const MAX_KEPT: i64 = 1 << 20;

/// `SQLITE_CORRUPT` and `SQLITE_NOTADB` (sqlite.org/rescode.html).
const DAMAGED: [&str; 2] = ["11", "26"];

/// A file that a backup holds beside the rows.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Its name in the data folder.
    pub name: String,
    /// What is in it.
    pub content: String,
}

impl std::fmt::Debug for KeptFile {
    /// Shows the name alone: most are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptFile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Store {
    /// Writes the database as it is at one moment into an empty file, with `files`. Other transactions go on
    /// meanwhile.
    pub async fn copy(&self, to: &Path, files: &[KeptFile]) -> Result<(), StoreError> {
        let path = to.to_str().ok_or_else(|| StoreError::Name { path: to.to_owned() })?;
        query("VACUUM INTO ?1").bind(path).execute(&self.pool).await?;
        let mut copy = open(to).await?;
        query("CREATE TABLE backup_file (name TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT")
            .execute(&mut copy)
            .await?;
        for file in files {
            let row = query("INSERT INTO backup_file (name, content) VALUES (?1, ?2)");
            row.bind(&file.name).bind(&file.content).execute(&mut copy).await?;
        }
        Ok(copy.close().await?)
    }

    /// Makes a copy a database again, if it is sound, and gives the files that were in it.
    pub async fn unpack(copy: &Path) -> Result<Vec<KeptFile>, StoreError> {
        let mut db = open(copy).await?;
        let found: String = query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut db).await?;
        if found != "ok" {
            // A heading comes first, if the finding is about pages.
            let found = found.lines().last().unwrap_or_default().to_owned();
            return Err(StoreError::Damaged { found });
        }
        let is_one = query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'backup_file'");
        if is_one.fetch_optional(&mut db).await?.is_none() {
            return Err(StoreError::NoBackup);
        }
        let files = query_scalar::<_, i64>("SELECT count(*) FROM backup_file WHERE length(content) > ?1");
        if files.bind(MAX_KEPT).fetch_one(&mut db).await? > 0 {
            return Err(StoreError::Unreadable { column: "content" });
        }
        let files = query("SELECT name, content FROM backup_file LIMIT 16").fetch_all(&mut db).await?;
        let files = files.iter().map(|row| {
            let row = super::fields::Fields(row);
            Ok(KeptFile { name: row.text("name")?, content: row.text("content")? })
        });
        let files = files.collect::<Result<_, StoreError>>()?;
        query("DROP TABLE backup_file").execute(&mut db).await?;
        if query("PRAGMA foreign_key_check").fetch_optional(&mut db).await?.is_some() {
            return Err(StoreError::Damaged { found: "a row is missing that another one names".to_owned() });
        }
        query("UPDATE seat SET unproved = 1 WHERE freed_at IS NULL").execute(&mut db).await?;
        db.close().await?;
        Ok(files)
    }

    /// Puts what is in the log of writes into the database; the log is gone then, unless another program
    /// uses it. Says whether the database is sound; with a damaged one, the log stays.
    pub async fn fold(path: &Path) -> Result<bool, StoreError> {
        let mut db = SqliteConnectOptions::new().filename(path).connect().await?;
        let folded = query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut db).await;
        db.close().await?;
        match folded {
            Err(Error::Database(error)) if error.code().is_some_and(|code| DAMAGED.contains(&&*code)) => {
                Ok(false)
            }
            folded => Ok(folded.map(|_| true)?),
        }
    }
}

/// A database that nobody else uses. What is deleted is overwritten: a secret does not stay in its free
/// space, nor in a journal.
async fn open(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Memory)
        .pragma("secure_delete", "ON");
    options.connect().await.map_err(|source| StoreError::Open { path: path.to_owned(), source })
}
