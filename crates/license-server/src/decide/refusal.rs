//! Refusals: why a request comes to nothing, in both languages.
//!
//! No text holds a run of four digits: MikoPBX finds the code of an error by searching its whole text.

use license_core::api::Problem;
use license_texts::{Language, Text, text};
use license_types::{Code, FeatureId, ProductId};

/// Why a request comes to nothing. It changes nothing either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Registration: a required field is empty.
    FieldMissing {
        /// Its name.
        field: &'static str,
    },
    /// Registration: a field is too long.
    FieldTooLong {
        /// Its name.
        field: &'static str,
        /// The limit in characters.
        limit: usize,
    },
    /// Registration: a field holds control characters.
    FieldControl {
        /// Its name.
        field: &'static str,
    },
    /// Registration: the e-mail is no address.
    NoEmail,
    /// Registration: the e-mail has a number, for another company.
    EmailOfAnotherCompany,
    /// Registration: the same data came from another host. The number is not disclosed to this one.
    RegisteredOnAnotherHost,
    /// Registration: this host was on a number, with other data.
    HostRegistered,
    /// Nobody has that number.
    UnknownNumber,
    /// The host is on no number.
    NoNumber,
    /// The host is on no number that a coupon could be added to.
    CouponWithoutNumber,
    /// Nobody knows the host.
    UnknownHost,
    /// The host was dropped.
    Dropped,
    /// The host's machine goes on under another key.
    Replaced,
    /// The vendor suspended the number.
    Suspended,
    /// The host is a copy of another one, under the same key.
    Copy,
    /// The host changed its hardware too often.
    Restless,
    /// What a host says about itself is too much.
    TooManyMetrics,
    /// The host signed the request before it confirmed a later statement.
    OutOfDate,
    /// The number never had the feature.
    NotLicensed {
        /// The feature.
        feature: FeatureId,
        /// A product that has it, if one is sold.
        product: Option<ProductId>,
    },
    /// Every grant of the feature ended.
    Expired {
        /// The feature.
        feature: FeatureId,
        /// The product that had it.
        product: Option<ProductId>,
    },
    /// All seats are taken.
    NoSeatFree {
        /// The feature.
        feature: FeatureId,
        /// The product that has it.
        product: Option<ProductId>,
    },
    /// The host holds seats for as many users as one host may.
    TooManyUsers {
        /// The feature.
        feature: FeatureId,
    },
    /// The host was dropped from this seat.
    Barred {
        /// The feature.
        feature: FeatureId,
    },
    /// The host holds no such seat.
    UnknownSeat,
    /// Nobody sells that product.
    NotSold {
        /// The product.
        product: ProductId,
    },
    /// The number or the machine had its trial.
    TrialSpent {
        /// The product.
        product: ProductId,
    },
    /// There is no such coupon.
    CouponUnknown,
    /// The coupon was used.
    CouponUsed,
    /// The coupon was blocked.
    CouponBlocked,
}

/// A failure as it is answered: its text goes out in both languages.
pub(crate) fn problem(status: u16, code: Option<Code>, title: &str, text: &Text) -> Problem {
    Problem {
        status,
        code,
        title: title.to_owned(),
        detail: text.to(Language::English),
        detail_ru: text.to(Language::Russian),
        feature: None,
        product: None,
    }
}

/// Status, code and text of a refusal.
struct Wording {
    status: u16,
    code: Option<Code>,
    text: Text,
}

const fn worded(status: u16, code: Code, text: Text) -> Wording {
    Wording { status, code: Some(code), text }
}

/// A refusal whose code says it all.
fn meant(status: u16, code: Code) -> Wording {
    worded(status, code, Text::meaning(code))
}

const fn no_license(text: Text) -> Wording {
    worded(403, Code::NO_LICENSE, text)
}

/// What is no matter of the license.
const fn plain(status: u16, text: Text) -> Wording {
    Wording { status, code: None, text }
}

