//! The keeper: the one task that owns the state.
//!
//! It takes commands over a channel, makes the calls to the license server, one at a time, and publishes
//! a snapshot after every change. Queries read the snapshot and wait for nobody.

mod admission;
mod deprovision;
mod first;
mod give_up;
mod handle;
mod news;
mod publish;
mod refusals;
mod save;
mod seats;
mod server;
mod skew;
mod surroundings;
#[cfg(test)]
mod tests;
mod untold;

use std::{
    collections::{BTreeMap, VecDeque},
    future,
    sync::Arc,
    time::Duration,
};

use license_core::{
    api::Call,
    crypto::{Nonce, PublicKey, RequestId},
    envelope::Envelope,
    outcome::{HttpAnswer, NoAnswer, Outcome},
    state::{Background, Effect, Event, PreparedCall, State},
    time::{Age, Resumed},
};
use license_ipc::ErrorKind;
use license_texts::{Text, text};
use license_types::{Code, FeatureId};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

pub(crate) use self::handle::draining;
use self::{
    admission::RefusedSeat,
    first::First,
    handle::{Command, MOST_UNTAKEN, Waiter},
    news::News,
    publish::Said,
    surroundings::Surroundings,
    untold::Untold,
};
pub use self::{
    handle::{CallResult, Handle, Success},
    refusals::LastRefusal,
};
use crate::{
    clock::SystemClock,
    config::Limits,
    identity::Identity,
    metrics::Metrics,
    reply::Failure,
    retry,
    skew::ServerTime,
    snapshot::Snapshot,
    store::Store,
    transport::{Exchange, HttpRequest, TransportError},
    view::View,
};

/// How often the time is stored: what a power cut may cost of it (design, section 4).
const CLOCK_INTERVAL: Duration = Duration::from_mins(10);

/// How often the keeper looks around: a timer does not count suspends, and nobody tells what only time changes.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);

/// The longest sleep, for when nothing is due.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);

/// The shortest sleep, so that nothing that stays due can make a busy loop.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);

/// What a keeper works with.
#[derive(Debug)]
pub struct Parts<E> {
    /// The state as it was loaded and verified.
    pub state: State,
    /// Where it is stored.
    pub store: Store,
    /// What tells the time.
    pub clock: SystemClock,
    /// Who this host is.
    pub identity: Identity,
    /// What can change at run time.
    pub settings: Settings<E>,
}

/// What can change at run time.
#[derive(Debug)]
pub struct Settings<E> {
    /// Who carries calls; `None` while no license server is configured.
    pub exchange: Option<Arc<E>>,
    /// The pinned root keys.
    pub roots: Vec<PublicKey>,
    /// Where a root key is to be put if there is none, for messages.
    pub trust_path: String,
    /// Whether some of the root keys could not be read.
    pub trust_is_faulty: bool,
    /// What clients may take.
    pub limits: Limits,
}

/// The keeper's task.
#[derive(Debug)]
pub struct Keeper<E> {
    state: State,
    store: Store,
    clock: SystemClock,
    identity: Identity,
    host_key: PublicKey,
    settings: Settings<E>,
    commands: mpsc::Receiver<Command<E>>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    in_flight: Option<InFlight>,
    news: News,
    queue: VecDeque<Waiting>,
    /// Features for which the license server refused a seat, with the serial held then: modules ask
    /// again and again, and nothing has changed before the serial does.
    refused_seats: BTreeMap<FeatureId, RefusedSeat>,
    last_refusal: Option<LastRefusal>,
    untold: VecDeque<Untold>,
    /// Whether what is due comes before what somebody waits for: they take turns, or a busy module could
    /// keep the license server's word from this host.
    schedule_is_next: bool,
    first: First,
    /// The license server's time, and how far off ours was when that was said last.
    server_time: Option<ServerTime>,
    said_skew: bool,
    /// Whether this host is removed from the disk. Nothing is written any more.
    is_deprovisioned: bool,
    chance: fastrand::Rng,
    surroundings: Surroundings,
    said: Said,
    store_fault: Option<Text>,
    metrics: Metrics,
}

/// The call that is under way.
#[derive(Debug)]
struct InFlight {
    prepared: PreparedCall,
    waiters: Vec<Waiter>,
    /// Whether the schedule made it, and nobody waited for it.
    is_scheduled: bool,
    task: JoinHandle<Result<HttpAnswer, TransportError>>,
}

