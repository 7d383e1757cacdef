//! What a company enters to get a registration number: by flags, as JSON, or step by step.

use license_client::types::Registration;
use license_texts::{Text, text};
use licensectl::cli::Register;
use serde::Deserialize;

use crate::fault::Fault;

/// What is entered, in the order in which it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// Company name.
    Company,
    /// E-mail address.
    Email,
    /// Contact person.
    Contact,
    /// Telephone number.
    Phone,
    /// Tax id.
    TaxId,
}

impl Field {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Company, Self::Email, Self::Contact, Self::Phone, Self::TaxId];

    const fn flag(self) -> &'static str {
        match self {
            Self::Company => "--company",
            Self::Email => "--email",
            Self::Contact => "--contact",
            Self::Phone => "--phone",
            Self::TaxId => "--tax-id",
        }
    }

    const fn is_needed(self) -> bool {
        matches!(self, Self::Company | Self::Email | Self::Contact)
    }

    /// What people call it.
    pub(crate) fn label(self) -> Text {
        match self {
            Self::Company => text!("tool-label-company"),
            Self::Email => text!("tool-label-email"),
            Self::Contact => text!("tool-label-contact"),
            Self::Phone => text!("tool-label-phone"),
            Self::TaxId => text!("tool-label-tax-id"),
        }
    }

    /// The question for it.
    pub(crate) fn question(self) -> Text {
        if self.is_needed() {
            text!("tool-ask-field", label = self.label())
        } else {
            text!("tool-ask-optional", label = self.label())
        }
    }

    /// What was entered for it.
    pub(crate) fn of(self, given: &mut Register) -> &mut Option<String> {
        match self {
            Self::Company => &mut given.company,
            Self::Email => &mut given.email,
            Self::Contact => &mut given.contact,
            Self::Phone => &mut given.phone,
            Self::TaxId => &mut given.tax_id,
        }
    }

    /// What is wrong with an answer: the rules of the license server.
    pub(crate) fn wrong(self, said: &str) -> Option<Text> {
        let is_address = |text: &str| {
            let parts: Vec<_> = text.split('@').collect();
            parts.len() == 2 && parts.iter().all(|part| !part.is_empty() && !part.contains(' '))
        };
        if said.is_empty() {
            self.is_needed().then(|| text!("tool-wrong-empty"))
        } else if said.chars().count() > Registration::MAX_CHARS {
            Some(text!("tool-wrong-long", most = Registration::MAX_CHARS))
        } else if self == Self::Email && !is_address(said) {
            Some(text!("tool-wrong-email"))
        } else {
            None
        }
    }
}

/// Whether something is missing without which there is no number.
pub(crate) fn is_incomplete(given: &mut Register) -> bool {
    Field::ALL.into_iter().any(|field| field.is_needed() && field.of(given).is_none())
}

/// Asks for everything that was not given, again and again until it can be right.
pub(crate) fn ask(
    given: &mut Register,
    mut answer: impl FnMut(&Text) -> Result<String, Fault>,
    mut complain: impl FnMut(&Text),
) -> Result<(), Fault> {
    for field in Field::ALL {
        while field.of(given).is_none() {
            let said = answer(&field.question())?;
            match field.wrong(&said) {
                Some(why) => complain(&why),
                None if said.is_empty() => break,
                None => *field.of(given) = Some(said),
            }
        }
    }
    Ok(())
}

/// The registration, or the flags that are missing.
pub(crate) fn complete(mut given: Register) -> Result<Registration, Fault> {
    let missing = Field::ALL.into_iter().filter(|field| field.is_needed() && field.of(&mut given).is_none());
    let missing: Vec<_> = missing.map(Field::flag).collect();
    let Register {
        company: Some(company), email: Some(email), contact: Some(contact), phone, tax_id, ..
    } = given
    else {
        return Err(Fault::Usage(text!("tool-no-terminal", flags = missing.join(" "))));
    };
    Ok(Registration { company, email, contact, phone, tax_id })
}

/// What a script gives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    company: String,
    email: String,
    contact: String,
    phone: Option<String>,
    tax_id: Option<String>,
}

/// A registration as a script gives it.
pub(crate) fn from_json(text: &str) -> Result<Registration, Fault> {
    let wrong =
        |error: serde_json::Error| Fault::Malformed(text!("tool-no-registration", why = error.to_string()));
    let Given { company, email, contact, phone, tax_id } = serde_json::from_str(text).map_err(wrong)?;
    Ok(Registration { company, email, contact, phone, tax_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(given: Register, answers: &[&str]) -> (Register, Vec<Text>, Vec<Text>) {
        let (mut given, mut questions, mut complaints) = (given, Vec::new(), Vec::new());
        let mut answers = answers.iter();
        let answer = |question: &Text| {
            questions.push(question.clone());
            Ok((*answers.next().unwrap()).to_owned())
        };
        ask(&mut given, answer, |why| complaints.push(why.clone())).unwrap();
        assert_eq!(answers.next(), None, "all answers were asked for");
        (given, questions, complaints)
    }

    #[test]
    fn what_is_missing_is_asked_for_step_by_step_and_again_until_it_can_be_right() {
        let given = Register { contact: Some("Анна".to_owned()), ..Register::default() };
        let long = "x".repeat(257);
        let answers = ["", &long, "ООО «Ромашка»", "anna", "anna@romashka.example", "", "7701234567"];
        let (given, questions, complaints) = asked(given, &answers);
        let company = Field::Company.question();
        assert_eq!(questions[..3], [company.clone(), company.clone(), company]);
        assert_eq!(questions.len(), 7);
        assert_eq!(
            complaints,
            [
                text!("tool-wrong-empty"),
                text!("tool-wrong-long", most = 256_usize),
                text!("tool-wrong-email")
            ]
        );
        let Registration { company, email, contact, phone, tax_id } = complete(given).unwrap();
        assert_eq!(
            [company, email, contact],
            ["ООО «Ромашка»", "anna@romashka.example", "Анна"].map(str::to_owned)
        );
        assert_eq!((phone, tax_id.as_deref()), (None, Some("7701234567")));
    }

    #[test]
    fn an_address_has_something_on_both_sides_of_one_sign() {
        for wrong in ["a", "@b", "a@", "a@b@c", "a b@c"] {
            assert_eq!(Field::Email.wrong(wrong), Some(text!("tool-wrong-email")), "{wrong}");
        }
        assert_eq!(Field::Email.wrong("анна@ромашка.рф"), None);
    }

    #[test]
    fn flags_that_are_missing_are_named() {
        let given = Register { email: Some("a@b".to_owned()), ..Register::default() };
        let Err(Fault::Usage(why)) = complete(given) else { panic!("it is incomplete") };
        assert_eq!(why, text!("tool-no-terminal", flags = "--company --contact".to_owned()));
    }

    #[test]
    fn a_script_gives_one_object() {
        let given = r#"{"company":"C","email":"E","contact":"N","tax_id":"7"}"#;
        let it = from_json(given).unwrap();
        assert_eq!((it.company.as_str(), it.phone, it.tax_id.as_deref()), ("C", None, Some("7")));
        for wrong in
            ["", "[]", r#"{"company":"C"}"#, r#"{"company":"C","email":"E","contact":"N","inn":"7"}"#]
        {
            assert!(matches!(from_json(wrong), Err(Fault::Malformed(_))), "{wrong}");
        }
    }
}
