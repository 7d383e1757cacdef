//! The daemon, for all requests of the gateway at once.

use std::{
    io::ErrorKind,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use license_client::{AsyncClient, AsyncWatch, ClientError, Settings};
use tokio::{sync::Semaphore, time};

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
}

impl Daemon {
    /// The daemon that these settings tell of.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, idle: Mutex::default(), places: Semaphore::new(MOST) }
    }

    /// Makes a call, when there is a place for it. A daemon that does not listen may be starting again, and is
    /// waited for: nothing has been sent to it.
    pub async fn ask<T>(
        &self,
        call: impl AsyncFn(&mut AsyncClient) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        // The semaphore is never closed; if it were, the daemon's own limit would do.
        let _place = self.places.acquire().await.ok();
        let mut client = self.idle().pop().unwrap_or_else(|| AsyncClient::with(self.settings.clone()));
        let mut waited = Duration::ZERO;
        let outcome = loop {
            match call(&mut client).await {
                Err(error) if is_away(&error) && waited < RESTART => {
                    time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
                outcome => break outcome,
            }
        };
        self.idle().push(client);
        outcome
    }

    /// Follows what changes, on a connection of its own.
    pub async fn watch(&self) -> Result<AsyncWatch, ClientError> {
        AsyncClient::with(self.settings.clone()).watch().await
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
