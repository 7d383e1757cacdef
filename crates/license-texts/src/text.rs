//! A sentence, before it is known in which language.

use std::borrow::Cow;

use license_types::{Code, FeatureId, Language, ProductId, RegistrationNumber, SessionId};
use serde::{Deserialize, Serialize};

use crate::catalogue;

/// Names a text of the catalogue, with what it is about: `text!("seats-taken", total = 3, captured = 1)`.
///
/// A test of this crate looks for every text that is named anywhere in the workspace.
#[macro_export]
macro_rules! text {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Text::known($id)$(.with(stringify!($name), $value))*
    };
}

/// A sentence for people, in every language that there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// It is in the catalogue.
    Known {
        id: Cow<'static, str>,
        #[serde(default)]
        about: Vec<(Cow<'static, str>, Argument)>,
    },
    /// Somebody else said it: the license server, or the operating system.
    Said {
        en: String,
        /// Empty where it is said in English alone.
        #[serde(default)]
        ru: String,
    },
}

/// Something that a sentence is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Argument {
    /// A name, a path, a code: in every language the same.
    Word(String),
    /// A count, on which the form of other words may depend.
    Number(i64),
    /// A sentence within the sentence.
    Text(Box<Text>),
    /// The same as the end of that sentence, which has a full stop of its own.
    Clause(Box<Text>),
}

impl Text {
    /// The text of the catalogue with that id. [`text!`] reads better.
    #[must_use]
    pub const fn known(id: &'static str) -> Self {
        Self(Kind::Known { id: Cow::Borrowed(id), about: Vec::new() })
    }

    /// What somebody else said, in both languages; what is not said in Russian is told in English.
    #[must_use]
    pub fn said(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self(Kind::Said { en: en.into(), ru: ru.into() })
    }

    /// What the operating system or a library says: it has no other language.
    #[must_use]
    pub fn verbatim(words: impl Into<String>) -> Self {
        Self::said(words, "")
    }

    /// What a code means and what to do next, in a sentence or two. No other four digits follow each other in
    /// it: MikoPBX finds a code by searching the whole text for it.
    #[must_use]
    pub fn meaning(code: Code) -> Self {
        let id = format!("code-{code}");
        let id = if catalogue::has(&id) { Cow::Owned(id) } else { Cow::Borrowed("code-unknown") };
        Self(Kind::Known { id, about: Vec::new() })
    }

    /// What the help of `licensectl` says of a command, or of an option or argument of one: `check`,
    /// `check-module`.
    #[must_use]
    pub fn help(of: &str) -> Option<Self> {
        let id = format!("help-{of}");
        catalogue::has(&id).then(|| Self(Kind::Known { id: Cow::Owned(id), about: Vec::new() }))
    }

    /// What ends another sentence, whoever wrote it: it goes without its full stop there.
    #[must_use]
    pub fn clause(self) -> Argument {
        Argument::Clause(Box::new(self))
    }

    /// The same, about one thing more. For [`text!`] alone, whose arguments a test compares with the text.
    #[doc(hidden)]
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<Argument>) -> Self {
        match self {
            Self(Kind::Known { id, mut about }) => {
                about.push((Cow::Borrowed(name), value.into()));
                Self(Kind::Known { id, about })
            }
            said @ Self(Kind::Said { .. }) => said,
        }
    }

    /// The sentence in a language.
    #[must_use]
    pub fn to(&self, language: Language) -> String {
        match (&self.0, language) {
            (Kind::Known { id, about }, _) => catalogue::words(language, id, about),
            (Kind::Said { ru, .. }, Language::Russian) if !ru.is_empty() => ru.clone(),
            (Kind::Said { en, .. }, _) => en.clone(),
        }
    }
}

macro_rules! argument {
    ($($from:ty),+ => |$value:ident| $into:expr) => {
        $(impl From<$from> for Argument {
            fn from($value: $from) -> Self {
                $into
            }
        })+
    };
}

argument!(&str, Code, FeatureId, ProductId, &SessionId => |it| Self::Word(it.to_string()));
argument!(String => |it| Self::Word(it));
argument!(&String => |it| Self::Word(it.clone()));
argument!(i64 => |it| Self::Number(it));
argument!(u8, u16, u32 => |it| Self::Number(it.into()));
argument!(u64, usize => |it| Self::Number(i64::try_from(it).unwrap_or(i64::MAX)));
argument!(Text => |it| Self::Text(Box::new(it)));
argument!(&RegistrationNumber => |it| Self::Word(it.masked()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_meaning_in_each_language() {
        let [en, ru] = Language::ALL.map(|language| Text::meaning(Code::COUPON_USED).to(language));
        assert_eq!(en, "The coupon was activated already.");
        assert_eq!(ru, "Купон уже активирован.");
        assert_eq!(Text::meaning(Code(9999)), Text::known("code-unknown"));
    }

    #[test]
    fn what_others_say_is_told_as_they_said_it() {
        let both = Text::said("No.", "Нет.");
        assert_eq!(Language::ALL.map(|language| both.to(language)), ["No.", "Нет."]);
        assert_eq!(Text::verbatim("os error 2").to(Language::Russian), "os error 2");
    }

    #[test]
    fn what_ends_another_sentence_goes_without_its_full_stop() {
        let why = Text::said("It is down.", "Он не отвечает.");
        let told = Text::known("status-offline").with("why", why.clause());
        assert!(told.to(Language::English).ends_with(": It is down."), "{told:?}");
        assert!(told.to(Language::Russian).ends_with(": Он не отвечает."), "{told:?}");
    }

    #[test]
    fn a_text_that_is_stored_is_read_again() {
        let text = Text::known("code-2008")
            .with("feature", FeatureId(45))
            .with("seats", 3_u32)
            .with("why", Text::verbatim("why"));
        let stored = serde_json::to_string(&text).unwrap();
        assert_eq!(serde_json::from_str::<Text>(&stored).unwrap(), text);
    }

    #[test]
    fn a_text_that_a_later_version_stored_is_told_by_its_name() {
        let stored = r#"{"known":{"id":"not-there-yet"}}"#;
        assert_eq!(serde_json::from_str::<Text>(stored).unwrap().to(Language::Russian), "not-there-yet");
    }
}
