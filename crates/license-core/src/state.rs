//! The daemon's state: what it holds of the binding, and how each event changes it.

use std::{collections::BTreeMap, time::Duration};

use license_types::{Code, RegistrationNumber, SessionId, UnixTime};
use serde::{Deserialize, Serialize};

use crate::{
    api::{Call, HostCall},
    crypto::{ExactBytes, Nonce, PublicKey, RequestId},
    host::Evidence,
    keys::{KeySet, SignedKeySet},
    outcome::{Accepted, NoAnswer, Outcome},
    receipt::SignedReceipt,
    schedule,
    statement::{Kind, Lease, SignedStatement, Statement, StatementError},
    time::{Age, Now},
};

/// How long what runs may go on when what was held is lost to a fault and the license server cannot be
/// asked. The signed `run_on` of a lease overrides it. Seven days: a long weekend and a lost uplink are
/// no reason to stop a customer's modules (design, section 3).
pub const DEFAULT_RUN_ON: Duration = Duration::from_hours(7 * 24);

/// How long a lease goes on that seems to have ended while the machine was off: the wall clock that
/// says so may be wrong. Once per serial, so that it cannot be had again by another power cut.
pub const OFF_GRACE: Duration = Duration::from_hours(24);

/// How long a call with an unknown outcome is repeated. After a day nobody waits for it, and a call
/// that the license server stumbles over must not keep check-ins from it for ever.
pub const PENDING_LIFE: Duration = Duration::from_hours(24);

/// Everything that the daemon remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The uid that captured each seat which was captured by request.
    pub owners: BTreeMap<SessionId, u32>,
    /// The age when this was written.
    pub age: Age,
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

/// A statement that is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "HeldRecord", into = "HeldRecord")]
pub struct Held {
    signed: SignedStatement,
    statement: Statement,
    receipt: Option<SignedReceipt>,
    sent_at: Age,
    grace_until: Option<Age>,
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
    /// What happened.
    pub message: String,
    /// When.
    pub at: Age,
}

/// A call with its exact bytes, so that a repetition is the same to the letter and the license server
/// can tell that it is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedCall {
    /// What is asked.
    pub call: Call,
    /// The id under which the license server remembers it.
    pub request_id: RequestId,
    /// What the statement in the answer must repeat.
    pub nonce: Nonce,
    /// The serial that was held.
    pub serial: u64,
    /// The body.
    pub body: ExactBytes,
    /// When it was first sent: a lease that comes of it is counted from here.
    pub sent_at: Age,
    /// The uid that asked for it; 0 for the daemon's own calls.
    pub asked_by: u32,
    /// Whether an attempt may have reached the license server whose answer never came.
    pub maybe_delivered: bool,
}

/// What the daemon asks by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Background {
    /// A call that was sent already, to the letter.
    Repeat(Box<PreparedCall>),
    /// A new call.
    Make(Call),
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The daemon started.
    Started {
        /// Whether the machine was started anew.
        booted: bool,
        /// For how long it was off.
        off: Duration,
        /// Chance, in `0..1`.
        fraction: f64,
    },
    /// A call is about to be sent whose outcome matters even if the answer gets lost.
    Sending(Box<PreparedCall>),
    /// A call came to an end.
    Ended {
        /// The call.
        call: Box<PreparedCall>,
        /// What came of it.
        outcome: Outcome,
        /// The retry step that belongs to [`Contact::failures`] after this event, if it is one more.
        retry_step: Duration,
        /// Chance, in `0..1`.
        fraction: f64,
    },
    /// A person gave the registration number up.
    Reset,
}

/// What is to be done about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Store the state; the previous one stays as the second generation.
    Save,
    /// Store the state in both generations, so that nothing can revive what is gone.
    SaveBoth,
}

/// What the state comes to, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// There is no number.
    Unregistered,
    /// There is a lease, and the last attempt reached the license server.
    Fresh,
    /// There is a lease, and the license server is away.
    Offline,
    /// The lease has ended without another answer.
    Lapsed,
    /// The license server said no.
    Refused,
    /// What was held is lost; the license server is asked for it.
    Recovering,
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
        self.age_at(lease.honoured_until).max(self.grace_until.unwrap_or_default())
    }

    /// Whether half of the time between the answer and the end of the lease is over.
    fn is_past_half(&self, lease: &Lease, age: Age) -> bool {
        let life = self.age_at(lease.honoured_until).saturating_since(self.sent_at);
        age.saturating_since(self.sent_at) > life / 2
    }
}

