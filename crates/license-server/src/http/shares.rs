//! Shares: how many of the places that there are one network may hold at once.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;

use super::{
    Options,
    client::{Network, contains},
};

/// One network holds at most a quarter of the places: it takes four to shut everybody else out, and a
/// provider that has so many hosts behind one address still finds room.
const PART: usize = 4;

/// What each network holds. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    /// `None` is without limits.
    most: Option<usize>,
    /// Proxies hold places for many networks.
    proxies: Arc<[IpNet]>,
    held: Arc<Mutex<HashMap<Network, usize>>>,
}

/// A place that a network holds, as long as this lives.
#[derive(Debug)]
pub(crate) struct Share(Option<(Network, Shares)>);

impl Shares {
    /// Of so many places. Without rate limits, a network may hold all of them.
    pub(crate) fn of(places: usize, options: &Options) -> Self {
        Self {
            most: options.rate_limits.then(|| (places / PART).max(1)),
            proxies: options.trusted_proxies.as_slice().into(),
            held: Arc::default(),
        }
    }

    /// Takes a place for an address; `None` if its network holds all that it may.
    pub(crate) fn take(&self, address: IpAddr) -> Option<Share> {
        let Some(most) = self.most.filter(|_| !contains(&self.proxies, address.to_canonical())) else {
            return Some(Share(None));
        };
        let network = Network::of(address);
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all.entry(network).or_default();
        if *held >= most {
            return None;
        }
        *held += 1;
        Some(Share(Some((network, self.clone()))))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((network, shares)) = self.0.take() else { return };
        let mut all = shares.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = all.get_mut(&network) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                all.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_a_quarter_and_others_are_not_concerned() {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let shares = Shares::of(8, &Options { trusted_proxies: proxies, ..Options::default() });
        let one = shares.take(address("203.0.113.7")).unwrap();
        let _two = shares.take(address("::ffff:203.0.113.8")).unwrap();
        assert!(shares.take(address("203.0.113.9")).is_none());
        let _other = shares.take(address("198.51.100.1")).unwrap();
        drop(one);
        assert!(shares.take(address("203.0.113.9")).is_some());
        let behind_a_proxy: Vec<_> = (0..9).filter_map(|_| shares.take(address("10.0.0.1"))).collect();
        assert_eq!(behind_a_proxy.len(), 9);
    }

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let shares = Shares::of(8, &Options::default());
        drop(shares.take(address("203.0.113.7")));
        assert!(shares.held.lock().unwrap().is_empty());
    }

    #[test]
    fn there_is_always_one_and_without_limits_there_are_all() {
        let few = Shares::of(1, &Options::default());
        let _only = few.take(address("203.0.113.7")).unwrap();
        assert!(few.take(address("203.0.113.7")).is_none());
        let free = Shares::of(1, &Options { rate_limits: false, ..Options::default() });
        let taken: Vec<_> = (0..9).filter_map(|_| free.take(address("203.0.113.7"))).collect();
        assert_eq!(taken.len(), 9);
    }
}
