//! The sender: takes mails from the outbox, and tries until they are gone.

use std::{pin::pin, time::Duration};

use license_core::crypto::KeyId;
use license_types::{RegistrationNumber, UnixTime};
use tokio::time;

use super::{Transport, letter::letter};
use crate::{
    decide::mail::MailKind,
    store::{Store, StoreError},
};

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The most mails of one round; the rest is sent in the next ones.
const BATCH: u32 = 50;

/// How long the first repetition waits; each further one waits twice as long, up to [`MAX_WAIT`].
const FIRST_WAIT: Duration = Duration::from_mins(1);

/// The longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_hours(1);

/// How long a mail is tried: a long weekend without a mail server loses nothing, and an old one only
/// confuses its reader.
const TRIED_FOR: Duration = Duration::from_hours(3 * 24);

/// How long it is kept after that, for the vendor to look at.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);

/// A mail that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    /// Its id.
    pub id: i64,
    /// What it is about.
    pub kind: MailKind,
    /// Where it goes.
    pub email: String,
    /// The number.
    pub number: RegistrationNumber,
    /// The host that it is about.
    pub host: Option<KeyId>,
    /// When it was made.
    pub made_at: UnixTime,
    /// How often it was tried.
    pub attempts: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is gone.
    Sent,
    /// It is tried again.
    Again {
        /// When.
        at: UnixTime,
        /// What went wrong.
        error: String,
    },
    /// It is not tried any more.
    GivenUp {
        /// What went wrong at last.
        error: String,
    },
}

/// When a mail that was not taken is tried again, if it is.
#[must_use]
pub fn after_failure(mail: &DueMail, error: String, now: UnixTime) -> Attempt {
    if now >= mail.made_at.saturating_add(TRIED_FOR) {
        return Attempt::GivenUp { error };
    }
    let doubled = 2_u32.saturating_pow(mail.attempts.min(16));
    let wait = FIRST_WAIT.saturating_mul(doubled).min(MAX_WAIT);
    Attempt::Again { at: now.saturating_add(wait), error }
}

/// Sends what is in the outbox.
#[derive(Debug)]
pub struct Sender {
    transport: Transport,
}

impl Sender {
    /// One that sends by that transport.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// Sends until `stop` is ready, and then to the end of what it is at: a mail that is half sent would
    /// be sent twice. `now` reads the clock.
    pub async fn run(&self, store: &Store, now: impl Fn() -> UnixTime, stop: impl Future<Output = ()>) {
        if self.transport.is_off() {
            tracing::info!("mail is off: owners of numbers get none");
        }
        let mut rounds = time::interval(EVERY);
        rounds.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = rounds.tick() => {}
            }
            if let Err(error) = self.round(store, &now).await {
                tracing::warn!(%error, "cannot work on the outbox; trying again");
            }
        }
    }

    /// Tries every mail that is due.
    pub async fn round(&self, store: &Store, now: impl Fn() -> UnixTime) -> Result<(), StoreError> {
        for mail in store.due_mails(now(), BATCH).await? {
            // The same for each repetition, and another one after a restored backup.
            let id = format!("license-{}-{}", mail.made_at.0, mail.id);
            let letter = letter(mail.kind, &mail.number, mail.host.as_ref());
            let kind = mail.kind.as_str();
            let attempt = match self.transport.send(&id, &mail.email, &letter).await {
                Ok(()) => Attempt::Sent,
                Err(error) => after_failure(&mail, error.to_string(), now()),
            };
            match &attempt {
                Attempt::Sent => tracing::info!(id, kind, "sent a mail"),
                Attempt::Again { .. } if self.transport.is_off() => {}
                Attempt::Again { error, .. } => {
                    tracing::warn!(id, kind, error, "a mail has to be sent again");
                }
                Attempt::GivenUp { error } => tracing::error!(id, kind, error, "a mail is given up"),
            }
            let old = UnixTime(now().0.saturating_sub_unsigned(KEPT_FOR.as_secs()));
            store.mail_tried(mail.id, &attempt, now(), old).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(attempts: u32) -> DueMail {
        DueMail {
            id: 1,
            kind: MailKind::Number,
            email: "a@example.com".to_owned(),
            number: "MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap(),
            host: None,
            made_at: UnixTime(0),
            attempts,
        }
    }

    #[test]
    fn a_mail_is_tried_again_for_three_days() {
        let (minute, day) = (60, 24 * 3600);
        let cases = [
            (0, 0, Some(minute)),
            (1, 0, Some(2 * minute)),
            (5, 0, Some(32 * minute)),
            (6, 0, Some(60 * minute)),
            (u32::MAX, 2 * day, Some(60 * minute)),
            (70, 3 * day - 1, Some(60 * minute)),
            (70, 3 * day, None),
        ];
        for (attempts, now, wait) in cases {
            let attempt = after_failure(&mail(attempts), "down".to_owned(), UnixTime(now));
            let expected = match wait {
                Some(wait) => Attempt::Again { at: UnixTime(now + wait), error: "down".to_owned() },
                None => Attempt::GivenUp { error: "down".to_owned() },
            };
            assert_eq!(attempt, expected, "attempt {attempts} at {now}");
        }
    }
}
