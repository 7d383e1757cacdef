//! The clocks of the machine. The only module of the daemon that reads one.

use std::{
    fs,
    time::{Duration, Instant, SystemTime},
};

use license_core::time::{Age, Clock, ClockRecord, Now, Reading, Resumed};
use license_types::UnixTime;
use nix::time::{ClockId, clock_gettime};

/// Another value there means that the machine was started anew; see random(4).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Tells the time of decisions.
#[derive(Debug, Clone)]
pub struct SystemClock(Clock);

impl SystemClock {
    /// Takes up the time again; see [`Clock::resume`].
    #[must_use]
    pub fn resume(record: Option<&ClockRecord>, floor: Age) -> (Self, Resumed) {
        // Where the boot id cannot be read, the clock of the boot alone has to do.
        let boot_id = fs::read_to_string(BOOT_ID).unwrap_or_default().trim().to_owned();
        let reading = Reading { boot_id, since_boot: since_boot(), wall: wall() };
        let (clock, resumed) = Clock::resume(record, floor, &reading);
        (Self(clock), resumed)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { age: self.0.age(since_boot()), wall: wall() }
    }

    /// What to store; see [`Clock::record`].
    #[must_use]
    pub fn record(&self, estimated: Option<UnixTime>) -> ClockRecord {
        self.0.record(since_boot(), wall(), estimated)
    }
}

/// For how long the machine has been suspended since its boot: `CLOCK_MONOTONIC` stands still then, and
/// `CLOCK_BOOTTIME` goes on.
#[must_use]
pub fn suspended() -> Duration {
    let awake = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
    since_boot().saturating_sub(awake)
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[must_use]
    pub fn start() -> Self {
        #[allow(clippy::disallowed_methods, reason = "this is the clock module")]
        Self(Instant::now())
    }

    /// How long it has taken so far.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// `CLOCK_BOOTTIME`, which counts suspends; see clock_gettime(2).
fn since_boot() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}

fn wall() -> UnixTime {
    #[allow(clippy::disallowed_methods, reason = "this is the clock module")]
    let now = SystemTime::now();
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    UnixTime(i64::try_from(seconds).unwrap_or(i64::MAX))
}
