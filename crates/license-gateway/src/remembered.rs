//! The last verdicts, for as long as the daemon is away: it restarts in seconds, and a module that asks meanwhile
//! is not to be told "no".

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use license_client::{
    AsyncWatch, ClientError,
    ipc::Change,
    types::{Entitlement, FeatureId},
};
use tokio::time::{self, Instant};
use tracing::{info, warn};

use crate::daemon::Daemon;

/// How long verdicts are remembered after the daemon went away: a restart takes seconds, an upgrade a minute. What
/// is away longer is a fault that people should see.
pub const MEMORY: Duration = Duration::from_mins(10);

/// How soon the daemon is followed again.
const PAUSE: Duration = Duration::from_millis(500);

/// The last verdicts.
#[derive(Debug, Default)]
pub struct Remembered {
    told: Mutex<Told>,
}

/// What the daemon told.
#[derive(Debug, Default)]
struct Told {
    entitlements: BTreeMap<FeatureId, Entitlement>,
    /// Since when it is away, or does not answer what it is asked.
    unheard_since: Option<Instant>,
}

impl Remembered {
    /// Follows the daemon for ever.
    pub async fn follow(self: Arc<Self>, daemon: Arc<Daemon>) {
        loop {
            match daemon.watch().await {
                Ok(watch) => {
                    let ended = self.listen(watch).await;
                    self.heard(false);
                    service_manager::status("the daemon is away; its last verdicts hold for ten minutes");
                    warn!("the daemon went away ({ended}); for {MEMORY:?} its last verdicts hold");
                }
                Err(_away) => self.heard(false),
            }
            time::sleep(PAUSE).await;
        }
    }

    /// Takes note of each change until the daemon goes away.
    async fn listen(&self, mut watch: AsyncWatch) -> ClientError {
        info!("following the daemon");
        service_manager::status("following the daemon");
        loop {
            match watch.next().await {
                Ok(change) => self.take(change),
                Err(ended) => return ended,
            }
        }
    }

    fn take(&self, change: Change) {
        let mut told = self.told();
        told.unheard_since = None;
        if change.whole {
            told.entitlements.clear();
        }
        // A feature that the license does not list any more is told without seats: denied is what it is.
        let entitlements = change.entitlements.into_iter();
        told.entitlements.extend(entitlements.map(|entitlement| (entitlement.feature, entitlement)));
    }

    /// Takes note of whether the daemon answers.
    pub fn heard(&self, is_heard: bool) {
        let mut told = self.told();
        if is_heard {
            told.unheard_since = None;
        } else {
            told.unheard_since.get_or_insert_with(Instant::now);
        }
    }

    /// Whether the daemon is away, or does not answer what it is asked.
    pub fn is_unheard(&self) -> bool {
        self.told().unheard_since.is_some()
    }

    /// The last verdict on a feature, unless the daemon has not been heard for long.
    pub fn last(&self, feature: FeatureId) -> Option<Entitlement> {
        let told = self.told();
        let is_recent = told.unheard_since.is_none_or(|since| since.elapsed() < MEMORY);
        told.entitlements.get(&feature).filter(|_| is_recent).cloned()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use license_client::{
        ipc::State,
        types::{Basis, UnixTime, Verdict},
    };

    use super::*;

    fn granted(feature: u32) -> Entitlement {
        Entitlement {
            feature: FeatureId(feature),
            product: None,
            verdict: Verdict::Granted { until: UnixTime(1), basis: Basis::Fresh },
            message: String::new(),
            session: None,
            seats: None,
            last_answer: None,
            next_check: None,
        }
    }

    fn change(whole: bool, features: &[u32]) -> Change {
        Change {
            whole,
            missed: false,
            more: false,
            state: State::Fresh,
            code: None,
            message: String::new(),
            entitlements: features.iter().map(|feature| granted(*feature)).collect(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn verdicts_are_remembered_for_ten_minutes_of_silence() {
        let remembered = Remembered::default();
        remembered.take(change(true, &[45]));
        assert!(!remembered.is_unheard());
        for _ in 0..2 {
            remembered.heard(false);
            assert!(remembered.is_unheard());
            assert_eq!(remembered.last(FeatureId(45)), Some(granted(45)));
            time::advance(MEMORY / 2).await;
        }
        assert_eq!(remembered.last(FeatureId(45)), None);
        remembered.heard(true);
        assert_eq!(remembered.last(FeatureId(45)), Some(granted(45)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_change_replaces_what_was_told_and_its_pages_add_to_it() {
        let remembered = Remembered::default();
        remembered.take(change(true, &[31]));
        remembered.take(change(true, &[33]));
        remembered.take(change(false, &[45]));
        let known = [31, 33, 45].map(|feature| remembered.last(FeatureId(feature)).is_some());
        assert_eq!(known, [false, true, true]);
    }

    #[tokio::test]
    async fn nothing_is_remembered_of_a_daemon_that_was_never_there() {
        let remembered = Remembered::default();
        remembered.heard(false);
        assert_eq!(remembered.last(FeatureId(33)), None);
    }
}
