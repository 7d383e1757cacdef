//! What a license holds, and what one feature of it comes to on this host.

use serde::{Deserialize, Serialize};

use crate::{FeatureId, ProductId, SessionId, UnixTime, Verdict};

/// What a company enters to get a registration number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registration {
    /// Company name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Registration::MAX_CHARS)))]
    pub company: String,
    /// E-mail address; the number is sent there.
    #[cfg_attr(feature = "schema", schemars(length(max = Registration::MAX_CHARS), regex(pattern = "^[^@]+@[^@]+$")))]
    pub email: String,
    /// Contact person.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Registration::MAX_CHARS)))]
    pub contact: String,
    /// Telephone number.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = Registration::MAX_CHARS)))]
    pub phone: Option<String>,
    /// Tax id: INN, TIN, EIN or UNP.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = Registration::MAX_CHARS)))]
    pub tax_id: Option<String>,
}

impl Registration {
    /// The longest value of a field, in characters.
    pub const MAX_CHARS: usize = 256;
}

impl std::fmt::Debug for Registration {
    /// Hides everything: it is personal data, and requests are logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registration(…)")
    }
}

/// Who a registration number belongs to, as far as the license shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Customer {
    /// Company name.
    pub company: String,
    /// Contact person.
    pub contact: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number, empty if unknown.
    pub phone: String,
}

impl std::fmt::Debug for Customer {
    /// Hides everything: it is personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Customer(…)")
    }
}

/// Seats of a feature. Counted by host, or by user for a per-user feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Seats {
    /// Seats of all live grants together.
    pub total: u32,
    /// Seats that are taken, by this host or others.
    pub captured: u32,
}

impl Seats {
    /// Whether a seat can be taken.
    #[must_use]
    pub const fn is_free(self) -> bool {
        self.captured < self.total
    }
}

/// One product of a license: a grant, paid or trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LicensedProduct {
    /// Its id.
    pub product: ProductId,
    /// Its name, for people.
    pub name: String,
    /// Whether it is a trial.
    pub trial: bool,
    /// When it ends: 12:00 UTC of the day after the last valid one, which is the end of that day in
    /// the last time zone. `None` is never.
    pub expires_at: Option<UnixTime>,
    /// What it contains.
    pub features: Vec<ProductFeature>,
}

/// One feature inside a [`LicensedProduct`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductFeature {
    /// Its id.
    pub feature: FeatureId,
    /// Its name, for people.
    pub name: String,
    /// Seats that this product gives, and how many of them are taken.
    pub seats: Seats,
}

/// What one feature comes to on this host: the answer to a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// The feature that was asked for.
    pub feature: FeatureId,
    /// The product that it comes with; `None` if the license does not say.
    pub product: Option<ProductId>,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in a sentence for people, with the code in parentheses if there is one.
    pub message: String,
    /// The seat of this host or holder, if it has one.
    pub session: Option<SessionId>,
    /// All seats of the feature; `None` if the license does not list it.
    pub seats: Option<Seats>,
    /// When the license server last answered.
    pub last_answer: Option<UnixTime>,
    /// When it is asked again; `None` if there is nobody to ask.
    pub next_check: Option<UnixTime>,
}
