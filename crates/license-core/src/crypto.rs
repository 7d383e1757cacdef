//! Ed25519 with a purpose: nothing that was signed for one use verifies for another.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
pub use ed25519_dalek::SigningKey;
use ed25519_dalek::{Signer, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// What a signature is for. Its prefix goes in front of the signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A statement of the license server about a binding.
    Statement,
    /// A key set, signed by a root key.
    KeySet,
    /// A request of a host.
    Request,
    /// A receipt of the license server for a statement.
    Receipt,
}

impl Purpose {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Statement => b"licensed statement v1\0",
            Self::KeySet => b"licensed key set v1\0",
            Self::Request => b"licensed request v1\0",
            Self::Receipt => b"licensed receipt v1\0",
        }
    }

    fn message(self, bytes: &[u8]) -> Vec<u8> {
        [self.prefix(), bytes].concat()
    }
}

/// Signs `bytes` for `purpose`.
#[must_use]
pub fn sign(key: &SigningKey, purpose: Purpose, bytes: &[u8]) -> Signature {
    Signature(key.sign(&purpose.message(bytes)).to_bytes())
}

/// A public key. Its text form, in trust files and on the wire, is `ed25519:` and 32 bytes of base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    const PREFIX: &'static str = "ed25519:";

    /// The public half of `key`.
    #[must_use]
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key())
    }

    /// Whether `signature` is this key's over `bytes`, made for `purpose`. Strict: no weak keys, no
    /// malleable signatures.
    #[must_use]
    pub fn verifies(&self, purpose: Purpose, bytes: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(&purpose.message(bytes), &signature).is_ok()
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The id that statements and key sets name this key by.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let digest = Sha256::digest(self.0.as_bytes());
        KeyId(hex(&digest[..8]))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, BASE64.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let encoded = text.trim().strip_prefix(Self::PREFIX).ok_or(PublicKeyError)?;
        let bytes = BASE64.decode(encoded).map_err(|_| PublicKeyError)?;
        let bytes = bytes.try_into().map_err(|_| PublicKeyError)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| PublicKeyError)?;
        if key.is_weak() { Err(PublicKeyError) } else { Ok(Self(key)) }
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A text that is no [`PublicKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key is one line: `ed25519:` and 32 bytes in base64")]
pub struct PublicKeyError;

/// The id of a signing key: the first 8 bytes of the SHA-256 of its public half, in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(inline))]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&BASE64.encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let bytes = BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
                bytes.map(Self).ok_or(concat!("not ", $len, " bytes in base64"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

fixed_bytes! {
    /// An Ed25519 signature.
    Signature, 64
}

fixed_bytes! {
    /// What a request is told from all others by; a statement that answers it repeats it.
    Nonce, 32
}

fixed_bytes! {
    /// The id under which the license server remembers a request, so that a repetition gets the same answer.
    RequestId, 16
}

/// Bytes that are sent exactly as they were signed; base64 in JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct ExactBytes(pub Vec<u8>);

impl fmt::Debug for ExactBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExactBytes({} bytes)", self.0.len())
    }
}

impl Serialize for ExactBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for ExactBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BASE64.decode(String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(b"0123456789abcdef"[usize::from(nibble)]))
        .collect()
}

/// The SHA-256 of `bytes`, in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_for_one_purpose_is_none_for_another() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let signature = sign(&key, Purpose::Statement, b"bytes");
        let public = PublicKey::of(&key);
        assert!(public.verifies(Purpose::Statement, b"bytes", &signature));
        assert!(!public.verifies(Purpose::KeySet, b"bytes", &signature));
        assert!(!public.verifies(Purpose::Statement, b"Bytes", &signature));
    }

    #[test]
    fn a_public_key_survives_its_text_form() {
        let public = PublicKey::of(&SigningKey::from_bytes(&[7; 32]));
        assert_eq!(format!("{public}\n").parse(), Ok(public));
        for bad in [
            "",
            "ed25519:",
            "ed25519:AAAA",
            "rsa:AAAA",
            "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ] {
            assert_eq!(bad.parse::<PublicKey>(), Err(PublicKeyError), "{bad}");
        }
    }

    #[test]
    fn hex_is_lower_case_and_padded() {
        assert_eq!(hex(&[0, 0x0a, 0xff]), "000aff");
    }
}
