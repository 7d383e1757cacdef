//! Answers, in the form that MikoPBX reads.
//!
//! PHP finds the code of an error by searching its text for known ones, so that no other four-digit run may be
//! in it. It form-decodes a result, so that `%` and `+` are encoded.

use hyper::StatusCode;
use license_client::types::Code;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// What stays as it is in encoded XML: the unreserved characters of RFC 3986.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Digits in a row that could be taken for a code.
const CODE_LEN: usize = 4;

/// An answer to MikoPBX.
pub type Answer = Result<Success, Refusal>;

/// It is done, or there is the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Success {
    /// The text that is shown, or read as XML.
    result: String,
    /// The seat that was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

impl Success {
    /// A text for people, or a number.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { result: text.replace('%', "%25").replace('+', "%2B"), session: None }
    }

    /// An XML document.
    #[must_use]
    pub fn xml(xml: &str) -> Self {
        Self { result: utf8_percent_encode(xml, &ENCODED).to_string(), session: None }
    }

    /// The same with the seat that was taken.
    #[must_use]
    pub fn with_session(self, session: String) -> Self {
        Self { session: Some(session), ..self }
    }
}

/// It is not done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// `(2008) What is wrong.`
    error: String,
}

impl Refusal {
    /// A refusal by the rules of HTTP, or a fault that has no code.
    #[must_use]
    pub fn plain(status: StatusCode, text: &str) -> Self {
        Self { status, error: without_codes(text) }
    }

    /// A refusal with a licensing code. An empty text is what the code means.
    #[must_use]
    pub fn coded(code: Code, text: &str) -> Self {
        let marker = format!("({code})");
        let text = text.trim().strip_prefix(&marker).unwrap_or(text).trim();
        let text = if text.is_empty() { code.meaning() } else { text };
        // The words that MikoPBX knows a failed lookup by.
        let known = "Host lookup failed";
        let hint = if code == Code::LOOKUP_FAILED && !text.contains(known) {
            format!("{known}: ")
        } else {
            String::new()
        };
        Self { status: status_of(code), error: format!("{marker} {hint}{}", without_codes(text)) }
    }

    /// The text, with the code in parentheses if there is one.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
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

    #[test]
    fn an_error_holds_its_code_and_no_other_four_digits() {
        let dated =
            Refusal::coded(Code::NO_LICENSE, "(2008) Feature 4294967295 ended on 2026-11-24, see :8443.");
        assert_eq!(
            dated.error(),
            "(2008) Feature 4\u{202f}294\u{202f}967\u{202f}295 ended on 2\u{202f}026-11-24, see :8\u{202f}443."
        );
        assert_eq!(dated.status, StatusCode::FORBIDDEN);
        assert_eq!(Refusal::plain(StatusCode::NOT_FOUND, "20 26 202").error(), "20 26 202");
    }

    #[test]
    fn a_code_without_a_text_has_its_meaning() {
        let refusal = Refusal::coded(Code::KEY_UNKNOWN, "");
        assert_eq!(refusal.error(), format!("(2026) {}", Code::KEY_UNKNOWN.meaning()));
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_failed_lookup_is_named_in_the_words_that_mikopbx_knows() {
        let refusal = Refusal::coded(Code::LOOKUP_FAILED, "no address for lic.example");
        assert_eq!(refusal.error(), "(1011) Host lookup failed: no address for lic.example");
        let meaning = Refusal::coded(Code::LOOKUP_FAILED, "");
        assert_eq!(meaning.error().matches("Host lookup failed").count(), 1);
    }

    #[test]
    fn a_result_survives_form_decoding() {
        let text = serde_json::to_string(&Success::text("100 % + «да»")).unwrap();
        assert_eq!(text, r#"{"result":"100 %25 %2B «да»"}"#);
        let number = serde_json::to_string(&Success::text("MIKO-AAAAA-BBBBB-CCCCC-DDDDD")).unwrap();
        assert_eq!(number, r#"{"result":"MIKO-AAAAA-BBBBB-CCCCC-DDDDD"}"#);
        let xml = Success::xml("<a b=\"1 + 1\"/>").with_session("s".to_owned());
        assert_eq!(
            serde_json::to_string(&xml).unwrap(),
            r#"{"result":"%3Ca%20b%3D%221%20%2B%201%22%2F%3E","session":"s"}"#
        );
    }
}
