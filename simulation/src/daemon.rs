//! The daemon of a host: what `licensed::keeper` does around the pure state machine, without its tasks.
//!
//! The one file that knows the [`Event`]s. The order of things is the keeper's: exact bytes are stored before
//! they are sent, what has an unknown outcome goes first, effects are applied before anything else happens.

use std::{collections::VecDeque, time::Duration};

use license_core::{
    api::Call,
    crypto::{Nonce, PublicKey, RequestId},
    outcome::{HttpAnswer, Judge, NoAnswer, Outcome},
    state::{Background, Effect, Event, Phase, PreparedCall, State},
    time::{Age, Clock, Now},
};
use license_texts::Text;
use license_types::{Code, FeatureId, SessionId};

use crate::{
    clock::{MINUTE, Moment, SECOND},
    disk::WriteFault,
    host::Machine,
};

/// How often the daemon stores the time.
const CLOCK_INTERVAL: Duration = Duration::from_mins(10);

/// How soon a daemon looks at its clock again after a time that no timer counted.
const NAP: u64 = MINUTE;

/// The daemon stopped in the middle of what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Died;

/// What came back of a call: an answer, or nothing, and whether the call may have arrived all the same.
#[derive(Debug, Clone)]
pub(crate) enum Heard {
    Answer(HttpAnswer),
    Nothing { maybe_delivered: bool },
}

/// A daemon that runs.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    pub(crate) state: State,
    clock: Clock,
    started_at: Moment,
    in_flight: Option<InFlight>,
    queue: VecDeque<Waiting>,
    schedule_is_next: bool,
    store_fault: bool,
    attempts: u64,
}

#[derive(Debug, Clone)]
struct InFlight {
    attempt: u64,
    prepared: PreparedCall,
    is_scheduled: bool,
}

#[derive(Debug, Clone)]
struct Waiting {
    call: Call,
    cleared_up: bool,
}

/// A call on its way to the network.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) attempt: u64,
    pub(crate) prepared: PreparedCall,
}

impl Daemon {
    /// Loads what is on disk, as `licensed::daemon` does, and takes up the time. `attempts` is above every
    /// number that an earlier daemon of this machine used.
    pub(crate) fn start(
        machine: &mut Machine,
        attempts: u64,
        at: Moment,
        chance: &mut fastrand::Rng,
    ) -> Result<Self, Died> {
        let record = machine.disk.load_clock();
        // The store writes no JSON that it cannot read.
        let (found, is_lost) = machine.disk.load().unwrap_or_default();
        let floor = found.as_ref().map_or(Age::default(), |state| state.age);
        let (clock, resumed) = Clock::resume(record.as_ref(), floor, &machine.reading(at));
        let now = machine.now(&clock, at);
        let state = match found.clone() {
            Some(state) => {
                let keys = state.keys.as_ref().and_then(|keys| keys.read().ok());
                state.verified(&machine.public, keys.as_ref(), now)
            }
            None if is_lost => State::lost(now),
            None => State::unregistered(now),
        };
        let mut daemon = Self {
            state,
            clock,
            started_at: at,
            in_flight: None,
            queue: VecDeque::new(),
            schedule_is_next: false,
            store_fault: false,
            attempts,
        };
        if found.as_ref() != Some(&daemon.state) {
            daemon.save(machine, Effect::SaveBoth)?;
        }
        let fraction = chance.f64();
        let evidence = machine.evidence();
        let started = Event::Started { booted: resumed.booted, off: resumed.off, evidence, fraction };
        daemon.apply(machine, started, at)?;
        daemon.save_clock(machine, at)?;
        Ok(daemon)
    }

    pub(crate) fn now(&self, machine: &Machine, at: Moment) -> Now {
        machine.now(&self.clock, at)
    }

    /// Whether a full disk did not take the last state.
    pub(crate) fn has_unsaved_state(&self) -> bool {
        self.store_fault
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.attempts
    }

