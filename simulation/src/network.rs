//! The network between a host and the license server: what becomes of a call, and of its answer.

use std::time::Duration;

use license_core::{
    api::{PROBLEM_MEDIA_TYPE, Problem},
    outcome::HttpAnswer,
};
use license_types::Code;

use crate::clock::{HOUR, MINUTE, SECOND};

/// How long a host waits for an answer; `licensed::transport` has the same.
pub(crate) const CALL_TIMEOUT: u64 = 15 * SECOND;

/// What a host's network does for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Everything arrives.
    Fine,
    /// Nothing goes out.
    Partition,
    /// Requests get lost on their way.
    LosesRequests,
    /// Answers get lost on their way.
    LosesAnswers,
    /// Answers are cut in the middle.
    CutsAnswers,
    /// A captive portal answers in HTML, with 200.
    Portal,
    /// A proxy answers with an error of its own; the call may have got through.
    BadProxy,
    /// Somebody in between says no, in the form of the license server, unsigned.
    Impostor,
    /// Somebody in between gives an earlier answer again.
    RepeatsAnswers,
    /// Bits of answers are flipped.
    FlipsBits,
    /// Requests are repeated, up to an hour later.
    RepeatsRequests,
    /// Requests arrive up to an hour late.
    Delays,
    /// Each call has another one of these fates.
    Mixed,
}

impl Weather {
    /// All that is bad.
    pub(crate) const BAD: [Self; 12] = [
        Self::Partition,
        Self::LosesRequests,
        Self::LosesAnswers,
        Self::CutsAnswers,
        Self::Portal,
        Self::BadProxy,
        Self::Impostor,
        Self::RepeatsAnswers,
        Self::FlipsBits,
        Self::RepeatsRequests,
        Self::Delays,
        Self::Mixed,
    ];

    /// The fate of one call.
    pub(crate) fn of_call(self, chance: &mut fastrand::Rng) -> Self {
        if self != Self::Mixed {
            self
        } else if chance.bool() {
            // The last one is the mixture itself.
            Self::BAD[chance.usize(..Self::BAD.len() - 1)]
        } else {
            Self::Fine
        }
    }
}

/// How long a packet is on its way.
pub(crate) fn latency(chance: &mut fastrand::Rng) -> u64 {
    chance.u64(10..800)
}

/// How late a request is that is late.
pub(crate) fn lateness(chance: &mut fastrand::Rng) -> u64 {
    if chance.bool() { chance.u64(CALL_TIMEOUT..5 * MINUTE) } else { chance.u64(5 * MINUTE..HOUR) }
}

/// An answer that no license server gave.
pub(crate) fn portal() -> HttpAnswer {
    HttpAnswer {
        status: 200,
        content_type: Some("text/html".to_owned()),
        retry_after: None,
        body: b"<html><body>Please accept the terms of this network</body></html>".to_vec(),
    }
}

/// The error of a proxy.
pub(crate) fn bad_proxy(chance: &mut fastrand::Rng) -> HttpAnswer {
    let status = [500, 502, 503, 504, 403, 404, 407, 408, 429, 301][chance.usize(..10)];
    let retry_after = (status == 503 || status == 429).then(|| Duration::from_secs(chance.u64(1..1800)));
    HttpAnswer { status, content_type: Some("text/html".to_owned()), retry_after, body: b"<html>".to_vec() }
}

/// An unsigned no, as the license server itself would write it.
pub(crate) fn impostor(chance: &mut fastrand::Rng) -> HttpAnswer {
    let code = [Code::NO_LICENSE, Code::EXPIRED, Code::KEY_UNKNOWN, Code::KEY_ERROR][chance.usize(..4)];
    let status = [403, 404, 409, 410][chance.usize(..4)];
    let problem = Problem {
        status,
        code: Some(code),
        title: "No".to_owned(),
        detail: "There is no license.".to_owned(),
        detail_ru: "Лицензии нет.".to_owned(),
        feature: None,
        product: None,
    };
    HttpAnswer {
        status,
        content_type: Some(PROBLEM_MEDIA_TYPE.to_owned()),
        retry_after: None,
        body: serde_json::to_vec(&problem).unwrap_or_default(),
    }
}

/// The answer, cut in the middle.
pub(crate) fn cut(mut answer: HttpAnswer, chance: &mut fastrand::Rng) -> HttpAnswer {
    answer.body.truncate(chance.usize(..answer.body.len().max(1)));
    answer
}

/// The answer with one bit flipped.
pub(crate) fn flipped(mut answer: HttpAnswer, chance: &mut fastrand::Rng) -> HttpAnswer {
    if !answer.body.is_empty() {
        let at = chance.usize(..answer.body.len());
        answer.body[at] ^= 1 << chance.u8(..7);
    }
    answer
}
