//! The daemon's state: what it holds of the binding, and how each event changes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use license_texts::{Language, Text};
use license_types::{Code, FeatureId, Holder, RegistrationNumber, SessionId, UnixTime};
use serde::{Deserialize, Deserializer, Serialize};

mod held;
mod phase;
mod prepared;
mod step;

pub use self::{
    held::{Held, LeaseWarning},
    phase::Phase,
    prepared::PreparedCall,
    step::{Effect, Event, OFF_GRACE, PENDING_LIFE, PENDING_RETRY},
};
use crate::{
    api::Call,
    crypto::PublicKey,
    host::Evidence,
    keys::{KeySet, SignedKeySet},
    statement::{Kind, Lease, Refusal},
    time::{Age, Now},
};

/// How long what runs may go on when what was held is lost to a fault and the license server cannot be
/// asked. The signed `run_on` of a lease overrides it. Seven days: a long weekend and a lost uplink are
/// no reason to stop a customer's modules (design, section 3).
pub const DEFAULT_RUN_ON: Duration = Duration::from_hours(7 * 24);

/// Everything that the daemon remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, beside any of the others")]
pub struct State {
    /// What is held.
    pub binding: Binding,
    /// The newest key set of the license server.
    pub keys: Option<SignedKeySet>,
    /// How the conversation with the license server goes.
    pub contact: Contact,
    /// A call whose outcome is not known yet. It is repeated to the letter.
    pub pending: Option<PreparedCall>,
    /// Whether the license server is still to be told that this host gave its binding up.
    pub unbind: bool,
    /// The serial of the last statement that this host held. It outlives a reset: with it the license server
    /// tells a new request from a recorded one.
    pub serial: u64,
    /// Whether a person gave a number up here. A number that lies ready is not taken then.
    #[serde(default)]
    pub given_up: bool,
    /// Since when this host is bound to the number that it has; `None` without one, and before the first lease
    /// that an older version of this did not note.
    #[serde(default)]
    pub bound_since: Option<UnixTime>,
    /// How often somebody decided about the number of this host: it was given, changed or forgotten.
    #[serde(default)]
    pub number_changes: u64,
    /// The uid that captured each seat which was captured by request.
    pub owners: BTreeMap<SessionId, u32>,
    /// Seats that this host gave back and that the license server still counts. They are over here.
    #[serde(default)]
    pub released: BTreeSet<SessionId>,
    /// What was known of the hardware when the statement that is held was asked for.
    #[serde(default)]
    pub evidence: Evidence,
    /// Whether the hardware is another one since, and the license server was not told yet.
    #[serde(default)]
    pub host_changed: bool,
    /// The age when this was written.
    pub age: Age,
    /// Whether the daemon is stopping.
    #[serde(skip)]
    pub draining: bool,
    /// What a later version wrote and this one does not know: kept, so that a downgrade loses nothing.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

/// What is held of the binding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// There is no registration number on this host.
    Unregistered {
        /// Since when.
        since: Age,
    },
    /// The last statement of the license server: a lease or a refusal.
    Held(Box<Held>),
    /// What was held cannot be used any more: both state files unreadable, a key revoked, another host
    /// key. The license server knows the rest.
    Lost {
        /// The number, if it is still known.
        number: Option<RegistrationNumber>,
        /// Since when.
        since: Age,
    },
}

/// How the conversation with the license server goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Failures since the last answer.
    pub failures: u32,
    /// The first of them.
    pub offline_since: Option<Age>,
    /// The last of them.
    pub last_failure: Option<FailedAttempt>,
    /// The last attempt, good or bad.
    pub last_attempt: Option<Age>,
    /// When to ask next, as the schedule has it. See [`State::due`].
    pub next_check: Option<Age>,
}

/// An attempt that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempt {
    /// 1011 to 1014.
    pub code: Code,
    /// What happened, in English: for versions before this one, which read nothing else.
    message: String,
    /// The same in every language. Versions before this one did not write it, and later ones may write it in a way that
    /// is not known here: then `message` says it, and the rest of the state is not lost over a sentence.
    #[serde(default, deserialize_with = "readable")]
    text: Option<Text>,
    /// When.
    pub at: Age,
}

