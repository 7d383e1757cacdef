//! How each event changes the state.

use std::time::Duration;

use license_texts::{Text, text};
use license_types::{Code, SessionId};

use super::{Binding, Contact, FailedAttempt, Held, PreparedCall, State};
use crate::{
    api::Call,
    host::Evidence,
    outcome::{Accepted, NoAnswer, Outcome},
    schedule,
    time::{Age, Now},
};

/// How long a lease goes on that seems to have ended while the machine was off: the wall clock that
/// says so may be wrong. Once per serial, so that it cannot be had again by another power cut.
pub const OFF_GRACE: Duration = Duration::from_hours(24);

/// How long a call with an unknown outcome is repeated. After a day nobody waits for it, and a call
/// that the license server stumbles over must not keep check-ins from it for ever.
pub const PENDING_LIFE: Duration = Duration::from_hours(24);

/// How soon after another answer a call with an unknown outcome is repeated. It is the license server that
/// stumbles over it, since it answers others: no reason to hammer.
pub const PENDING_RETRY: Duration = Duration::from_mins(10);

/// The status of a request that is older than what the host has confirmed.
const CONFLICT: u16 = 409;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The daemon started.
    Started {
        /// Whether the machine was started anew.
        booted: bool,
        /// For how long it was off.
        off: Duration,
        /// What is known of the hardware.
        evidence: Evidence,
        /// Chance, in `0..1`.
        fraction: f64,
    },
    /// The machine was suspended, and runs again.
    Resumed {
        /// Chance, in `0..1`.
        fraction: f64,
    },
    /// There is a way into the network that was not there before.
    NetworkReturned {
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
    /// The license server has something new of this host's number.
    News,
    /// A seat is given back: here at once, and the license server is told when it can be reached.
    Release(SessionId),
    /// A [released seat](State::released_seat) is wanted again, by that uid.
    Retake {
        /// The seat.
        session: SessionId,
        /// Who wants it.
        asked_by: u32,
    },
    /// A person gave the registration number up.
    Reset,
    /// The daemon stops.
    Stopping,
}

/// What is to be done about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Store the state; the previous one stays as the second generation.
    Save,
    /// Store the state in both generations, so that nothing can revive what is gone.
    SaveBoth,
}

impl State {
    /// The state after `event`, and what is to be done about it. `now` is the only clock.
    #[must_use]
    pub fn step(mut self, event: Event, now: Now) -> (Self, Vec<Effect>) {
        self.age = now.age;
        match event {
            Event::Started { booted, off, evidence, fraction } => {
                self.started(booted, off, &evidence, fraction, now)
            }
            Event::Resumed { fraction } | Event::NetworkReturned { fraction } => {
                (self.returned(fraction, now), Vec::new())
            }
            Event::Sending(call) => self.sending(*call),
            Event::Ended { call, outcome, retry_step, fraction } => {
                self.contact.last_attempt = Some(now.age);
                match outcome {
                    Outcome::Statement(accepted) => self.accepted(&call, *accepted, fraction, now),
                    Outcome::Done(_) => self.done(&call),
                    // Who refuses without a code may be anybody. The license server has one reason alone, a conflict:
                    // this host is behind, and what it gives up is not its to give up any more.
                    Outcome::Refused(problem)
                        if call.call == Call::Drop
                            && problem.code.is_none()
                            && problem.status != CONFLICT =>
                    {
                        let why = NoAnswer {
                            code: Code::NO_ANSWER,
                            message: problem.said(),
                            maybe_delivered: false,
                            retry_after: None,
                        };
                        self.not_answered(&call, why, retry_step, fraction, now)
                    }
                    Outcome::Refused(problem) => {
                        let why = text!("check-in-refused", why = problem.said());
                        self.refused(&call, why, retry_step, fraction, now)
                    }
                    Outcome::NoAnswer(why) => self.not_answered(&call, why, retry_step, fraction, now),
                }
            }
            Event::News => (self.heard(now), Vec::new()),
            Event::Release(session) => self.release(session, now),
            Event::Retake { session, asked_by } => self.retake(session, asked_by),
            Event::Reset => self.reset(now),
            Event::Stopping => {
                self.draining = true;
                (self, Vec::new())
            }
        }
    }

