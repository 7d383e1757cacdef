//! How far the wall clock is from the license server's. For people: no lease depends on it.

use std::time::Duration;

use license_core::time::{Age, Now};
use license_texts::{Text, text};
use license_types::UnixTime;

/// From here on the difference is said. Five minutes: less makes no trouble with logs and certificates.
const WORTH_SAYING: i64 = 5 * 60;

/// The longest call whose answer tells the time: a repeated one brings an answer from long ago.
pub const LONGEST_CALL: Duration = Duration::from_secs(30);

/// The license server's time, as it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerTime {
    /// What it was.
    pub issued_at: UnixTime,
    /// When it came here, in this run of the daemon.
    pub came_at: Age,
}

/// A difference that is worth saying, in seconds; above zero, this host is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew(pub i64);

impl Skew {
    /// How far the wall clock is off now, if that is worth saying.
    #[must_use]
    pub fn of(server: ServerTime, now: Now) -> Option<Self> {
        let there = server.issued_at.saturating_add(now.age.saturating_since(server.came_at));
        let skew = now.wall.0.saturating_sub(there.0);
        (skew.saturating_abs() >= WORTH_SAYING).then_some(Self(skew))
    }
}

impl Skew {
    /// It in a sentence.
    #[must_use]
    pub fn sentence(self) -> Text {
        let minutes = self.0.unsigned_abs() / 60;
        let amount = match minutes {
            0..=119 => text!("amount-minutes", count = minutes),
            120..=2879 => text!("amount-hours", count = minutes / 60),
            _ => text!("amount-days", count = minutes / (24 * 60)),
        };
        if self.0 > 0 {
            text!("clock-ahead", amount = amount)
        } else {
            text!("clock-behind", amount = amount)
        }
    }
}

#[cfg(test)]
mod tests {
    use license_texts::Language;

    use super::*;

    const SERVER: ServerTime = ServerTime { issued_at: UnixTime(1_800_000_000), came_at: Age(5_000) };

    fn now(millis: u64, wall: i64) -> Now {
        Now { age: Age(millis), wall: UnixTime(wall) }
    }

    #[test]
    fn a_skew_is_said_from_five_minutes_on() {
        for (off, said) in [(0, None), (299, None), (-299, None), (300, Some(300)), (-300, Some(-300))] {
            assert_eq!(Skew::of(SERVER, now(5_000, 1_800_000_000 + off)), said.map(Skew), "{off}");
        }
        // An hour later both clocks are an hour further.
        assert_eq!(Skew::of(SERVER, now(3_605_000, 1_800_003_600)), None);
        assert_eq!(Skew::of(SERVER, now(3_605_000, 1_800_000_000)), Some(Skew(-3_600)));
        assert_eq!(Skew::of(SERVER, now(5_000, 0)), Some(Skew(-1_800_000_000)), "no clock battery");
    }

    #[test]
    fn russian_counts_in_three_forms() {
        let said = |seconds| Skew(seconds).sentence().to(Language::Russian);
        for (minutes, words) in [(21, "21 минуту"), (22, "22 минуты"), (25, "25 минут"), (11, "11 минут")]
        {
            assert!(said(minutes * 60).contains(&format!("спешат на {words} ")), "{}", said(minutes * 60));
        }
        assert!(said(-7_500).contains("отстают на 2 часа "), "{}", said(-7_500));
    }

    #[test]
    fn it_is_said_in_words() {
        let cases = [
            (300, "5 minutes ahead of"),
            (-7_500, "2 hours behind"),
            (-1_800_000_000, "20833 days behind"),
            (i64::MIN, "days behind"),
        ];
        for (seconds, words) in cases {
            let said = Skew(seconds).sentence().to(Language::English);
            assert!(said.contains(words), "{said}");
        }
    }
}
