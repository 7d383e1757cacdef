//! Identifiers: products, features, sessions, holders.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(inline, extend("maximum" = u32::MAX)))]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

numeric_id! {
    /// What is sold: 11 is MikoPBX, 81 the amoCRM module. A product contains features.
    ///
    /// Product and feature numbers are different things: 31 is both.
    ProductId
}

numeric_id! {
    /// What is checked: 33 is the MikoPBX base, 45 the amoCRM module.
    FeatureId
}

impl ProductId {
    /// MikoPBX itself: a free license for ever, added when a number is activated.
    pub const MIKOPBX: Self = Self(11);
}

impl FeatureId {
    /// The base feature of [`ProductId::MIKOPBX`].
    pub const MIKOPBX: Self = Self(33);
}

/// One captured seat. Opaque, given by the license server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(inline))]
#[serde(transparent)]
pub struct SessionId(pub String);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of the user that holds a seat of a per-user feature (46–49).
///
/// 1 to [`Holder::MAX_BYTES`] bytes of UTF-8 without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Holder(String);

impl Holder {
    /// The longest name, in bytes: a Windows domain user (`DOMAIN\user`) has at most 15 + 1 + 104
    /// characters, and Cyrillic ones take two bytes each in UTF-8.
    pub const MAX_BYTES: usize = 256;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Holder {
    type Err = HolderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && !text.chars().any(char::is_control) { Ok(Self(text.to_owned())) } else { Err(HolderError) }
    }
}

impl<'de> Deserialize<'de> for Holder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no [`Holder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HolderError;

impl fmt::Display for HolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a holder is a name of 1 to {} bytes without control characters", Holder::MAX_BYTES)
    }
}

impl std::error::Error for HolderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_bounded_and_printable() {
        assert!("DOMAIN\\иванов".parse::<Holder>().is_ok());
        for bad in ["", "a\nb", "\u{7f}", &"x".repeat(257)] {
            assert_eq!(bad.parse::<Holder>(), Err(HolderError), "{bad:?}");
        }
    }

    #[test]
    fn ids_out_of_range_are_refused() {
        for bad in ["-1", "abc", "4294967296", ""] {
            assert!(bad.parse::<FeatureId>().is_err(), "{bad:?}");
        }
    }
}
