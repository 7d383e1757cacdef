//! A map that forgets: what was not touched for longest goes first.

use std::{collections::HashMap, hash::Hash, mem};

/// A map of bounded size.
///
/// It has two halves. What is touched goes into the young one; when that is full, the old one is
/// forgotten and the young one takes its place. So nothing is ever scanned, and what is touched often is
/// never forgotten, whoever floods the map with new keys.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    /// A map of at most `capacity` keys, and of at least two.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    /// Looks without touching.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Sets a value.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Takes a value out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.young.remove(key).or_else(|| self.old.remove(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_its_capacity_and_keeps_what_is_touched() {
        let mut recent = Recent::new(10);
        for round in 0..1000 {
            recent.insert("often", round);
            recent.insert(Box::leak(format!("once {round}").into_boxed_str()), round);
            assert!(recent.young.len() + recent.old.len() <= 10, "round {round}");
            assert_eq!(recent.get(&"often"), Some(&round));
        }
        assert_eq!(recent.get(&"once 0"), None);
        assert_eq!(recent.get(&"once 999"), Some(&999));
    }

    #[test]
    fn a_key_has_one_value() {
        let mut recent = Recent::new(4);
        for key in [1, 2, 3, 1] {
            recent.insert(key, key);
        }
        recent.insert(1, 10);
        assert_eq!(recent.remove(&1), Some(10));
        assert_eq!(recent.get(&1), None);
    }
}
