//! Seats that were given back, and are wanted again before the license server knows.

use license_core::{
    api::Call,
    state::{Event, FailedAttempt},
};
use license_ipc::ErrorKind;
use license_texts::text;
use license_types::{Code, SessionId};

use super::{
    Keeper, Success, answer,
    handle::{Waiter, overtaken},
};
use crate::{reply::Failure, transport::Exchange};

impl<E: Exchange> Keeper<E> {
    /// The seat that a capture gives back to this host without a word to the license server.
    pub(super) fn retaken(&self, call: &Call) -> Option<SessionId> {
        let Call::Capture { feature, holder, .. } = call else { return None };
        let session = self.state.released_seat(*feature, holder.as_ref())?;
        let gives_back = Call::Release { session: session.clone() };
        let is_told = self.in_flight.as_ref().is_some_and(|under_way| under_way.prepared.call == gives_back);
        (!is_told).then(|| session.clone())
    }

    /// The failure of what waits for the license server to come back.
    pub(super) fn still_away(&self) -> Failure {
        let last = self.state.contact.last_failure.as_ref();
        let code = last.map_or(Code::NO_ANSWER, |failure| failure.code);
        let message = last.map_or(text!("earlier-call-unanswered"), FailedAttempt::said);
        Failure { kind: ErrorKind::NoAnswer, code: Some(code), message }
    }

    /// Takes a seat again that was given back. Whoever waits for the license server to hear of that is told that
    /// it came to nothing.
    pub(super) async fn retake(&mut self, session: SessionId, asked_by: u32, waiter: Waiter) {
        let gives_back = Call::Release { session: session.clone() };
        if let Some(at) = self.queue.iter().position(|waiting| waiting.call == gives_back)
            && let Some(waiting) = self.queue.remove(at)
        {
            answer(waiting.waiters, &Err(overtaken(text!("overtaken-by-capture"))));
        }
        self.apply(Event::Retake { session: session.clone(), asked_by }).await;
        let success = Success { session: Some(session), ..Success::nothing(self.snapshot()) };
        answer(vec![waiter], &Ok(success));
    }
}
