//! The catalogs of the journal, from which `journalctl -x` explains the events of licensed.

use std::path::Path;

use license_texts::Language;
use licensed::event::{self, Explained};

use crate::Made;

/// The longest line, in characters: what `journalctl` shows beside its own mark on a wide terminal.
const WIDTH: usize = 100;

/// A catalog for each language: `catalog/licensed.catalog`, `catalog/licensed.ru.catalog`.
pub(crate) fn of_each_language() -> [Made; 2] {
    Language::ALL.map(|language| {
        // What has no language in its name is for everybody whose own is not there (journald).
        let name = match language {
            Language::English => "licensed.catalog",
            Language::Russian => "licensed.ru.catalog",
        };
        let entries = event::ALL.iter().map(|event| entry(event, language));
        Made { path: Path::new("catalog").join(name), text: entries.collect::<Vec<_>>().join("\n") }
    })
}

fn entry(event: &Explained, language: Language) -> String {
    format!(
        "-- {}\nSubject: {}\nDefined-By: licensed\nSupport: {}/issues\nDocumentation: man:licensed(8)\n\n{}\n",
        event.id,
        event.subject.to(language),
        env!("CARGO_PKG_REPOSITORY"),
        event.body.to(language).split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n"),
    )
}

/// A paragraph in lines of at most [`WIDTH`]. One of commands, which are indented, stays as it is.
fn paragraph(text: &str) -> String {
    if text.starts_with(' ') {
        return text.to_owned();
    }
    let (mut lines, mut length) = (String::with_capacity(text.len()), 0);
    for word in text.split_whitespace() {
        let added = word.chars().count();
        if length == 0 {
            length = added;
        } else if length + 1 + added > WIDTH {
            lines.push('\n');
            length = added;
        } else {
            lines.push(' ');
            length += 1 + added;
        }
        lines.push_str(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use license_texts::Text;
    use license_types::Code;

    use super::*;

    /// The entries of a catalog.
    fn entries(catalog: &Made) -> Vec<&str> {
        catalog.text.strip_prefix("-- ").unwrap().split("\n-- ").collect()
    }

    #[test]
    fn both_catalogs_explain_every_event_and_nothing_else() {
        let events: BTreeSet<_> = event::ALL.iter().map(|event| event.id).collect();
        for catalog in of_each_language() {
            let entries = entries(&catalog);
            let ids: BTreeSet<_> = entries.iter().map(|entry| entry.lines().next().unwrap()).collect();
            assert_eq!((&ids, entries.len()), (&events, events.len()));
            for entry in entries {
                let (head, body) = entry.split_once("\n\n").unwrap();
                assert!(head.contains("\nSubject: ") && head.contains("\nDefined-By: licensed\n"), "{entry}");
                assert!(!body.trim().is_empty() && !body.contains("\n\n\n"), "{entry}");
            }
        }
    }

    #[test]
    fn no_line_is_longer_than_a_hundred_characters_but_a_subject() {
        for catalog in of_each_language() {
            for line in catalog.text.lines().filter(|line| !line.starts_with("Subject: ")) {
                assert!(line.chars().count() <= WIDTH && line.trim_end() == line, "{line:?}");
            }
        }
    }

    #[test]
    fn a_command_stands_on_a_line_of_its_own() {
        for catalog in of_each_language() {
            assert!(catalog.text.contains("\n\n    licensectl recheck\n"), "{}", catalog.text);
            assert!(catalog.text.contains("\n\n    systemctl reload licensed\n    licensectl ping\n"));
        }
    }

    #[test]
    fn what_a_code_means_is_said_as_everywhere() {
        for (language, catalog) in Language::ALL.into_iter().zip(of_each_language()) {
            for (id, code) in [
                (event::LOOKUP_FAILED, Code::LOOKUP_FAILED),
                (event::NO_LICENSE, Code::NO_LICENSE),
                (event::UNREGISTERED, Code::KEY_ERROR),
                (event::COUPON_REFUSED, Code::COUPON_USED),
                (event::HOST_REGISTERED, Code::HOST_REGISTERED),
            ] {
                let entries = entries(&catalog);
                let entry = entries.iter().find(|entry| entry.starts_with(id)).unwrap();
                let words = entry.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words.contains(&Text::meaning(code).to(language)), "{code}: {entry}");
            }
        }
    }
}
