//! Answers, in the form that MikoPBX reads.
//!
//! PHP finds the code of an error by searching its text for known ones, so that no other four-digit run may be
//! in it. It form-decodes a result, so that `%` and `+` are encoded.

use hyper::StatusCode;
use license_client::types::Code;
use license_texts::{Language, Text};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in encoded XML: the unreserved characters of RFC 3986.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Digits in a row that could be taken for a code.
const CODE_LEN: usize = 4;

/// An answer to MikoPBX.
pub type Answer = Result<Success, Refusal>;

/// It is done, or there is the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    result: Shown,
    /// The seat that was taken.
    session: Option<String>,
}

/// What MikoPBX shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Text(Text),
    Xml(String),
}

impl Success {
    /// A text for people.
    #[must_use]
    pub const fn text(text: Text) -> Self {
        Self { result: Shown::Text(text), session: None }
    }

    /// What is the same in every language: a number, or what the daemon says.
    #[must_use]
    pub fn verbatim(words: impl Into<String>) -> Self {
        Self::text(Text::verbatim(words))
    }

    /// An XML document.
    #[must_use]
    pub const fn xml(xml: String) -> Self {
        Self { result: Shown::Xml(xml), session: None }
    }

    /// The same with the seat that was taken.
    #[must_use]
    pub fn with_session(self, session: String) -> Self {
        Self { session: Some(session), ..self }
    }

    /// The result, encoded as MikoPBX decodes it.
    #[must_use]
    pub fn result(&self, language: Language) -> String {
        match &self.result {
            Shown::Text(text) => text.to(language).replace('%', "%25").replace('+', "%2B"),
            Shown::Xml(xml) => utf8_percent_encode(xml, &ENCODED).to_string(),
        }
    }

    /// The seat that was taken.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

/// It is not done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    code: Option<Code>,
    text: Text,
}

impl Refusal {
    /// A refusal by the rules of HTTP, or a fault that has no code.
    #[must_use]
    pub const fn plain(status: StatusCode, text: Text) -> Self {
        Self { status, code: None, text }
    }

    /// A refusal with a licensing code. An empty text is what the code means.
    #[must_use]
    pub const fn coded(code: Code, text: Text) -> Self {
        Self { status: status_of(code), code: Some(code), text }
    }

    /// `(2008) What is wrong.`; without the code in parentheses if there is none.
    #[must_use]
    pub fn error(&self, language: Language) -> String {
        let text = self.text.to(language);
        let Some(code) = self.code else { return without_codes(&text) };
        let marker = format!("({code})");
        let text = text.trim();
        let text = text.strip_prefix(&marker).unwrap_or(text).trim();
        let text = if text.is_empty() { Text::meaning(code).to(language) } else { text.to_owned() };
        // The words that MikoPBX knows a failed lookup by, in every language.
        let known = "Host lookup failed";
        let is_hint = code == Code::LOOKUP_FAILED && !text.contains(known);
        let hint = if is_hint { format!("{known}: ") } else { String::new() };
        format!("{marker} {hint}{}", without_codes(&text))
    }
}

/// The HTTP status that goes with a code. MikoPBX takes 503 for "no connection", 500 and above for "no answer",
/// and 400 for a wrong number.
const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::LOOKUP_FAILED | Code::CONNECTION_FAILED => StatusCode::SERVICE_UNAVAILABLE,
        Code::TLS_FAILED => StatusCode::BAD_GATEWAY,
        Code::NO_ANSWER => StatusCode::GATEWAY_TIMEOUT,
        Code::KEY_UNKNOWN => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    }
}

/// The text with a narrow space in each run of digits that could be taken for a code: `9999` becomes `9 999`.
fn without_codes(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        safe.push_str(before);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && digits.len() >= CODE_LEN && (digits.len() - at) % 3 == 0 {
                safe.push('\u{202f}');
            }
            safe.push(digit);
        }
        rest = after;
    }
    safe.push_str(rest);
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(code: Code, text: &str) -> Refusal {
        Refusal::coded(code, Text::verbatim(text))
    }

    fn error(refusal: &Refusal) -> String {
        refusal.error(Language::English)
    }

    #[test]
    fn an_error_holds_its_code_and_no_other_four_digits() {
        let dated = coded(Code::NO_LICENSE, "(2008) Feature 4294967295 ended on 2026-11-24, see :8443.");
        assert_eq!(
            error(&dated),
            "(2008) Feature 4\u{202f}294\u{202f}967\u{202f}295 ended on 2\u{202f}026-11-24, see :8\u{202f}443."
        );
        assert_eq!(dated.status, StatusCode::FORBIDDEN);
        let plain = Refusal::plain(StatusCode::NOT_FOUND, Text::verbatim("20 26 202"));
        assert_eq!(error(&plain), "20 26 202");
    }

    #[test]
    fn a_code_without_a_text_has_its_meaning_in_the_language_of_who_reads_it() {
        let refusal = coded(Code::KEY_UNKNOWN, "");
        for language in Language::ALL {
            let meaning = Text::meaning(Code::KEY_UNKNOWN).to(language);
            assert_eq!(refusal.error(language), format!("(2026) {meaning}"));
        }
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_failed_lookup_is_named_in_the_words_that_mikopbx_knows_in_every_language() {
        for language in Language::ALL {
            let refusal = coded(Code::LOOKUP_FAILED, "lic.example").error(language);
            assert_eq!(refusal, "(1011) Host lookup failed: lic.example");
            let meaning = coded(Code::LOOKUP_FAILED, "").error(language);
            assert_eq!(meaning.matches("Host lookup failed").count(), 1, "{meaning}");
        }
    }

    #[test]
    fn a_result_survives_form_decoding() {
        let result = |success: Success| success.result(Language::English);
        assert_eq!(result(Success::verbatim("100 % + «да»")), "100 %25 %2B «да»");
        let number = "MIKO-AAAAA-BBBBB-CCCCC-DDDDD";
        assert_eq!(result(Success::verbatim(number)), number);
        let xml = Success::xml("<a b=\"1 + 1\"/>".to_owned()).with_session("s".to_owned());
        assert_eq!(xml.session(), Some("s"));
        assert_eq!(result(xml), "%3Ca%20b%3D%221%20%2B%201%22%2F%3E");
    }
}
