//! Replay: a repeated request gets the same answer, byte for byte, and has one effect.

use license_core::{
    api::Problem,
    crypto::{RequestId, sha256_hex},
};

use super::{ReplyRow, Rows};

/// What is known of a request before it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'r> {
    /// It is new.
    Never,
    /// It was answered: this is the answer again.
    Answered(&'r ReplyRow),
    /// Another request had its id.
    Reused,
}

/// What a request's repetition is recognised by, beside host and id.
#[must_use]
pub fn digest(method: &str, path: &str, body: &[u8]) -> String {
    sha256_hex(format!("{method}\n{path}\n{}", sha256_hex(body)).as_bytes())
}

/// Whether the host's last answer was to this request.
#[must_use]
pub fn seen<'r>(rows: &'r Rows, request_id: &RequestId, digest: &str) -> Seen<'r> {
    match &rows.reply {
        Some(last) if last.request_id != *request_id => Seen::Never,
        Some(last) if last.digest == digest => Seen::Answered(last),
        Some(_) => Seen::Reused,
        None => Seen::Never,
    }
}

/// The answer to another request under an id that was used.
#[must_use]
pub fn reused() -> Problem {
    Problem {
        status: 422,
        code: None,
        title: "The request id was used for another request".to_owned(),
        detail: "Repeat the first request unchanged, or send this one under an id of its own.".to_owned(),
        detail_ru: "Повторите первый запрос без изменений или отправьте этот под своим идентификатором."
            .to_owned(),
        feature: None,
        product: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::key, *};

    #[test]
    fn a_request_is_known_by_id_and_content() {
        let last = ReplyRow {
            host: key(1),
            request_id: RequestId([1; 16]),
            digest: digest("POST", "/v1/trial", b"{}"),
            status: 200,
            body: b"answer".to_vec(),
        };
        let rows = Rows { reply: Some(last.clone()), ..Rows::default() };
        let other = digest("POST", "/v1/coupon", b"{}");
        assert_eq!(seen(&rows, &RequestId([1; 16]), &last.digest), Seen::Answered(&last));
        assert_eq!(seen(&rows, &RequestId([1; 16]), &other), Seen::Reused);
        assert_eq!(seen(&rows, &RequestId([2; 16]), &last.digest), Seen::Never);
        assert_eq!(seen(&Rows::default(), &RequestId([1; 16]), &last.digest), Seen::Never);
    }
}
