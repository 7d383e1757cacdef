//! `licensed.toml(5)`: the text is that of the shipped file, the facts are those of the table of options.

use licensed::config::{Applied, OPTIONS};

use crate::{
    MANUAL,
    roff_text::{Page, escaped, paragraph, quoted},
};

/// The shipped file, whose comments say what each option is for.
const SHIPPED: &str = include_str!("../../crates/licensed/licensed.toml");

const BY_HAND: &str = include_str!("../man/licensed.toml.5.roff");

/// The line of the part by hand where the options stand.
const PLACE: &str = ".\\\" OPTIONS\n";

/// The page.
pub(crate) fn page(date: &str) -> String {
    let title = format!(".TH licensed.toml 5 {date} \"licensed {}\" {MANUAL}\n", env!("CARGO_PKG_VERSION"));
    title + &BY_HAND.replacen(PLACE, &options(), 1)
}

/// The options as the shipped file groups them: a comment, then the lines that it is about.
fn options() -> String {
    let mut page = Page::default();
    page.line(".SH OPTIONS");
    let (mut table, mut comment, mut names) = (None, String::new(), Vec::new());
    // The first paragraph is about the file.
    let (_, options) = SHIPPED.split_once("\n\n").unwrap_or_default();
    for line in options.lines().chain([""]) {
        let text = line.trim_start_matches("# ");
        let key = text.split_once(" = ").map(|(key, _)| key).filter(|key| !key.contains(' '));
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']');
            page.line(&format!(".SS {}", quoted(&format!("[{name}]"))));
            page.lines(&paragraph(&comment));
            comment.clear();
            table = Some(name);
        } else if let Some(key) = key {
            names.push(table.map_or_else(|| key.to_owned(), |table| format!("{table}.{key}")));
        } else if !line.is_empty() {
            comment.extend([text, " "]);
        } else if !names.is_empty() {
            entry(&names, &comment, &mut page);
            names.clear();
            comment.clear();
        }
    }
    page.into_text()
}

/// Options that are explained together.
fn entry(names: &[String], comment: &str, page: &mut Page) {
    for (at, name) in names.iter().enumerate() {
        let tag = if at == 0 { ".TP" } else { ".TQ" };
        page.line(&format!("{tag}\n\\fB{}\\fR", escaped(key(name))));
    }
    page.lines(&paragraph(comment));
    for option in OPTIONS.iter().filter(|option| names.iter().any(|name| name == option.name)) {
        let applied = match option.applied {
            Applied::Reload => "reload",
            Applied::Restart => "restart",
        };
        let facts = format!(" = {} ({}; {applied})", option.default_value(), option.allowed());
        page.line(&format!(".br\n\\fB{}\\fR{}", escaped(key(option.name)), escaped(&facts)));
    }
}

/// What stands in the file: the name without that of its table.
fn key(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_has_its_default_and_what_is_allowed() {
        let page = page("2026-01-02");
        for option in OPTIONS {
            let key = key(option.name);
            let fact = format!("\\fR = {} ({}; ", option.default_value(), option.allowed());
            let line = format!("\\fB{key}{}", fact.replace('-', "\\-"));
            assert_eq!(page.matches(&line).count(), 1, "{line}");
        }
        assert_eq!(page.matches("\n.br\n\\fB").count(), OPTIONS.len());
    }

    #[test]
    fn tables_are_headings_with_what_stands_above_them() {
        let page = page("2026-01-02");
        assert!(page.contains("\n.SS \"[limits]\"\nWhat clients may take of the daemon;"), "{page}");
        assert!(page.contains("\n.SS \"[host]\"\n.TP\n\\fBid\\fR\n"), "{page}");
        assert!(page.contains(".SH OPTIONS\n.TP\n\\fBserver\\fR\n"), "{page}");
    }
}
