//! The HTTP contract between a host and the license server: JSON under `/v1`.
//!
//! Every call of a host is a `POST` of a [`HostCall`] in an [envelope](crate::envelope); the answer is
//! `200` with an [`ApiAnswer`], or a [`Problem`] as `application/problem+json` (RFC 9457). Besides there
//! are `GET /v1/keys`, which gives the current [`SignedKeySet`] to anybody, and [`CHANGED_PATH`].

use std::{collections::BTreeMap, time::Duration};

use license_texts::Text;
use license_types::{
    Code, Coupon, Customer, FeatureId, Holder, LicensedProduct, ProductId, Registration, RegistrationNumber,
    SessionId,
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
use crate::json_schema;
use crate::{
    crypto::Nonce, host::Evidence, keys::SignedKeySet, receipt::SignedReceipt, statement::SignedStatement,
};

/// Where the current key set is.
pub const KEYS_PATH: &str = "/v1/keys";

/// Where a bound host waits for news, with a `GET` in an [envelope](crate::envelope) over an empty body. The
/// answer is a [`Changed`], after [`LONG_POLL`] at the latest.
pub const CHANGED_PATH: &str = "/v1/changed";

/// How long the license server lets a host wait for news: below the minute after which proxies give up.
pub const LONG_POLL: Duration = Duration::from_secs(55);

/// Whether a host is to check in now. Not signed: it only ever makes a check sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changed {
    /// Whether something of its number changed since its last statement.
    pub changed: bool,
}

/// Where somebody who forgot the number asks for it, with a `POST` of a [`ForgottenNumber`] that nobody signs.
/// The answer is `202` whether somebody has that e-mail or not; the number goes to its owner by mail.
pub const FORGOTTEN_PATH: &str = "/v1/forgotten-number";

/// The longest body of a [`ForgottenNumber`].
pub const MAX_FORGOTTEN_BODY: usize = 1024;

/// Whose number it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForgottenNumber {
    /// The e-mail of the registration.
    pub email: String,
}

/// Where the description of the API is: OpenAPI, made from the types that it describes.
pub const OPENAPI_PATH: &str = "/v1/openapi.json";

/// The media type of a [`Problem`].
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// The longest body of a call.
pub const MAX_REQUEST_BODY: usize = 64 * 1024;

/// The longest body of an answer: a statement with [`MAX_FEATURES`](crate::statement::MAX_FEATURES)
/// features, in base64, twice over.
pub const MAX_ANSWER_BODY: usize = 4 * 1024 * 1024;

/// The body of every call of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HostCall {
    /// Drawn for this request; the statement in the answer repeats it.
    pub nonce: Nonce,
    /// What is known of the host's hardware.
    pub evidence: Evidence,
    /// The receipt of the statement that the host holds, for a license server that was restored from a
    /// backup.
    pub receipt: Option<SignedReceipt>,
    /// What the host wants.
    pub call: Call,
}

/// What a host can want. Each has its own path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Get a number for a company, and bind this host to it.
    Register(Registration),
    /// Bind this host to a number; seats that it had of another number are freed.
    Activate {
        /// The number.
        number: RegistrationNumber,
    },
    /// Ask what holds now.
    CheckIn,
    /// Take a seat.
    Capture {
        /// The feature.
        feature: FeatureId,
        /// The user, for a per-user feature.
        holder: Option<Holder>,
        /// Also take a seat that this host was dropped from.
        reclaim: bool,
    },
    /// Give a seat back.
    Release {
        /// The seat.
        session: SessionId,
    },
    /// Activate a coupon.
    Coupon {
        /// The coupon.
        coupon: Coupon,
    },
    /// Add a trial.
    Trial {
        /// The product.
        product: ProductId,
    },
    /// Ask what another number holds; binds nothing.
    LicenseInfo {
        /// The number.
        number: RegistrationNumber,
    },
    /// Say how this host is used; needs no number.
    SendMetrics {
        /// What it says.
        #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = MAX_METRICS,
            "propertyNames" = json_schema::metric(), "additionalProperties" = json_schema::metric())))]
        metrics: Metrics,
    },
    /// Unbind this host and free its seats.
    Drop,
    /// Ask what taking a seat would come to; takes none and changes nothing.
    WouldCapture {
        /// The feature.
        feature: FeatureId,
        /// The user, for a per-user feature.
        holder: Option<Holder>,
    },
}

