//! The error codes that MikoPBX and its users know.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A licensing error code, as people read it in parentheses: `(2008) …`.
///
/// A newtype and no enum: a license server that is newer than this program may send a code that is
/// not known here, and it must reach the person unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(inline))]
#[serde(transparent)]
pub struct Code(pub u16);

impl Code {
    /// The name of the license server could not be looked up.
    pub const LOOKUP_FAILED: Self = Self(1011);
    /// No connection to the license server.
    pub const CONNECTION_FAILED: Self = Self(1012);
    /// No trusted TLS session with the license server.
    pub const TLS_FAILED: Self = Self(1013);
    /// The license server did not answer in time, or not with its word.
    pub const NO_ANSWER: Self = Self(1014);
    /// There is no license for the feature, or it is bound to another host.
    pub const NO_LICENSE: Self = Self(2008);
    /// There is an error in the license key, or there is none.
    pub const KEY_ERROR: Self = Self(2009);
    /// The license for the feature has expired.
    pub const EXPIRED: Self = Self(2011);
    /// Registration: this e-mail already has a number, for another company.
    pub const EMAIL_TAKEN: Self = Self(2022);
    /// The license key is unknown.
    pub const KEY_UNKNOWN: Self = Self(2026);
    /// Coupon: error in the registration number.
    pub const COUPON_NUMBER: Self = Self(2037);
    /// The coupon does not exist.
    pub const COUPON_UNKNOWN: Self = Self(2040);
    /// The coupon was activated already.
    pub const COUPON_USED: Self = Self(2041);
    /// Registration: this host was registered before with another e-mail or company.
    pub const HOST_REGISTERED: Self = Self(2051);
    /// The coupon is blocked.
    pub const COUPON_BLOCKED: Self = Self(2057);

    /// Whether this code says that the license server gave no answer: weather, never a "no".
    #[must_use]
    pub const fn is_no_answer(self) -> bool {
        matches!(self.0, 1011..=1014)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_101x_range_is_no_answer() {
        let range: Vec<u16> = (0..=u16::MAX).filter(|&code| Code(code).is_no_answer()).collect();
        assert_eq!(range, [1011, 1012, 1013, 1014]);
    }
}
