//! Rate limits: how much one host and one network may ask.
//!
//! What is not proven by a signature is counted by network, signed calls by host key. Keys cost nothing,
//! so that signed calls are also counted by network, and those that make a customer or show one more
//! strictly. The counts are in this process; a store that several share would be another [`StateStore`].

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::StateStore,
};
use license_core::{api::Call, crypto::PublicKey};
use license_texts::{Text, text};

use super::{
    client::Network,
    recent::Recent,
    tries::{Tries, Try, Who},
};
use crate::{clock, metrics::Metrics};

/// How many hosts or networks each limit remembers, about 100 bytes each. Whoever floods it with more
/// makes it forget those that ask seldom, who have nothing to be reminded of.
const CAPACITY: usize = 65_536;

/// How much may be asked at once, and how much in the long run.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    /// Requests at once.
    burst: NonZeroU32,
    /// Then one in this time.
    every: Duration,
}

const fn allowance(burst: u32, every: Duration) -> Allowance {
    let burst = match NonZeroU32::new(burst) {
        Some(burst) => burst,
        None => NonZeroU32::MIN,
    };
    Allowance { burst, every }
}

/// Unsigned requests of a network: 600 at once, then 10 a second. Hundreds of PBXs behind one address read
/// the key set when they come back after a power cut; nobody reads it twice.
const UNPROVED: Allowance = allowance(600, Duration::from_millis(100));

/// Signed calls of a host: 120 at once, then one a second. A daemon checks in every few hours, a person
/// clicks, and modules capture a seat each: some dozens at a start are many.
const HOST: Allowance = allowance(120, Duration::from_secs(1));

/// Signed calls of a network: 3,000 at once, then 50 a second. A thousand PBXs behind one address that come
/// back together make about three calls each; one network cannot keep the database busy.
const NETWORK: Allowance = allowance(3_000, Duration::from_millis(20));

/// Registrations, activations, trials and looks at another number of a network: 300 at once, then one in 2 s. An
/// integrator sets up a few hundred PBXs in an afternoon from one office; to guess numbers or to fill the
/// database it is nothing.
const CUSTOMER: Allowance = allowance(300, Duration::from_secs(2));

/// A request that comes too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// How long to wait before it is worth asking again.
    pub(crate) wait: Duration,
}

impl TooMany {
    /// The wait in seconds, the last one whole.
    pub(crate) fn seconds(self) -> u32 {
        u32::try_from(self.wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
    }

    /// The same for people, in numbers of few digits: `MikoPBX` would read one of four as a code.
    pub(crate) fn in_words(self) -> Text {
        let seconds = self.seconds();
        match (seconds / 60, seconds % 60) {
            (0, seconds) => text!("server-seconds", seconds = seconds),
            (minutes, 0) => text!("server-minutes", minutes = minutes),
            (minutes, seconds) => text!("server-minutes-and-seconds", minutes = minutes, seconds = seconds),
        }
    }
}

/// The limits of a server.
#[derive(Debug)]
pub(crate) struct Limits {
    unproved: Limit<Network>,
    host: Limit<[u8; 32]>,
    network: Limit<Network>,
    customer: Limit<Network>,
    registrations: Tries,
    metrics: Metrics,
}

impl Limits {
    /// Nothing was asked yet.
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self {
            unproved: Limit::new("unproved", UNPROVED),
            host: Limit::new("host", HOST),
            network: Limit::new("network", NETWORK),
            customer: Limit::new("customer", CUSTOMER),
            registrations: Tries::new(CAPACITY),
            metrics,
        }
    }

    /// Counts a request that nothing proves.
    pub(crate) fn unproved(&self, network: Network) -> Result<(), TooMany> {
        self.check(&self.unproved, &network)
    }

    /// Counts a request that a host signed.
    pub(crate) fn signed(&self, host: &PublicKey, network: Network) -> Result<(), TooMany> {
        self.check(&self.host, host.as_bytes())?;
        self.check(&self.network, &network)
    }

    /// Counts what a signed call asks for. With a registration comes the [`Try`] that is to be told how it
    /// ended.
    pub(crate) fn call(
        &self,
        call: &Call,
        host: &PublicKey,
        network: Network,
    ) -> Result<Option<Try<'_>>, TooMany> {
        match call {
            Call::Register(_) => {
                let who = [Who::Host(*host.as_bytes()), Who::Network(network)];
                let tried = self.registrations.begin(who, clock::monotonic()).map_err(|wait| {
                    self.metrics.rate_limited("registration");
                    TooMany { wait }
                })?;
                self.check(&self.customer, &network)?;
                Ok(Some(tried))
            }
            Call::Activate { .. } | Call::LicenseInfo { .. } | Call::Trial { .. } => {
                self.check(&self.customer, &network)?;
                Ok(None)
            }
            Call::CheckIn
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Coupon { .. }
            | Call::SendMetrics { .. }
            | Call::Drop
            | Call::WouldCapture { .. } => Ok(None),
        }
    }

    fn check<K: Hash + Eq + Clone>(&self, limit: &Limit<K>, key: &K) -> Result<(), TooMany> {
        limit.check(key).map_err(|wait| {
            self.metrics.rate_limited(limit.name);
            TooMany { wait }
        })
    }
}

