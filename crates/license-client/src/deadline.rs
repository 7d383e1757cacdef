//! The one clock of this crate.

use std::time::{Duration, Instant};

use crate::ClientError;

/// When a call has to be over, on the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    within: Duration,
}

/// The kernel takes a time-out of zero for none, and counts microseconds.
const LEAST: Duration = Duration::from_millis(1);

/// A year. A time-out that the clock cannot count to is as good as none.
const MOST: Duration = Duration::from_hours(365 * 24);

// A deadline is what reads the monotonic clock: this is the only place.
#[allow(clippy::disallowed_methods)]
impl Deadline {
    pub(crate) fn after(within: Duration) -> Self {
        Self { at: Instant::now() + within.min(MOST), within }
    }

    /// How long the rest of the call may take; an error if the time is up.
    pub(crate) fn left(self) -> Result<Duration, ClientError> {
        match self.at.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(left.max(LEAST)),
            _ => Err(self.passed()),
        }
    }
}

impl Deadline {
    /// The error of a call that took too long.
    pub(crate) fn passed(self) -> ClientError {
        ClientError::Deadline { within: self.within }
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn at(self) -> Instant {
        self.at
    }
}
