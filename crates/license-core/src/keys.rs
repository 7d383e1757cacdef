//! Key sets: which keys may sign statements. A pinned root signs a set; only a higher version replaces it.

use license_types::UnixTime;
use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
use crate::json_schema;
use crate::{
    crypto::{self, ExactBytes, KeyId, PublicKey, Purpose, Signature, SigningKey},
    schema,
};

/// The keys that may sign statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeySet {
    /// Its [schema], `major.minor`.
    pub schema: String,
    /// Only a higher version replaces a set.
    pub version: u64,
    /// The keys.
    pub keys: Vec<OnlineKey>,
}

/// A key that signs statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnlineKey {
    /// Its id.
    pub id: KeyId,
    /// Its public half.
    pub public: PublicKey,
    /// The first moment of which a statement may be.
    pub valid_from: UnixTime,
    /// The last moment of which a statement may be; `None` is open.
    pub signs_until: Option<UnixTime>,
    /// Whether nothing that it signed counts any more.
    pub revoked: bool,
}

/// A [`KeySet`] with the signature of a root key over its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedKeySet {
    /// The root key.
    pub key_id: KeyId,
    /// The JSON of a [`KeySet`].
    #[cfg_attr(feature = "schema", schemars(schema_with = "json_schema::payload::<KeySet>"))]
    pub payload: ExactBytes,
    /// Over the payload.
    pub signature: Signature,
}

impl KeySet {
    /// Signs the set with a root key.
    pub fn sign(&self, root: &SigningKey) -> Result<SignedKeySet, serde_json::Error> {
        let payload = serde_json::to_vec(self)?;
        let signature = crypto::sign(root, Purpose::KeySet, &payload);
        Ok(SignedKeySet { key_id: PublicKey::of(root).id(), payload: ExactBytes(payload), signature })
    }

    /// The key of that id.
    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&OnlineKey> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// Whether the set revokes the key of that id. A set that does not list it does not.
    #[must_use]
    pub fn revokes(&self, id: &KeyId) -> bool {
        self.get(id).is_some_and(|key| key.revoked)
    }
}

impl SignedKeySet {
    /// The set without a look at the signature: for what was verified when it was accepted.
    pub fn read(&self) -> Result<KeySet, KeySetError> {
        let set: KeySet = serde_json::from_slice(&self.payload.0).map_err(KeySetError::Unreadable)?;
        if schema::is_known(&set.schema) { Ok(set) } else { Err(KeySetError::Schema { found: set.schema }) }
    }

    /// The set, if one of `roots` signed it.
    pub fn verify(&self, roots: &[PublicKey]) -> Result<KeySet, KeySetError> {
        if roots.is_empty() {
            return Err(KeySetError::NoRoots);
        }
        let root = roots.iter().find(|root| root.id() == self.key_id);
        let root = root.ok_or_else(|| KeySetError::UnknownRoot { key_id: self.key_id.clone() })?;
        if !root.verifies(Purpose::KeySet, &self.payload.0, &self.signature) {
            return Err(KeySetError::Signature { key_id: self.key_id.clone() });
        }
        self.read()
    }
}

/// Why a key set is not taken.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// Nothing is pinned, so nothing can be verified.
    #[error("no root key is installed; put the license server's public key into the trust folder")]
    NoRoots,
    /// Signed by a root that is not pinned.
    #[error("the key set is signed by root key {key_id}, which is not in the trust folder")]
    UnknownRoot {
        /// The id it names.
        key_id: KeyId,
    },
    /// Not signed by the root that it names.
    #[error("the signature of root key {key_id} over the key set is wrong")]
    Signature {
        /// The id it names.
        key_id: KeyId,
    },
    /// Signed, but no key set.
    #[error("the key set is not readable: {0}")]
    Unreadable(serde_json::Error),
    /// A major version that this program does not know.
    #[error("the key set has schema {found}, this version reads {}", schema::MAJOR)]
    Schema {
        /// The schema.
        found: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> KeySet {
        KeySet { schema: "1.3".to_owned(), version: 1, keys: Vec::new() }
    }

    #[test]
    fn a_set_is_taken_from_a_pinned_root_alone() {
        let (root, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let signed = set().sign(&root).unwrap();
        assert_eq!(signed.verify(&[PublicKey::of(&other), PublicKey::of(&root)]).unwrap(), set());
        assert!(matches!(signed.verify(&[PublicKey::of(&other)]), Err(KeySetError::UnknownRoot { .. })));
        assert!(matches!(signed.verify(&[]), Err(KeySetError::NoRoots)));
    }

    #[test]
    fn a_changed_set_is_refused() {
        let root = SigningKey::from_bytes(&[1; 32]);
        let mut signed = set().sign(&root).unwrap();
        *signed.payload.0.last_mut().unwrap() ^= 1;
        assert!(matches!(signed.verify(&[PublicKey::of(&root)]), Err(KeySetError::Signature { .. })));
    }

    #[test]
    fn an_unknown_major_schema_is_refused() {
        let root = SigningKey::from_bytes(&[1; 32]);
        let signed = KeySet { schema: "2.0".to_owned(), ..set() }.sign(&root).unwrap();
        assert!(matches!(signed.verify(&[PublicKey::of(&root)]), Err(KeySetError::Schema { .. })));
    }
}