    /// An outcome that is unknown stays so until it is known: a later call never pushes it out, at the price
    /// that its own lost answer is the person's to repeat.
    fn sending(mut self, call: PreparedCall) -> (Self, Vec<Effect>) {
        if self.unknown_outcome_beside(&call.call).is_some() {
            return (self, Vec::new());
        }
        self.pending = Some(call);
        (self, vec![Effect::Save])
    }

    fn started(
        mut self,
        booted: bool,
        off: Duration,
        evidence: &Evidence,
        fraction: f64,
        now: Now,
    ) -> (Self, Vec<Effect>) {
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
        if let Some(pending) = &mut self.pending
            && !pending.maybe_delivered
        {
            // Nobody knows how far it got before the stop. What comes of it is known as soon as it is repeated.
            pending.maybe_delivered = true;
            self.contact.next_check = Some(now.age);
        }
        self.host_changed = self.held().is_some() && self.evidence.contradicts(evidence);
        if booted || self.host_changed || self.contact.next_check.is_none() {
            let wait = schedule::after_boot(self.is_urgent(now), fraction);
            self.contact.next_check = Some(now.age.saturating_add(wait));
        }
        (self, effects)
    }

    /// The way to the license server may be another one than a moment ago. A whole region may have had the same
    /// outage, so that this is spread as after a boot; what is planned sooner stays.
    fn returned(mut self, fraction: f64, now: Now) -> Self {
        let wait = schedule::after_boot(self.is_urgent(now), fraction);
        let soon = now.age.saturating_add(wait);
        let planned = self.contact.next_check.filter(|next| *next > now.age);
        self.contact.next_check = Some(planned.map_or(soon, |next| next.min(soon)));
        self
    }

    fn accepted(
        mut self,
        call: &PreparedCall,
        accepted: Accepted,
        fraction: f64,
        now: Now,
    ) -> (Self, Vec<Effect>) {
        self.forget(call);
        let binds = matches!(call.call, Call::Register(_) | Call::Activate { .. });
        if !binds && matches!(self.binding, Binding::Unregistered { .. }) {
            // A reset came in between: the number is given up, and only a person takes one again.
            return (self, vec![Effect::Save]);
        }
        if binds {
            // Whatever was still to be told is of the time before.
            (self.unbind, self.pending) = (false, None);
        }
        // What comes of a repeated call counts from its first sending, so that its times seem to pass too early.
        let is_late = now.age.saturating_since(call.sent_at) > PENDING_RETRY;
        let wait = match &self.pending {
            Some(_) => PENDING_RETRY,
            None if is_late => PENDING_RETRY,
            None => schedule::after_answer(Duration::from_secs(accepted.statement.refresh_after), fraction),
        };
        self.reached(now.age.saturating_add(wait));
        self.keys = Some(accepted.keys.clone());
        self.serial = accepted.statement.serial;
        if let (Call::Capture { .. }, Some(session)) = (&call.call, &accepted.session) {
            self.owners.entry(session.clone()).or_insert(call.asked_by);
        }
        self.evidence = call.evidence.clone();
        self.host_changed = false;
        let held = Held::new(accepted, call.sent_at);
        let effect = if held.lease().is_some() { Effect::Save } else { Effect::SaveBoth };
        self.owners.retain(|session, _| held.holds(session));
        self.released.retain(|session| held.holds(session) && !call.releases(session));
        if !self.released.is_empty() && self.pending.is_none() {
            self.contact.next_check = Some(now.age);
        }
        self.note_number(&held, binds);
        self.binding = Binding::Held(Box::new(held));
        (self, vec![effect])
    }

    /// Notes whether `held` brings another number, and since when this host is bound to it. A host that was refused
    /// and `binds` again is bound anew.
    fn note_number(&mut self, held: &Held, binds: bool) {
        let is_lost = matches!(self.binding, Binding::Lost { number: None, .. });
        let is_other = !is_lost && self.number() != Some(&held.statement.number);
        if is_other {
            self.number_changes = self.number_changes.saturating_add(1);
        }
        if is_other || (binds && self.lease().is_none()) {
            self.bound_since = None;
        }
        if held.lease().is_some() {
            self.bound_since.get_or_insert(held.statement.issued_at);
        }
    }

