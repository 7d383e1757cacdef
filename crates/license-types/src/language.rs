//! The languages in which people are spoken to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language in which people are spoken to. Codes, JSON and the log are in none: they stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English, for everybody whose own language is not here.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Russian.
    #[serde(rename = "ru")]
    Russian,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Russian];

    /// Its tag (BCP 47): `en`, `ru`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// What a tag or a locale asks for: `ru`, `ru-RU`, `ru_RU.UTF-8`; English where it is none of ours.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_', '.', '@']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|it| it.tag().eq_ignore_ascii_case(primary)).unwrap_or_default()
    }

    /// What the locale of a process asks for (POSIX.1-2017, XBD 8.2): the first of `LC_ALL`, `LC_MESSAGES` and
    /// `LANG` that is not empty.
    #[must_use]
    pub fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let of = |name| variable(name).filter(|value| !value.is_empty());
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(of)
            .map(|tag| Self::of_tag(&tag))
            .unwrap_or_default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_all_its_forms_and_english_is_for_everybody_else() {
        for tag in ["ru", "RU", "ru-RU", "ru_RU.UTF-8", "ru_UA@euro"] {
            assert_eq!(Language::of_tag(tag), Language::Russian, "{tag}");
        }
        for tag in ["", "C", "C.UTF-8", "POSIX", "en_US.UTF-8", "de", "rus", "r"] {
            assert_eq!(Language::of_tag(tag), Language::English, "{tag}");
        }
    }

    #[test]
    fn of_the_variables_of_the_locale_the_first_that_is_set_counts() {
        let of = |set: &[(&str, &str)]| {
            Language::of_locale(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), Language::English);
        assert_eq!(of(&[("LANG", "ru_RU.UTF-8")]), Language::Russian);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", "C"), ("LANG", "ru")]), Language::English);
        assert_eq!(of(&[("LC_ALL", "ru"), ("LANG", "en")]), Language::Russian);
    }
}
