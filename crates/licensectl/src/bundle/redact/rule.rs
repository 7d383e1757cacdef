//! What a secret looks like.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::Regex;

use super::view::{View, Views};

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

/// Names whose value is a secret, or a person's; whatever precedes them.
const NAMES: &str = "sess(?:ion)?(?:[._-]?(?:id|key|token))?|host[ ._-]?id|password|passwd|passphrase|passcode|\
                     secret|token|api[_-]?key|credentials?|cookie|coupon|e-?mail|tax[._-]?id|\
                     пароль|токен|сессия|привязка|секрет|купон|почта|инн|<people>";

/// Those among them whose value may be several words.
const PEOPLE: &str = "phone|(?:contact|company)(?:[ ._-]?name)?|(?:full|first|last)[ ._-]?name|surname|\
                      телефон|контакт|контактное лицо|компания|организация|фио";

/// Those that other words end with too: they begin a word, or a part of one.
const SHORT: &str =
    r"(?:\b|_)(?:pass|pwd|sid|key|tel|inn|тел|ключ)|(?-i:[a-z0-9](?:Pass|Pwd|Sid|Key|Tel|Inn))";

/// Names whose value follows in a sentence.
const SPOKEN: &str = concat!(
    r"(?:\b|_)(?:password|passwd|passphrase|pwd|secret|token|session(?:[ _-]?id)?|sid|cookie|api[ _-]?key|credentials)",
    "|пароль|токен|сессия|привязка",
);

/// Ends a quoted value: a quote within it is followed by something else.
const END: &str = r"(?:[\s,;&)}\]:>]|$)";

/// A group of a number, wherever a line may be broken.
const GROUP: &str = r"(?:[A-Z0-9](?:\r?\n[ \t]*)?){5}";

