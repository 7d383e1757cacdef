//! What comes of a request, before it is known in which language that is told: several clients may wait for one
//! outcome.

use std::fmt;

use license_ipc::ErrorKind;
use license_texts::{Language, Text};
use license_types::Code;

/// Why a request failed. Its display is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// The licensing code, if there is one.
    pub code: Option<Code>,
    /// What happened and what to do.
    pub message: Text,
}

impl Failure {
    /// A failure without a licensing code.
    #[must_use]
    pub const fn plain(kind: ErrorKind, message: Text) -> Self {
        Self { kind, code: None, message }
    }

    /// A failure by that code, and what it means.
    #[must_use]
    pub fn by_code(kind: ErrorKind, code: Code) -> Self {
        Self { kind, code: Some(code), message: Text::meaning(code) }
    }

    /// The sentence with its code before it.
    #[must_use]
    pub fn sentence(self) -> Text {
        with_code(self.code, self.message)
    }

    /// As it is answered.
    #[must_use]
    pub fn to(&self, language: Language) -> license_ipc::Failure {
        license_ipc::Failure { kind: self.kind, code: self.code, message: self.message.to(language) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to(Language::English).fmt(f)
    }
}

/// A request that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What happened.
    pub message: Text,
    /// What did not go quite as wanted.
    pub warnings: Vec<Text>,
}

impl Done {
    /// As it is answered.
    #[must_use]
    pub fn to(&self, language: Language) -> license_ipc::Done {
        license_ipc::Done { message: self.message.to(language), warnings: all(&self.warnings, language) }
    }
}

/// The sentences in a language.
#[must_use]
pub fn all(texts: &[Text], language: Language) -> Vec<String> {
    texts.iter().map(|text| text.to(language)).collect()
}

/// A sentence with a code before it, as MikoPBX looks for it.
#[must_use]
pub fn with_code(code: Option<Code>, message: Text) -> Text {
    match code {
        Some(code) => license_texts::text!("with-code", code = code, message = message),
        None => message,
    }
}
