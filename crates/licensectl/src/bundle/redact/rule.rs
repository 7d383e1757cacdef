//! What a secret looks like.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::Regex;

use super::view::View;

/// Which views a rule looks at.
#[derive(Debug, Clone, Copy)]
enum Look {
    /// Without encodings.
    Plain,
    /// Without encodings, and as it stands: where an encoded space belongs to the word.
    RawToo,
    /// Without encodings, spaces and line ends.
    Joined,
}

/// A kind of secret.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) what: &'static str,
    look: Look,
    /// Its groups are what is hidden.
    pattern: Regex,
}

/// Names whose value is a secret, or a person's.
const NAMES: &str = "session(?:[_-]?id)?|host[._-]?id|password|passwd|passphrase|pwd|secret|token|api[_-]?key|\
                     credentials|cookie|e-?mail|phone|tel|contact|inn|tax[._-]?id";

/// Ends a quoted value: a quote within it is followed by something else.
const END: &str = r"(?:[\s,;&)}\]:>]|$)";

/// A pattern, `<name>` and `<end>` being [`NAMES`] and [`END`].
const PATTERNS: &[(&str, Look, &str)] = &[
    // `MIKO-…-MN4OP`, as the daemon itself masks them; and what is left of one that was cut off.
    (
        "number",
        Look::Joined,
        "MIKO(?:UPD)?-(?:([A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5})-[A-Z0-9]{5}|\
         ([A-Z0-9]{5}-[A-Z0-9]{5}(?:-[A-Z0-9]{1,5})?))",
    ),
    (
        "number",
        Look::Plain,
        r"MIKO(?:UPD)?[ _.]?([A-Z0-9]{5}[ _.]?[A-Z0-9]{5}[ _.]?[A-Z0-9]{5})[ _.]?[A-Z0-9]{5}\b",
    ),
    // User and password of a URL, to the last @ that may belong to it; they may hold what they should not.
    ("credentials", Look::RawToo, r#"[a-z][a-z0-9+.-]*://([^\s"<>]*(?:\r?\n[ \t]*[^\s"<>]*)?)@"#),
    ("credentials", Look::RawToo, r#"(?:^|[\s"'=])([^\s"'<>@=:]+:[^\s"'<>/][^\s"'<>]*)@"#),
    ("query", Look::RawToo, r#"/[^\s"'<>?]*\?([^\s"<>]+)"#),
    // The value of a header goes to the end of its line, and on where the next is indented or is base64 alone.
    (
        "header",
        Look::Plain,
        "(?:(?:proxy-)?authorization|cookie)[\"'\\x1a]*[ \\t]*[:=]\
         ([^\\r\\n]*(?:\\r?\\n(?:[ \\t]+[^\\r\\n]*|[A-Z0-9+/=_-]+(?:[\\r\\n]|$)))*)",
    ),
    ("header", Look::Plain, r"\b(?:bearer|basic)\s+(\S*(?:[0-9=]|(?-i:[a-z][A-Z]))\S*)"),
    (
        "named",
        Look::Plain,
        r#"(?:^|[^A-Z0-9])(?:<name>)["'\x1a]*\s*[:=]\s*(?:"([^\r\n]*?(?:\r?\n[^\r\n]*?){0,2}?)"<end>|'([^\r\n]*?)'<end>|["']?([^\s"]*[^\s",}\])]))"#,
    ),
    ("named", Look::Plain, r#"--(?:<name>)\s+(?:"([^"\r\n]*)"|'([^'\r\n]*)'|(\S+))"#),
    ("key", Look::Plain, r"-----BEGIN [A-Z ]*PRIVATE KEY-----((?s:.*?))(?:-----END|\z)"),
    (
        "e-mail",
        Look::Plain,
        r#"([^\s"'<>(),;:=@/\\&?\x1a]+)(?:\r?\n[ \t]*)?@(?:\r?\n[ \t]*)?[A-Z0-9\x80-\xff]"#,
    ),
    ("phone", Look::Plain, r"\+([1-9](?:[\s().-]{0,3}\d){9,14})"),
    ("phone", Look::Plain, r"(?:^|[^\d.:+-])([78][ -]?\(?\d{3}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2})(?:[^\d]|$)"),
    ("phone", Look::Plain, r"(\(\d{3,5}\) ?\d{1,3}-\d\d-\d\d)"),
];

/// What is looked for.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rules = PATTERNS.iter().filter_map(|&(what, look, pattern)| {
        let pattern = pattern.replace("<name>", NAMES).replace("<end>", END);
        let pattern = Regex::new(&format!("(?im-u){pattern}")).ok()?;
        Some(Rule { what, look, pattern })
    });
    rules.collect()
});

impl Rule {
    /// What is to be hidden, in the original.
    pub(super) fn found_in(&self, raw: &View, plain: &View, joined: &View) -> Vec<Range<usize>> {
        match self.look {
            Look::Plain => self.found(plain),
            Look::Joined => self.found(joined),
            Look::RawToo => [self.found(raw), self.found(plain)].concat(),
        }
    }

    /// Matches may overlap: what begins like a secret must not hide the one that begins within it.
    fn found(&self, view: &View) -> Vec<Range<usize>> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(groups) = self.pattern.captures_at(view.text(), at) {
            let hidden = groups.iter().skip(1).flatten();
            found.extend(hidden.filter(|it| !is_nothing(it.as_bytes())).map(|it| view.origin(it.range())));
            let Some(whole) = groups.get(0) else { break };
            at = match self.look {
                Look::Joined => whole.start() + 1,
                Look::Plain | Look::RawToo => whole.end().max(whole.start() + 1),
            };
            if at > view.len() {
                break;
            }
        }
        found
    }
}

/// Values that say that there is none.
fn is_nothing(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.is_empty()
        || [&b"null"[..], b"none", b"false", b"true"].iter().any(|it| value.eq_ignore_ascii_case(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(RULES.len(), PATTERNS.len());
    }
}
