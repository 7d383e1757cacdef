//! What the service manager is told, when there is one; see sd_notify(3).

mod attempt;

use std::{future, time::Duration};

use sd_notify::NotifyState;
use tokio::time::{self, MissedTickBehavior};
use tracing::warn;

pub use attempt::Attempt;

/// How often the watchdog is fed within its limit: twice it may be missed before the service is killed.
const BEATS: u32 = 3;

/// The shortest time between two beats, so that no limit makes a busy loop.
const SHORTEST_BEAT: Duration = Duration::from_millis(10);

/// The service answers.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The configuration is being read again; [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// The service is stopping.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// What `systemctl status` shows.
pub fn status(message: &str) {
    // A line break would begin another assignment.
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    notify(&[NotifyState::Status(&line)]);
}

/// Feeds the watchdog of the unit (`WatchdogSec=`) as long as the service is well, and never returns.
///
/// `examine` looks whether it is, in the way that its clients would notice, and says what is wrong. What takes
/// too long is wrong, too: the limit is not waited for twice.
pub async fn feed_watchdog<F>(examine: impl Fn() -> F + Send)
where
    F: Future<Output = Result<(), String>> + Send,
{
    let Some(limit) = sd_notify::watchdog_enabled() else { return future::pending().await };
    let beat = (limit / BEATS).max(SHORTEST_BEAT);
    let mut beats = time::interval(beat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let found = time::timeout(beat, examine()).await;
        match found.unwrap_or_else(|_| Err(format!("no sign of life within {beat:?}"))) {
            Ok(()) => notify(&[NotifyState::Watchdog]),
            Err(fault) => warn!("the watchdog is not fed: {fault}"),
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    // Without NOTIFY_SOCKET this is a success that does nothing.
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "cannot notify the service manager");
    }
}
