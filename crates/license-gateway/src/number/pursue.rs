//! The one task that pursues what is wished.

use std::{future, mem, sync::Arc};

use license_client::{
    ClientError,
    ipc::{self, Done, ErrorKind},
    types::{Code, RegistrationNumber},
};
use tokio::{
    sync::{mpsc, oneshot},
    task,
    time::{self, Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Changed, Pace,
    ask::{Asking, Told, is_definitive, kind_of},
    key_file::{Content, KeyFile},
    store::{Store, StoreError},
    wish::{Binding, Decision, Event, State, Wish},
};
use crate::daemon::Daemon;

/// What the task is told to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Pursue a person's wish.
    Change { number: Option<RegistrationNumber>, reply: Reply },
    /// Adopt a number, if the host may.
    Adopt { number: RegistrationNumber, binding: Binding, reply: Reply },
    /// Give up what is pursued.
    Forget { reply: oneshot::Sender<()> },
}

/// Who waits for the first attempt. Nobody may be there any more: then nobody is told.
type Reply = oneshot::Sender<Changed>;

/// The task.
#[derive(Debug)]
pub(super) struct Pursuit {
    pace: Pace,
    daemon: Arc<Daemon>,
    store: Store,
    key_file: Option<KeyFile>,
    commands: mpsc::Receiver<Command>,
    state: State,
    asking: Option<Asking>,
    waiters: Vec<Reply>,
    /// Attempts in a row that came to nothing, and when the next one is due.
    failures: u32,
    due: Instant,
    /// What the daemon was in at the last look; `None` if it did not say.
    seen: Option<ipc::State>,
    /// Why the state is not on the disk as it is.
    unsaved: Option<String>,
    /// What was said last of an attempt, and of the key file.
    said: Option<(Option<ErrorKind>, Option<Code>)>,
    said_of_file: Option<String>,
    chance: fastrand::Rng,
}

impl Pursuit {
    pub(super) fn new(
        pace: Pace,
        daemon: Arc<Daemon>,
        store: Store,
        key_file: Option<KeyFile>,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self {
            pace,
            daemon,
            store,
            key_file,
            commands,
            state: State::default(),
            asking: None,
            waiters: Vec::new(),
            failures: 0,
            due: Instant::now(),
            seen: None,
            unsaved: None,
            said: None,
            said_of_file: None,
            chance: fastrand::Rng::new(),
        }
    }

