//! The log as it is read: shown, and verified.

use license_types::RegistrationNumber;
use serde::Serialize;
use sqlx::{SqliteConnection, query, sqlite::SqliteRow};

use super::{Store, StoreError, fields::Fields};
use crate::decide::{
    CustomerId,
    log::{Chain, LogRow},
    verify::{Fault, Walk},
};

/// Rows that are in memory at once.
const PAGE: usize = 1_000;

/// The most broken logs that are named; how many there are is counted in any case.
const NAMED: usize = 100;

/// What a look at the logs came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Numbers with their logs.
    pub chains: usize,
    /// Lines of all of them.
    pub lines: u64,
    /// Logs that are not as they were written.
    pub broken: usize,
    /// The first of these.
    pub faults: Vec<BrokenChain>,
    /// Where each log ends, if that was asked for.
    pub ends: Vec<ChainEnd>,
}

/// Where a log ends: what to keep elsewhere, so that nobody can write a whole new log unseen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainEnd {
    /// The id of the customer.
    pub customer: String,
    /// The last line.
    pub line: u64,
    /// Its hash.
    pub hash: String,
}

/// A log that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenChain {
    /// The number, masked.
    pub number: String,
    /// The first line that is not in order.
    pub line: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Store {
    /// The last lines of a number's log, in their order; none if nobody has the number.
    pub async fn log_of(&self, number: &RegistrationNumber, limit: u32) -> Result<Vec<LogRow>, StoreError> {
        let lines = query(
            "SELECT log.* FROM log JOIN customer ON customer.id = log.customer
              WHERE customer.number = ?1 ORDER BY log.seq DESC LIMIT ?2",
        );
        let lines = lines.bind(number.as_str()).bind(limit).fetch_all(&self.pool).await?;
        lines.iter().rev().map(read_line).collect()
    }

    /// Reads all logs, or that of one number, and says which are not as they were written. It sees the
    /// database as it is at one moment, a page at a time, and keeps nobody from writing.
    pub async fn verify_log(
        &self,
        number: Option<&RegistrationNumber>,
        with_ends: bool,
    ) -> Result<Verified, StoreError> {
        let mut snapshot = self.pool.begin().await?;
        let mut verified = Verified::default();
        let mut last = String::new();
        loop {
            let page = query(
                "SELECT id, number, log_length, log_hash FROM customer
                  WHERE id > ?1 AND (?2 IS NULL OR number = ?2) ORDER BY id LIMIT ?3",
            );
            let page = page.bind(&last).bind(number.map(RegistrationNumber::as_str)).bind(limit());
            let page = page.fetch_all(&mut *snapshot).await?;
            for row in &page {
                let row = Fields(row);
                last = row.text("id")?;
                let known = Chain { length: row.number("log_length")?, hash: row.text("log_hash")? };
                let walk = walk(&mut snapshot, &CustomerId(last.clone())).await?;
                verified.chains += 1;
                verified.lines += walk.length();
                if with_ends {
                    let (customer, hash) = (last.clone(), known.hash.clone());
                    verified.ends.push(ChainEnd { customer, line: known.length, hash });
                }
                if let Some((line, fault)) = walk.fault(&known) {
                    verified.broken += 1;
                    let number: RegistrationNumber = row.parsed("number")?;
                    if verified.faults.len() < NAMED {
                        verified.faults.push(BrokenChain { number: number.masked(), line, fault });
                    }
                }
            }
            if page.len() < PAGE {
                return Ok(verified);
            }
        }
    }
}

/// Reads the log of a customer.
async fn walk(db: &mut SqliteConnection, customer: &CustomerId) -> Result<Walk, StoreError> {
    let mut walk = Walk::default();
    let mut last = 0_i64;
    loop {
        let page = query("SELECT * FROM log WHERE customer = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
        let page = page.bind(&customer.0).bind(last).bind(limit()).fetch_all(&mut *db).await?;
        for row in &page {
            last = Fields(row).number("seq")?;
            walk.line(&read_line(row)?);
        }
        if page.len() < PAGE {
            return Ok(walk);
        }
    }
}

/// [`PAGE`] as the database takes it.
fn limit() -> i64 {
    i64::try_from(PAGE).unwrap_or(i64::MAX)
}

fn read_line(row: &SqliteRow) -> Result<LogRow, StoreError> {
    let row = Fields(row);
    Ok(LogRow {
        customer: CustomerId(row.text("customer")?),
        seq: row.number("seq")?,
        at: row.time("at")?,
        actor: row.text("actor")?,
        deed: row.text("deed")?,
        details: row.text("details")?,
        hash: row.text("hash")?,
    })
}

#[cfg(test)]
mod tests {
    use license_types::UnixTime;

    use super::{
        super::tests::{apply, store, writes},
        *,
    };
    use crate::decide::{
        Write,
        log::{Actor, Deed},
    };

    const NUMBER: &str = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA";

    /// Customer `c` with so many lines.
    async fn logged(store: &Store, lines: usize) {
        let customer = writes().into_iter().find(|write| matches!(write, Write::AddCustomer(_))).unwrap();
        let Write::AddCustomer(row) = &customer else { unreachable!() };
        let (mut chain, id) = (Chain::default(), row.id.clone());
        let mut all = vec![customer];
        for _ in 0..lines {
            let line = LogRow::after(&chain, &id, UnixTime(1), &Actor::Server, &Deed::Registered);
            chain = line.end();
            all.push(Write::Log(line));
        }
        apply(store, all).await.unwrap();
    }

    #[tokio::test]
    async fn the_last_lines_are_shown_in_their_order() {
        let (_dir, store) = store().await;
        logged(&store, 5).await;
        let lines = store.log_of(&NUMBER.parse().unwrap(), 2).await.unwrap();
        assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [4, 5]);
    }

    #[tokio::test]
    async fn a_log_that_somebody_changed_is_named_with_its_line() {
        let number: RegistrationNumber = NUMBER.parse().unwrap();
        let cases = [
            ("SELECT 1", None),
            ("UPDATE log SET actor = 'server' WHERE seq = 2", None),
            ("UPDATE log SET actor = 'admin:x' WHERE seq = 2", Some((2, Fault::Changed))),
            ("UPDATE log SET hash = 'x' WHERE seq = 3", Some((3, Fault::Changed))),
            ("DELETE FROM log WHERE seq = 1001", Some((1001, Fault::Missing))),
            ("DELETE FROM log WHERE seq > 1000", Some((1001, Fault::CutOff))),
            ("DELETE FROM log", Some((1, Fault::CutOff))),
            ("UPDATE customer SET log_length = 10", Some((11, Fault::Added))),
            ("UPDATE customer SET log_hash = 'x'", Some((1002, Fault::Changed))),
        ];
        for (change, fault) in cases {
            let (_dir, store) = store().await;
            // Two pages, the second with more than one line.
            logged(&store, 1002).await;
            query(change).execute(&store.pool).await.unwrap();
            for number in [None, Some(&number)] {
                let verified = store.verify_log(number, false).await.unwrap();
                let expected = fault.map(|(line, fault)| {
                    let number = "MIKO-*****-*****-*****-AAAAA".to_owned();
                    BrokenChain { number, line, fault }
                });
                assert_eq!(verified.faults, Vec::from_iter(expected), "{change}");
                assert_eq!((verified.chains, verified.broken), (1, verified.faults.len()), "{change}");
            }
        }
    }
}