/// A call that waits for its turn.
#[derive(Debug)]
struct Waiting {
    call: Call,
    asked_by: u32,
    since: Age,
    waiters: Vec<Waiter>,
    /// Whether the call with an unknown outcome was repeated before this one.
    cleared_up: bool,
}

impl<E: Exchange> Keeper<E> {
    /// Makes a keeper and the handle that everybody else uses. `seed` is for jitter.
    #[must_use]
    pub fn new(parts: Parts<E>, seed: u64) -> (Self, Handle<E>) {
        let Parts { state, store, clock, identity, settings } = parts;
        let view = Arc::new(View::first(&state, clock.now()));
        let snapshot = Snapshot::new(state.clone(), &settings, view);
        let (snapshots, reader) = watch::channel(Arc::new(snapshot));
        let (sender, commands) = mpsc::channel(MOST_UNTAKEN);
        let metrics = Metrics::default();
        let handle = Handle::new(sender, reader, clock.clone(), metrics.clone(), settings.exchange.clone());
        let keeper = Self {
            state,
            store,
            clock,
            host_key: identity.public_key(),
            identity,
            settings,
            commands,
            snapshots,
            in_flight: None,
            news: News::default(),
            queue: VecDeque::new(),
            refused_seats: BTreeMap::new(),
            last_refusal: None,
            untold: VecDeque::new(),
            schedule_is_next: false,
            first: First::default(),
            server_time: None,
            said_skew: false,
            is_deprovisioned: false,
            chance: fastrand::Rng::with_seed(seed),
            surroundings: Surroundings::now(),
            said: Said::default(),
            store_fault: None,
            metrics,
        };
        (keeper, handle)
    }