/// What a host says about itself, by name: `PBXname`, `CountSipExtensions` and the like. For the vendor to
/// look at; nothing depends on it.
pub type Metrics = BTreeMap<String, String>;

/// The most [`Metrics`] of one host.
pub const MAX_METRICS: usize = 64;

/// The longest name or value of a metric, in bytes.
pub const MAX_METRIC_LEN: usize = 256;

impl Call {
    /// The paths of all calls.
    pub const PATHS: [&'static str; 11] = [
        "/v1/register",
        "/v1/activate",
        "/v1/check-in",
        "/v1/capture",
        "/v1/release",
        "/v1/coupon",
        "/v1/trial",
        "/v1/license-info",
        "/v1/send-metrics",
        "/v1/drop",
        "/v1/would-capture",
    ];

    /// Where this call is posted to.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        let [
            register,
            activate,
            check_in,
            capture,
            release,
            coupon,
            trial,
            info,
            metrics,
            drop,
            would_capture,
        ] = Self::PATHS;
        match self {
            Self::Register(_) => register,
            Self::Activate { .. } => activate,
            Self::CheckIn => check_in,
            Self::Capture { .. } => capture,
            Self::Release { .. } => release,
            Self::Coupon { .. } => coupon,
            Self::Trial { .. } => trial,
            Self::LicenseInfo { .. } => info,
            Self::SendMetrics { .. } => metrics,
            Self::Drop => drop,
            Self::WouldCapture { .. } => would_capture,
        }
    }

    /// Whether a success is told by a statement: by what holds for this host now.
    #[must_use]
    pub const fn is_answered_by_statement(&self) -> bool {
        match self {
            Self::Register(_)
            | Self::Activate { .. }
            | Self::CheckIn
            | Self::Capture { .. }
            | Self::Release { .. }
            | Self::Coupon { .. }
            | Self::Trial { .. } => true,
            Self::LicenseInfo { .. } | Self::SendMetrics { .. } | Self::Drop | Self::WouldCapture { .. } => {
                false
            }
        }
    }
}

/// The body of a `200`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiAnswer {
    /// What holds now; absent after `license-info`, `send-metrics`, `drop` and `would-capture`.
    pub statement: Option<SignedStatement>,
    /// The receipt of the statement, to be sent along with the next call.
    #[serde(default)]
    pub receipt: Option<SignedReceipt>,
    /// The key set that the statement is verified with.
    pub keys: SignedKeySet,
    /// The seat, after `capture`.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// The license, after `license-info`.
    #[serde(default)]
    pub license: Option<License>,
    /// What did not go quite as wanted, in sentences for people, in English.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The same sentences in Russian, in the same order; none from a license server before schema 1.1.
    #[serde(default)]
    pub warnings_ru: Vec<String>,
}

/// What a number holds, for somebody who only asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct License {
    /// The number.
    pub number: RegistrationNumber,
    /// Its owner.
    pub customer: Customer,
    /// Its products.
    pub products: Vec<LicensedProduct>,
}

/// Why a call failed (RFC 9457). An outcome for the person who asked; it never changes what is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The licensing code; a fault has none.
    #[serde(default)]
    pub code: Option<Code>,
    /// A short summary in English.
    pub title: String,
    /// What happened and what to do, in English.
    pub detail: String,
    /// The same in Russian.
    #[serde(default)]
    pub detail_ru: String,
    /// The feature that it is about.
    #[serde(default)]
    pub feature: Option<FeatureId>,
    /// The product that it is about.
    #[serde(default)]
    pub product: Option<ProductId>,
}

impl Problem {
    /// What happened and what to do, as the license server says it.
    #[must_use]
    pub fn said(&self) -> Text {
        Text::said(&self.detail, &self.detail_ru)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_the_documented_json_form() {
        let call = Call::Capture { feature: FeatureId(45), holder: None, reclaim: true };
        let json = serde_json::to_string(&call).unwrap();
        assert_eq!(json, r#"{"capture":{"feature":45,"holder":null,"reclaim":true}}"#);
        assert_eq!(serde_json::to_string(&Call::CheckIn).unwrap(), r#""check_in""#);
    }
}
