//! Estimated time: what counts is the time that passed, never what the wall clock says.
//!
//! Leases are measured in [`Age`]: the time that this installation has lived through, as far as the
//! daemon saw it. Within a boot it runs on `CLOCK_BOOTTIME`, which counts suspends. Across boots the
//! time spent switched off is taken from the wall clock, once per boot and never below zero; later
//! steps of the wall clock are ignored. So turning the clock back gains nothing, and a first boot in
//! 1970 costs nothing.

use std::time::Duration;

use license_types::UnixTime;
use serde::{Deserialize, Serialize};

/// The time that this installation has lived through, in milliseconds. It never runs backwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Age(pub u64);

impl Age {
    /// This age plus `span`; at the end of the range rather than beyond it.
    #[must_use]
    pub fn saturating_add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// This age minus `span`; zero rather than before it.
    #[must_use]
    pub fn saturating_sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long this age is after `earlier`; zero if it is not.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// The moment of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// What counts.
    pub age: Age,
    /// What the wall clock says: shown to people where no signed time is known, and nothing else.
    pub wall: UnixTime,
}

/// What the clocks of the machine say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// `/proc/sys/kernel/random/boot_id`: another one means that the machine was started anew.
    pub boot_id: String,
    /// `CLOCK_BOOTTIME`.
    pub since_boot: Duration,
    /// `CLOCK_REALTIME`.
    pub wall: UnixTime,
}

/// What is stored of the time, so that it goes on after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRecord {
    /// The boot it was written in.
    pub boot_id: String,
    /// `CLOCK_BOOTTIME` then, in milliseconds.
    pub since_boot_ms: u64,
    /// The wall clock then.
    pub wall: UnixTime,
    /// The age then.
    pub age: Age,
}

/// Tells the [`Age`] within one boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    boot_id: String,
    anchor_age: Age,
    anchor_boot: Duration,
}

/// How a [`Clock`] took up the time again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// Whether the machine was started anew since the record was written.
    pub booted: bool,
    /// For how long it was off, as far as the wall clock tells.
    pub off: Duration,
}

impl Clock {
    /// Takes up the time again. `floor` is the highest age known from elsewhere, for when the record
    /// is lost or older than the state beside it.
    #[must_use]
    pub fn resume(record: Option<&ClockRecord>, floor: Age, reading: &Reading) -> (Self, Resumed) {
        let (age, resumed) = match record {
            None => (floor, Resumed { booted: true, off: Duration::ZERO }),
            Some(record) => {
                let then = Duration::from_millis(record.since_boot_ms);
                match reading.since_boot.checked_sub(then) {
                    Some(run) if record.boot_id == reading.boot_id => {
                        (record.age.saturating_add(run), Resumed { booted: false, off: Duration::ZERO })
                    }
                    _ => {
                        let age = record.age.saturating_add(reading.wall.saturating_since(record.wall));
                        // An old record does not make time of what the machine ran since, which the floor knows.
                        (age, Resumed { booted: true, off: age.saturating_since(record.age.max(floor)) })
                    }
                }
            }
        };
        let clock = Self {
            boot_id: reading.boot_id.clone(),
            anchor_age: age.max(floor),
            anchor_boot: reading.since_boot,
        };
        (clock, resumed)
    }

    /// The age at `since_boot` of the same boot.
    #[must_use]
    pub fn age(&self, since_boot: Duration) -> Age {
        self.anchor_age.saturating_add(since_boot.saturating_sub(self.anchor_boot))
    }

    /// What to store at a moment of the same boot. A wall clock that is behind `estimated`, the license server's time
    /// as far as it is known, is not believed: a host without a clock battery is in 1970 until its network is up, and
    /// the time from then to the next boot is no time that it was off.
    #[must_use]
    pub fn record(&self, since_boot: Duration, wall: UnixTime, estimated: Option<UnixTime>) -> ClockRecord {
        let wall = estimated.map_or(wall, |estimated| estimated.max(wall));
        let since_boot_ms = u64::try_from(since_boot.as_millis()).unwrap_or(u64::MAX);
        ClockRecord { boot_id: self.boot_id.clone(), since_boot_ms, wall, age: self.age(since_boot) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn reading(boot_id: &str, since_boot: Duration, wall: i64) -> Reading {
        Reading { boot_id: boot_id.to_owned(), since_boot, wall: UnixTime(wall) }
    }

    fn record() -> ClockRecord {
        let (clock, _) = Clock::resume(None, Age::default(), &reading("a", HOUR, 1_000_000));
        clock.record(3 * HOUR, UnixTime(1_007_200), None)
    }

    #[test]
    fn a_restart_within_a_boot_counts_boot_time_whatever_the_wall_clock_says() {
        for wall in [0, 1_007_200, i64::MAX] {
            let (clock, resumed) =
                Clock::resume(Some(&record()), Age::default(), &reading("a", 4 * HOUR, wall));
            assert_eq!(clock.age(4 * HOUR), Age::default().saturating_add(3 * HOUR));
            assert!(!resumed.booted);
        }
    }

    #[test]
    fn time_spent_off_counts_by_the_wall_clock() {
        let at = reading("b", Duration::from_secs(20), 1_007_200 + 36_000);
        let (clock, resumed) = Clock::resume(Some(&record()), Age::default(), &at);
        assert_eq!(resumed, Resumed { booted: true, off: 10 * HOUR });
        assert_eq!(clock.age(at.since_boot + HOUR), Age::default().saturating_add(13 * HOUR));
    }

    #[test]
    fn a_clock_in_1970_after_a_boot_costs_and_gains_nothing() {
        let (clock, resumed) = Clock::resume(Some(&record()), Age::default(), &reading("b", HOUR, 0));
        assert_eq!(resumed.off, Duration::ZERO);
        assert_eq!(clock.age(HOUR), record().age);
    }

    #[test]
    fn the_floor_holds_when_the_record_is_lost() {
        let floor = Age::default().saturating_add(99 * HOUR);
        let (clock, _) = Clock::resume(None, floor, &reading("b", HOUR, 5));
        assert_eq!(clock.age(HOUR), floor);
    }
}
