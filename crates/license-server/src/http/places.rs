//! Places of hosts that wait for news: each is an open connection, a host holds one, and a network not all.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use license_core::crypto::PublicKey;
use tokio::sync::oneshot;

use super::{
    Options,
    shares::{Share, Shares},
};

/// The places. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    capacity: usize,
    shares: Shares,
    taken: Arc<Mutex<HashMap<[u8; 32], Taken>>>,
}

/// A place that is taken; dropped, it ends the wait of who holds it.
#[derive(Debug)]
struct Taken {
    holder: oneshot::Sender<()>,
    _share: Share,
}

/// A place, held as long as this lives.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    host: [u8; 32],
    taken_over: oneshot::Receiver<()>,
}

impl Places {
    /// As many as the options say.
    pub(crate) fn of(options: &Options) -> Self {
        let capacity = options.long_polls;
        Self { capacity, shares: Shares::of(capacity, options), taken: Arc::default() }
    }

    /// Takes a place for a host; `None` if there is none for it. One that the host holds already is taken
    /// over: its connection may be long dead.
    pub(crate) fn take(&self, host: &PublicKey, address: IpAddr) -> Option<Place> {
        let host = *host.as_bytes();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        drop(taken.remove(&host));
        if taken.len() >= self.capacity {
            return None;
        }
        let share = self.shares.take(address)?;
        let (holder, taken_over) = oneshot::channel();
        taken.insert(host, Taken { holder, _share: share });
        Some(Place { places: self.clone(), host, taken_over })
    }
}

impl Place {
    /// Ready once the same host waits elsewhere.
    pub(crate) async fn taken_over(&mut self) {
        let _taken_over = (&mut self.taken_over).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken_over.close();
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever took it over still waits.
        if taken.get(&self.host).is_some_and(|taken| taken.holder.is_closed()) {
            taken.remove(&self.host);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use license_core::crypto::SigningKey;
    use tokio::time;

    use super::*;

    fn host(id: u8) -> PublicKey {
        PublicKey::of(&SigningKey::from_bytes(&[id; 32]))
    }

    fn places(long_polls: usize) -> Places {
        Places::of(&Options { long_polls, ..Options::default() })
    }

    fn net(id: u8) -> IpAddr {
        [203, 0, id, 1].into()
    }

    #[tokio::test]
    async fn a_host_holds_one_place_which_its_last_request_has() {
        let places = places(4);
        let mut first = places.take(&host(1), net(1)).unwrap();
        let early = time::timeout(Duration::from_millis(20), first.taken_over()).await;
        assert!(early.is_err());
        let mut second = places.take(&host(1), net(1)).unwrap();
        first.taken_over().await;
        drop(first);
        assert_eq!(places.taken.lock().unwrap().len(), 1, "the second one still holds it");
        let late = time::timeout(Duration::from_millis(20), second.taken_over()).await;
        assert!(late.is_err());
        drop(second);
        assert!(places.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn there_are_so_many_and_a_network_has_a_quarter() {
        let places = places(8);
        let fill = |hosts: std::ops::Range<u8>, id| {
            hosts.filter_map(|host_id| places.take(&host(host_id), net(id))).collect::<Vec<_>>()
        };
        let held: Vec<_> = (0..5).map(|id| fill(id * 20..id * 20 + 20, id)).collect();
        let counts: Vec<_> = held.iter().map(Vec::len).collect();
        assert_eq!(counts, [2, 2, 2, 2, 0]);
        drop(held);
        assert_eq!(fill(100..120, 9).len(), 2);
    }
}
