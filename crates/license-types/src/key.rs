//! Registration numbers and coupons: what a person types in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

/// Groups after the prefix, and characters in each.
const GROUPS: usize = 4;
const GROUP_LEN: usize = 5;

/// Trims and upper-cases `text`, and takes it if it is `prefix` and four groups of five of `A-Z0-9`.
fn parse(text: &str, prefix: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let mut groups = text.strip_prefix(prefix)?.strip_prefix('-')?.split('-');
    let is_group = |group: &str| {
        group.len() == GROUP_LEN && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let whole = groups.by_ref().take(GROUPS).filter(|group| is_group(group)).count() == GROUPS;
    (whole && groups.next().is_none()).then_some(text)
}

macro_rules! typed_key {
    ($(#[$doc:meta])* $name:ident, $what:literal, $prefix:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The letters before the first group.
            pub const PREFIX: &str = $prefix;
            /// The pattern of a well-formed one, as a regular expression.
            pub const PATTERN: &str = $pattern;

            /// The whole text. It is a secret: never log it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text with all but the last group hidden, for logs and for people who may only read.
            #[must_use]
            pub fn masked(&self) -> String {
                let shown = self.0.len() - GROUP_LEN;
                let hidden = self.0[$prefix.len()..shown].chars().map(|c| if c == '-' { '-' } else { '*' });
                $prefix.chars().chain(hidden).chain(self.0[shown..].chars()).collect()
            }
        }

        impl FromStr for $name {
            type Err = FormatError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse(text, $prefix).map(Self).ok_or(FormatError { what: $what, pattern: $pattern })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.masked())
            }
        }
    };
}

typed_key! {
    /// A registration number, also called license key: one for each company, holding its licenses.
    ///
    /// Parsed after trimming and upper-casing. There is no `Display` on purpose, and `Debug` is
    /// [masked](Self::masked): a number that reaches a log is a leak.
    RegistrationNumber, "registration number", "MIKO", "^MIKO(-[A-Z0-9]{5}){4}$"
}

typed_key! {
    /// A coupon: single use, extends or activates licenses.
    ///
    /// Parsed after trimming and upper-casing. There is no `Display` on purpose, and `Debug` is
    /// [masked](Self::masked).
    Coupon, "coupon", "MIKOUPD", "^MIKOUPD(-[A-Z0-9]{5}){4}$"
}

/// A text that is no registration number or no coupon. It does not repeat the text, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatError {
    what: &'static str,
    pattern: &'static str,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no {}: it must match {}", self.what, self.pattern)
    }
}

impl std::error::Error for FormatError {}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

    #[test]
    fn a_number_is_trimmed_and_upper_cased() {
        let number: RegistrationNumber = "  miko-ab1cd-ef2gh-ij3kl-mn4op\n".parse().unwrap();
        assert_eq!(number.as_str(), NUMBER);
    }

    #[test]
    fn a_malformed_number_is_refused_with_the_pattern() {
        for bad in [
            "",
            "MIKO",
            "MIKO-AB1CD-EF2GH-IJ3KL",
            "MIKO-AB1CD-EF2GH-IJ3KL-MN4O",
            "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP-",
            "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP-AAAAA",
            "MIKO-AB1CD-EF2GH-IJ3KL-MN4Ö",
            "MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP",
            "MIKO AB1CD EF2GH IJ3KL MN4OP",
        ] {
            let error = bad.parse::<RegistrationNumber>().unwrap_err();
            assert!(error.to_string().contains(RegistrationNumber::PATTERN), "{bad:?}");
        }
    }

    #[test]
    fn a_number_is_no_coupon_and_a_coupon_no_number() {
        assert!(NUMBER.parse::<Coupon>().is_err());
        assert!("MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP".parse::<Coupon>().is_ok());
    }

    #[test]
    fn debug_shows_the_last_group_alone() {
        let number: RegistrationNumber = NUMBER.parse().unwrap();
        assert_eq!(format!("{number:?}"), "MIKO-*****-*****-*****-MN4OP");
    }
}
