//! True time, which nobody in the simulation but the license server can see.

use std::{fmt, time::Duration};

use license_types::UnixTime;

/// When every run starts: 2026-11-24, 00:00 UTC.
const START: UnixTime = UnixTime(1_795_478_400);

pub(crate) const SECOND: u64 = 1000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// Milliseconds since the start of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    pub(crate) const fn after(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    pub(crate) fn after_duration(self, span: Duration) -> Self {
        self.after(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }

    /// What the clock of the license server says, which is right.
    pub(crate) const fn unix(self) -> UnixTime {
        UnixTime(START.0.saturating_add((self.0 / SECOND).cast_signed()))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / DAY, self.0 % DAY);
        let (hours, minutes, millis) = (rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE);
        write!(f, "day {days:2} {hours:02}:{minutes:02}:{:06.3}", Duration::from_millis(millis).as_secs_f64())
    }
}
