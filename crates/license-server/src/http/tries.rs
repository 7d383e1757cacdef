//! Registrations that are refused tell whose e-mail addresses are known, so that few are allowed.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{client::Network, recent::Recent};

/// How many registrations of a host and of a network may be refused in [`PERIOD`] (design, section 7).
const MAX_REFUSED: usize = 5;

/// The hour that they are counted in.
const PERIOD: Duration = Duration::from_hours(1);

/// How long to wait for the end of those that are being decided.
const SOON: Duration = Duration::from_secs(1);

/// Whose registrations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// A host, by its key.
    Host([u8; 32]),
    /// All hosts of a network.
    Network(Network),
}

/// What is known of one host or network.
#[derive(Debug, Clone, Default)]
struct Tried {
    /// When the last ones were refused, oldest first.
    refused: VecDeque<Instant>,
    /// How many are being decided.
    open: usize,
}

/// The registrations that were refused of late.
#[derive(Debug)]
pub(crate) struct Tries(Mutex<Recent<Who, Tried>>);

/// A registration that is being decided. Until it ends it counts as refused, so that many at once learn
/// no more than one after the other.
#[derive(Debug)]
pub(crate) struct Try<'t> {
    tries: &'t Tries,
    who: [Who; 2],
}

impl Tries {
    /// Nobody was refused yet. It remembers that many hosts and networks.
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Mutex::new(Recent::new(capacity)))
    }

    /// Begins a registration, or says how long to wait before it is worth another try.
    pub(crate) fn begin(&self, who: [Who; 2], now: Instant) -> Result<Try<'_>, Duration> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = who.iter().filter_map(|who| recent.get(who)?.wait(now)).max() {
            return Err(wait);
        }
        for who in who {
            let tried = recent.remove(&who).unwrap_or_default();
            recent.insert(who, Tried { open: tried.open + 1, ..tried });
        }
        Ok(Try { tries: self, who })
    }
}

impl Tried {
    /// How long to wait; `None` if another one may be tried.
    fn wait(&self, now: Instant) -> Option<Duration> {
        let lately = self.refused.iter().map(|at| now.saturating_duration_since(*at));
        let lately: Vec<Duration> = lately.filter(|ago| *ago < PERIOD).collect();
        match lately.first() {
            Some(oldest) if lately.len() >= MAX_REFUSED => Some(PERIOD.saturating_sub(*oldest)),
            _ if lately.len() + self.open >= MAX_REFUSED => Some(SOON),
            _ => None,
        }
    }
}

impl Try<'_> {
    /// It was refused.
    pub(crate) fn refused(self, now: Instant) {
        let mut recent = self.tries.0.lock().unwrap_or_else(PoisonError::into_inner);
        for who in self.who {
            let mut tried = recent.remove(&who).unwrap_or_default();
            if tried.refused.len() >= MAX_REFUSED {
                tried.refused.pop_front();
            }
            tried.refused.push_back(now);
            recent.insert(who, tried);
        }
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let mut recent = self.tries.0.lock().unwrap_or_else(PoisonError::into_inner);
        for who in self.who {
            if let Some(mut tried) = recent.remove(&who) {
                tried.open = tried.open.saturating_sub(1);
                if tried.open > 0 || !tried.refused.is_empty() {
                    recent.insert(who, tried);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::HeaderMap;

    use super::{super::client::Client, *};
    use crate::clock;

    /// Host `id` in network `net`.
    fn who(id: u8, net: u8) -> [Who; 2] {
        let address: IpAddr = [10, 0, net, 1].into();
        [Who::Host([id; 32]), Who::Network(Client::of(address, &HeaderMap::new(), &[]).network())]
    }

    type Asks = fn(u8) -> [Who; 2];

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn the_sixth_try_in_an_hour_waits_until_the_first_is_an_hour_old() {
        // The same host moves, or a network has many keys: either is counted.
        let cases: [(&str, Asks); 2] = [("a host", |try_| who(1, try_)), ("a network", |try_| who(try_, 1))];
        for (name, asks) in cases {
            let tries = Tries::new(100);
            let begin = clock::monotonic();
            for id in 0..5 {
                let now = begin + minutes(10) * u32::from(id);
                tries.begin(asks(id), now).unwrap().refused(now);
            }
            let wait = |now| tries.begin(asks(9), now).err();
            assert_eq!(wait(begin + minutes(40)), Some(minutes(20)), "{name}");
            assert_eq!(wait(begin + minutes(59)), Some(minutes(1)), "{name}");
            let now = begin + minutes(60);
            tries.begin(asks(9), now).unwrap().refused(now);
            assert_eq!(wait(now), Some(minutes(10)), "{name}: five again");
            assert!(tries.begin(who(100, 100), now).is_ok(), "{name}: others are not concerned");
        }
    }

    #[test]
    fn what_succeeds_or_is_given_up_is_not_counted() {
        let tries = Tries::new(100);
        let now = clock::monotonic();
        for _ in 0..20 {
            drop(tries.begin(who(1, 1), now).unwrap());
        }
        assert!(tries.0.lock().unwrap().remove(&who(1, 1)[0]).is_none(), "and leaves nothing behind");
    }

    #[test]
    fn many_at_once_learn_no_more_than_one_after_the_other() {
        let tries = Tries::new(100);
        let now = clock::monotonic();
        let open: Vec<_> = (0..5).map(|id| tries.begin(who(id, 1), now).unwrap()).collect();
        assert_eq!(tries.begin(who(9, 1), now).err(), Some(SOON));
        for open in open {
            open.refused(now);
        }
        assert_eq!(tries.begin(who(9, 1), now).err(), Some(PERIOD));
    }
}
