//! Waiting for what gives no event. The only module here that reads a clock or sleeps.

use std::{
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How long anything may take that is not said to take longer. Ten times what a loaded machine was seen
/// to need: a test that waits in vain is to end, and one that waits in earnest is not.
pub const LONGEST: Duration = Duration::from_secs(30);

/// How often is looked.
const POLL: Duration = Duration::from_millis(5);

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[allow(clippy::disallowed_methods, reason = "the clock module")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has taken so far.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time of the wall clock in so many hours; before it, where they are below zero.
#[allow(clippy::disallowed_methods, reason = "the clock module")]
pub fn in_hours(hours: i64) -> SystemTime {
    let away = Duration::from_hours(hours.unsigned_abs());
    if hours < 0 { SystemTime::now() - away } else { SystemTime::now() + away }
}

/// Looks until there is something, for at most [`LONGEST`].
pub fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let waiting = Stopwatch::start();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if waiting.elapsed() > LONGEST {
            return None;
        }
        pass(POLL);
    }
}

/// Lets time pass.
///
/// In a test this is for one thing: to come to an arbitrary moment, as a power cut does.
#[allow(
    clippy::disallowed_methods,
    reason = "a log that grows and a process that ends give no event here, and a power cut has none"
)]
pub fn pass(time: Duration) {
    thread::sleep(time);
}