impl PreparedCall {
    /// Prepares a call: its exact bytes are what `state` holds now. Request id and nonce are drawn by
    /// the caller from the system's generator.
    pub fn new(
        call: Call,
        request_id: RequestId,
        nonce: Nonce,
        evidence: Evidence,
        state: &State,
        asked_by: u32,
        now: Now,
    ) -> Result<Self, serde_json::Error> {
        let held = state.held();
        let serial = held.map_or(0, |held| held.statement.serial);
        let receipt = held.and_then(|held| held.receipt.clone());
        let body = HostCall { nonce, evidence, receipt, call };
        let bytes = ExactBytes(serde_json::to_vec(&body)?);
        Ok(Self {
            call: body.call,
            request_id,
            nonce,
            serial,
            body: bytes,
            sent_at: now.age,
            asked_by,
            maybe_delivered: false,
        })
    }

    /// Whether the outcome matters even if the answer gets lost. It does not where the call changes
    /// nothing at the license server.
    #[must_use]
    pub const fn changes_something(&self) -> bool {
        match self.call {
            Call::CheckIn | Call::LicenseInfo { .. } => false,
            Call::Register(_)
            | Call::Activate { .. }
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::Drop => true,
        }
    }
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
            owners: BTreeMap::new(),
            age: now.age,
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

    /// The registration number of this host.
    #[must_use]
    pub fn number(&self) -> Option<&RegistrationNumber> {
        match &self.binding {
            Binding::Held(held) => Some(&held.statement.number),
            Binding::Lost { number, .. } => number.as_ref(),
            Binding::Unregistered { .. } => None,
        }
    }

    /// Whether this host is being registered, and nobody knows yet what came of it.
    #[must_use]
    pub fn is_registering(&self) -> bool {
        let call = self.pending.as_ref().map(|pending| &pending.call);
        matches!(call, Some(Call::Register(_) | Call::Activate { .. }))
    }

