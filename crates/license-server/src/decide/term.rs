//! When a grant of so many days ends.

use license_types::UnixTime;

const DAY: i64 = 24 * 3600;

/// Noon UTC is midnight in the last time zone (UTC−12).
const LAST_TIME_ZONE: i64 = DAY / 2;

/// The end of a grant that is made now and lasts for `days` whole days after today: 12:00 UTC of the
/// day after the last one, which is the end of that day wherever the customer is.
#[must_use]
pub(super) fn ends_after(days: u32, now: UnixTime) -> UnixTime {
    let today = now.0.div_euclid(DAY);
    let end = today.saturating_add(i64::from(days)).saturating_add(1).saturating_mul(DAY);
    UnixTime(end.saturating_add(LAST_TIME_ZONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_ends_at_noon_utc_after_its_last_day() {
        let cases = [
            ("1970-01-01 00:00, 1 day: the 2nd is the last", 1, 0, 2 * DAY + DAY / 2),
            ("1970-01-01 23:59:59, 1 day", 1, DAY - 1, 2 * DAY + DAY / 2),
            ("1970-01-02 00:00, 30 days", 30, DAY, 32 * DAY + DAY / 2),
            ("a clock before the epoch", 1, -1, DAY + DAY / 2),
        ];
        for (name, days, now, end) in cases {
            assert_eq!(ends_after(days, UnixTime(now)), UnixTime(end), "{name}");
        }
    }

    #[test]
    fn no_number_of_days_overflows() {
        assert_eq!(ends_after(u32::MAX, UnixTime(i64::MAX)).0, i64::MAX);
    }
}
