//! What is answered without the license server: what is known already, what cannot be sent, and what is too
//! much.

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use license_core::{api::Call, outcome::Outcome, state::Phase, time::Age};
use license_ipc::ErrorKind;
use license_texts::{Text, text};
use license_types::{Code, FeatureId};

use super::{Keeper, Waiting, answer};
use crate::{reply::Failure, status, transport::Exchange};

/// How long after a refusal of a seat the license server is not asked for it again even by request.
const REFUSAL_STANDS: Duration = Duration::from_secs(5);

/// How long a call may have waited for its turn and still be made when the license server does not answer. It may take
/// 15 seconds, and its client gives up after 20.
const LONGEST_TURN: Duration = Duration::from_secs(5);

/// A seat that the license server refused.
#[derive(Debug, Clone)]
pub(super) struct RefusedSeat {
    /// The serial that was held then.
    serial: u64,
    at: Age,
    code: Code,
    /// What the license server said, to be said again.
    said: Text,
}

impl<E: Exchange> Keeper<E> {
    /// Whether one more may wait for this uid. Root and the daemon itself have the whole queue.
    pub(super) fn room_for(&self, uid: u32) -> Result<(), Failure> {
        let limits = &self.settings.limits;
        let own = self.queue.iter().filter(|waiting| waiting.asked_by == uid).count();
        if self.queue.len() >= limits.waiting_requests {
            Err(Failure::plain(ErrorKind::Busy, text!("too-many-waiting")))
        } else if uid != 0 && own >= limits.waiting_requests_per_uid {
            Err(Failure::plain(ErrorKind::Busy, text!("too-many-waiting-of-user")))
        } else {
            Ok(())
        }
    }

    /// Tells those who wait behind a call without an answer that there is none, if their own calls would end when
    /// nobody waits for them any more. And if the license server was not reached at all, those whose call would
    /// take the place of one with an unknown outcome: a coupon that is forgotten there looks used by somebody else.
    pub(super) fn dismiss(&mut self, is_reached: bool) {
        let now = self.clock.now().age;
        let is_in_vain = |waiting: &Waiting| {
            let is_late = now.saturating_since(waiting.since) >= LONGEST_TURN;
            is_late || (!is_reached && self.state.unknown_outcome_beside(&waiting.call).is_some())
        };
        let (in_vain, others): (VecDeque<_>, _) =
            mem::take(&mut self.queue).into_iter().partition(is_in_vain);
        self.queue = others;
        let away = Err(self.still_away());
        for waiting in in_vain {
            answer(waiting.waiters, &away);
        }
    }

    /// Whether a call can be made at all: what is known without the license server is said at once.
    pub(super) fn admit(&self, call: &Call, automatic: bool) -> Result<(), Failure> {
        let refused = |code| Failure::by_code(ErrorKind::Refused, code);
        let is_unregistered =
            matches!(self.state.phase(self.clock.now()), Phase::Unregistered | Phase::Registering);
        match call {
            Call::Coupon { .. } if is_unregistered => return Err(refused(Code::COUPON_NUMBER)),
            Call::CheckIn
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Trial { .. }
            | Call::WouldCapture { .. }
                if is_unregistered =>
            {
                return Err(refused(Code::KEY_ERROR));
            }
            Call::Capture { feature, holder, reclaim } if holder.is_none() && !reclaim => {
                self.admit_capture(*feature, automatic)?;
            }
            Call::Register(_)
            | Call::Activate { .. }
            | Call::CheckIn
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::LicenseInfo { .. }
            | Call::SendMetrics { .. }
            | Call::Drop
            | Call::WouldCapture { .. } => {}
        }
        self.ready_to_call().map(drop)
    }

    /// What a module asks by itself must not wait for an outage, nor repeat a refusal before something has
    /// changed; what is asked by request may repeat it in a moment.
    fn admit_capture(&self, feature: FeatureId, automatic: bool) -> Result<(), Failure> {
        let now = self.clock.now();
        let held = self.state.held().map(|held| held.statement().serial);
        if let Some(refused) = self.refused_seats.get(&feature)
            && Some(refused.serial) == held
            && (automatic || now.age.saturating_since(refused.at) < REFUSAL_STANDS)
        {
            let (code, message) = (Some(refused.code), refused.said.clone());
            return Err(Failure { kind: ErrorKind::Refused, code, message });
        }
        match &self.state.contact.last_failure {
            Some(failure) if automatic && self.state.due().is_some_and(|due| due > now.age) => {
                Err(Failure { kind: ErrorKind::NoAnswer, code: Some(failure.code), message: failure.said() })
            }
            _ => Ok(()),
        }
    }

    /// Whether there is a server to call, and a key to believe it by.
    pub(super) fn ready_to_call(&self) -> Result<Arc<E>, Failure> {
        let missing = |message| Failure { kind: ErrorKind::NoAnswer, code: Some(Code::NO_ANSWER), message };
        if self.settings.roots.is_empty() {
            return Err(missing(status::no_root(&self.settings.trust_path)));
        }
        self.settings.exchange.clone().ok_or_else(|| missing(status::no_server()))
    }

    /// Notes a refusal that has a licensing code. One without is a fault on the way.
    pub(super) fn note_refused_seat(&mut self, call: &Call, outcome: &Outcome) {
        let (Call::Capture { feature, .. }, Outcome::Refused(problem)) = (call, outcome) else { return };
        if let (Some(held), Some(code)) = (self.state.held(), problem.code) {
            let (serial, at) = (held.statement().serial, self.clock.now().age);
            let said = problem.said();
            self.refused_seats.insert(*feature, RefusedSeat { serial, at, code, said });
        }
    }
}
