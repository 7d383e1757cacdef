//! The daemon, for all requests of the gateway at once.

use std::{
    io::ErrorKind,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use license_client::{
    AsyncClient, AsyncWatch, ClientError, Settings,
    ipc::{Answer, Captured, Done, LicenseInfo, Ping, Request, Status},
    types::{Entitlement, RegistrationNumber},
};
use tokio::{
    sync::{Notify, Semaphore},
    time,
};

/// The most connections to the daemon at once: fewer than the 256 that it gives one user
/// (`limits.connections_per_uid`), more than there are HTTP connections.
const MOST: usize = 192;

/// How long a daemon that does not listen is waited for: the time of a restart.
const RESTART: Duration = Duration::from_secs(5);

/// How soon it is looked for again.
const PAUSE: Duration = Duration::from_millis(50);

/// The daemon, for all requests of the gateway at once.
#[derive(Debug)]
pub struct Daemon {
    settings: Settings,
    idle: Mutex<Vec<AsyncClient>>,
    places: Semaphore,
    /// Told when the daemon is followed anew.
    followed: Notify,
}

impl Daemon {
    /// The daemon that these settings tell of.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, idle: Mutex::default(), places: Semaphore::new(MOST), followed: Notify::new() }
    }

    /// Makes a request, when there is a place for it. A daemon that does not listen may be starting again, and is
    /// waited for: nothing has been sent to it.
    pub async fn ask<A: FromAnswer>(&self, request: Request) -> Result<A, ClientError> {
        // The semaphore is never closed; if it were, the daemon's own limit would do.
        let _place = self.places.acquire().await.ok();
        let mut client = self.idle().pop().unwrap_or_else(|| AsyncClient::with(self.settings.clone()));
        let mut waited = Duration::ZERO;
        let outcome = loop {
            match client.request(&request).await {
                Err(error) if is_away(&error) && waited < RESTART => {
                    time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
                outcome => break outcome,
            }
        };
        self.idle().push(client);
        let answer = outcome?;
        let name = answer.name();
        A::from_answer(answer).ok_or(ClientError::Unexpected { answer: name })
    }

    /// Follows what changes, on a connection of its own.
    pub async fn watch(&self) -> Result<AsyncWatch, ClientError> {
        let watch = AsyncClient::with(self.settings.clone()).watch().await?;
        self.followed.notify_one();
        Ok(watch)
    }

    /// Waits until the daemon is followed anew: it was started, or can be reached again. For one who waits.
    pub async fn is_followed_anew(&self) {
        self.followed.notified().await;
    }

    /// The clients that no call uses at the moment.
    fn idle(&self) -> MutexGuard<'_, Vec<AsyncClient>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody listens on the daemon's socket.
#[must_use]
pub fn is_away(error: &ClientError) -> bool {
    let ClientError::Connect { source, .. } = error else { return false };
    matches!(source.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

/// What the fitting answer to a request holds.
pub trait FromAnswer: Sized {
    /// The value in an answer that fits.
    fn from_answer(answer: Answer) -> Option<Self>;
}

macro_rules! from_answer {
    ($($fits:pat => $value:expr, $type:ty;)*) => {
        $(impl FromAnswer for $type {
            fn from_answer(answer: Answer) -> Option<Self> {
                if let $fits = answer { Some($value) } else { None }
            }
        })*
    };
}

from_answer! {
    Answer::Entitlement(found) => found, Entitlement;
    Answer::Captured(seat) => seat, Captured;
    Answer::Status(status) => *status, Status;
    Answer::LicenseInfo(info) => info, LicenseInfo;
    Answer::Registered { number } => number, RegistrationNumber;
    Answer::Done(done) => done, Done;
    Answer::Ping(ping) => ping, Ping;
}
