//! Which of several license servers is asked.

use std::time::Duration;

use license_core::{schedule::LONGEST_RETRY, time::Age};

/// The first pause before the first server is tried again. It doubles up to [`LONGEST_RETRY`] while that
/// fails: five minutes are the restart of a machine.
const FIRST_PAUSE: Duration = Duration::from_mins(5);

/// Which of several license servers is asked. Pure: `now` is the only clock.
///
/// They are numbered in the order of the configuration, and the first is the one to use. Another is in
/// use after a failure, until a trial shows that the first is well again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Preference {
    servers: usize,
    in_use: usize,
    /// Whether a trial showed that the first is well.
    first_is_back: bool,
    /// The pause before the next trial; zero while the first is well.
    pause: Duration,
    next_trial: Age,
}

/// What a call does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// The servers to try, one after the other while they cannot be reached.
    pub(super) order: Vec<usize>,
    /// Whether it is time to see, beside the call, how the first server is.
    pub(super) try_first: bool,
}

impl Preference {
    pub(super) const fn new(servers: usize) -> Self {
        Self { servers, in_use: 0, first_is_back: false, pause: Duration::ZERO, next_trial: Age(0) }
    }

    /// The server in use.
    pub(super) const fn in_use(&self) -> usize {
        self.in_use
    }

    /// Begins a call.
    pub(super) fn begin(&mut self, now: Age) -> Plan {
        if std::mem::take(&mut self.first_is_back) {
            self.in_use = 0;
        }
        let try_first = self.in_use != 0 && self.next_trial <= now;
        if try_first {
            // One trial at a time.
            self.next_trial = now.saturating_add(self.pause);
        }
        let order = (self.in_use..self.servers).chain(0..self.in_use).collect();
        Plan { order, try_first }
    }

    /// A call was brought to that server.
    pub(super) const fn reached(&mut self, server: usize) {
        self.in_use = server;
    }

    /// That server cannot be reached, or does not answer as a license server.
    pub(super) fn failed(&mut self, server: usize, now: Age) {
        if server == 0 {
            self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_RETRY);
            self.next_trial = now.saturating_add(self.pause);
        }
        if server == self.in_use {
            self.in_use = if server + 1 < self.servers { server + 1 } else { 0 };
        }
    }

    /// No server can be reached. That says nothing about any of them, so it begins anew.
    pub(super) const fn none_reached(&mut self) {
        *self = Self::new(self.servers);
    }

    /// The server in use answered as a license server.
    pub(super) const fn answered(&mut self) {
        if self.in_use == 0 {
            self.pause = Duration::ZERO;
        }
    }

    /// The trial of the first server ended. The next call goes to it, if it is well.
    pub(super) fn tried(&mut self, is_well: bool, now: Age) {
        if is_well {
            self.first_is_back = true;
        } else {
            self.failed(0, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn order(preference: &mut Preference, minute: u64) -> Vec<usize> {
        preference.begin(Age(minute * MINUTE)).order
    }

    #[test]
    fn the_first_is_used_while_it_is_well_and_the_others_stand_by() {
        let mut preference = Preference::new(3);
        for minute in 0..100 {
            let plan = preference.begin(Age(minute * MINUTE));
            assert_eq!(plan, Plan { order: vec![0, 1, 2], try_first: false });
            preference.reached(0);
            preference.answered();
        }
    }

    #[test]
    fn what_fails_is_left_for_the_next_and_after_the_last_comes_the_first() {
        let mut preference = Preference::new(3);
        for (minute, expected) in
            [vec![0, 1, 2], vec![1, 2, 0], vec![2, 0, 1], vec![0, 1, 2]].into_iter().enumerate()
        {
            assert_eq!(order(&mut preference, minute as u64), expected);
            preference.failed(expected[0], Age(minute as u64 * MINUTE));
        }
    }

    #[test]
    fn only_the_server_in_use_is_left() {
        let mut preference = Preference::new(3);
        preference.failed(2, Age(0));
        assert_eq!(preference.in_use(), 0, "another one failed");
        let mut alone = Preference::new(1);
        alone.failed(0, Age(0));
        assert_eq!(alone.begin(Age(u64::MAX)), Plan { order: vec![0], try_first: false });
    }

    #[test]
    fn the_first_is_tried_ever_later_and_used_again_when_it_is_well() {
        let mut preference = Preference::new(2);
        preference.failed(0, Age(0));
        let mut tried_at = Vec::new();
        for minute in 0..300 {
            if preference.begin(Age(minute * MINUTE)).try_first {
                tried_at.push(minute);
                preference.tried(false, Age(minute * MINUTE));
            }
            preference.reached(1);
            preference.answered();
        }
        assert_eq!(tried_at, [5, 15, 35, 75, 145, 215, 285], "after 5, 10, 20, 40, 70, 70, 70 minutes");
        assert!(preference.begin(Age(355 * MINUTE)).try_first);
        assert!(!preference.begin(Age(355 * MINUTE)).try_first, "one trial at a time");
        preference.tried(true, Age(355 * MINUTE));
        assert_eq!(preference.in_use(), 1, "a call that is under way stays where it is");
        assert_eq!(order(&mut preference, 356), [0, 1]);
        preference.answered();
        preference.failed(0, Age(400 * MINUTE));
        assert!(preference.begin(Age(405 * MINUTE)).try_first, "it was well, so the pauses begin anew");
    }

    #[test]
    fn a_first_server_that_only_seems_well_is_tried_ever_later_too() {
        let mut preference = Preference::new(2);
        preference.failed(0, Age(0));
        for (minute, pause) in [(5, 10), (15, 20), (35, 40)] {
            assert!(!preference.begin(Age((minute - 1) * MINUTE)).try_first, "minute {minute}");
            assert!(preference.begin(Age(minute * MINUTE)).try_first, "minute {minute}");
            preference.tried(true, Age(minute * MINUTE));
            assert_eq!(order(&mut preference, minute), [0, 1]);
            preference.failed(0, Age(minute * MINUTE));
            assert_eq!(preference.pause, Duration::from_mins(pause));
        }
    }

    #[test]
    fn an_outage_of_all_begins_anew_with_the_first() {
        let mut preference = Preference::new(2);
        preference.failed(0, Age(0));
        preference.failed(1, Age(0));
        preference.none_reached();
        assert_eq!(preference, Preference::new(2));
    }
}