    /// A person or a module asks for something.
    pub(crate) fn ask(&mut self, machine: &Machine, call: Call, at: Moment) {
        let phase = self.state.phase(self.now(machine, at));
        let is_unregistered = matches!(phase, Phase::Unregistered | Phase::Registering);
        let needs_number = !matches!(call, Call::Register(_) | Call::Activate { .. });
        if is_unregistered && needs_number {
            return;
        }
        let joins = self.in_flight.as_ref().is_some_and(|under_way| under_way.prepared.call == call);
        if joins || self.queue.iter().any(|waiting| waiting.call == call) {
            return;
        }
        self.queue.push_back(Waiting { call, cleared_up: false });
        let gives_way =
            |under_way: &mut InFlight| under_way.is_scheduled && under_way.prepared.call == Call::CheckIn;
        if !self.schedule_is_next && self.in_flight.take_if(gives_way).is_some() {
            self.schedule_is_next = true;
        }
    }

    pub(crate) fn reset(&mut self, machine: &mut Machine, at: Moment) -> Result<(), Died> {
        self.queue.clear();
        self.in_flight = None;
        self.apply(machine, Event::Reset, at)
    }

    /// Somebody says that there is news. Nobody signed it.
    pub(crate) fn hear_of_news(&mut self, machine: &mut Machine, at: Moment) -> Result<(), Died> {
        self.apply(machine, Event::News, at)
    }

    /// Starts the next call, if none is under way: a waiting one, or what is due.
    pub(crate) fn start_next(
        &mut self,
        machine: &mut Machine,
        at: Moment,
        chance: &mut fastrand::Rng,
    ) -> Result<Option<Sent>, Died> {
        if self.store_fault {
            self.save(machine, Effect::SaveBoth)?;
        }
        if self.in_flight.is_some() {
            return Ok(None);
        }
        if let Some(next) = self.queue.front_mut()
            && !next.cleared_up
            && let Some(unknown) = self.state.unknown_outcome_beside(&next.call)
        {
            next.cleared_up = true;
            let unknown = unknown.clone();
            return self.send(machine, unknown, false, at).map(Some);
        }
        let now = self.now(machine, at);
        let is_due = self.state.due().is_some_and(|due| due <= now.age);
        let waiting = if is_due && self.schedule_is_next { None } else { self.queue.pop_front() };
        let (prepared, is_scheduled) = if let Some(Waiting { call, .. }) = waiting {
            self.schedule_is_next = is_due;
            let pending = self.state.pending.clone().filter(|pending| pending.call == call);
            (pending.or_else(|| self.prepare(machine, call, now, chance)), false)
        } else if is_due {
            let prepared = match self.state.background() {
                Background::Repeat(pending) => Some(*pending),
                Background::Make(call) => self.prepare(machine, call, now, chance),
            };
            (prepared, true)
        } else {
            return Ok(None);
        };
        prepared.map(|prepared| self.send(machine, prepared, is_scheduled, at)).transpose()
    }

    fn prepare(
        &self,
        machine: &Machine,
        call: Call,
        now: Now,
        chance: &mut fastrand::Rng,
    ) -> Option<PreparedCall> {
        let (mut id, mut nonce) = ([0; 16], [0; 32]);
        chance.fill(&mut id);
        chance.fill(&mut nonce);
        let evidence = machine.evidence();
        PreparedCall::new(call, RequestId(id), Nonce(nonce), evidence, &self.state, 0, now).ok()
    }

    fn send(
        &mut self,
        machine: &mut Machine,
        prepared: PreparedCall,
        is_scheduled: bool,
        at: Moment,
    ) -> Result<Sent, Died> {
        if prepared.changes_something() && self.state.pending.as_ref() != Some(&prepared) {
            self.apply(machine, Event::Sending(Box::new(prepared.clone())), at)?;
        }
        self.attempts += 1;
        let attempt = self.attempts;
        self.in_flight = Some(InFlight { attempt, prepared: prepared.clone(), is_scheduled });
        Ok(Sent { attempt, prepared })
    }

