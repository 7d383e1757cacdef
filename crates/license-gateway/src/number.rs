//! This host's registration number, as MikoPBX gives it: by `changekey`, by the key file, by `sendmetrics`.
//!
//! MikoPBX ignores what comes of a `changekey` and does not repeat it. So the gateway stores the *wish* first and
//! carries on until the license server has said yes or no, or until somebody else decides otherwise. Whatever comes
//! between does not end it: no answer of the license server, a daemon that is away, a restart of either.
//!
//! A host without a number adopts one from the key file or from `sendmetrics`, unless it is settled: this host had it,
//! it was refused, or somebody decided otherwise. So nobody's `licensectl reset` is undone. That is remembered as long
//! as the state folder is there, and forgotten when the key file changes: one that was emptied and holds the same
//! number again is a restored backup. [`wish`] decides, and does nothing else.

mod ask;
pub mod key_file;
mod pursue;
pub mod store;
pub mod wish;

use std::{sync::Arc, time::Duration};

use license_client::{
    ClientError,
    ipc::{Done, Failure, Request, Status},
    types::RegistrationNumber,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use self::{
    key_file::KeyFile,
    pursue::{Command, Pursuit},
    store::Store,
    wish::Binding,
};
use crate::daemon::Daemon;

/// The most commands that wait for the task; more wait for a place.
const MOST_UNTAKEN: usize = 16;

/// How soon things are done again.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often the key file is looked at, and the daemon. A poll: the key file's folder
    /// is wiped at boot and may not exist, so there is nothing that could be watched; both looks take microseconds.
    pub look: Duration,
    /// The first pause between two attempts.
    pub first: Duration,
    /// The longest; each is twice the one before.
    pub longest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { look: Duration::from_secs(5), first: Duration::from_secs(5), longest: Duration::from_mins(10) }
    }
}

impl Pace {
    /// How long to wait after so many attempts in a row that came to nothing. `fraction`, in [0, 1), spreads it over
    /// the second half of the step.
    #[must_use]
    pub fn pause(&self, failures: u32, fraction: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let step = self.first.saturating_mul(doubled).min(self.longest);
        step.mul_f64(0.5 + fraction / 2.0)
    }
}

/// What came of the first attempt at a change.
#[derive(Debug)]
pub enum Changed {
    /// It is done.
    Done(Done),
    /// The license server said no, with a code. It is not tried again.
    Refused(Failure),
    /// Not yet. The wish is carried on.
    NotYet {
        /// What is in the way.
        why: Arc<ClientError>,
        /// Whether the wish is on the disk. Where that cannot be written, it is in memory alone.
        is_stored: bool,
    },
    /// Somebody decided otherwise in the meantime: a newer change, another number on this host.
    Replaced,
    /// The gateway is stopping. Whether the wish was stored is not known.
    Stopping,
}

/// This host's number, for all requests of the gateway at once. A cheap handle of the one task that pursues it.
#[derive(Debug, Clone)]
pub struct Number {
    daemon: Arc<Daemon>,
    commands: mpsc::Sender<Command>,
}

impl Number {
    /// Takes up what was stored, and works until `stop`.
    #[must_use]
    pub fn start(
        daemon: Arc<Daemon>,
        store: Store,
        key_file: Option<KeyFile>,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        Self::start_at(Pace::default(), daemon, store, key_file, stop)
    }

    /// [`Self::start`] at a pace of its own.
    #[must_use]
    pub fn start_at(
        pace: Pace,
        daemon: Arc<Daemon>,
        store: Store,
        key_file: Option<KeyFile>,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (sender, commands) = mpsc::channel(MOST_UNTAKEN);
        let pursuit = Pursuit::new(pace, Arc::clone(&daemon), store, key_file, commands);
        (Self { daemon, commands: sender }, tokio::spawn(pursuit.run(stop)))
    }

    /// Wants this host to have `number`, or none. The wish is stored first, if that can be; this is the outcome of
    /// the first attempt. It is carried on if this is dropped.
    pub async fn change(&self, number: Option<RegistrationNumber>) -> Changed {
        let (reply, changed) = oneshot::channel();
        self.tell(Command::Change { number, reply }).await;
        changed.await.unwrap_or(Changed::Stopping)
    }

    /// Has a host without a number take this one, unless it was settled before. `None` if it is not taken.
    pub async fn adopt(&self, number: RegistrationNumber) -> Option<Changed> {
        let status: Status = self.daemon.ask(Request::Status).await.ok()?;
        let (reply, changed) = oneshot::channel();
        self.tell(Command::Adopt { number, binding: Binding::of(&status), reply }).await;
        changed.await.ok()
    }

    /// Gives up what was wished: this host was just given a number in another way.
    pub async fn forget_wish(&self) {
        let (reply, done) = oneshot::channel();
        self.tell(Command::Forget { reply }).await;
        // Without the task there is nothing that could pursue it.
        let _ = done.await;
    }

    /// A task that has ended drops the command, and with it the reply.
    async fn tell(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }
}

#[cfg(test)]
mod tests;