impl Refusal {
    /// The licensing code; what is no matter of the license has none.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.wording().code
    }

    /// The reason, for people.
    #[must_use]
    pub fn text(&self) -> Text {
        self.wording().text
    }

    /// The refusal as it is answered.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let Wording { status, code, text } = self.wording();
        let (feature, product) = self.subject();
        let title = if code.is_some() { "The license server refuses" } else { "The request cannot be met" };
        Problem { feature, product, ..problem(status, code, title, &text) }
    }

    fn subject(&self) -> (Option<FeatureId>, Option<ProductId>) {
        match self {
            Self::NotLicensed { feature, product }
            | Self::Expired { feature, product }
            | Self::NoSeatFree { feature, product } => (Some(*feature), *product),
            Self::TooManyUsers { feature } | Self::Barred { feature } => (Some(*feature), None),
            Self::NotSold { product } | Self::TrialSpent { product } => (None, Some(*product)),
            Self::FieldMissing { .. }
            | Self::FieldTooLong { .. }
            | Self::FieldControl { .. }
            | Self::NoEmail
            | Self::EmailOfAnotherCompany
            | Self::RegisteredOnAnotherHost
            | Self::HostRegistered
            | Self::UnknownNumber
            | Self::NoNumber
            | Self::CouponWithoutNumber
            | Self::UnknownHost
            | Self::Dropped
            | Self::Replaced
            | Self::Suspended
            | Self::Copy
            | Self::Restless
            | Self::TooManyMetrics
            | Self::OutOfDate
            | Self::UnknownSeat
            | Self::CouponUnknown
            | Self::CouponUsed
            | Self::CouponBlocked => (None, None),
        }
    }

    fn wording(&self) -> Wording {
        match self {
            Self::FieldMissing { field } => plain(422, text!("server-field-required", field = *field)),
            Self::FieldTooLong { field, limit } => {
                plain(422, text!("server-field-too-long", field = *field, limit = *limit))
            }
            Self::FieldControl { field } => plain(422, text!("server-field-control", field = *field)),
            Self::NoEmail => plain(422, text!("server-no-email")),
            Self::EmailOfAnotherCompany => meant(409, Code::EMAIL_TAKEN),
            Self::RegisteredOnAnotherHost => {
                worded(409, Code::EMAIL_TAKEN, text!("server-registered-elsewhere"))
            }
            Self::HostRegistered => meant(409, Code::HOST_REGISTERED),
            Self::UnknownNumber => meant(404, Code::KEY_UNKNOWN),
            Self::NoNumber => meant(403, Code::KEY_ERROR),
            Self::UnknownHost => worded(404, Code::NO_LICENSE, text!("server-unknown-host")),
            Self::Dropped => no_license(text!("server-dropped")),
            Self::Replaced => no_license(text!("server-replaced")),
            Self::Suspended => no_license(text!("server-suspended")),
            Self::Copy => no_license(text!("server-copy")),
            Self::Restless => no_license(text!("server-restless")),
            Self::TooManyMetrics => plain(422, text!("server-too-many-metrics")),
            Self::OutOfDate => plain(409, text!("server-out-of-date")),
            Self::NotLicensed { .. } => no_license(text!("server-not-licensed")),
            Self::Expired { .. } => meant(403, Code::EXPIRED),
            Self::NoSeatFree { .. } => no_license(text!("server-no-seat-free")),
            Self::TooManyUsers { .. } => no_license(text!("server-too-many-users")),
            Self::Barred { .. } => no_license(text!("server-barred")),
            Self::NotSold { .. } => no_license(text!("server-not-sold")),
            Self::TrialSpent { .. } => worded(403, Code::EXPIRED, text!("server-trial-spent")),
            Self::UnknownSeat => plain(404, text!("server-unknown-seat")),
            Self::CouponUnknown => meant(404, Code::COUPON_UNKNOWN),
            Self::CouponUsed => meant(409, Code::COUPON_USED),
            Self::CouponBlocked => meant(403, Code::COUPON_BLOCKED),
            Self::CouponWithoutNumber => meant(403, Code::COUPON_NUMBER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Refusal> {
        let (feature, product) = (FeatureId(45), ProductId(81));
        vec![
            Refusal::FieldMissing { field: "email" },
            Refusal::FieldTooLong { field: "email", limit: 256 },
            Refusal::FieldControl { field: "email" },
            Refusal::NoEmail,
            Refusal::EmailOfAnotherCompany,
            Refusal::RegisteredOnAnotherHost,
            Refusal::HostRegistered,
            Refusal::UnknownNumber,
            Refusal::NoNumber,
            Refusal::CouponWithoutNumber,
            Refusal::UnknownHost,
            Refusal::Dropped,
            Refusal::Replaced,
            Refusal::Suspended,
            Refusal::Copy,
            Refusal::Restless,
            Refusal::TooManyMetrics,
            Refusal::OutOfDate,
            Refusal::NotLicensed { feature, product: Some(product) },
            Refusal::Expired { feature, product: Some(product) },
            Refusal::NoSeatFree { feature, product: Some(product) },
            Refusal::TooManyUsers { feature },
            Refusal::Barred { feature },
            Refusal::UnknownSeat,
            Refusal::NotSold { product },
            Refusal::TrialSpent { product },
            Refusal::CouponUnknown,
            Refusal::CouponUsed,
            Refusal::CouponBlocked,
        ]
    }

    #[test]
    fn every_refusal_has_its_code() {
        let codes = all().iter().map(|refusal| refusal.code().map_or(0, |code| code.0)).collect::<Vec<_>>();
        let expected = [
            0, 0, 0, 0, 2022, 2022, 2051, 2026, 2009, 2037, 2008, 2008, 2008, 2008, 2008, 2008, 0, 0, 2008,
            2011, 2008, 2008, 2008, 0, 2008, 2011, 2040, 2041, 2057,
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn nobody_is_sent_to_where_there_is_nothing() {
        for refusal in all() {
            let problem = refusal.problem();
            let texts = [problem.detail, problem.detail_ru].map(|text| text.to_lowercase());
            for nowhere in ["monitor", "cabinet", "монитор", "кабинет"] {
                assert!(texts.iter().all(|text| !text.contains(nowhere)), "{refusal:?}: {texts:?}");
            }
        }
    }

    #[test]
    fn who_is_barred_is_told_the_command_that_works() {
        let problem = Refusal::Barred { feature: FeatureId(45) }.problem();
        for text in [problem.detail, problem.detail_ru] {
            assert!(text.contains("`licensectl capture FEATURE --reclaim`"), "{text}");
        }
    }

    #[test]
    fn every_text_is_a_sentence_in_both_languages_without_a_code_in_it() {
        for refusal in all() {
            let problem = refusal.problem();
            for text in [&problem.detail, &problem.detail_ru] {
                assert!(text.ends_with('.'), "{refusal:?}: {text}");
                let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
                assert!(digits < Some(4), "{refusal:?}: {text}");
            }
            assert!(problem.detail_ru.chars().any(|c| ('а'..='я').contains(&c)), "{refusal:?}");
            assert!((400..500).contains(&problem.status), "{refusal:?}");
        }
    }
}
