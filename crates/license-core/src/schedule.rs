//! When to ask the license server next. Pure: whoever calls brings the chance, as a fraction in `0..1`.

use std::time::Duration;

/// The first step after a failure.
pub const FIRST_RETRY: Duration = Duration::from_secs(5);

/// The longest step between retries. 70 minutes with [jitter](after_failure) is 35 to 70: after a long
/// outage everybody is back within one such step, and a fleet does not come at the same minute.
pub const LONGEST_RETRY: Duration = Duration::from_mins(70);

/// After a boot with a good lease, the first check is spread over this span: a power cut must not
/// bring every host of a region to the license server at once.
pub const START_SPREAD: Duration = Duration::from_mins(75);

/// Bounds of the interval that the license server may steer: a mistake
/// there must neither make this host a flood, nor keep it from asking for longer than a week.
pub const SHORTEST_INTERVAL: Duration = Duration::from_secs(5);
/// The most that a `Retry-After` counts for. Nobody signs it, so it must not keep this host from learning
/// for long what the license server has to say.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(4);

/// See [`SHORTEST_INTERVAL`].
pub const LONGEST_INTERVAL: Duration = Duration::from_hours(7 * 24);

/// After an answer: the interval that the license server asked for, ±10 %.
#[must_use]
pub fn after_answer(refresh_after: Duration, fraction: f64) -> Duration {
    refresh_after.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL).mul_f64(0.9 + 0.2 * unit(fraction))
}

/// After a failure: a half to the whole of the retry `step`, but not before `retry_after`.
#[must_use]
pub fn after_failure(step: Duration, fraction: f64, retry_after: Option<Duration>) -> Duration {
    let step = step.clamp(FIRST_RETRY, LONGEST_RETRY).mul_f64(0.5 + 0.5 * unit(fraction));
    step.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

/// After a boot: at once if it is `urgent`, else some time within [`START_SPREAD`].
#[must_use]
pub fn after_boot(urgent: bool, fraction: f64) -> Duration {
    if urgent { Duration::ZERO } else { START_SPREAD.mul_f64(unit(fraction)) }
}

/// `fraction` where it is one, else the middle.
fn unit(fraction: f64) -> f64 {
    if (0.0..=1.0).contains(&fraction) { fraction } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_delay_is_within_its_bounds(seconds in 0_u64..10_000_000, after in 0_u64..10_000_000, fraction in 0.0..1.0) {
            let (span, retry_after) = (Duration::from_secs(seconds), Duration::from_secs(after));

            let delay = after_answer(span, fraction);
            let asked = span.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
            prop_assert!(delay >= asked.mul_f64(0.899) && delay <= asked.mul_f64(1.101));

            let delay = after_failure(span, fraction, None);
            let step = span.clamp(FIRST_RETRY, LONGEST_RETRY);
            prop_assert!(delay >= step / 2 && delay <= step);

            let delay = after_failure(span, fraction, Some(retry_after));
            prop_assert!(delay >= retry_after.min(LONGEST_RETRY_AFTER));
            prop_assert!(delay <= retry_after.min(LONGEST_RETRY_AFTER).max(step));

            prop_assert!(after_boot(false, fraction) <= START_SPREAD);
            prop_assert_eq!(after_boot(true, fraction), Duration::ZERO);
        }
    }

    #[test]
    fn nonsense_for_chance_is_no_panic() {
        for fraction in [f64::NAN, f64::INFINITY, -1.0, 7.0] {
            assert_eq!(after_boot(false, fraction), START_SPREAD / 2);
        }
    }
}
