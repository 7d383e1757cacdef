//! The statement that is held, and the times in it.

use std::time::Duration;

use license_types::{SessionId, UnixTime};
use serde::{Deserialize, Serialize};

use crate::{
    outcome::Accepted,
    receipt::SignedReceipt,
    statement::{Kind, Lease, SignedStatement, Statement, StatementError},
    time::Age,
};

/// How much of a lease may be over without an answer before people are told, in percent: at the half there is
/// time to look, and the last twentieth of 30 days is a day and a half.
const WARN_AT: [u8; 3] = [95, 80, 50];

/// A lease that runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseWarning {
    /// So much of it is over, in percent: 50, 80 or 95.
    pub percent: u8,
    /// So long it still lasts.
    pub left: Duration,
}

/// A statement that is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "HeldRecord", into = "HeldRecord")]
pub struct Held {
    pub(super) signed: SignedStatement,
    pub(super) statement: Statement,
    pub(super) receipt: Option<SignedReceipt>,
    /// When the request that it answers was first sent.
    pub(super) sent_at: Age,
    /// To when it goes on after a time that the machine was off.
    pub(super) grace_until: Option<Age>,
}

/// A [`Held`] as it is stored: what was signed, without the reading of it.
#[derive(Serialize, Deserialize)]
struct HeldRecord {
    signed: SignedStatement,
    receipt: Option<SignedReceipt>,
    sent_at: Age,
    grace_until: Option<Age>,
}

impl TryFrom<HeldRecord> for Held {
    type Error = StatementError;

    fn try_from(record: HeldRecord) -> Result<Self, Self::Error> {
        let HeldRecord { signed, receipt, sent_at, grace_until } = record;
        Ok(Self { statement: signed.read()?, signed, receipt, sent_at, grace_until })
    }
}

impl From<Held> for HeldRecord {
    fn from(held: Held) -> Self {
        let Held { signed, statement: _, receipt, sent_at, grace_until } = held;
        Self { signed, receipt, sent_at, grace_until }
    }
}

impl Held {
    /// What `accepted` brings, in answer to a request first sent at `sent_at`.
    #[must_use]
    pub fn new(accepted: Accepted, sent_at: Age) -> Self {
        let Accepted { signed, statement, receipt, .. } = accepted;
        Self { signed, statement, receipt, sent_at, grace_until: None }
    }

    /// The statement.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The statement as it was signed.
    #[must_use]
    pub const fn signed(&self) -> &SignedStatement {
        &self.signed
    }

    /// The lease, unless it is a refusal.
    #[must_use]
    pub const fn lease(&self) -> Option<&Lease> {
        match &self.statement.kind {
            Kind::Lease(lease) => Some(lease),
            Kind::Refusal(_) => None,
        }
    }

    /// Whether this host holds the seat.
    #[must_use]
    pub fn holds(&self, session: &SessionId) -> bool {
        let features = self.lease().map_or(&[][..], |lease| &lease.features);
        features.iter().flat_map(|feature| &feature.held).any(|seat| seat.session == *session)
    }

    /// The license server's time at an age, as far as we can tell: its signed time, and what passed
    /// since the request was first sent.
    #[must_use]
    pub fn unix_at(&self, age: Age) -> UnixTime {
        if age >= self.sent_at {
            self.statement.issued_at.saturating_add(age.saturating_since(self.sent_at))
        } else {
            let before = self.sent_at.saturating_since(age).as_secs();
            UnixTime(self.statement.issued_at.0.saturating_sub(i64::try_from(before).unwrap_or(i64::MAX)))
        }
    }

    /// The age at which the license server's time is `at`.
    #[must_use]
    pub fn age_at(&self, at: UnixTime) -> Age {
        let issued = self.statement.issued_at;
        self.sent_at.saturating_add(at.saturating_since(issued)).saturating_sub(issued.saturating_since(at))
    }

    /// The age at which the lease ends, grace included.
    #[must_use]
    pub fn ends_at(&self, lease: &Lease) -> Age {
        self.honours(lease.honoured_until)
    }

    /// The age up to which something counts that counts until then, grace included.
    #[must_use]
    pub(crate) fn honours(&self, honoured_until: UnixTime) -> Age {
        self.age_at(honoured_until).max(self.grace_until.unwrap_or_default())
    }

    /// The age at which the first feature that this host uses is honoured no more; that of the lease at the
    /// latest.
    #[must_use]
    pub fn first_end(&self, lease: &Lease) -> Age {
        let used = lease.features.iter().filter(|feature| feature.refusal.is_none());
        let ends = used.map(|feature| self.honours(lease.honours(feature)));
        ends.fold(self.ends_at(lease), Age::min)
    }

    /// Whether half of the time between the answer and the end of the lease is over.
    pub(super) fn is_past_half(&self, lease: &Lease, age: Age) -> bool {
        let life = self.age_at(lease.honoured_until).saturating_since(self.sent_at);
        age.saturating_since(self.sent_at) > life / 2
    }

    /// What to say of the part of the lease that is over; nothing before its half, nor after its end.
    pub(super) fn warning(&self, lease: &Lease, age: Age) -> Option<LeaseWarning> {
        let end = self.first_end(lease);
        let (life, over) = (end.saturating_since(self.sent_at), age.saturating_since(self.sent_at));
        let percent = WARN_AT.into_iter().find(|percent| over >= life / 100 * u32::from(*percent))?;
        (age < end).then(|| LeaseWarning { percent, left: end.saturating_since(age) })
    }
}
