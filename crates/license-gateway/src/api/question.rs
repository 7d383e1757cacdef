//! What a request asks for, once its parameters are understood.

use std::collections::BTreeMap;

use hyper::StatusCode;
use license_client::types::{
    Code, Coupon, FeatureId, ProductId, Registration, RegistrationNumber, SessionId,
};
use license_texts::{Text, text};

use super::{Method, Parameters, Refusal};

/// What a request asks for.
#[derive(Debug, Clone)]
pub enum Question {
    /// `getlicenseinfo`
    LicenseInfo {
        /// The number; `None` for the current one.
        key: Option<RegistrationNumber>,
    },
    /// `gettrial`
    Register(Registration),
    /// `addtrial`
    AddTrial(ProductId),
    /// `activatecoupon`
    Coupon(Coupon),
    /// `changekey`
    ChangeKey {
        /// The number; `None` to forget the current one.
        key: Option<RegistrationNumber>,
    },
    /// `capturefeature`
    Capture(FeatureId),
    /// `featureavailable`
    Available(FeatureId),
    /// `releasefeature`
    Release(SessionId),
    /// `sendmetrics`
    Metrics {
        /// The number that MikoPBX has in its settings.
        key: Option<RegistrationNumber>,
        /// The metrics by name.
        metrics: BTreeMap<String, String>,
    },
    /// `ping`
    Ping,
}

/// Why a question is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuestionError {
    /// A parameter is not there.
    Missing(&'static str),
    /// A parameter is no positive 32-bit number.
    NoNumber(&'static str),
    /// A registration comes with another product.
    OtherProduct,
    /// What a person typed in is no key and no coupon.
    Mistyped(Code),
}

impl QuestionError {
    /// The answer to who asked.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let text = match self {
            Self::Missing(name) => text!("gateway-parameter-missing", name = *name),
            Self::NoNumber(name) => text!("gateway-parameter-no-number", name = *name),
            Self::OtherProduct => text!("gateway-parameter-other-product"),
            Self::Mistyped(code) => return Refusal::coded(*code, Text::meaning(*code)),
        };
        Refusal::plain(StatusCode::BAD_REQUEST, text)
    }
}

impl Question {
    /// The question of a request to `method`.
    pub fn read(method: Method, parameters: &Parameters) -> Result<Self, QuestionError> {
        Ok(match method {
            Method::GetLicenseInfo => Self::LicenseInfo { key: number(parameters)? },
            Method::GetTrial => {
                // The product that a registration comes with.
                if parameters.get("product").is_some() && id(parameters, "product")? != ProductId::MIKOPBX.0 {
                    return Err(QuestionError::OtherProduct);
                }
                Self::Register(registration(parameters)?)
            }
            Method::AddTrial => Self::AddTrial(ProductId(id(parameters, "product")?)),
            Method::ActivateCoupon => {
                let coupon = required(parameters, "coupon")?.parse();
                Self::Coupon(coupon.map_err(|_| QuestionError::Mistyped(Code::COUPON_UNKNOWN))?)
            }
            // Without the parameter nothing is forgotten: that must be meant.
            Method::ChangeKey if parameters.get("key").is_none() => {
                return Err(QuestionError::Missing("key"));
            }
            Method::ChangeKey => Self::ChangeKey { key: number(parameters)? },
            Method::CaptureFeature => Self::Capture(FeatureId(id(parameters, "feature")?)),
            Method::FeatureAvailable => Self::Available(FeatureId(id(parameters, "feature")?)),
            Method::ReleaseFeature => {
                id(parameters, "feature")?;
                Self::Release(SessionId(required(parameters, "session")?.to_owned()))
            }
            Method::SendMetrics => {
                Self::Metrics { key: number(parameters)?, metrics: parameters.without("key") }
            }
            Method::Ping => Self::Ping,
        })
    }
}

fn registration(parameters: &Parameters) -> Result<Registration, QuestionError> {
    let optional =
        |name| parameters.get(name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    Ok(Registration {
        company: required(parameters, "companyname")?.to_owned(),
        email: required(parameters, "email")?.to_owned(),
        contact: required(parameters, "contact")?.to_owned(),
        phone: optional("tel"),
        tax_id: optional("inn"),
    })
}

/// The value of a parameter that must be there, and not be empty.
fn required<'a>(parameters: &'a Parameters, name: &'static str) -> Result<&'a str, QuestionError> {
    let value = parameters.get(name).map(str::trim);
    value.filter(|value| !value.is_empty()).ok_or(QuestionError::Missing(name))
}

/// The registration number, if there is one.
fn number(parameters: &Parameters) -> Result<Option<RegistrationNumber>, QuestionError> {
    let key = parameters.get("key").map(str::trim).filter(|key| !key.is_empty());
    key.map(str::parse).transpose().map_err(|_| QuestionError::Mistyped(Code::KEY_UNKNOWN))
}

/// A positive 32-bit number in decimal digits.
fn id(parameters: &Parameters, name: &'static str) -> Result<u32, QuestionError> {
    let text = required(parameters, name)?;
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok()).filter(|id| *id > 0);
    number.ok_or(QuestionError::NoNumber(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: Method, form: &str) -> Result<Question, QuestionError> {
        let mut parameters = Parameters::default();
        parameters.add(form.as_bytes()).unwrap();
        Question::read(method, &parameters)
    }

    #[test]
    fn only_a_positive_32_bit_number_is_a_feature() {
        assert!(matches!(read(Method::FeatureAvailable, "feature=4294967295"), Ok(Question::Available(_))));
        for bad in ["abc", "-1", "%2B1", "0", "4294967296", "1.0", "0x1", "٣"] {
            let error = read(Method::FeatureAvailable, &format!("feature={bad}")).unwrap_err();
            assert_eq!(error, QuestionError::NoNumber("feature"), "{bad}");
        }
        for missing in ["", "feature=", "feature=+", "features=1"] {
            let error = read(Method::FeatureAvailable, missing).unwrap_err();
            assert_eq!(error, QuestionError::Missing("feature"), "{missing}");
        }
    }

    #[test]
    fn the_key_is_forgotten_only_where_an_empty_one_is_given() {
        assert_eq!(read(Method::ChangeKey, "").unwrap_err(), QuestionError::Missing("key"));
        assert!(matches!(read(Method::ChangeKey, "key="), Ok(Question::ChangeKey { key: None })));
        let wrong = read(Method::ChangeKey, "key=MIKO-1").unwrap_err();
        assert_eq!(wrong, QuestionError::Mistyped(Code::KEY_UNKNOWN));
    }

    #[test]
    fn a_coupon_may_have_spaces_around_it() {
        let coupon = read(Method::ActivateCoupon, "coupon=+MIKOUPD-aaaaa-BBBBB-CCCCC-DDDDD+").unwrap();
        assert!(matches!(coupon, Question::Coupon(_)));
        let wrong = read(Method::ActivateCoupon, "coupon=MIKO-AAAAA-BBBBB-CCCCC-DDDDD").unwrap_err();
        assert_eq!(wrong, QuestionError::Mistyped(Code::COUPON_UNKNOWN));
    }

    #[test]
    fn a_registration_needs_three_fields() {
        assert!(
            read(Method::GetTrial, "companyname=A&email=a@b&contact=C&tel=&inn=&description=&product=11")
                .is_ok()
        );
        let missing = read(Method::GetTrial, "companyname=A&email=+&contact=C").unwrap_err();
        assert_eq!(missing, QuestionError::Missing("email"));
    }
}
