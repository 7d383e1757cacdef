//! Faults: requests that never come to a decision, as problems without a licensing code.

use super::limits::TooMany;
use crate::decide::Refusal;
use axum::{extract::rejection::BytesRejection, http::StatusCode};
use license_core::{api::Problem, envelope::EnvelopeError};

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
        let (status, title, detail, detail_ru) = match self {
            Self::Envelope(error) => (
                401,
                "The request is not signed",
                format!("The envelope does not hold: {error}. Sign the request with the host's key."),
                "Запрос не подписан ключом хоста.".to_owned(),
            ),
            Self::Malformed { line, column } => (
                400,
                "The request is malformed",
                format!("The body is no call: line {line}, column {column}."),
                format!("Тело запроса не разобрано: строка {line}, столбец {column}."),
            ),
            Self::Evidence => (
                400,
                "The request is malformed",
                "The evidence is malformed: it holds each kind of fact once, as a digest of 64 hex digits."
                    .to_owned(),
                "Признаки компьютера в запросе заданы неверно: каждый вид указывается один раз, хешем из 64 \
                 шестнадцатеричных цифр."
                    .to_owned(),
            ),
            Self::OtherPath => (
                400,
                "The request is malformed",
                "The body is a call of another path.".to_owned(),
                "Тело запроса относится к другому адресу.".to_owned(),
            ),
            Self::TooLarge { limit } => (
                413,
                "The request is too large",
                format!("The body is longer than {} KiB.", limit / 1024),
                format!("Тело запроса длиннее {} КиБ.", limit / 1024),
            ),
            Self::Unfinished => (
                400,
                "The request is malformed",
                "The body did not arrive whole.".to_owned(),
                "Тело запроса получено не полностью.".to_owned(),
            ),
            Self::NotFound => (
                404,
                "There is nothing here",
                "The license server has nothing at this path.".to_owned(),
                "На сервере лицензий нет такого адреса.".to_owned(),
            ),
            Self::Method => (
                405,
                "The method is not allowed",
                "This path does not take this method.".to_owned(),
                "Этот адрес не принимает такой метод.".to_owned(),
            ),
            Self::Internal => (
                500,
                "The license server failed",
                "This is a fault and no answer about the license. Repeat the request later.".to_owned(),
                "Это сбой, а не ответ о лицензии. Повторите запрос позже.".to_owned(),
            ),
            Self::Busy => (
                503,
                "The license server is busy",
                "There was no answer in time. Repeat the same request later.".to_owned(),
                "Ответ не получен вовремя. Повторите тот же запрос позже.".to_owned(),
            ),
            Self::NoPlace { .. } => (
                503,
                "The license server is busy",
                "Too many hosts wait for news. Ask again later; scheduled checks go on.".to_owned(),
                "Слишком много компьютеров ждут новостей. Повторите позже; плановые проверки продолжаются."
                    .to_owned(),
            ),
            Self::TooMany(too_many) => {
                let (wait, wait_ru) = too_many.in_words();
                (
                    429,
                    "There are too many requests",
                    format!("This host or its network asks too often. Repeat the same request in {wait}."),
                    format!(
                        "Слишком много запросов от этого компьютера или из его сети. Повторите тот же запрос \
                         через {wait_ru}."
                    ),
                )
            }
            Self::Refused(refusal) => return refusal.problem(),
        };
        Problem {
            status,
            code: None,
            title: title.to_owned(),
            detail,
            detail_ru,
            feature: None,
            product: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