/// What can be read as a text.
fn readable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Text>, D::Error> {
    let stored = Option::<serde_json::Value>::deserialize(from)?;
    Ok(stored.and_then(|stored| serde_json::from_value(stored).ok()))
}

impl FailedAttempt {
    /// An attempt that failed like that.
    #[must_use]
    pub fn new(code: Code, why: Text, at: Age) -> Self {
        Self { code, message: why.to(Language::English), text: Some(why), at }
    }

    /// What happened.
    #[must_use]
    pub fn said(&self) -> Text {
        self.text.clone().unwrap_or_else(|| Text::verbatim(&self.message))
    }
}

/// What the daemon asks by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Background {
    /// A call that was sent already, to the letter.
    Repeat(Box<PreparedCall>),
    /// A new call.
    Make(Call),
}

impl State {
    /// The state of a host that has never been registered.
    #[must_use]
    pub fn unregistered(now: Now) -> Self {
        Self::with_binding(Binding::Unregistered { since: now.age }, now)
    }

    /// The state of a host that was registered, as far as anybody can tell, and lost what it held.
    #[must_use]
    pub fn lost(now: Now) -> Self {
        Self::with_binding(Binding::Lost { number: None, since: now.age }, now)
    }

    fn with_binding(binding: Binding, now: Now) -> Self {
        let contact = Contact::default();
        Self {
            binding,
            keys: None,
            contact,
            pending: None,
            unbind: false,
            serial: 0,
            given_up: false,
            bound_since: None,
            number_changes: 0,
            owners: BTreeMap::new(),
            released: BTreeSet::new(),
            evidence: Evidence::default(),
            host_changed: false,
            age: now.age,
            draining: false,
            unknown: BTreeMap::new(),
        }
    }

    /// The statement that is held.
    #[must_use]
    pub fn held(&self) -> Option<&Held> {
        match &self.binding {
            Binding::Held(held) => Some(held),
            Binding::Unregistered { .. } | Binding::Lost { .. } => None,
        }
    }

    /// The lease that is held, over or not.
    #[must_use]
    pub fn lease(&self) -> Option<(&Held, &Lease)> {
        let held = self.held()?;
        Some((held, held.lease()?))
    }

