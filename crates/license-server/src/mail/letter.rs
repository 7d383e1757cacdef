//! Letters: what a mail says, in English and in Russian.

use license_core::crypto::KeyId;
use license_texts::{Language, Text, text};
use license_types::RegistrationNumber;

use crate::decide::mail::MailKind;

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// The letter of a kind about a number, and about a host where it is about one. In both languages: nobody knows
/// which one the owner reads.
#[must_use]
pub fn letter(kind: MailKind, number: &RegistrationNumber, host: Option<&KeyId>) -> Letter {
    // Whole, and not masked: the owner is told.
    let number = number.as_str();
    let host = host.map_or("-", |host| &host.0);
    let (subject, body) = match kind {
        MailKind::Number => {
            (text!("server-letter-number-subject"), text!("server-letter-number", number = number))
        }
        MailKind::Forgotten => {
            (text!("server-letter-forgotten-subject"), text!("server-letter-forgotten", number = number))
        }
        MailKind::RegisteredElsewhere => (
            text!("server-letter-registered-elsewhere-subject"),
            text!("server-letter-registered-elsewhere", number = number, host = host),
        ),
        MailKind::Moved => {
            (text!("server-letter-moved-subject"), text!("server-letter-moved", number = number, host = host))
        }
        MailKind::Rekeyed => (
            text!("server-letter-rekeyed-subject"),
            text!("server-letter-rekeyed", number = number, host = host),
        ),
        MailKind::CopyFound => (
            text!("server-letter-copy-found-subject"),
            text!("server-letter-copy-found", number = number, host = host),
        ),
    };
    let in_both = |text: &Text, between: &str| Language::ALL.map(|language| text.to(language)).join(between);
    Letter { subject: in_both(&subject, " / "), body: format!("{}\n", in_both(&body, "\n\n--------\n\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_holds_the_number_in_both_languages() {
        let number: RegistrationNumber = "MIKO-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap();
        let host = KeyId("0123456789abcdef".to_owned());
        for kind in MailKind::ALL {
            let letter = letter(kind, &number, Some(&host));
            let languages: Vec<&str> = letter.body.split("--------").collect();
            let [en, ru] = languages[..] else { panic!("{kind:?}: two languages") };
            let alone = format!("\n\n    {}\n\n", number.as_str());
            assert!(en.contains(&alone) && ru.contains(&alone), "{kind:?}: {}", letter.body);
            for nowhere in ["cabinet", "onitor", "кабинет", "монитор"] {
                assert!(!letter.body.contains(nowhere), "{kind:?}: there is no {nowhere} to look at");
            }
            assert!(en.is_ascii() && ru.chars().any(|c| ('а'..='я').contains(&c)), "{kind:?}");
            let about_a_host = !matches!(kind, MailKind::Number | MailKind::Forgotten);
            assert_eq!(
                (en.contains(&host.0), ru.contains(&host.0)),
                (about_a_host, about_a_host),
                "{kind:?}"
            );
        }
    }
}
