//! The retry ladder. The only module that names `backoff`, for its arithmetic alone: jitter and sleeping
//! are ours (docs/decisions/0002-backoff.md).

use std::time::Duration;

use backoff::{ExponentialBackoffBuilder, backoff::Backoff};
use license_core::schedule::{FIRST_RETRY, LONGEST_RETRY};

/// The step after that many failures in a row: 5 s, doubling to 70 min.
#[must_use]
pub fn step(failures: u32) -> Duration {
    let mut ladder = ExponentialBackoffBuilder::new()
        .with_initial_interval(FIRST_RETRY)
        .with_max_interval(LONGEST_RETRY)
        .with_multiplier(2.0)
        .with_randomization_factor(0.0)
        // The default gives up after a quarter of an hour; a daemon does not.
        .with_max_elapsed_time(None)
        .build();
    // The ladder is at its top long before; a longer walk only costs time.
    let rungs = failures.clamp(1, 32);
    (0..rungs).filter_map(|_| ladder.next_backoff()).last().unwrap_or(LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_doubles_and_never_ends() {
        let seconds: Vec<u64> = (0..14).map(|failures| step(failures).as_secs()).collect();
        assert_eq!(seconds, [5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 4200, 4200, 4200]);
        assert_eq!(step(u32::MAX), LONGEST_RETRY);
    }
}
