//! What `systemctl status` shows of the daemon, in a line; as the log, in English.

use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};
use license_core::{
    state::{Phase, State},
    statement::Kind,
    time::Now,
};
use license_texts::Language;
use license_types::UnixTime;

/// The state in a line, with times in `zone`: `bound, offline since 14:02: connection timed out, next check 15:10,
/// lease to 24 Dec`.
#[must_use]
pub fn summary(state: &State, now: Now, zone: &TimeZone) -> String {
    let clock = Clock { now: zoned(now.wall, zone), zone };
    let phase = state.phase(now);
    let mut parts = vec![standing(state, phase)];
    if phase == Phase::Draining {
        return parts.concat();
    }
    let last = state.contact.last_failure.as_ref();
    if let Some(since) = state.contact.offline_since.and_then(|since| clock.time(state.unix_at(since, now))) {
        let why =
            last.map(|failure| format!(": {}", failure.said().to(Language::English).trim_end_matches('.')));
        parts.push(format!("offline since {since}{}", why.unwrap_or_default()));
    }
    if let Some(due) = state.due() {
        let is_due = due <= now.age;
        let at = clock.time(state.unix_at(due, now)).filter(|_| !is_due);
        parts.push(at.map_or_else(|| "next check now".to_owned(), |at| format!("next check {at}")));
    }
    if let Some((_, lease)) = state.lease().filter(|_| phase != Phase::Lapsed)
        && let Some(day) = clock.day(lease.honoured_until)
    {
        parts.push(format!("lease to {day}"));
    }
    parts.join(", ")
}

/// How this host stands with the license server.
fn standing(state: &State, phase: Phase) -> String {
    let refusal = || match state.held().map(|held| &held.statement().kind) {
        Some(Kind::Refusal(refusal)) => {
            format!(" ({}): {}", refusal.code, refusal.reason.trim_end_matches('.'))
        }
        Some(Kind::Lease(_)) | None => String::new(),
    };
    match phase {
        Phase::Unregistered => "not registered".to_owned(),
        Phase::Registering => "being registered or activated".to_owned(),
        Phase::Fresh | Phase::Offline => "bound".to_owned(),
        Phase::HostChanged => "bound, on other hardware than before".to_owned(),
        Phase::Lapsed => "the lease has ended".to_owned(),
        Phase::Refused => format!("refused{}", refusal()),
        Phase::Pending => format!("refused until a person decides{}", refusal()),
        Phase::Recovering => "what was held is lost".to_owned(),
        Phase::Draining => "stopping".to_owned(),
    }
}

/// Times as a person would say them now.
struct Clock<'z> {
    now: Option<ZonedDateTime>,
    zone: &'z TimeZone,
}

impl Clock<'_> {
    /// `14:02`, with the day unless it is today's.
    fn time(&self, at: UnixTime) -> Option<String> {
        let at = zoned(at, self.zone)?;
        let is_today = self.now.as_ref().is_some_and(|now| now.date() == at.date());
        Some(at.strftime(if is_today { "%H:%M" } else { "%-d %b %H:%M" }).to_string())
    }

    /// `24 Dec`, with the year unless it is this year's.
    fn day(&self, at: UnixTime) -> Option<String> {
        let at = zoned(at, self.zone)?;
        let is_this_year = self.now.as_ref().is_some_and(|now| now.year() == at.year());
        Some(at.strftime(if is_this_year { "%-d %b" } else { "%-d %b %Y" }).to_string())
    }
}

fn zoned(at: UnixTime, zone: &TimeZone) -> Option<ZonedDateTime> {
    Timestamp::from_second(at.0).ok().map(|at| at.to_zoned_datetime(zone.clone()))
}

#[cfg(test)]
mod tests {
    use jiff::tz;

    use super::*;

    #[test]
    fn times_are_said_as_short_as_they_are_clear() {
        let zone = TimeZone::fixed(tz::offset(3));
        // 24 Nov 2026, 20:00:00 UTC.
        let now = UnixTime(1_795_550_400);
        let clock = Clock { now: zoned(now, &zone), zone: &zone };
        let said = |hours: i64| clock.time(UnixTime(now.0 + hours * 3600)).unwrap();
        assert_eq!([said(0), said(1), said(-24)], ["23:00", "25 Nov 00:00", "23 Nov 23:00"]);
        let day = |days: i64| clock.day(UnixTime(now.0 + days * 24 * 3600)).unwrap();
        assert_eq!([day(30), day(60)], ["24 Dec", "23 Jan 2027"]);
        assert_eq!(clock.day(UnixTime(i64::MAX)), None);
    }
}