    /// Works until `stop`. `started` says how the clock took up the time.
    pub async fn run(mut self, started: Resumed, stop: CancellationToken) {
        let fraction = self.chance.f64();
        let evidence = self.identity.evidence.clone();
        self.apply(Event::Started { booted: started.booted, off: started.off, evidence, fraction }).await;
        self.save_clock().await;
        let (mut clock_ticks, mut looks) = (time::interval(CLOCK_INTERVAL), time::interval(LOOK_INTERVAL));
        clock_ticks.reset();
        looks.reset();
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.is_deprovisioned {
            self.start_next().await;
            self.listen();
            let nap = self.nap();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                ended = ended(self.in_flight.as_mut()) => self.end(ended).await,
                Some(command) = self.commands.recv() => self.take(command).await,
                heard = self.news.heard() => self.hear(heard).await,
                _ = clock_ticks.tick() => self.save_clock().await,
                _ = looks.tick() => self.look().await,
                () = time::sleep(nap) => {
                    self.turn();
                    self.announce();
                }
            }
        }
        self.drain().await;
        // The daemon ends with its keeper.
        stop.cancel();
    }

    /// Does what nobody tells it to.
    async fn look(&mut self) {
        let is_offline = self.state.contact.offline_since.is_some();
        if let Some(event) = self.surroundings.look(is_offline, self.chance.f64()) {
            let is_resumed = matches!(event, Event::Resumed { .. });
            let what =
                if is_resumed { "the machine was suspended" } else { "there is a new way into the network" };
            self.apply(event).await;
            let wait = self.state.due().map(|due| due.saturating_since(self.clock.now().age).as_secs());
            info!(wait, "{what}; the next check is planned anew");
        }
        self.announce();
        if self.store_fault.is_some() {
            // What could not be written may have been a refusal or a reset: both generations.
            self.save(Effect::SaveBoth).await;
            self.publish();
        }
    }

    /// How long to sleep when nothing happens.
    fn nap(&self) -> Duration {
        let calls = [self.state.due(), self.news_due(), self.first_due()].into_iter().flatten().min();
        let calls = calls.filter(|_| self.in_flight.is_none());
        let due = calls.into_iter().chain(self.snapshot().view.turns_at).min();
        let wait = due.map_or(LONGEST_SLEEP, |due| due.saturating_since(self.clock.now().age));
        wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    async fn take(&mut self, command: Command<E>) {
        match command {
            Command::Call { call, asked_by, waiter } => {
                if let Some(session) = self.retaken(&call) {
                    return self.retake(session, asked_by, waiter).await;
                }
                self.take_call(call, asked_by, waiter);
            }
            Command::Release { session, asked_by, waiter } => {
                self.apply(Event::Release(session.clone())).await;
                self.take_call(Call::Release { session }, asked_by, waiter);
            }
            Command::NotTold { coupon } => self.coupon_not_told(coupon),
            Command::Reset { done } => {
                self.overtake();
                self.apply(Event::Reset).await;
                // The asker may have gone; the reset stands.
                let _ = done.send(());
            }
            Command::Deprovision { done } => {
                let result = self.deprovision().await;
                // The asker may have gone; what is removed stays removed.
                let _ = done.send(result);
            }
            // Who wanted to know may have given up.
            Command::Pulse { done } => drop(done.send(())),
            Command::Configure { settings, done } => {
                self.news.stop();
                self.settings = *settings;
                if self.state.contact.failures > 0 {
                    // A person has just mended something, maybe: no reason to wait for the next step.
                    self.apply(Event::NetworkReturned { fraction: 0.0 }).await;
                }
                self.publish();
                let _ = done.send(());
            }
        }
    }

    fn take_call(&mut self, call: Call, asked_by: u32, waiter: Waiter) {
        if let Some(success) = self.told_now(&call) {
            answer(vec![waiter], &Ok(success));
            return;
        }
        if let Err(failure) = self.admit(&call, waiter.is_automatic) {
            answer(vec![waiter], &Err(failure));
            return;
        }
        if let Some(under_way) = self.in_flight.as_mut().filter(|under_way| under_way.prepared.call == call) {
            under_way.waiters.push(waiter);
        } else if let Some(waiting) = self.queue.iter_mut().find(|waiting| waiting.call == call) {
            waiting.waiters.push(waiter);
        } else if let Err(failure) = self.room_for(asked_by) {
            answer(vec![waiter], &Err(failure));
        } else {
            let since = self.clock.now().age;
            self.queue.push_back(Waiting { call, asked_by, since, waiters: vec![waiter], cleared_up: false });
            self.give_way();
        }
    }

    /// Starts the next call, if none is under way: a waiting one, or what is due.
    async fn start_next(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        if let Some(next) = self.queue.front_mut()
            && !next.cleared_up
            && let Some(first) = self.state.comes_before(&next.call)
        {
            next.cleared_up = true;
            return self.send_by_itself(first).await;
        }
        let is_due = self.state.due().is_some_and(|due| due <= self.clock.now().age);
        let waiting = if is_due && self.schedule_is_next { None } else { self.queue.pop_front() };
        if let Some(Waiting { call, asked_by, waiters, .. }) = waiting {
            self.schedule_is_next = is_due;
            if let (Call::Release { .. }, Some(_)) = (&call, self.state.unknown_outcome_beside(&call)) {
                // Nobody could remember that it was told. It is told when the other outcome is known.
                return answer(waiters, &Err(self.still_away()));
            }
            let pending = self.state.pending.clone().filter(|pending| pending.call == call);
            match pending.map_or_else(|| self.prepare(call, asked_by), Ok) {
                Ok(prepared) => self.send(prepared, waiters).await,
                Err(failure) => answer(waiters, &Err(failure)),
            }
        } else if is_due {
            self.send_by_itself(self.state.background()).await;
        } else if let Some(call) = self.first_call() {
            self.send_by_itself(Background::Make(call)).await;
        }
    }

    /// Sends what nobody waits for.
    async fn send_by_itself(&mut self, background: Background) {
        let prepared = match background {
            Background::Repeat(pending) => Ok(*pending),
            Background::Make(call) => self.prepare(call, 0),
        };
        match prepared {
            Ok(prepared) => self.send(prepared, Vec::new()).await,
            Err(failure) => error!(%failure, "cannot prepare a call to the license server"),
        }
    }

    fn prepare(&self, call: Call, asked_by: u32) -> Result<PreparedCall, Failure> {
        let (mut id, mut nonce) = ([0; 16], [0; 32]);
        let drawn = getrandom::fill(&mut id).and_then(|()| getrandom::fill(&mut nonce));
        let now = self.clock.now();
        let evidence = self.identity.evidence.clone();
        let prepared = drawn.map_err(|error| error.to_string()).and_then(|()| {
            PreparedCall::new(call, RequestId(id), Nonce(nonce), evidence, &self.state, asked_by, now)
                .map_err(|error| error.to_string())
        });
        prepared.map_err(|detail| Failure {
            kind: ErrorKind::NoAnswer,
            code: Some(Code::NO_ANSWER),
            message: text!("request-not-prepared", error = detail),
        })
    }

    async fn send(&mut self, prepared: PreparedCall, waiters: Vec<Waiter>) {
        let exchange = match self.ready_to_call() {
            Ok(exchange) => exchange,
            // The attempt fails here: people see why, and the next one is a step later.
            Err(failure) => {
                let why = NoAnswer {
                    code: failure.code.unwrap_or(Code::NO_ANSWER),
                    message: failure.message.clone(),
                    maybe_delivered: false,
                    retry_after: None,
                };
                self.conclude(prepared, Outcome::NoAnswer(why)).await;
                return answer(waiters, &Err(failure));
            }
        };
        if prepared.changes_something() && self.state.pending.as_ref() != Some(&prepared) {
            self.apply(Event::Sending(Box::new(prepared.clone()))).await;
        }
        let path = prepared.call.path();
        let key = &self.identity.key;
        let envelope =
            Envelope::seal(key, "POST", path, &prepared.body.0, prepared.request_id, prepared.serial);
        let request =
            HttpRequest::call(self.moment(), path, envelope.headers().to_vec(), prepared.body.0.clone());
        let task = tokio::spawn(async move { exchange.exchange(request).await });
        self.in_flight = Some(InFlight { prepared, is_scheduled: waiters.is_empty(), waiters, task });
    }

    /// Ends the call that is under way.
    async fn end(&mut self, result: Result<HttpAnswer, TransportError>) {
        let Some(InFlight { prepared, waiters, is_scheduled, .. }) = self.in_flight.take() else { return };
        self.schedule_is_next &= !is_scheduled;
        if self.state.pending.as_ref().is_some_and(|pending| pending.request_id == prepared.request_id) {
            // Whatever came of it: nobody who waits needs another repetition first.
            self.queue.iter_mut().for_each(|waiting| waiting.cleared_up = true);
        }
        let url = self.url().unwrap_or_default();
        let (is_reached, is_throttled) = (result.is_ok(), matches!(&result, Ok(http) if http.status == 429));
        let outcome = match result {
            Ok(http) => self.judge(&url).classify(&prepared.call, &prepared.nonce, &http),
            Err(error) => Outcome::NoAnswer(error.no_answer(&url)),
        };
        self.judge_server(&outcome, is_throttled);
        self.note_refusal(&prepared.call, &outcome, waiters.iter().any(|waiter| !waiter.is_automatic));
        let call = prepared.call.clone();
        let snapshot = self.conclude(prepared, outcome.clone()).await;
        if waiters.iter().all(Waiter::is_gone) {
            self.not_told(&call, &outcome);
        }
        if let Outcome::NoAnswer(_) = outcome {
            self.dismiss(is_reached);
        }
        answer(waiters, &handle::result_of(outcome, snapshot));
    }

    /// Applies what came of a call; gives what is known then.
    async fn conclude(&mut self, prepared: PreparedCall, outcome: Outcome) -> Arc<Snapshot> {
        self.metrics.called(&outcome);
        Self::announce_refusal(&prepared.call, &outcome);
        self.note_refused_seat(&prepared.call, &outcome);
        let outcome = self.note_first(&prepared.call, outcome);
        if let Outcome::Statement(accepted) = &outcome {
            self.news.reached(self.clock.now().age);
            self.note_server_time(&prepared, accepted.statement.issued_at);
        }
        let event = Event::Ended {
            call: Box::new(prepared),
            outcome,
            retry_step: retry::step(self.state.contact.failures.saturating_add(1)),
            fraction: self.chance.f64(),
        };
        self.apply(event).await;
        self.snapshot()
    }

    /// Applies an event to the state, stores what is to be stored, and publishes.
    async fn apply(&mut self, event: Event) {
        let (state, effects) = self.state.clone().step(event, self.clock.now());
        self.state = state;
        for effect in effects {
            self.save(effect).await;
        }
        self.publish();
        self.announce();
    }
}

/// The result of the call that is under way; for ever pending if there is none.
async fn ended(in_flight: Option<&mut InFlight>) -> Result<HttpAnswer, TransportError> {
    match in_flight {
        None => future::pending().await,
        Some(under_way) => {
            (&mut under_way.task).await.unwrap_or_else(|error| Err(TransportError::broken(&error)))
        }
    }
}

fn answer(waiters: Vec<Waiter>, result: &CallResult) {
    for waiter in waiters {
        waiter.tell(result.clone());
    }
}
