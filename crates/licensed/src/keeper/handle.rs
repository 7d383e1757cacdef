//! How everybody else speaks with the keeper.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use license_core::{
    api::{Call, License},
    outcome::Outcome,
    time::Now,
};
use license_ipc::ErrorKind;
use license_texts::{Language, Text, text};
use license_types::{Coupon, SessionId};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time,
};

use super::Settings;
use crate::{clock::SystemClock, metrics::Metrics, reply::Failure, snapshot::Snapshot, watcher::Watcher};

/// Commands that the keeper has not taken yet; who sends one more waits until it has.
pub(super) const MOST_UNTAKEN: usize = 64;

/// How long a reset, which stands at once, waits for the license server to hear of it. One that is there answers
/// sooner, and whoever asks for `status` next is to read what holds.
const MOMENT: Duration = Duration::from_secs(2);

/// What came of a call.
pub type CallResult = Result<Success, Failure>;

/// A call that the license server did.
#[derive(Debug, Clone)]
pub struct Success {
    /// What is known now.
    pub snapshot: Arc<Snapshot>,
    /// The seat, after a capture.
    pub session: Option<SessionId>,
    /// The license, after a question about another number.
    pub license: Option<License>,
    /// What did not go quite as wanted.
    pub warnings: Vec<Text>,
}

impl Success {
    pub(super) const fn nothing(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot, session: None, license: None, warnings: Vec::new() }
    }
}

/// Who waits for what comes of a call.
#[derive(Debug)]
pub(super) struct Waiter {
    reply: oneshot::Sender<CallResult>,
    /// Whether a module asks by itself, and no person.
    pub(super) is_automatic: bool,
}

impl Waiter {
    fn new(is_automatic: bool) -> (Self, oneshot::Receiver<CallResult>) {
        let (reply, result) = oneshot::channel();
        (Self { reply, is_automatic }, result)
    }

    /// Whether it hung up.
    pub(super) fn is_gone(&self) -> bool {
        self.reply.is_closed()
    }

    pub(super) fn tell(self, result: CallResult) {
        // One that hung up misses its answer; what was done stays done.
        let _ = self.reply.send(result);
    }
}

/// What can be asked of the keeper.
#[derive(Debug)]
pub(super) enum Command<E> {
    /// Make a call. An automatic one is a module's by itself, and fails at once during an outage.
    Call { call: Call, asked_by: u32, waiter: Waiter },
    /// Give a seat back.
    Release { session: SessionId, asked_by: u32, waiter: Waiter },
    /// Nobody heard that this coupon is activated.
    NotTold { coupon: Coupon },
    /// Give the registration number up.
    Reset { done: oneshot::Sender<()> },
    /// Remove this host.
    Deprovision { done: oneshot::Sender<Result<Vec<Text>, Failure>> },
    /// Give a sign of life.
    Pulse { done: oneshot::Sender<()> },
    /// Go on with other settings.
    Configure { settings: Box<Settings<E>>, done: oneshot::Sender<()> },
}

/// The keeper, for everybody else. Cheap to clone.
#[derive(Debug)]
pub struct Handle<E> {
    commands: mpsc::Sender<Command<E>>,
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    clock: SystemClock,
    metrics: Metrics,
    exchange: Arc<Mutex<Option<Arc<E>>>>,
}

impl<E> Clone for Handle<E> {
    fn clone(&self) -> Self {
        Self {
            commands: self.commands.clone(),
            snapshots: self.snapshots.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            exchange: self.exchange.clone(),
        }
    }
}

impl<E> Handle<E> {
    pub(super) fn new(
        commands: mpsc::Sender<Command<E>>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        clock: SystemClock,
        metrics: Metrics,
        exchange: Option<Arc<E>>,
    ) -> Self {
        Self { commands, snapshots, clock, metrics, exchange: Arc::new(Mutex::new(exchange)) }
    }

    /// Who carries calls, for a question that needs no keeper; `None` while no server is configured.
    #[must_use]
    pub fn exchange(&self) -> Option<Arc<E>> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is known now. Never waits.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Follows what is known, in a language.
    #[must_use]
    pub fn watch(&self, language: Language) -> Watcher {
        Watcher::new(self.snapshots.clone(), language)
    }