    /// The license server's "no" to this host as a whole, if that is its last word.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.held()?.statement.kind {
            Kind::Refusal(refusal) => Some(refusal),
            Kind::Lease(_) => None,
        }
    }

    /// The registration number of this host.
    #[must_use]
    pub fn number(&self) -> Option<&RegistrationNumber> {
        match &self.binding {
            Binding::Held(held) => Some(&held.statement.number),
            Binding::Lost { number, .. } => number.as_ref(),
            Binding::Unregistered { .. } => None,
        }
    }

    /// Whether this host is without a number, and always was: nobody gave one up here.
    #[must_use]
    pub const fn has_never_had_number(&self) -> bool {
        let is_unregistered = matches!(self.binding, Binding::Unregistered { .. });
        is_unregistered && self.serial == 0 && !self.unbind && !self.given_up
    }

    /// Whether this host is being registered, and nobody knows yet what came of it.
    #[must_use]
    pub fn is_registering(&self) -> bool {
        let call = self.pending.as_ref().map(|pending| &pending.call);
        matches!(call, Some(Call::Register(_) | Call::Activate { .. }))
    }

    /// Whether this host has the seat: it holds it, and did not give it back.
    #[must_use]
    pub fn has(&self, session: &SessionId) -> bool {
        self.held().is_some_and(|held| held.holds(session)) && !self.released.contains(session)
    }

    /// A seat that was given back here, while the license server does not know it: it can be had again without
    /// asking. Not so once the license server may have been told.
    #[must_use]
    pub fn released_seat(&self, feature: FeatureId, holder: Option<&Holder>) -> Option<&SessionId> {
        let (_, lease) = self.lease()?;
        let row = lease.features.iter().find(|row| row.feature == feature)?;
        let session = &row.seat(holder)?.session;
        let under_way = self.pending.as_ref().is_some_and(|pending| pending.releases(session));
        self.released.get(session).filter(|_| !under_way)
    }

    /// The time of day at an age, for people: by the license server's signed time where one is held,
    /// else by the wall clock.
    #[must_use]
    pub fn unix_at(&self, age: Age, now: Now) -> UnixTime {
        match self.held() {
            Some(held) => held.unix_at(age),
            None if age >= now.age => now.wall.saturating_add(age.saturating_since(now.age)),
            None => {
                let ago = i64::try_from(now.age.saturating_since(age).as_secs()).unwrap_or(i64::MAX);
                UnixTime(now.wall.0.saturating_sub(ago))
            }
        }
    }

    /// When to ask the license server next; `None` while there is nothing to ask. That is when the
    /// schedule says so, or earlier, when an expiry passes that the license server has not confirmed.
    #[must_use]
    pub fn due(&self) -> Option<Age> {
        let idle =
            matches!(self.binding, Binding::Unregistered { .. }) && self.pending.is_none() && !self.unbind;
        if idle {
            return None;
        }
        let scheduled = self.contact.next_check.unwrap_or_default();
        Some(self.unasked_expiry().map_or(scheduled, |expiry| scheduled.min(expiry)))
    }

    /// A call with an unknown outcome that is another one than `call`. It is repeated before anything new is sent.
    #[must_use]
    pub fn unknown_outcome_beside(&self, call: &Call) -> Option<&PreparedCall> {
        self.pending.as_ref().filter(|pending| pending.maybe_delivered && pending.call != *call)
    }

    /// What is sent before `call`, since it should have been long ago: a call with an unknown outcome, or that a
    /// seat was given back.
    #[must_use]
    pub fn comes_before(&self, call: &Call) -> Option<Background> {
        if let Some(unknown) = self.unknown_outcome_beside(call) {
            return Some(Background::Repeat(Box::new(unknown.clone())));
        }
        let session = self.released.first().filter(|_| self.pending.is_none())?.clone();
        let release = Call::Release { session };
        (release != *call).then_some(Background::Make(release))
    }

    /// What to ask the license server when it is [due](Self::due): first what has an unknown outcome.
    #[must_use]
    pub fn background(&self) -> Background {
        match &self.pending {
            Some(pending) => Background::Repeat(Box::new(pending.clone())),
            None if self.unbind => Background::Make(Call::Drop),
            None => Background::Make(match self.released.first() {
                Some(session) => Call::Release { session: session.clone() },
                None => Call::CheckIn,
            }),
        }
    }

    /// The first expiry of a feature that this host uses that the license server has not confirmed, and after which
    /// no attempt failed. A second later: the estimated time is ahead by as long as a request is on its way.
    fn unasked_expiry(&self) -> Option<Age> {
        let (held, lease) = self.lease()?;
        let failed = self.contact.last_failure.as_ref().map(|failure| failure.at);
        let used = lease.features.iter().filter(|feature| feature.refusal.is_none());
        let unconfirmed =
            used.filter_map(|feature| feature.expires_at).filter(|at| *at > held.statement.issued_at);
        let ages = unconfirmed.map(|expiry| held.age_at(expiry).saturating_add(Duration::from_secs(1)));
        ages.filter(|age| failed.is_none_or(|failed| failed < *age)).min()
    }

    /// Whether somebody is worse off for each minute until the next answer: the lease is past half its
    /// life, what this host uses is not certain, or there is no lease.
    fn is_urgent(&self, now: Now) -> bool {
        match self.lease() {
            None => true,
            Some((held, lease)) => {
                let used = lease.features.iter().filter(|feature| feature.refusal.is_none());
                let expired =
                    used.filter_map(|feature| feature.expires_at).any(|at| held.age_at(at) < now.age);
                let waits =
                    self.pending.is_some() || self.unbind || self.host_changed || !self.released.is_empty();
                expired || waits || held.is_past_half(lease, now.age)
            }
        }
    }

    /// The state as it is taken up after a restart: a statement for another host key, or one whose
    /// signature is not good any more, is lost rather than trusted.
    #[must_use]
    pub fn verified(mut self, host_key: &PublicKey, keys: Option<&KeySet>, now: Now) -> Self {
        if let Binding::Held(held) = &self.binding {
            let good = held.statement.host_key == *host_key
                && keys.is_some_and(|keys| held.signed.verify(keys).is_ok());
            if !good {
                let number = Some(held.statement.number.clone());
                self.binding = Binding::Lost { number, since: now.age };
                self.contact.next_check = None;
            }
        }
        self
    }
}