    /// Nothing is signed here, so it says nothing about what is held, nor that the license server is back.
    fn done(mut self, call: &PreparedCall) -> (Self, Vec<Effect>) {
        self.forget(call);
        if call.call == Call::Drop {
            self.unbind = false;
        }
        (self, vec![Effect::Save])
    }

    fn refused(
        mut self,
        call: &PreparedCall,
        message: Text,
        retry_step: Duration,
        fraction: f64,
        now: Now,
    ) -> (Self, Vec<Effect>) {
        self.forget(call);
        match &call.call {
            // A check-in is always answered with a statement: anything else is no answer.
            Call::CheckIn => {
                let why =
                    NoAnswer { code: Code::NO_ANSWER, message, maybe_delivered: false, retry_after: None };
                self.not_answered(call, why, retry_step, fraction, now)
            }
            Call::Drop => {
                self.unbind = false;
                (self, vec![Effect::Save])
            }
            // Whatever it knows of the seat, it will not free it: the next statement says what holds.
            Call::Release { session } => {
                self.released.remove(session);
                self.contact.next_check = Some(now.age);
                (self, vec![Effect::Save])
            }
            Call::Register(_)
            | Call::Activate { .. }
            | Call::Capture { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::LicenseInfo { .. }
            | Call::SendMetrics { .. }
            | Call::WouldCapture { .. } => (self, vec![Effect::Save]),
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
            if let (true, true, Call::Release { session }) = (maybe_delivered, is_old, &call.call) {
                // It would be made anew, and keep check-ins away for ever.
                self.released.remove(session);
            }
        } else if let Some(pending) = self.pending_of(call) {
            pending.maybe_delivered = true;
        }
        let wait = schedule::after_failure(retry_step, fraction, why.retry_after);
        self.contact.failures = self.contact.failures.saturating_add(1);
        self.contact.offline_since.get_or_insert(now.age);
        self.contact.last_failure = Some(FailedAttempt::new(why.code, why.message, now.age));
        self.contact.next_check = Some(now.age.saturating_add(wait));
        (self, vec![Effect::Save])
    }

    /// Asks at once. Nobody signed it, so that it says nothing about what is held; and while the license server
    /// is away the schedule knows better.
    fn heard(mut self, now: Now) -> Self {
        if matches!(self.binding, Binding::Held(_)) && self.contact.offline_since.is_none() {
            self.contact.next_check = self.contact.next_check.map(|next| next.min(now.age));
        }
        self
    }

    /// The license server is told at once, unless it is away: also if the daemon is killed before.
    fn release(mut self, session: SessionId, now: Now) -> (Self, Vec<Effect>) {
        if !self.has(&session) {
            return (self, Vec::new());
        }
        self.owners.remove(&session);
        self.released.insert(session);
        if self.contact.offline_since.is_none() {
            self.contact.next_check = Some(now.age);
        }
        (self, vec![Effect::Save])
    }

    fn retake(mut self, session: SessionId, asked_by: u32) -> (Self, Vec<Effect>) {
        if !self.released.remove(&session) {
            return (self, Vec::new());
        }
        self.owners.insert(session, asked_by);
        (self, vec![Effect::Save])
    }

    fn reset(mut self, now: Now) -> (Self, Vec<Effect>) {
        // A registration with an unknown outcome may have bound this host too.
        self.unbind |= !matches!(self.binding, Binding::Unregistered { .. }) || self.is_registering();
        self.given_up = true;
        self.bound_since = None;
        // Also where there is none: who pursues a number is to know that somebody wants none.
        self.number_changes = self.number_changes.saturating_add(1);
        self.binding = Binding::Unregistered { since: now.age };
        self.pending = None;
        self.owners.clear();
        self.released.clear();
        self.host_changed = false;
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
}