/// One limit, for each host or network.
#[derive(Debug)]
struct Limit<K: Hash + Eq + Clone, C: Clock = MonotonicClock> {
    name: &'static str,
    limiter: RateLimiter<K, Counts<K>, C, NoOpMiddleware<C::Instant>>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(name: &'static str, allowance: Allowance) -> Self {
        Self::with_clock(name, allowance, MonotonicClock)
    }
}

impl<K: Hash + Eq + Clone, C: Clock> Limit<K, C> {
    fn with_clock(name: &'static str, allowance: Allowance, clock: C) -> Self {
        // An allowance of no time at all would be none.
        let quota = Quota::with_period(allowance.every).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        let counts = Counts(Mutex::new(Recent::new(CAPACITY)));
        Self { name, limiter: RateLimiter::new(quota.allow_burst(allowance.burst), counts, clock) }
    }

    /// Counts one more, or says how long to wait.
    fn check(&self, key: &K) -> Result<(), Duration> {
        self.limiter.check_key(key).map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }
}

/// What [`governor`] knows about each key, in bounded memory.
#[derive(Debug)]
struct Counts<K>(Mutex<Recent<K, Nanos>>);

impl<K: Hash + Eq + Clone> StateStore for Counts<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        // A panic while it was held leaves the map as it was.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, next) = measure(counts.get(key).copied())?;
        counts.insert(key.clone(), next);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::HeaderMap;
    use governor::clock::FakeRelativeClock;
    use license_core::crypto::SigningKey;
    use license_types::RegistrationNumber;

    use super::{super::client::Client, *};

    fn network(text: &str) -> Network {
        let address: IpAddr = text.parse().unwrap();
        Client::of(address, &HeaderMap::new(), &[]).network()
    }

    fn host(id: u8) -> PublicKey {
        PublicKey::of(&SigningKey::from_bytes(&[id; 32]))
    }

    #[test]
    fn a_limit_gives_its_burst_at_once_and_then_one_at_a_time() {
        let clock = FakeRelativeClock::default();
        let limit = Limit::with_clock("test", allowance(3, Duration::from_secs(10)), clock.clone());
        for _ in 0..3 {
            assert_eq!(limit.check(&"a"), Ok(()));
        }
        assert_eq!(limit.check(&"a"), Err(Duration::from_secs(10)));
        assert_eq!(limit.check(&"b"), Ok(()), "another one is not concerned");
        clock.advance(Duration::from_secs(4));
        assert_eq!(limit.check(&"a"), Err(Duration::from_secs(6)), "asking too soon costs nothing");
        clock.advance(Duration::from_secs(6));
        assert_eq!(limit.check(&"a"), Ok(()));
        assert_eq!(limit.check(&"a"), Err(Duration::from_secs(10)));
        clock.advance(Duration::from_secs(1000));
        for _ in 0..3 {
            assert_eq!(limit.check(&"a"), Ok(()), "no more than the burst is saved up");
        }
        assert!(limit.check(&"a").is_err());
    }

    /// How many of 10,000 pass.
    fn passed(mut check: impl FnMut() -> Result<(), TooMany>) -> u32 {
        (0..10_000).map(|_| u32::from(check().is_ok())).sum()
    }

    #[test]
    fn one_network_does_not_take_from_another_and_unsigned_requests_not_from_signed_ones() {
        let limits = Limits::new(Metrics::default());
        let (near, far) = (network("203.0.113.7"), network("198.51.100.1"));
        assert!((600..2_000).contains(&passed(|| limits.unproved(near))));
        assert!(limits.unproved(network("203.0.113.99")).is_err(), "the same network");
        assert_eq!(limits.unproved(far), Ok(()));
        assert!((120..200).contains(&passed(|| limits.signed(&host(1), near))));
        assert_eq!(limits.signed(&host(2), near), Ok(()));
    }

    #[test]
    fn new_keys_do_not_lift_the_limit_of_a_network() {
        let limits = Limits::new(Metrics::default());
        let number: RegistrationNumber = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap();
        let call = Call::LicenseInfo { number };
        let mut id = 0_u8;
        let looks = passed(|| {
            id = id.wrapping_add(1);
            limits.call(&call, &host(id), network("203.0.113.7")).map(|_| ())
        });
        assert!((300..320).contains(&looks), "{looks}");
        let check_in = limits.call(&Call::CheckIn, &host(1), network("203.0.113.7"));
        assert!(check_in.is_ok_and(|tried| tried.is_none()), "a check is another matter");
    }
}
