//! `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use httpdate::parse_http_date;
use license_types::UnixTime;

/// How long the server wants to be left alone. A date counts from the server's own `Date`, since its clock
/// made both; without one, from `now`. A date that has passed is no pause; nonsense is ignored.
pub(super) fn pause(retry_after: &str, date: Option<&str>, now: UnixTime) -> Option<Duration> {
    let text = retry_after.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = parse_http_date(text).ok()?;
    let now = date.and_then(|date| parse_http_date(date.trim()).ok()).or_else(|| {
        let seconds = u64::try_from(now.0).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    })?;
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nonsense_is_not() {
        // 2026-11-24 16:00:00 UTC.
        let now = UnixTime(1_795_536_000);
        let server = Some("Tue, 24 Nov 2026 10:00:00 GMT");
        for (text, date, expected) in [
            ("120", None, Some(120)),
            (" 0 ", None, Some(0)),
            ("Tue, 24 Nov 2026 16:00:30 GMT", None, Some(30)),
            ("Tue, 24 Nov 2026 10:01:00 GMT", server, Some(60)),
            ("Tuesday, 24-Nov-26 10:01:00 GMT", server, Some(60)),
            ("Tue Nov 24 10:01:00 2026", server, Some(60)),
            ("Tue, 24 Nov 2026 09:00:00 GMT", server, Some(0)),
            ("Tue, 24 Nov 2026 16:00:30 GMT", Some("noon"), Some(30)),
            ("-1", None, None),
            ("1.5", None, None),
            ("120 s", None, None),
            ("99999999999999999999999", None, None),
            ("tomorrow", server, None),
            ("Tue, 24 Nov 2026 16:00:30 CET", None, None),
            ("", None, None),
        ] {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(pause(text, date, now), expected, "{text:?} after {date:?}");
        }
    }

    #[test]
    fn a_clock_before_1970_gives_no_pause_from_a_date() {
        assert_eq!(pause("Tue, 24 Nov 2026 16:00:30 GMT", None, UnixTime(-1)), None);
    }
}
