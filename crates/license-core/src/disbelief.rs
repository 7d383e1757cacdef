//! Why the license server is not believed, for people.

use license_texts::{Text, text};

use crate::{
    keys::KeySetError,
    schema,
    statement::{MAX_FEATURES, StatementError},
};

impl StatementError {
    /// It in a sentence.
    #[must_use]
    pub fn sentence(&self) -> Text {
        match self {
            Self::UnknownKey { key_id } => text!("statement-of-unknown-key", key = key_id.to_string()),
            Self::RevokedKey { key_id } => text!("statement-of-revoked-key", key = key_id.to_string()),
            Self::KeyPeriod { key_id } => text!("statement-out-of-key-period", key = key_id.to_string()),
            Self::Signature { key_id } => text!("statement-wrongly-signed", key = key_id.to_string()),
            Self::Unreadable(error) => text!("statement-unreadable", error = error.to_string()),
            Self::Schema { found } => {
                text!("statement-of-other-schema", found = found, read = schema::MAJOR)
            }
            Self::TooManyFeatures { found } => {
                text!("statement-too-long", found = *found, most = MAX_FEATURES)
            }
            Self::OtherHost => text!("statement-for-other-host"),
            Self::OtherNonce => text!("statement-for-other-request"),
            Self::OtherNumber => text!("statement-about-other-number"),
            Self::OldSerial { found, held } => text!("statement-not-newer", found = *found, held = *held),
        }
    }
}

impl KeySetError {
    /// It in a sentence.
    #[must_use]
    pub fn sentence(&self) -> Text {
        match self {
            Self::NoRoots => text!("key-set-without-roots"),
            Self::UnknownRoot { key_id } => text!("key-set-of-unknown-root", key = key_id.to_string()),
            Self::Signature { key_id } => text!("key-set-wrongly-signed", key = key_id.to_string()),
            Self::Unreadable(error) => text!("key-set-unreadable", error = error.to_string()),
            Self::Schema { found } => text!("key-set-of-other-schema", found = found, read = schema::MAJOR),
        }
    }
}

#[cfg(test)]
mod tests {
    use license_texts::Language;

    use super::*;
    use crate::crypto::KeyId;

    #[test]
    fn the_sentence_is_the_error_and_there_is_a_russian_one() {
        let key = || KeyId("k1".to_owned());
        let unreadable = || serde_json::from_str::<u8>("x").unwrap_err();
        let found = || "9.0".to_owned();
        let statements = [
            StatementError::UnknownKey { key_id: key() },
            StatementError::RevokedKey { key_id: key() },
            StatementError::KeyPeriod { key_id: key() },
            StatementError::Signature { key_id: key() },
            StatementError::Unreadable(unreadable()),
            StatementError::Schema { found: found() },
            StatementError::TooManyFeatures { found: 3_000 },
            StatementError::OtherHost,
            StatementError::OtherNonce,
            StatementError::OtherNumber,
            StatementError::OldSerial { found: 1, held: 2 },
        ];
        let key_sets = [
            KeySetError::NoRoots,
            KeySetError::UnknownRoot { key_id: key() },
            KeySetError::Signature { key_id: key() },
            KeySetError::Unreadable(unreadable()),
            KeySetError::Schema { found: found() },
        ];
        let statements = statements.iter().map(|error| (error.to_string(), error.sentence()));
        let key_sets = key_sets.iter().map(|error| (error.to_string(), error.sentence()));
        for (error, sentence) in statements.chain(key_sets) {
            assert_eq!(sentence.to(Language::English), error);
            let russian = sentence.to(Language::Russian);
            assert!(russian.chars().any(|c| ('а'..='я').contains(&c)), "{russian}");
        }
    }
}
