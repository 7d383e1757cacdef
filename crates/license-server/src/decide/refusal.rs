//! Refusals: why a request comes to nothing, in both languages.
//!
//! No text holds a run of four digits: MikoPBX finds the code of an error by searching its whole text.

use license_core::api::Problem;
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

/// Status, code and texts of a refusal.
struct Wording {
    status: u16,
    code: Option<Code>,
    en: String,
    ru: String,
}

fn worded(status: u16, code: Code, en: &str, ru: &str) -> Wording {
    Wording { status, code: Some(code), en: en.to_owned(), ru: ru.to_owned() }
}

/// The code's own English text.
fn meant(status: u16, code: Code, ru: &str) -> Wording {
    worded(status, code, code.meaning(), ru)
}

fn field(en: String, ru: String) -> Wording {
    Wording { status: 422, code: None, en, ru }
}

impl Refusal {
    /// The licensing code; what is no matter of the license has none.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.wording().code
    }

    /// The refusal as it is answered.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let Wording { status, code, en, ru } = self.wording();
        let (feature, product) = self.subject();
        let title = if code.is_some() { "The license server refuses" } else { "The request cannot be met" };
        Problem { status, code, title: title.to_owned(), detail: en, detail_ru: ru, feature, product }
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

    #[expect(clippy::too_many_lines, reason = "a table: one row for each refusal")]
    fn wording(&self) -> Wording {
        let no_license = |en: &str, ru: &str| worded(403, Code::NO_LICENSE, en, ru);
        match self {
            Self::FieldMissing { field: name } => field(
                format!("The field {name} is required."),
                format!("Поле {name} обязательно для заполнения."),
            ),
            Self::FieldTooLong { field: name, limit } => field(
                format!("The field {name} is longer than {limit} characters."),
                format!("Поле {name} длиннее {limit} символов."),
            ),
            Self::FieldControl { field: name } => field(
                format!("The field {name} holds control characters."),
                format!("Поле {name} содержит управляющие символы."),
            ),
            Self::NoEmail => field(
                "The field email is no e-mail address.".to_owned(),
                "Поле email не является адресом электронной почты.".to_owned(),
            ),
            Self::EmailOfAnotherCompany => meant(
                409,
                Code::EMAIL_TAKEN,
                "На этот адрес электронной почты уже зарегистрирован номер другой компании. Найдите письмо с \
                 номером или повторите с названием компании, указанным в прошлый раз.",
            ),
            Self::RegisteredOnAnotherHost => worded(
                409,
                Code::EMAIL_TAKEN,
                "This company is registered already, on another host. Look for the mail with the number and \
                 activate it here.",
                "Эта компания уже зарегистрирована на другом компьютере. Найдите письмо с номером и \
                 активируйте его здесь.",
            ),
            Self::HostRegistered => meant(
                409,
                Code::HOST_REGISTERED,
                "Этот компьютер уже регистрировался с другой почтой или компанией. Найдите письмо с номером \
                 или повторите с почтой, указанной в прошлый раз.",
            ),
            Self::UnknownNumber => meant(
                404,
                Code::KEY_UNKNOWN,
                "Сервер лицензий не знает этот номер. Проверьте, нет ли опечатки.",
            ),
            Self::NoNumber => meant(
                403,
                Code::KEY_ERROR,
                "На этом компьютере нет действующего номера. Зарегистрируйтесь или активируйте свой номер.",
            ),
            Self::UnknownHost => worded(
                404,
                Code::NO_LICENSE,
                "The license server does not know this host. Activate the registration number on it.",
                "Сервер лицензий не знает этот компьютер. Активируйте на нём регистрационный номер.",
            ),
            Self::Dropped => no_license(
                "The vendor dropped this host from its registration number. Activate the number again to use \
                 it here.",
                "Поставщик сбросил привязку этого компьютера. Чтобы работать здесь, активируйте номер заново.",
            ),
            Self::Replaced => no_license(
                "The registration number of this machine is used under a new host key now. Activate the \
                 number again on this host to take it back.",
                "Регистрационный номер этого компьютера теперь используется с новым ключом. Чтобы вернуть \
                 его сюда, активируйте номер здесь заново.",
            ),
            Self::Suspended => no_license(
                "The vendor has suspended this registration number. Ask the vendor why.",
                "Поставщик приостановил действие этого регистрационного номера. Обратитесь к поставщику.",
            ),
            Self::Copy => no_license(
                "This host is a copy of another host and uses its key. Ask the vendor to accept it, or give it \
                 a host key of its own and activate the number on it.",
                "Этот компьютер — копия другого и использует его ключ. Попросите поставщика подтвердить его \
                 или создайте на нём собственный ключ и активируйте номер.",
            ),
            Self::Restless => no_license(
                "The hardware of this host changed too often of late. Ask the vendor to accept the change.",
                "Оборудование этого компьютера в последнее время менялось слишком часто. Попросите \
                 поставщика подтвердить замену.",
            ),
            Self::TooManyMetrics => Wording {
                status: 422,
                code: None,
                en: "There are too many metrics, or one is too long.".to_owned(),
                ru: "Показателей слишком много, или один из них слишком длинный.".to_owned(),
            },
            Self::OutOfDate => Wording {
                status: 409,
                code: None,
                en: "The request is older than what this host has confirmed. Check in, then send it anew."
                    .to_owned(),
                ru: "Запрос старше того, что этот компьютер уже подтвердил. Выполните проверку и отправьте \
                     его заново."
                    .to_owned(),
            },
            Self::NotLicensed { .. } => no_license(
                "The registration number has no license for this feature. Ask for one.",
                "В регистрационном номере нет лицензии на эту функцию. Запросите её.",
            ),
            Self::Expired { .. } => meant(
                403,
                Code::EXPIRED,
                "Срок лицензии на эту функцию истёк. Продлите её купоном или новой покупкой.",
            ),
            Self::NoSeatFree { .. } => no_license(
                "All seats of this feature are taken. Ask the vendor to drop the binding of another host, or \
                 for more seats.",
                "Все лицензии на эту функцию заняты. Попросите поставщика сбросить привязку другого \
                 компьютера или запросите ещё лицензии.",
            ),
            Self::TooManyUsers { .. } => no_license(
                "This host holds seats for as many users as one host may. Release those that nobody uses.",
                "Этот компьютер уже занял лицензии для наибольшего числа пользователей. Освободите те, которыми \
                 никто не пользуется.",
            ),
            Self::Barred { .. } => no_license(
                "The vendor dropped the binding of this feature to this host. To use it here, activate the \
                 number again, or run `licensectl capture FEATURE --reclaim`.",
                "Поставщик сбросил привязку этой функции к компьютеру. Чтобы работать здесь, активируйте номер \
                 заново или выполните `licensectl capture FEATURE --reclaim`.",
            ),
            Self::NotSold { .. } => no_license(
                "There is no such product. Check its number in the module's description.",
                "Такого продукта нет. Проверьте его номер в описании модуля.",
            ),
            Self::TrialSpent { .. } => worded(
                403,
                Code::EXPIRED,
                "The trial of this product was used already. Extend it with a coupon or a purchase.",
                "Пробный период этого продукта уже использован. Продлите его купоном или покупкой.",
            ),
            Self::UnknownSeat => Wording {
                status: 404,
                code: None,
                en: "This host holds no such seat.".to_owned(),
                ru: "У этого компьютера нет такой привязки.".to_owned(),
            },
            Self::CouponUnknown => {
                meant(404, Code::COUPON_UNKNOWN, "Такого купона нет. Проверьте, нет ли опечатки.")
            }
            Self::CouponUsed => meant(409, Code::COUPON_USED, "Купон уже был активирован."),
            Self::CouponBlocked => {
                meant(403, Code::COUPON_BLOCKED, "Купон заблокирован. Обратитесь к продавцу купона.")
            }
            Self::CouponWithoutNumber => meant(
                403,
                Code::COUPON_NUMBER,
                "Купон нельзя применить к этому регистрационному номеру. Сначала активируйте номер.",
            ),
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
