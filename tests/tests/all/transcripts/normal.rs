//! Takes out of a transcript what differs from run to run.

use regex::Regex;

/// What differs by its form, and what stands for it.
const PATTERNS: &[(&str, &str)] = &[
    (r"(?-u:\b)[0-9]{4}-[0-9][0-9]-[0-9][0-9][ T][0-9][0-9]:[0-9][0-9](:[0-9][0-9])?( UTC)?", "TIME"),
    (r"(?-u:\b)20[0-9][0-9]-[0-9][0-9]-[0-9][0-9](?-u:\b)", "DATE"),
    (r"\((?:now|in [^()]*|[^()]* ago|сейчас|через [^()]*|[^()]* назад)\)", "(SPAN)"),
    (
        r"(?-u:\b)[0-9]+ (?:s(?-u:\b)|min(?-u:\b)|h(?-u:\b)|ms(?-u:\b)|days?(?-u:\b)|день|дня|дней|мин|мс|с |с$|ч )",
        "SPAN",
    ),
    (r"(?-u:\b)1[789][0-9]{8}(?-u:\b)", "1800000000"),
    (r#""took_ms":[0-9]+"#, r#""took_ms":0"#),
    (r"(?-u:\b)[0-9a-f]{16,}(?-u:\b)", "HEX"),
    (r"(?-u:\b)[0-9]+\.[0-9]+\.[0-9]+-dev[+.0-9a-z]*", "VERSION"),
    // Where systemd runs there is a unit to look at.
    (r"(?m)^[^ \n]+ +unit .*\n", ""),
    (r#"\{"id":"unit"[^}]*\},?"#, ""),
    (r"[0-9]+ (MiB|МиБ)", "N $1"),
    // What is in an archive depends on the machine.
    (r#""host":"[^"]*","version":.*,"hidden":\{.*?\}"#, r#""host":"HOST",…"#),
    (r"(?m)^  [a-z./0-9-]+ +[0-9]+ (?:bytes|байт).*\n", ""),
    (r"(?m)^  (?:config|log|network|versions)/[a-z.0-9-]+ .*\n", ""),
    (r"(?m)^  (?:units|state-folder|doctor\.[a-z]+) .*\n", ""),
    (r"(?-u:\b)[0-9]+ secrets? are hidden", "N secrets are hidden"),
    (r"Скрыто? [0-9]+ секрет[а-я]*", "Скрыто N секретов"),
    // Metrics have values and an order of their own each time; lines are `\n` in JSON.
    (r"(?m)^licensed_.*\n", ""),
    (r"licensed_[a-z_]+(?:\{.*?\})? [0-9.e+-]+\\n", ""),
];

/// The text without what differs. `known` has what does not look like anything: a port, a number.
pub(super) fn normal(text: &str, known: &[(String, String)]) -> String {
    let text = known.iter().fold(text.to_owned(), |text, (this, that)| text.replace(this, that));
    PATTERNS.iter().fold(text, |text, (pattern, that)| {
        Regex::new(pattern).unwrap().replace_all(&text, *that).into_owned()
    })
}

#[test]
fn what_differs_from_run_to_run_is_the_same_afterwards() {
    let known = [("127.0.0.1:4711".to_owned(), "127.0.0.1:PORT".to_owned())];
    for (text, expected) in [
        ("http://127.0.0.1:4711", "http://127.0.0.1:PORT"),
        ("next check 2026-11-24 22:45 UTC (in 3 h), bound", "next check TIME (SPAN), bound"),
        ("TIME (через 21 день)", "TIME (SPAN)"),
        ("expires 2027-11-24", "expires DATE"),
        ("{\"at\":1795550400,\"serial\":7}", "{\"at\":1800000000,\"serial\":7}"),
        ("licensed 0.1.0-dev", "licensed VERSION"),
        ("# HELP a b\nlicensed_x{kind=\"a b\"} 17\n# EOF\n", "# HELP a b\n# EOF\n"),
        (r#"# HELP a b\nlicensed_x{k=\"a b\"} 1.5\nlicensed_y 2\n# EOF\n"#, r"# HELP a b\n# EOF\n"),
        ("feature 45, total 3, captured 1", "feature 45, total 3, captured 1"),
    ] {
        assert_eq!(normal(text, &known), expected);
    }
}
