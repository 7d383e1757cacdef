//! The texts of `texts/`, read once.

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use license_types::Language;
use unic_langid::LanguageIdentifier;

use crate::{Argument, Text};

/// The files of both languages, by name.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        const ENGLISH: &[&str] = &[$(include_str!(concat!("../texts/en/", $name, ".ftl"))),+];
        const RUSSIAN: &[&str] = &[$(include_str!(concat!("../texts/ru/", $name, ".ftl"))),+];
        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),+];
    };
}

files!("codes", "client", "daemon", "doctor", "events", "gateway", "help", "server", "tool", "verdicts");

static EN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::English, ENGLISH));
static RU: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::Russian, RUSSIAN));

fn in_language(language: Language) -> &'static FluentBundle<FluentResource> {
    match language {
        Language::English => &EN,
        Language::Russian => &RU,
    }
}

/// What could be read of the files. Tests see to it that this is all.
fn bundle(language: Language, files: &[&str]) -> FluentBundle<FluentResource> {
    let locale: Option<LanguageIdentifier> = language.tag().parse().ok();
    let mut bundle = FluentBundle::new_concurrent(locale.into_iter().collect());
    // Its marks around arguments are for texts that run in both directions; ours run in one.
    bundle.set_use_isolating(false);
    for file in files {
        let resource = FluentResource::try_new((*file).to_owned());
        bundle.add_resource_overriding(resource.unwrap_or_else(|(readable, _)| readable));
    }
    bundle
}

/// Whether there is a text with that id.
pub(crate) fn has(id: &str) -> bool {
    EN.has_message(id)
}

/// A text in words. One that is not there is told by its id: it was stored by another version.
pub(crate) fn words(language: Language, id: &str, about: &[(Cow<'static, str>, Argument)]) -> String {
    let bundle = in_language(language);
    let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
        return id.to_owned();
    };
    let arguments: FluentArgs<'_> =
        about.iter().map(|(name, argument)| (name.as_ref(), value(argument, language))).collect();
    bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
}

fn value(argument: &Argument, language: Language) -> FluentValue<'_> {
    match argument {
        Argument::Word(word) => FluentValue::from(word.as_str()),
        Argument::Number(number) => FluentValue::from(*number),
        Argument::Text(text) => FluentValue::from(Text::to(text, language)),
        Argument::Clause(text) => {
            FluentValue::from(Text::to(text, language).trim_end_matches('.').to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
