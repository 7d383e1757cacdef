//! The outbox: mails that are due, and what became of them.

use license_core::crypto::KeyId;
use license_types::UnixTime;
use sqlx::query;

use super::{Store, StoreError, fields::Fields};
use crate::{
    decide::mail::MailKind,
    mail::sender::{Attempt, DueMail},
};

impl Store {
    /// The mails that are due, the oldest first, with the address and the number that hold now.
    pub async fn due_mails(&self, now: UnixTime, limit: u32) -> Result<Vec<DueMail>, StoreError> {
        let due = query(
            "SELECT outbox.*, customer.email, customer.number
               FROM outbox JOIN customer ON customer.id = outbox.customer
              WHERE ended_at IS NULL AND next_attempt <= ?1 ORDER BY next_attempt, outbox.id LIMIT ?2",
        );
        let due = due.bind(now.0).bind(limit).fetch_all(&self.pool).await?;
        let read = |row| {
            let row = Fields(row);
            let name = row.text("kind")?;
            let kind = MailKind::ALL.into_iter().find(|kind| kind.as_str() == name);
            Ok(DueMail {
                id: row.number("id")?,
                kind: kind.ok_or(StoreError::Unreadable { column: "kind" })?,
                email: row.text("email")?,
                number: row.parsed("number")?,
                host: row.optional_text("host")?.map(KeyId),
                made_at: row.time("made_at")?,
                attempts: row.number("attempts")?,
            })
        };
        due.iter().map(read).collect()
    }

    /// Stores what became of a mail, and forgets those that ended before `old`.
    pub async fn mail_tried(
        &self,
        id: i64,
        attempt: &Attempt,
        now: UnixTime,
        old: UnixTime,
    ) -> Result<(), StoreError> {
        let (next, ended, sent, error) = match attempt {
            Attempt::Sent => (now, Some(now.0), true, None),
            Attempt::Again { at, error } => (*at, None, false, Some(error)),
            Attempt::GivenUp { error } => (now, Some(now.0), false, Some(error)),
        };
        let tried = query(
            "UPDATE outbox SET attempts = attempts + 1, next_attempt = ?2, ended_at = ?3, sent = ?4,
                    last_error = ?5
              WHERE id = ?1",
        );
        let tried = tried.bind(id).bind(next.0).bind(ended).bind(sent).bind(error);
        tried.execute(&self.pool).await?;
        query("DELETE FROM outbox WHERE ended_at < ?1").bind(old.0).execute(&self.pool).await?;
        Ok(())
    }

    /// How many mails wait to be sent.
    pub async fn mails_waiting(&self) -> Result<u64, StoreError> {
        let row = query("SELECT count(*) AS waiting FROM outbox WHERE ended_at IS NULL");
        Fields(&row.fetch_one(&self.pool).await?).number("waiting")
    }
}
