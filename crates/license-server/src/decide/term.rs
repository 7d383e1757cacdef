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

/// The end of a grant that gets so many days more: after its last day, or after today if that is later.
#[must_use]
pub(super) fn extended(ends_at: UnixTime, days: u32, now: UnixTime) -> UnixTime {
    let last_day = ends_at.0.saturating_sub(LAST_TIME_ZONE).saturating_sub(1);
    ends_after(days, UnixTime(last_day.max(now.0)))
}

/// The end of a grant that is so many days shorter.
#[must_use]
pub(super) fn shortened(ends_at: UnixTime, days: u32) -> UnixTime {
    UnixTime(ends_at.0.saturating_sub(i64::from(days).saturating_mul(DAY)))
}

/// Whether both are on the same day.
#[must_use]
pub(super) fn is_same_day(one: UnixTime, other: UnixTime) -> bool {
    one.0.div_euclid(DAY) == other.0.div_euclid(DAY)
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
    fn an_extension_begins_where_the_grant_ends() {
        let end = ends_after(10, UnixTime(0));
        let cases = [
            ("while it lasts", 0, ends_after(15, UnixTime(0))),
            ("on its last day", 10 * DAY, ends_after(15, UnixTime(0))),
            ("long after its end", 100 * DAY, ends_after(5, UnixTime(100 * DAY))),
        ];
        for (name, now, expected) in cases {
            assert_eq!(extended(end, 5, UnixTime(now)), expected, "{name}");
        }
    }

    #[test]
    fn no_number_of_days_overflows() {
        assert_eq!(ends_after(u32::MAX, UnixTime(i64::MAX)).0, i64::MAX);
    }
}