    /// The moment of a decision.
    #[must_use]
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// What is counted.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Has a call made for `uid`, and waits for what comes of it.
    pub async fn call(&self, call: Call, uid: u32) -> CallResult {
        self.make(call, uid, false).await
    }

    /// Has a call made that a module makes by itself: during an outage it fails at once.
    pub async fn call_automatically(&self, call: Call, uid: u32) -> CallResult {
        self.make(call, uid, true).await
    }

    async fn make(&self, call: Call, asked_by: u32, is_automatic: bool) -> CallResult {
        let (waiter, result) = Waiter::new(is_automatic);
        let command = Command::Call { call, asked_by, waiter };
        self.commands.send(command).await.map_err(|_| draining())?;
        result.await.map_err(|_| draining())?
    }

    /// Gives a seat back: here at once, whatever comes of telling the license server, which is waited for.
    pub async fn release(&self, session: SessionId, asked_by: u32) -> CallResult {
        let (waiter, result) = Waiter::new(false);
        let command = Command::Release { session, asked_by, waiter };
        self.commands.send(command).await.map_err(|_| draining())?;
        result.await.map_err(|_| draining())?
    }

    /// Notes that whoever activated this coupon did not hear that it is.
    pub async fn not_told(&self, coupon: Coupon) {
        // A keeper that has ended tells nobody.
        let _ = self.commands.send(Command::NotTold { coupon }).await;
    }

    /// Forgets the registration number on this host.
    pub async fn reset(&self) -> Result<(), Failure> {
        let (done, result) = oneshot::channel();
        self.commands.send(Command::Reset { done }).await.map_err(|_| draining())?;
        result.await.map_err(|_| draining())
    }

    /// Whether the license server knows of the last reset, or need not. Waits for the first attempt to tell it, a
    /// moment at most.
    pub async fn is_reset_told(&self) -> bool {
        let is_tried = |now: &Arc<Snapshot>| !now.state.unbind || now.state.contact.last_failure.is_some();
        let mut snapshots = self.snapshots.clone();
        // What is known after the moment counts, also of a keeper that has ended.
        let _ = time::timeout(MOMENT, snapshots.wait_for(is_tried)).await;
        !self.snapshot().state.unbind
    }

    /// Gives this host up and removes its key and state; the daemon stops then. Gives warnings.
    pub async fn deprovision(&self) -> Result<Vec<Text>, Failure> {
        let (done, result) = oneshot::channel();
        self.commands.send(Command::Deprovision { done }).await.map_err(|_| draining())?;
        result.await.map_err(|_| draining())?
    }

    /// Waits for a sign of life.
    pub async fn pulse(&self) -> Result<(), Failure> {
        let (done, result) = oneshot::channel();
        self.commands.send(Command::Pulse { done }).await.map_err(|_| draining())?;
        result.await.map_err(|_| draining())
    }

    /// Goes on with other settings; they are in force when it returns.
    pub async fn configure(&self, settings: Settings<E>) -> Result<(), Failure> {
        let exchange = settings.exchange.clone();
        let (done, result) = oneshot::channel();
        let command = Command::Configure { settings: Box::new(settings), done };
        self.commands.send(command).await.map_err(|_| draining())?;
        result.await.map_err(|_| draining())?;
        *self.exchange.lock().unwrap_or_else(PoisonError::into_inner) = exchange;
        Ok(())
    }
}

/// The failure of whatever comes while the daemon stops.
pub(crate) fn draining() -> Failure {
    Failure::plain(ErrorKind::Draining, text!("draining"))
}

/// The failure of what another request came before.
pub(super) const fn overtaken(how: Text) -> Failure {
    Failure::plain(ErrorKind::Overtaken, how)
}

/// What an outcome is to the one who asked.
pub(super) fn result_of(outcome: Outcome, snapshot: Arc<Snapshot>) -> CallResult {
    match outcome {
        Outcome::Statement(accepted) => Ok(Success {
            session: accepted.session,
            warnings: accepted.warnings,
            ..Success::nothing(snapshot)
        }),
        Outcome::Done(license) => Ok(Success { license, ..Success::nothing(snapshot) }),
        Outcome::Refused(problem) => {
            Err(Failure { kind: ErrorKind::Refused, code: problem.code, message: problem.said() })
        }
        Outcome::NoAnswer(why) => {
            Err(Failure { kind: ErrorKind::NoAnswer, code: Some(why.code), message: why.message })
        }
    }
}
