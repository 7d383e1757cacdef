//! What came of a call to the license server.
//!
//! Only a verified statement that answers our own request may change what is held. A problem is for
//! the person who asked. Everything else is weather.

use std::{iter, time::Duration};

use license_texts::{Text, text};
use license_types::{Code, SessionId};

use crate::{
    api::{ApiAnswer, Call, License, PROBLEM_MEDIA_TYPE, Problem},
    crypto::{Nonce, PublicKey},
    keys::{KeySet, KeySetError, SignedKeySet},
    receipt::{MAX_PAYLOAD, SignedReceipt},
    statement::{Expected, SignedStatement, Statement},
};

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A statement that we verified: right key, our host, our nonce, a higher serial.
    Statement(Box<Accepted>),
    /// The license server did what was asked, and there is no statement to it.
    Done(Option<License>),
    /// The license server, or somebody in between, said no to the call. For the person who asked; it
    /// changes nothing that is held.
    Refused(Problem),
    /// The license server was not reached, or what came back was not its word.
    NoAnswer(NoAnswer),
}

/// A verified statement, and what came with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// As it was signed.
    pub signed: SignedStatement,
    /// As it reads.
    pub statement: Statement,
    /// Its receipt, verified: the license server will want it some day.
    pub receipt: Option<SignedReceipt>,
    /// The key set that it was verified with.
    pub keys: SignedKeySet,
    /// The seat, after a capture.
    pub session: Option<SessionId>,
    /// What did not go quite as wanted.
    pub warnings: Vec<Text>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// 1011 to 1014.
    pub code: Code,
    /// What happened, with the URL, for people.
    pub message: Text,
    /// Whether the request may have reached the license server all the same, so that its outcome is
    /// unknown and the same request is to be repeated.
    pub maybe_delivered: bool,
    /// When the license server wants to be asked again.
    pub retry_after: Option<Duration>,
}

/// An HTTP answer, as the transport brings it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// `Content-Type`, if there is one.
    pub content_type: Option<String>,
    /// `Retry-After`, if there is one that can be read.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// What an answer is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// The pinned root keys.
    pub roots: &'a [PublicKey],
    /// The key set that is held.
    pub keys: Option<&'a SignedKeySet>,
    /// Our own key.
    pub host_key: &'a PublicKey,
    /// The serial that is held.
    pub above_serial: Option<u64>,
    /// Where the answer came from, for messages.
    pub url: &'a str,
}

impl Judge<'_> {
    /// What the answer to `call` with `nonce` comes to.
    #[must_use]
    pub fn classify(&self, call: &Call, nonce: &Nonce, answer: &HttpAnswer) -> Outcome {
        let result = match answer.status {
            200 => self.read_answer(call, nonce, &answer.body),
            // Request Timeout, Too Early and Too Many Requests ask for another try (RFC 9110, 8470, 6585).
            400..=499 if !matches!(answer.status, 408 | 425 | 429) => self.read_problem(answer),
            status => Err(text!("answer-status", url = self.url, status = status)),
        };
        result.unwrap_or_else(|message| {
            Outcome::NoAnswer(NoAnswer {
                code: Code::NO_ANSWER,
                message,
                maybe_delivered: true,
                retry_after: answer.retry_after,
            })
        })
    }

    fn read_answer(&self, call: &Call, nonce: &Nonce, body: &[u8]) -> Result<Outcome, Text> {
        let answer: ApiAnswer = serde_json::from_slice(body)
            .map_err(|error| text!("answer-of-another", url = self.url, error = error.to_string()))?;
        if !call.is_answered_by_statement() {
            return Ok(Outcome::Done(answer.license));
        }
        let unbelieved = |why: Text| text!("answer-unbelieved", url = self.url, why = why);
        let (signed_keys, keys) =
            self.newest_keys(answer.keys).map_err(|error| unbelieved(error.sentence()))?;
        let signed = answer.statement.ok_or_else(|| text!("answer-without-statement", url = self.url))?;
        // Whoever activates wants that number. In all other answers the number is the license server's word
        // like the rest: it may have moved this host by a call whose answer got lost. And a person who
        // registers or activates begins anew, maybe with another license server, whose serials begin anew
        // too; the nonce alone makes the answer fresh.
        let (number, above_serial) = match call {
            Call::Register(_) => (None, None),
            Call::Activate { number } => (Some(number), None),
            Call::CheckIn
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::LicenseInfo { .. }
            | Call::SendMetrics { .. }
            | Call::Drop
            | Call::WouldCapture { .. } => (None, self.above_serial),
        };
        let expected = Expected { host_key: self.host_key, nonce, number, above_serial };
        let statement =
            signed.verify_answer(&keys, &expected).map_err(|error| unbelieved(error.sentence()))?;
        let receipt = answer.receipt.filter(|receipt| receipt.payload.0.len() <= MAX_PAYLOAD);
        // It proves nothing to us, but one that was damaged on its way would leave this host without a proof when
        // the license server needs it.
        let is_its = |receipt: &SignedReceipt| {
            receipt.verify(&keys, self.host_key).is_some_and(|receipt| receipt.serial == statement.serial)
        };
        if !receipt.as_ref().is_none_or(is_its) {
            return Err(text!("answer-with-foreign-receipt", url = self.url));
        }
        Ok(Outcome::Statement(Box::new(Accepted {
            signed,
            statement,
            receipt,
            keys: signed_keys,
            session: answer.session,
            warnings: warnings(&answer.warnings, &answer.warnings_ru),
        })))
    }

    fn read_problem(&self, answer: &HttpAnswer) -> Result<Outcome, Text> {
        let (url, status) = (self.url, answer.status);
        let media_type =
            answer.content_type.as_deref().and_then(|value| value.split(';').next()).unwrap_or_default();
        if !media_type.trim().eq_ignore_ascii_case(PROBLEM_MEDIA_TYPE) {
            return Err(text!("answer-unexplained", url = url, status = status));
        }
        let problem: Problem = serde_json::from_slice(&answer.body).map_err(|error| {
            text!("answer-unreadable", url = url, status = status, error = error.to_string())
        })?;
        Ok(Outcome::Refused(Problem {
            title: plain(&problem.title),
            detail: plain(&problem.detail),
            detail_ru: plain(&problem.detail_ru),
            ..problem
        }))
    }

    /// The key set that is newer: the one offered or the one held. An offered set that is not good is
    /// an error only where none is held.
    fn newest_keys(&self, offered: SignedKeySet) -> Result<(SignedKeySet, KeySet), KeySetError> {
        let held = self.keys.and_then(|held| held.verify(self.roots).ok().map(|keys| (held, keys)));
        match (offered.verify(self.roots), held) {
            // Versions are those of one root; two pinned roots are two license servers.
            (Ok(new), Some((signed, keys)))
                if signed.key_id == offered.key_id && new.version <= keys.version =>
            {
                Ok((signed.clone(), keys))
            }
            (Ok(new), _) => Ok((offered, new)),
            (Err(_), Some((signed, keys))) => Ok((signed.clone(), keys)),
            (Err(error), None) => Err(error),
        }
    }
}

/// The warnings of an answer, in both languages as far as it has them.
fn warnings(english: &[String], russian: &[String]) -> Vec<Text> {
    let russian = russian.iter().map(String::as_str).chain(iter::repeat(""));
    english.iter().zip(russian).map(|(en, ru)| Text::said(plain(en), plain(ru))).collect()
}

/// The longest text for people that is taken from an answer that nobody signed.
const LONGEST_TEXT: usize = 500;

/// A text of an unsigned answer, fit for a log line, a state file and a terminal: cut, and without control
/// characters.
fn plain(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