    /// Ends a call, unless it was given up meanwhile.
    pub(crate) fn end(
        &mut self,
        machine: &mut Machine,
        attempt: u64,
        heard: Heard,
        root: PublicKey,
        at: Moment,
        chance: &mut fastrand::Rng,
    ) -> Result<Option<Outcome>, Died> {
        let Some(InFlight { prepared, is_scheduled, .. }) =
            self.in_flight.take_if(|under_way| under_way.attempt == attempt)
        else {
            return Ok(None);
        };
        self.schedule_is_next &= !is_scheduled;
        if self.state.pending.as_ref().is_some_and(|pending| pending.request_id == prepared.request_id) {
            self.queue.iter_mut().for_each(|waiting| waiting.cleared_up = true);
        }
        let outcome = match heard {
            Heard::Answer(answer) => {
                let judge = Judge {
                    roots: &[root],
                    keys: self.state.keys.as_ref(),
                    host_key: &machine.public,
                    above_serial: self.state.held().map(|held| held.statement().serial),
                    url: "simulated",
                };
                judge.classify(&prepared.call, &prepared.nonce, &answer)
            }
            Heard::Nothing { maybe_delivered } => Outcome::NoAnswer(NoAnswer {
                code: Code::NO_ANSWER,
                message: Text::verbatim("nothing came back"),
                maybe_delivered,
                retry_after: None,
            }),
        };
        let retry_step = licensed::retry::step(self.state.contact.failures.saturating_add(1));
        let (call, fraction) = (Box::new(prepared), chance.f64());
        self.apply(machine, Event::Ended { call, outcome: outcome.clone(), retry_step, fraction }, at)?;
        Ok(Some(outcome))
    }

    fn apply(&mut self, machine: &mut Machine, event: Event, at: Moment) -> Result<(), Died> {
        let (state, effects) = self.state.clone().step(event, self.now(machine, at));
        self.state = state;
        effects.into_iter().try_for_each(|effect| self.save(machine, effect))
    }

    fn save(&mut self, machine: &mut Machine, effect: Effect) -> Result<(), Died> {
        match machine.disk.save(&self.state, effect) {
            Ok(()) => self.store_fault = false,
            Err(WriteFault::Full) => self.store_fault = true,
            Err(WriteFault::Died) => return Err(Died),
        }
        Ok(())
    }

    fn save_clock(&self, machine: &mut Machine, at: Moment) -> Result<(), Died> {
        let reading = machine.reading(at);
        let estimated = self.state.held().map(|held| held.unix_at(self.now(machine, at).age));
        match machine.disk.save_clock(self.clock.record(reading.since_boot, reading.wall, estimated)) {
            Ok(()) | Err(WriteFault::Full) => Ok(()),
            Err(WriteFault::Died) => Err(Died),
        }
    }

    /// Stores the time as often as the daemon would have until now. Only a stop needs it, so it is done there.
    pub(crate) fn save_last_clock(&self, machine: &mut Machine, at: Moment) {
        let interval = u64::try_from(CLOCK_INTERVAL.as_millis()).unwrap_or(u64::MAX);
        let ran = at.0.saturating_sub(self.started_at.0);
        // If the disk has no room for it, the older one stays.
        let _ = self.save_clock(machine, self.started_at.after(ran / interval * interval));
    }

    /// Everything that is under way is given up, as at the revival of a machine that was saved with its memory.
    pub(crate) fn cut_off(&mut self) {
        self.in_flight = None;
        self.queue.clear();
    }

    /// Numbers of attempts are not used twice.
    pub(crate) fn raise_attempts(&mut self, used: u64) {
        self.attempts = self.attempts.max(used);
    }

    /// When to look again, if nothing happens.
    pub(crate) fn wakes_at(&self, machine: &Machine, at: Moment) -> Option<Moment> {
        let retry = self.store_fault.then_some(at.after(NAP));
        if self.in_flight.is_some() {
            return retry;
        }
        if !self.queue.is_empty() {
            return Some(at.after(SECOND / 100));
        }
        let wait = self.state.due()?.saturating_since(self.now(machine, at).age);
        let due = at.after_duration(wait.max(Duration::from_millis(10)));
        Some(retry.map_or(due, |retry| retry.min(due)))
    }

    /// A seat of the feature that this host holds.
    pub(crate) fn session(&self, feature: FeatureId) -> Option<SessionId> {
        let (_, lease) = self.state.lease()?;
        let row = lease.features.iter().find(|row| row.feature == feature)?;
        row.held.first().map(|seat| seat.session.clone())
    }
}
