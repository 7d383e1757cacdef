//! The feed: which numbers changed, as hosts wait for it.
//!
//! The log in the database is read again and again, so that what another process does, an `admin`
//! command say, is heard of like everything else.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{
    sync::broadcast::{Receiver, Sender, error::RecvError},
    time,
};

use crate::{
    decide::CustomerId,
    store::{Store, StoreError},
};

/// How often the log is read: a drop reaches the modules within seconds.
const EVERY: Duration = Duration::from_millis(500);

/// How many rounds a waiting host may be behind before it looks for itself.
const BACKLOG: usize = 16;

/// Which numbers changed, for those who wait.
#[derive(Debug, Clone)]
pub struct Feed {
    rounds: Sender<Arc<HashSet<CustomerId>>>,
}

/// Somebody who waits.
#[derive(Debug)]
pub struct Waiting(Receiver<Arc<HashSet<CustomerId>>>);

impl Default for Feed {
    fn default() -> Self {
        Self { rounds: Sender::new(BACKLOG) }
    }
}

impl Feed {
    /// Begins to wait: what changes from now on is not missed.
    #[must_use]
    pub fn wait(&self) -> Waiting {
        Waiting(self.rounds.subscribe())
    }

    /// Reads the log for ever. A store that fails is asked again in the next round.
    pub async fn run(&self, store: &Store) {
        let mut last = None;
        let mut rounds = time::interval(EVERY);
        rounds.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            match self.round(store, last).await {
                Ok(read) => last = Some(read),
                Err(error) => tracing::warn!(%error, "cannot read the log for waiting hosts; trying again"),
            }
        }
    }

    /// Reads what came after `last`; at the start, nothing.
    async fn round(&self, store: &Store, last: Option<i64>) -> Result<i64, StoreError> {
        let Some(last) = last else { return store.log_end().await };
        let (end, changed) = store.changed_since(last).await?;
        if !changed.is_empty() {
            // Without anybody who waits there is nobody to tell.
            let _nobody = self.rounds.send(Arc::new(changed));
        }
        Ok(end)
    }
}

impl Waiting {
    /// Waits until the number of that customer may have changed. Never ready once the feed is gone.
    pub async fn changed(&mut self, customer: &CustomerId) {
        loop {
            match self.0.recv().await {
                Ok(changed) if changed.contains(customer) => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
