//! Rotation and revocation: the key set that follows another one. Pure.

use std::time::Duration;

use license_core::{
    crypto::{KeyId, PublicKey},
    keys::{KeySet, OnlineKey},
};
use license_types::UnixTime;

use super::KeysError;

/// How long the key before may still sign: a running server takes up the new set within seconds, and an
/// hour covers one whose clock is not quite that of this machine.
const OVERLAP: Duration = Duration::from_hours(1);

/// The key that signs: of those that are neither revoked nor retired, the last one.
pub(super) fn signing(set: &KeySet) -> Option<&OnlineKey> {
    set.keys.iter().rev().find(|key| !key.revoked && key.signs_until.is_none())
}

/// The set in which `fresh` signs from now on.
pub(super) fn rotated(set: &KeySet, fresh: PublicKey, now: UnixTime) -> KeySet {
    let mut next = KeySet { version: set.version.saturating_add(1), ..set.clone() };
    for key in next.keys.iter_mut().filter(|key| key.signs_until.is_none()) {
        key.signs_until = Some(now.saturating_add(OVERLAP));
    }
    next.keys.push(OnlineKey {
        id: fresh.id(),
        public: fresh,
        valid_from: now,
        signs_until: None,
        revoked: false,
    });
    next
}

/// The set in which nothing counts any more that the key of that id signed. If it is the one that signs,
/// `fresh` signs instead.
pub(super) fn revoked(
    set: &KeySet,
    id: &KeyId,
    fresh: PublicKey,
    now: UnixTime,
) -> Result<KeySet, KeysError> {
    let key = set.get(id).ok_or_else(|| KeysError::UnknownKey { id: id.clone() })?;
    if key.revoked {
        return Err(KeysError::Revoked { id: id.clone() });
    }
    let signs = signing(set).is_some_and(|key| key.id == *id);
    let mut next = if signs {
        rotated(set, fresh, now)
    } else {
        KeySet { version: set.version.saturating_add(1), ..set.clone() }
    };
    for key in next.keys.iter_mut().filter(|key| key.id == *id) {
        key.revoked = true;
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use license_core::{crypto::SigningKey, schema::SCHEMA};

    use super::*;

    fn key(id: u8) -> PublicKey {
        PublicKey::of(&SigningKey::from_bytes(&[id; 32]))
    }

    /// Key 1 was rotated to key 2, and that to key 3.
    fn set() -> KeySet {
        let empty = KeySet { schema: SCHEMA.to_owned(), version: 0, keys: Vec::new() };
        let sets = [(1, 0), (2, 1000), (3, 2000)];
        sets.into_iter().fold(empty, |set, (id, now)| rotated(&set, key(id), UnixTime(now)))
    }

    #[test]
    fn a_key_that_is_rotated_away_signs_for_an_hour_and_is_never_forgotten() {
        let set = set();
        let periods: Vec<_> = set.keys.iter().map(|key| (key.valid_from.0, key.signs_until)).collect();
        let hour_after = |now: i64| Some(UnixTime(now + 3600));
        assert_eq!(periods, [(0, hour_after(1000)), (1000, hour_after(2000)), (2000, None)]);
        assert_eq!((set.version, signing(&set).unwrap().id.clone()), (3, key(3).id()));
    }

    #[test]
    fn a_key_that_is_revoked_is_replaced_if_it_signs() {
        let now = UnixTime(9000);
        for (id, signs, version) in [(1, 3, 4), (2, 3, 4), (3, 4, 4)] {
            let next = revoked(&set(), &key(id).id(), key(4), now).unwrap();
            assert_eq!((next.version, signing(&next).unwrap().id.clone()), (version, key(signs).id()));
            let listed: Vec<_> =
                next.keys.iter().filter(|key| key.revoked).map(|key| key.id.clone()).collect();
            assert_eq!(listed, [key(id).id()]);
            let again = revoked(&next, &key(id).id(), key(5), now);
            assert!(matches!(again, Err(KeysError::Revoked { .. })));
        }
        assert!(matches!(revoked(&set(), &key(9).id(), key(4), now), Err(KeysError::UnknownKey { .. })));
    }
}
