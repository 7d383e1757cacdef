//! What a capture would come to: the license server is asked, and changes nothing.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use license_core::api::Call;
use license_ipc::ErrorKind;
use license_texts::{Language, Text, text};
use license_types::{Code, Entitlement, FeatureId, Holder, Seats, Verdict};
use peer_cred::PeerCred;
use tokio::time::Instant;

use super::Access;
use crate::reply::{Done, Failure};

/// How far apart the questions of readers go to the license server, which allows a host one call a second in the
/// long run. In between its last statement answers: nobody who may only read is to use that allowance up.
const APART: Duration = Duration::from_secs(5);

/// When a reader's question last went to the license server.
#[derive(Debug, Default)]
pub struct Questions(Mutex<Option<Instant>>);

impl Questions {
    /// Whether one more may go there now; then it is taken to go.
    fn admit(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_admitted = last.is_none_or(|last| last.elapsed() >= APART);
        if is_admitted {
            *last = Some(Instant::now());
        }
        is_admitted
    }
}

impl Access {
    /// What [`Self::capture`] would come to for `peer`.
    pub(super) async fn would_capture(
        &self,
        feature: FeatureId,
        holder: Option<Holder>,
        peer: &PeerCred,
        language: Language,
    ) -> Result<Done, Failure> {
        let found = self.check(feature, holder.as_ref(), language);
        if !is_held(&found) {
            self.admit_seat(peer)?;
        }
        if !self.is_admin(peer) && !self.questions.admit() {
            let unasked = Failure::plain(ErrorKind::Refused, text!("by-last-statement"));
            return without_answer(&found, unasked);
        }
        match self.keeper.call(Call::WouldCapture { feature, holder }, peer.uid).await {
            Ok(success) => Ok(Done { message: message(&found), warnings: success.warnings }),
            Err(failure) => without_answer(&found, failure),
        }
    }
}

/// What it comes to where the license server did not answer that. An older one has no such path, and refuses without
/// a code: then its last statement says it. During an outage a capture of what is held succeeds, and no other.
fn without_answer(found: &Entitlement, failure: Failure) -> Result<Done, Failure> {
    let by_last_statement =
        || Ok(Done { message: message(found), warnings: vec![text!("by-last-statement")] });
    match (failure.kind, failure.code) {
        (ErrorKind::NoAnswer, _) if is_held(found) => by_last_statement(),
        (ErrorKind::Refused, None) => match &found.verdict {
            Verdict::Granted { .. } => by_last_statement(),
            Verdict::Denied { code: Code::NO_LICENSE, .. } if found.seats.is_some_and(Seats::is_free) => {
                by_last_statement()
            }
            Verdict::Denied { code, reason } => {
                Err(Failure { kind: ErrorKind::Refused, code: Some(*code), message: Text::verbatim(reason) })
            }
            Verdict::Indeterminate { code, .. } => {
                let kind = if code.is_no_answer() { ErrorKind::NoAnswer } else { ErrorKind::Refused };
                Err(Failure::by_code(kind, *code))
            }
        },
        _ => Err(failure),
    }
}

fn is_held(found: &Entitlement) -> bool {
    matches!(found.verdict, Verdict::Granted { .. }) && found.session.is_some()
}

fn message(found: &Entitlement) -> Text {
    let feature = found.feature;
    if is_held(found) {
        text!("would-capture-again", feature = feature)
    } else {
        text!("would-capture", feature = feature)
    }
}

#[cfg(test)]
mod tests {
    use license_types::{Basis, SessionId, UnixTime};

    use super::*;

    fn found(verdict: Verdict, captured: u32) -> Entitlement {
        let session = matches!(verdict, Verdict::Granted { .. }).then(|| SessionId("s".to_owned()));
        Entitlement {
            feature: FeatureId(45),
            product: None,
            verdict,
            message: String::new(),
            session,
            seats: Some(Seats { total: 1, captured }),
            last_answer: None,
            next_check: None,
        }
    }

    fn granted() -> Verdict {
        Verdict::Granted { until: UnixTime(1), basis: Basis::Fresh }
    }

    fn denied(code: Code) -> Verdict {
        Verdict::Denied { code, reason: "So it is.".to_owned() }
    }

    fn unknown(code: Code) -> Verdict {
        Verdict::Indeterminate { code, since: UnixTime(0), may_run: true }
    }

    /// What it comes to, as one word.
    fn word(result: Result<Done, Failure>) -> String {
        match result {
            Ok(done) => {
                assert_eq!(done.warnings, [text!("by-last-statement")]);
                "done".to_owned()
            }
            Err(Failure { kind, code, .. }) => {
                let code = code.map(|code| format!(" {code}")).unwrap_or_default();
                format!("{}{code}", kind.name())
            }
        }
    }

    #[test]
    fn without_a_word_of_the_license_server_its_last_statement_counts() {
        let old = || Failure::plain(ErrorKind::Refused, Text::verbatim("Nothing is here."));
        for (verdict, captured, expected) in [
            (granted(), 1, "done"),
            (denied(Code::NO_LICENSE), 0, "done"),
            (denied(Code::NO_LICENSE), 1, "refused 2008"),
            (denied(Code::EXPIRED), 0, "refused 2011"),
            (unknown(Code::CONNECTION_FAILED), 0, "no_answer 1012"),
            (unknown(Code::EXPIRED), 0, "refused 2011"),
        ] {
            assert_eq!(word(without_answer(&found(verdict, captured), old())), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn readers_ask_the_license_server_once_in_five_seconds_together() {
        let questions = Questions::default();
        assert_eq!([questions.admit(), questions.admit()], [true, false]);
        tokio::time::advance(APART).await;
        assert_eq!([questions.admit(), questions.admit()], [true, false]);
    }

    #[test]
    fn during_an_outage_what_is_held_can_be_captured_and_nothing_else() {
        let away = || Failure::by_code(ErrorKind::NoAnswer, Code::LOOKUP_FAILED);
        assert_eq!(word(without_answer(&found(granted(), 1), away())), "done");
        assert_eq!(word(without_answer(&found(denied(Code::NO_LICENSE), 0), away())), "no_answer 1011");
    }

    #[test]
    fn a_refusal_of_the_license_server_stands_whatever_is_held() {
        let no = Failure::by_code(ErrorKind::Refused, Code::NO_LICENSE);
        assert_eq!(word(without_answer(&found(granted(), 1), no)), "refused 2008");
    }
}
