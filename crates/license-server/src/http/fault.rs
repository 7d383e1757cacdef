//! Faults: requests that never come to a decision, as problems without a licensing code.

use super::limits::TooMany;
use crate::decide::{Refusal, problem};
use axum::{extract::rejection::BytesRejection, http::StatusCode};
use license_core::{api::Problem, envelope::EnvelopeError};
use license_texts::{Text, text};

/// Why a request never comes to a decision.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The envelope does not prove who asks.
    Envelope(EnvelopeError),
    /// The body is no call; where it stops being one.
    Malformed { line: usize, column: usize },
    /// The evidence is none.
    Evidence,
    /// The body is another call than the path says.
    OtherPath,
    /// The body is longer than so many bytes.
    TooLarge { limit: usize },
    /// The body did not arrive whole.
    Unfinished,
    /// Nothing is at that path.
    NotFound,
    /// The path is there, for another method.
    Method,
    /// The server itself failed.
    Internal,
    /// The server did not answer in time.
    Busy,
    /// Too many hosts wait for news; when to ask again, in seconds.
    NoPlace { retry_after: u32 },
    /// The host or its network asks too often.
    TooMany(TooMany),
    /// The request came to a decision: a refusal.
    Refused(Refusal),
}

impl Fault {
    /// Why a body was not read that may be `limit` bytes long.
    pub(crate) fn of_body(rejection: &BytesRejection, limit: usize) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge { limit },
            _ => Self::Unfinished,
        }
    }

    /// When it is worth asking again, in seconds.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        match self {
            Self::NoPlace { retry_after } => Some(*retry_after),
            Self::TooMany(too_many) => Some(too_many.seconds()),
            Self::Envelope(_)
            | Self::Malformed { .. }
            | Self::Evidence
            | Self::OtherPath
            | Self::TooLarge { .. }
            | Self::Unfinished
            | Self::NotFound
            | Self::Method
            | Self::Internal
            | Self::Busy
            | Self::Refused(_) => None,
        }
    }

    pub(crate) fn problem(&self) -> Problem {
        let (status, title, text) = match self {
            Self::Envelope(error) => {
                (401, "The request is not signed", text!("server-not-signed", why = of_envelope(error)))
            }
            Self::Malformed { line, column } => {
                (400, "The request is malformed", text!("server-no-call", line = *line, column = *column))
            }
            Self::Evidence => (400, "The request is malformed", text!("server-evidence")),
            Self::OtherPath => (400, "The request is malformed", text!("server-other-path")),
            Self::TooLarge { limit } => {
                (413, "The request is too large", text!("server-too-large", limit = limit / 1024))
            }
            Self::Unfinished => (400, "The request is malformed", text!("server-unfinished")),
            Self::NotFound => (404, "There is nothing here", text!("server-not-found")),
            Self::Method => (405, "The method is not allowed", text!("server-method")),
            Self::Internal => (500, "The license server failed", text!("server-failed")),
            Self::Busy => (503, "The license server is busy", text!("server-busy")),
            Self::NoPlace { .. } => (503, "The license server is busy", text!("server-no-place")),
            Self::TooMany(too_many) => {
                (429, "There are too many requests", text!("server-too-many", wait = too_many.in_words()))
            }
            Self::Refused(refusal) => return refusal.problem(),
        };
        problem(status, None, title, &text)
    }
}

fn of_envelope(error: &EnvelopeError) -> Text {
    match error {
        EnvelopeError::Missing { name } => text!("server-header-missing", name = *name),
        EnvelopeError::Unreadable { name } => text!("server-header-malformed", name = *name),
        EnvelopeError::Signature => text!("server-wrong-signature"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_fault_is_told_in_both_languages_without_a_code_in_it() {
        let faults = [
            Fault::Envelope(EnvelopeError::Missing { name: "licensed-key" }),
            Fault::Envelope(EnvelopeError::Unreadable { name: "licensed-key" }),
            Fault::Envelope(EnvelopeError::Signature),
            Fault::Malformed { line: 1, column: 234 },
            Fault::Evidence,
            Fault::OtherPath,
            Fault::TooLarge { limit: 65_536 },
            Fault::Unfinished,
            Fault::NotFound,
            Fault::Method,
            Fault::Internal,
            Fault::Busy,
            Fault::NoPlace { retry_after: 5 },
            Fault::TooMany(TooMany { wait: Duration::from_mins(61) }),
            Fault::Refused(Refusal::NoEmail),
        ];
        for fault in faults {
            let problem = fault.problem();
            assert!(problem.detail.is_ascii() && problem.detail.len() > 20, "{fault:?}: {}", problem.detail);
            assert!(problem.detail_ru.chars().any(|c| ('а'..='я').contains(&c)), "{fault:?}");
            for text in [problem.detail, problem.detail_ru] {
                assert!(text.ends_with('.') && !text.contains(['{', '$']), "{fault:?}: {text}");
                let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
                assert!(digits < Some(4), "{fault:?}: {text}");
            }
        }
    }

    #[test]
    fn who_asks_too_often_is_told_when_to_come_back() {
        let cases = [
            (1, 1, "1 s"),
            (1_000, 1, "1 s"),
            (59_001, 60, "1 min"),
            (61_001, 62, "1 min 2 s"),
            (3_600_000, 3600, "60 min"),
        ];
        for (milliseconds, seconds, says) in cases {
            let fault = Fault::TooMany(TooMany { wait: Duration::from_millis(milliseconds) });
            assert_eq!(fault.retry_after(), Some(seconds));
            let problem = fault.problem();
            assert_eq!((problem.status, problem.code), (429, None));
            assert!(problem.detail.ends_with(&format!(" in {says}.")), "{}", problem.detail);
            for text in [problem.detail, problem.detail_ru] {
                let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
                assert!(digits < Some(4), "MikoPBX would read a code: {text}");
            }
        }
    }
}
