//! Lengths of time as people type and read them: `90s`, `10m`, `4h`, `30d`.

use std::time::Duration;

/// The longest unit first.
const UNITS: [(char, u64); 4] = [('d', 24 * 3600), ('h', 3600), ('m', 60), ('s', 1)];

/// The length that a text stands for.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let form = || "a length of time is a whole number and one of s, m, h, d: 90s, 10m, 4h, 30d".to_owned();
    let text = text.trim();
    let (_, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit)).ok_or_else(form)?;
    let count = text.get(..text.len() - 1).unwrap_or_default();
    // `parse` would take a sign.
    if !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(form());
    }
    let count: u64 = count.parse().map_err(|_| form())?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(form)
}

/// So many seconds in the longest unit that needs no fraction.
#[must_use]
pub fn shown(seconds: u64) -> String {
    let fits = |(_, length): &(char, u64)| seconds != 0 && seconds.is_multiple_of(*length);
    let (unit, length) = UNITS.into_iter().find(fits).unwrap_or(('s', 1));
    format!("{}{unit}", seconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_taken_and_shown_in_the_same_form() {
        let cases = [("0s", 0), ("90s", 90), ("10m", 600), ("4h", 14_400), ("30d", 2_592_000)];
        for (text, seconds) in cases {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(shown(seconds), text);
        }
        assert_eq!(duration(" 24h "), Ok(Duration::from_hours(24)));
        assert_eq!(shown(86_400), "1d");
    }

    #[test]
    fn anything_else_is_refused_with_the_form() {
        for text in ["", "4", "h", "4 h", "-4h", "+4h", "1.5h", "4w", "4H", "99999999999999999999d", "ч"] {
            assert!(duration(text).unwrap_err().contains("30d"), "{text}");
        }
        assert!(duration("9999999999999999d").is_err());
    }
}
