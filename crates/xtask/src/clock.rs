//! The only module here that reads a clock or sleeps.

use std::time::{Duration, Instant};

/// How often something is looked at that cannot wake us: a file, a socket, a signal.
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// Measures how long something takes, and when it has taken too long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[allow(clippy::disallowed_methods, reason = "the clock module")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Lets one poll interval pass.
#[allow(
    clippy::disallowed_methods,
    reason = "a file that grows and a socket that appears give no event to wait for"
)]
pub(crate) fn pause() {
    std::thread::sleep(POLL);
}