/// Patterns; `<name>` is one of [`NAMES`] or [`SHORT`], and the others are as they are called.
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
    ("number", Look::Plain, r"(?:^|[^A-Z0-9-])(<group>-<group>-<group>)-<group>"),
    // User and password of a URL, to the last @ that may belong to it; they may hold what they should not.
    ("credentials", Look::RawToo, r#"[a-z][a-z0-9+.-]*://([^\s"<>]*(?:\r?\n[ \t]*[^\s"<>]*)?)@"#),
    // With spaces and quotes where what follows the colon is no port.
    (
        "credentials",
        Look::RawToo,
        r#"[a-z][a-z0-9+.-]*://([^\s"'<>/@:]*:(?:[^\d\s/@]|\d{1,5}[^\d\s/"',;)\]}@]|\d{6})[^\r\n@]{0,120})@"#,
    ),
    ("credentials", Look::RawToo, r#"(?:^|[\s"'=])([^\s"'<>@=:]+:[^\s"'<>/][^\s<>]*)@"#),
    ("query", Look::RawToo, r#"/[^\s"'<>?]*\?([^\s"<>]+)"#),
    // The value of a header goes to the end of its line, and on where the next is indented or is base64 alone.
    (
        "header",
        Look::Plain,
        "(?:(?:proxy-)?authorization|cookie)[\"'\\x1a]*[ \\t]*[:=]\
         ([^\\r\\n]*(?:\\r?\\n(?:[ \\t]+[^\\r\\n]*|[A-Z0-9+/=_-]+(?:[\\r\\n]|$)))*)",
    ),
    ("header", Look::Plain, r"\b(?:bearer|basic|negotiate|ntlm)\s+(\S*(?:[0-9=]|(?-i:[a-z][A-Z]))\S*)"),
    ("header", Look::Plain, r"\bdigest\s+([a-z_-]+\s*=[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)"),
    (
        "named",
        Look::Plain,
        r#"<name>["'\]\x1a]*\s*[:=]+>?\s*(?:"([^\r\n]*?(?:\r?\n[^\r\n]*?){0,2}?)"<end>|'([^\r\n]*?)'<end>|\[([^\]\r\n]*)\]|["']?([^\s"]*[^\s",}\])]))"#,
    ),
    (
        "named",
        Look::Plain,
        r#"(?:<people>)["'\x1a]*\s*[:=]\s*([^\s,;"'={\[]+(?:[ \t]+[^\s,;"'={\[]+)*)(?:\s*$|[,;"'}\]]|\s+[\w.-]+=)"#,
    ),
    ("named", Look::Plain, r#"--[a-z0-9-]*?<name>\s+(?:"([^"\r\n]*)"|'([^'\r\n]*)'|(\S+))"#),
    ("credentials", Look::Plain, r#"\s(?:-u|--(?:proxy-)?user)[\s=]+["']?([^\s"':]+:[^\s"']+)"#),
    ("named", Look::Plain, r"<[\w.:-]*?<name>(?:\s+([^<>]*?))?\s*/?>\s*(?:<!\[CDATA\[)?([^<]*)"),
    ("named", Look::Plain, r"\x1a[\w.:-]*?<name>\x1a([^<\x1a]+)\x1a/"),
    ("spoken", Look::Plain, r#"(?:<spoken>)\s+(?:is|was|are|now|это|—|-)\s+["'(]?([^\s"']+)"#),
    (
        "spoken",
        Look::Plain,
        r#"(?:<spoken>)\s+["'(]?([^\s=:]*(?:[0-9_]|(?-i:[a-z][A-Z])|(?-i:[A-Z]{2}))[^\s"']*)"#,
    ),
    ("tax id", Look::Plain, r"(?:\binn|инн)[^A-Z0-9\r\n]{0,4}(\d{4,12})"),
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

/// Values that say that there is none, that hide it themselves, or that begin a list of others.
const NOTHING: &str = concat!(
    r"(?i-u)^[\s\[{]*(?:null|none|nil|false|true|undefined|MIKO(?:UPD)?-(?:\*{5}-){3}[A-Z0-9]{0,5})?",
    r"[\s,;.)\]}]*$",
);

/// What follows such a name in a sentence that tells no secret.
const WORDS: &str = "a an and are as at by expired empty for free from gone given in invalid is kept left missing needed \
                     no not now of off on only open or over refused rejected released required set still taken the \
                     to too unknown unset until valid was were with without wrong";

static IS_NOTHING: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NOTHING).ok());

/// A pattern with all that it names.
fn spelled_out(pattern: &str) -> String {
    let pattern = pattern
        .replace("<name>", "(?:<names>|<short>)")
        .replace("<names>", NAMES)
        .replace("<short>", SHORT)
        .replace("<spoken>", SPOKEN)
        .replace("<people>", PEOPLE)
        .replace("<group>", GROUP)
        .replace("<end>", END);
    // Without Unicode, as there may be any bytes, the case of ASCII letters alone is ignored.
    let any_case = |c: char| {
        let is_one_case = c.is_ascii() || !c.is_alphabetic();
        if is_one_case { c.to_string() } else { format!("(?:{c}|{})", c.to_uppercase()) }
    };
    format!("(?im-u){}", pattern.chars().map(any_case).collect::<String>())
}

/// What is looked for.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rules = PATTERNS.iter().filter_map(|&(what, look, pattern)| {
        let pattern = Regex::new(&spelled_out(pattern)).ok()?;
        Some(Rule { what, look, pattern })
    });
    rules.collect()
});

impl Rule {
    /// What is to be hidden, in the original.
    pub(super) fn found_in(&self, views: &Views) -> Vec<Range<usize>> {
        let decoded = [&views.plain, &views.clean];
        let looks = match self.look {
            Look::Plain => decoded.to_vec(),
            Look::Joined => views.joined.iter().collect(),
            Look::RawToo => [&[&views.raw][..], &decoded].concat(),
        };
        looks.into_iter().flat_map(|view| self.found(view)).collect()
    }

    /// Matches may overlap: what begins like a secret must not hide the one that begins within it.
    fn found(&self, view: &View) -> Vec<Range<usize>> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(groups) = self.pattern.captures_at(view.text(), at) {
            let hidden = groups.iter().skip(1).flatten();
            found.extend(
                hidden.filter(|it| !self.is_nothing(it.as_bytes())).map(|it| view.origin(it.range())),
            );
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

    /// Whether a value tells nothing.
    fn is_nothing(&self, value: &[u8]) -> bool {
        let end = value.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |at| at + 1);
        let word = &value[..end];
        let is_word = || WORDS.split_whitespace().any(|it| word.eq_ignore_ascii_case(it.as_bytes()));
        IS_NOTHING.as_ref().is_some_and(|it| it.is_match(value)) || (self.what == "spoken" && is_word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one_and_is_used() {
        for (_, _, pattern) in PATTERNS {
            Regex::new(&spelled_out(pattern)).unwrap();
        }
        assert!(IS_NOTHING.is_some() && RULES.len() == PATTERNS.len());
    }
}