    /// What the state comes to now.
    #[must_use]
    pub fn phase(&self, now: Now) -> Phase {
        match &self.binding {
            Binding::Unregistered { .. } => Phase::Unregistered,
            Binding::Lost { .. } => Phase::Recovering,
            Binding::Held(held) => match held.lease() {
                None => Phase::Refused,
                Some(lease) if now.age > held.ends_at(lease) => Phase::Lapsed,
                Some(_) if self.contact.offline_since.is_some() => Phase::Offline,
                Some(_) => Phase::Fresh,
            },
        }
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

    /// What to ask the license server when it is [due](Self::due): first what has an unknown outcome.
    #[must_use]
    pub fn background(&self) -> Background {
        match &self.pending {
            Some(pending) => Background::Repeat(Box::new(pending.clone())),
            None if self.unbind => Background::Make(Call::Drop),
            None => Background::Make(Call::CheckIn),
        }
    }

    /// The first expiry of a feature that this host uses after which nobody was asked.
    fn unasked_expiry(&self) -> Option<Age> {
        let (held, lease) = self.lease()?;
        let asked = self.contact.last_attempt.unwrap_or(held.sent_at).max(held.sent_at);
        let expiries = lease.features.iter().filter(|feature| feature.refusal.is_none());
        let ages = expiries.filter_map(|feature| feature.expires_at).map(|expiry| held.age_at(expiry));
        ages.filter(|age| *age > asked).min()
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
                expired || held.is_past_half(lease, now.age) || self.pending.is_some() || self.unbind
            }
        }
    }

    /// The state after `event`, and what is to be done about it. `now` is the only clock.
    #[must_use]
    pub fn step(mut self, event: Event, now: Now) -> (Self, Vec<Effect>) {
        self.age = now.age;
        match event {
            Event::Started { booted, off, fraction } => self.started(booted, off, fraction, now),
            Event::Sending(call) => {
                self.pending = Some(*call);
                (self, vec![Effect::Save])
            }
            Event::Ended { call, outcome, retry_step, fraction } => {
                self.contact.last_attempt = Some(now.age);
                match outcome {
                    Outcome::Statement(accepted) => self.accepted(&call, *accepted, fraction, now),
                    Outcome::Done(_) => self.done(&call, now),
                    Outcome::Refused(problem) => {
                        let detail =
                            format!("the license server does not answer a check-in: {}", problem.detail);
                        self.refused(&call, detail, retry_step, fraction, now)
                    }
                    Outcome::NoAnswer(why) => self.not_answered(&call, why, retry_step, fraction, now),
                }
            }
            Event::Reset => self.reset(now),
        }
    }

    fn started(mut self, booted: bool, off: Duration, fraction: f64, now: Now) -> (Self, Vec<Effect>) {
        let mut effects = Vec::new();
        if let Binding::Held(held) = &mut self.binding
            && let Some(lease) = held.lease()
            && held.grace_until.is_none()
            && now.age > held.ends_at(lease)
            && now.age.saturating_sub(off) <= held.ends_at(lease)
        {
            held.grace_until = Some(now.age.saturating_add(OFF_GRACE));
            effects.push(Effect::Save);
        }
        if let Some(pending) = &mut self.pending {
            // Nobody knows how far it got before the stop.
            pending.maybe_delivered = true;
        }
        if booted || self.contact.next_check.is_none() {
            let wait = schedule::after_boot(self.is_urgent(now), fraction);
            self.contact.next_check = Some(now.age.saturating_add(wait));
        }
        (self, effects)
    }

    fn accepted(
        mut self,
        call: &PreparedCall,
        accepted: Accepted,
        fraction: f64,
        now: Now,
    ) -> (Self, Vec<Effect>) {
        self.forget(call);
        if matches!(call.call, Call::Register(_) | Call::Activate { .. }) {
            self.unbind = false;
        }
        // What still has an unknown outcome is cleared up while the license server is there.
        let wait = match &self.pending {
            Some(_) => schedule::SHORTEST_INTERVAL,
            None => schedule::after_answer(Duration::from_secs(accepted.statement.refresh_after), fraction),
        };
        self.reached(now.age.saturating_add(wait));
        self.keys = Some(accepted.keys.clone());
        if let (Call::Capture { .. }, Some(session)) = (&call.call, &accepted.session) {
            self.owners.entry(session.clone()).or_insert(call.asked_by);
        }
        let held = Held::new(accepted, call.sent_at);
        let effect = if held.lease().is_some() { Effect::Save } else { Effect::SaveBoth };
        self.owners.retain(|session, _| held.holds(session));
        self.binding = Binding::Held(Box::new(held));
        (self, vec![effect])
    }

    fn done(mut self, call: &PreparedCall, now: Now) -> (Self, Vec<Effect>) {
        self.forget(call);
        if call.call == Call::Drop {
            self.unbind = false;
        }
        let next = self.contact.next_check.unwrap_or(now.age);
        self.reached(next);
        (self, vec![Effect::Save])
    }

    fn refused(
        mut self,
        call: &PreparedCall,
        detail: String,
        retry_step: Duration,
        fraction: f64,
        now: Now,
    ) -> (Self, Vec<Effect>) {
        self.forget(call);
        match call.call {
            // A check-in is always answered with a statement: anything else is no answer.
            Call::CheckIn => {
                let why = NoAnswer {
                    code: Code::NO_ANSWER,
                    message: detail,
                    maybe_delivered: false,
                    retry_after: None,
                };
                self.not_answered(call, why, retry_step, fraction, now)
            }
            Call::Drop => {
                self.unbind = false;
                (self, vec![Effect::Save])
            }
            Call::Register(_)
            | Call::Activate { .. }
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::LicenseInfo { .. } => (self, vec![Effect::Save]),
        }
    }

    fn not_answered(
        mut self,
        call: &PreparedCall,
        why: NoAnswer,
        retry_step: Duration,
        fraction: f64,
        now: Now,
    ) -> (Self, Vec<Effect>) {
        // An attempt that did not go out says nothing about the ones before it.
        let maybe_delivered = why.maybe_delivered || call.maybe_delivered;
        let is_old = now.age.saturating_since(call.sent_at) > PENDING_LIFE;
        if !maybe_delivered || is_old {
            self.forget(call);
        } else if let Some(pending) = self.pending_of(call) {
            pending.maybe_delivered = true;
        }
        let wait = schedule::after_failure(retry_step, fraction, why.retry_after);
        self.contact.failures = self.contact.failures.saturating_add(1);
        self.contact.offline_since.get_or_insert(now.age);
        self.contact.last_failure = Some(FailedAttempt { code: why.code, message: why.message, at: now.age });
        self.contact.next_check = Some(now.age.saturating_add(wait));
        (self, vec![Effect::Save])
    }

    fn reset(mut self, now: Now) -> (Self, Vec<Effect>) {
        if !matches!(self.binding, Binding::Unregistered { .. }) {
            self.unbind = true;
        }
        self.binding = Binding::Unregistered { since: now.age };
        self.pending = None;
        self.owners.clear();
        self.contact = Contact { next_check: Some(now.age), ..Contact::default() };
        (self, vec![Effect::SaveBoth])
    }

    /// Ends the conversation about `call`: its outcome is known, or it never went out.
    fn forget(&mut self, call: &PreparedCall) {
        if self.pending_of(call).is_some() {
            self.pending = None;
        }
    }

    fn pending_of(&mut self, call: &PreparedCall) -> Option<&mut PreparedCall> {
        self.pending.as_mut().filter(|pending| pending.request_id == call.request_id)
    }

    /// Notes that the license server answered.
    fn reached(&mut self, next_check: Age) {
        self.contact = Contact {
            last_attempt: self.contact.last_attempt,
            next_check: Some(next_check),
            ..Contact::default()
        };
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
            }
        }
        self
    }
}
