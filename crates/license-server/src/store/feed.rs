//! What came into the log of late, for those who wait for it.

use std::collections::HashSet;

use sqlx::query;

use super::{Store, StoreError, fields::Fields};
use crate::decide::CustomerId;

/// The most lines of one round; the rest comes with the next one.
const LINES: i64 = 10_000;

impl Store {
    /// The id of the last line.
    pub async fn log_end(&self) -> Result<i64, StoreError> {
        let row = query("SELECT coalesce(max(id), 0) AS last FROM log").fetch_one(&self.pool).await?;
        Fields(&row).number("last")
    }

    /// The customers whose log has lines after that id, and the id to go on from.
    pub async fn changed_since(&self, id: i64) -> Result<(i64, HashSet<CustomerId>), StoreError> {
        let lines = query("SELECT id, customer FROM log WHERE id > ?1 ORDER BY id LIMIT ?2");
        let lines = lines.bind(id).bind(LINES).fetch_all(&self.pool).await?;
        let mut changed = (id, HashSet::new());
        for line in &lines {
            let line = Fields(line);
            changed.0 = line.number("id")?;
            changed.1.insert(CustomerId(line.text("customer")?));
        }
        Ok(changed)
    }
}