    /// Works until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        self.load().await;
        let mut looks = time::interval(self.pace.look);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(command) = self.commands.recv() => self.take(command).await,
                told = told(self.asking.as_mut()) => {
                    self.asking = None;
                    self.hear(told).await;
                }
                () = self.daemon.is_followed_anew() => self.hear_of_return(),
                _ = looks.tick() => self.look().await,
            }
        }
    }

    async fn load(&mut self) {
        let store = self.store.clone();
        match blocking(move || store.load()).await {
            Ok(kept) => self.state = State::new(kept),
            Err(fault) => error!("{fault}"),
        }
        if let Some(wish) = &self.state.kept.wish {
            info!("{} is carried on, which {} wanted", wanted(wish), wish.from.name());
        }
    }

    /// Looks at the key file and at the daemon.
    async fn look(&mut self) {
        if self.unsaved.is_some() {
            self.save().await;
        }
        self.look_at_file().await;
        self.look_at_daemon();
    }

    async fn look_at_file(&mut self) {
        let Some(file) = self.key_file.clone() else { return };
        let looked = task::spawn_blocking(move || file.look()).await;
        let (content, fault) = match looked {
            Ok(Ok(content)) => (content, None),
            Ok(Err(fault)) => (Content::Unusable, Some(fault.to_string())),
            Err(fault) => (Content::Unusable, Some(fault.to_string())),
        };
        if let Some(fault) = fault.as_ref().filter(|fault| Some(*fault) != self.said_of_file.as_ref()) {
            warn!("{fault}");
        }
        self.said_of_file = fault;
        self.step(Event::File(content)).await;
    }

    async fn take(&mut self, command: Command) {
        match command {
            Command::Change { number, reply } => self.change(number, reply).await,
            Command::Adopt { number, binding, reply } => {
                if self.step(Event::Offered(number, binding)).await == Decision::Ask {
                    self.begin(reply);
                }
            }
            Command::Forget { reply } => {
                if let Some(wish) = &self.state.kept.wish {
                    info!("{} is given up: this host was given a number in another way", wanted(wish));
                }
                self.step(Event::Registered).await;
                self.tell(|| Changed::Replaced);
                self.give_up_asking();
                // Nobody may wait for it any more.
                let _ = reply.send(());
            }
        }
    }

    async fn change(&mut self, number: Option<RegistrationNumber>, reply: Reply) {
        if number.is_none() {
            // What lies there now is what the PBX is about to remove.
            self.look_at_file().await;
        }
        let is_same = self.state.kept.wish.as_ref().is_some_and(|wish| wish.number == number);
        self.step(Event::Wished(number)).await;
        if !is_same {
            self.tell(|| Changed::Replaced);
        }
        self.begin(reply);
    }

    /// Begins to pursue a new wish, which is on the disk if that could be.
    fn begin(&mut self, reply: Reply) {
        if let Some(wish) = &self.state.kept.wish {
            let (wanted, whose) = (wanted(wish), wish.from.name());
            match &self.unsaved {
                None => info!("{wanted} is pursued, which {whose} wants"),
                Some(fault) => warn!("{wanted} is pursued in memory alone, which {whose} wants: {fault}"),
            }
        }
        self.waiters.push(reply);
        self.start_anew();
        self.give_up_asking();
        self.look_at_daemon();
    }

    /// Asks no more, unless for a reset: that is quick, and what comes next must not overtake it.
    fn give_up_asking(&mut self) {
        self.asking.take_if(|asking| !asking.is_reset);
    }

    /// Asks how the daemon is, unless something is asked already.
    fn look_at_daemon(&mut self) {
        self.asking.get_or_insert_with(|| Asking::status(Arc::clone(&self.daemon)));
    }

    /// Makes the next attempt due now, as if it were the first.
    fn start_anew(&mut self) {
        self.failures = 0;
        self.due = Instant::now();
        self.said = None;
    }

    async fn hear(&mut self, told: Told) {
        match told {
            Told::Status(Ok((state, binding, changes))) => self.hear_status(state, binding, changes).await,
            Told::Status(Err(fault)) => {
                self.seen = None;
                self.step(Event::Unseen).await;
                self.not_yet(fault);
            }
            Told::Outcome(number, _)
                if self.state.kept.wish.as_ref().is_none_or(|wish| wish.number != number) =>
            {
                // The wish that it was asked for is replaced.
                self.look_at_daemon();
            }
            Told::Outcome(number, Ok(done)) => {
                let decision = self.step(Event::Answered(number, Ok(done))).await;
                self.conclude(decision);
            }
            Told::Outcome(number, Err(ClientError::Failed(failure))) if is_definitive(&failure) => {
                let decision = self.step(Event::Answered(number, Err(failure))).await;
                self.conclude(decision);
            }
            Told::Outcome(_, Err(fault)) => {
                self.failures = self.failures.saturating_add(1);
                self.due = Instant::now() + self.pace.pause(self.failures, self.chance.f64());
                self.not_yet(fault);
            }
        }
    }

    /// The daemon was started, maybe with another configuration: what did not work before may work now.
    fn hear_of_return(&mut self) {
        self.start_anew();
        self.look_at_daemon();
    }

    async fn hear_status(&mut self, state: ipc::State, binding: Binding, changes: u64) {
        let is_back = match self.seen {
            None => true,
            Some(before) => before == ipc::State::Offline && state == ipc::State::Fresh,
        };
        self.seen = Some(state);
        if is_back {
            self.start_anew();
        }
        let decision = self.step(Event::Seen(binding, changes)).await;
        self.conclude(decision);
    }

    /// Does what is decided.
    fn conclude(&mut self, decision: Decision) {
        match decision {
            Decision::Rest => {}
            Decision::Ask if self.due > Instant::now() => {}
            Decision::Ask => {
                let wished = self.state.kept.wish.as_ref().map(|wish| wish.number.clone());
                self.asking = wished.map(|number| Asking::wish(Arc::clone(&self.daemon), number));
            }
            Decision::Fulfilled(wish, done) => {
                info!("{} is done, which {} wanted", wanted(&wish), wish.from.name());
                let done = done.unwrap_or_else(|| by_then(&wish));
                for warning in &done.warnings {
                    warn!("{warning}");
                }
                self.tell(|| Changed::Done(done.clone()));
            }
            Decision::Refused(wish, failure) => {
                let code = failure.code.map(|code| code.0);
                error!(
                    license_code = code,
                    "{} was refused, and is not tried again: {failure}",
                    wanted(&wish)
                );
                self.tell(|| Changed::Refused(failure.clone()));
            }
            Decision::Overtaken(wish) => {
                warn!("{} is given up: this host's number was changed in another way", wanted(&wish));
                self.tell(|| Changed::Replaced);
            }
            Decision::Differs { file, bound } => {
                let file = file.masked();
                warn!(
                    "the key file holds {file}, and this host is bound to {bound}, which it stays. To have the other \
                     number, enter it in MikoPBX, or run `licensectl activate`"
                );
            }
        }
    }

    /// Says why nothing came of an attempt: to those who wait, and to the journal when the reason is a new one.
    fn not_yet(&mut self, fault: ClientError) {
        let Some(wish) = &self.state.kept.wish else { return };
        let kind = kind_of(&fault);
        if self.said != Some(kind) {
            let code = kind.1.map(|code| code.0);
            warn!(license_code = code, "not yet: {}, and it is carried on: {fault}", wanted(wish));
            self.said = Some(kind);
        }
        let (why, is_stored) = (Arc::new(fault), self.unsaved.is_none());
        self.tell(|| Changed::NotYet { why: Arc::clone(&why), is_stored });
    }

    fn tell(&mut self, changed: impl Fn() -> Changed) {
        for waiter in self.waiters.drain(..) {
            // It may have given up; the pursuit did not.
            let _ = waiter.send(changed());
        }
    }

    /// Takes the event up, on the disk too if that can be.
    async fn step(&mut self, event: Event) -> Decision {
        let (next, decision) = self.state.clone().step(event);
        let before = mem::replace(&mut self.state, next);
        if before.kept != self.state.kept {
            self.save().await;
        }
        let number = |state: &State| state.kept.wish.as_ref().map(|wish| wish.number.clone());
        if number(&before) != number(&self.state) {
            self.start_anew();
        }
        decision
    }

    async fn save(&mut self) {
        let (store, kept) = (self.store.clone(), self.state.kept.clone());
        let fault = blocking(move || store.save(&kept)).await.err().map(|fault| fault.to_string());
        match (&fault, &self.unsaved) {
            (Some(fault), None) => {
                error!("{fault}; it goes on in memory, and is written as soon as it can be");
            }
            (None, Some(_)) => info!("the state can be written again"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        self.unsaved = fault;
    }
}

/// What the daemon says; for ever pending if it is not asked.
async fn told(asking: Option<&mut Asking>) -> Told {
    match asking {
        None => future::pending().await,
        Some(asking) => asking.told.as_mut().await,
    }
}

/// Work on the disk, which may take a while.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    task::spawn_blocking(work).await.unwrap_or_else(|error| Err(StoreError::Broken(error.to_string())))
}

/// What is wished, in words.
fn wanted(wish: &Wish) -> String {
    match &wish.number {
        Some(number) => format!("the activation of {}", number.masked()),
        None => "the reset of the registration number".to_owned(),
    }
}

/// What to say of a wish that was fulfilled when the daemon was looked at.
fn by_then(wish: &Wish) -> Done {
    let message = if wish.number.is_some() {
        "This host is bound to the number."
    } else {
        "The registration number is forgotten on this host."
    };
    Done { message: message.to_owned(), warnings: Vec::new() }
}
