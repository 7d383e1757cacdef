//! Points in time, as people tell them: by the calendar of their zone, and how far away.

use jiff::Timestamp;
use license_client::types::UnixTime;
use license_texts::{Text, text};

use crate::reader::Reader;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A point in time: `2027-01-15 11:00 +03 (in 3 h)`.
pub(crate) fn moment(at: UnixTime, reader: &Reader) -> String {
    format!("{} ({})", calendar(at, "%Y-%m-%d %H:%M %Z", reader), reader.say(&distance(at, reader.now)))
}

/// A point in time to the second.
pub(crate) fn exact(at: UnixTime, reader: &Reader) -> String {
    calendar(at, "%Y-%m-%d %H:%M:%S %Z", reader)
}

/// By the calendar, or the bare seconds where it ends.
fn calendar(at: UnixTime, form: &str, reader: &Reader) -> String {
    match Timestamp::from_second(at.0) {
        Ok(at) => at.to_zoned_datetime(reader.zone.clone()).strftime(form).to_string(),
        Err(_) => format!("{at} s"),
    }
}

/// How far away a point in time is.
pub(crate) fn distance(at: UnixTime, now: UnixTime) -> Text {
    let (ahead, behind) = (at.saturating_since(now).as_secs(), now.saturating_since(at).as_secs());
    match (ahead, behind) {
        (0, 0) => text!("tool-time-now"),
        (ahead, 0) => text!("tool-time-in", span = span(ahead)),
        (_, behind) => text!("tool-time-ago", span = span(behind)),
    }
}

/// So many seconds, in the largest unit of which there are two or more: nobody plans by seconds a day ahead.
fn span(seconds: u64) -> Text {
    match seconds {
        0..120 => text!("tool-time-seconds", count = seconds),
        120..7200 => text!("tool-time-minutes", count = seconds / MINUTE),
        7200..172_800 => text!("tool-time-hours", count = seconds / HOUR),
        _ => text!("tool-time-days", count = seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use license_texts::Language;

    use super::*;

    #[test]
    fn a_distance_is_told_in_the_unit_that_people_think_in() {
        for (seconds, en, ru) in [
            (0, "now", "сейчас"),
            (59, "in 59 s", "через 59 с"),
            (-119, "119 s ago", "119 с назад"),
            (180, "in 3 min", "через 3 мин"),
            (-3 * 3600, "3 h ago", "3 ч назад"),
            (47 * 3600, "in 47 h", "через 47 ч"),
            (48 * 3600, "in 2 days", "через 2 дня"),
            (-5 * 86_400, "5 days ago", "5 дней назад"),
            (21 * 86_400, "in 21 days", "через 21 день"),
        ] {
            let distance = distance(UnixTime(1_000_000_000 + seconds), UnixTime(1_000_000_000));
            let told = Language::ALL.map(|language| distance.to(language));
            assert_eq!(told, [en, ru].map(str::to_owned), "{seconds}");
        }
    }
}
