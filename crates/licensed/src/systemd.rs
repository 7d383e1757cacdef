//! What the service manager is told, when there is one.

use sd_notify::NotifyState;
use tracing::warn;

/// The daemon answers queries.
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

/// The daemon is stopping.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// What `systemctl status` shows.
pub fn status(message: &str) {
    // A line break would begin another assignment.
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    notify(&[NotifyState::Status(&line)]);
}

fn notify(states: &[NotifyState<'_>]) {
    // Without NOTIFY_SOCKET this is a success that does nothing.
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "cannot notify the service manager");
    }
}
