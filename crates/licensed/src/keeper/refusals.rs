//! The last command of a person that the license server refused: who looks for the cause of a trouble wants to know.

use license_core::{
    api::{Call, Problem},
    outcome::Outcome,
    time::Age,
};
use license_types::Code;

use super::Keeper;
use crate::transport::Exchange;

/// A command that the license server refused. Neither number nor coupon is in it, nor the license server's own words,
/// which may hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRefusal {
    /// The request, by its name on the socket.
    pub request: &'static str,
    /// Why.
    pub code: Code,
    /// When.
    pub at: Age,
}

impl<E: Exchange> Keeper<E> {
    /// Notes what came of a command. What a module asks by itself is none, so that of captures those alone count that
    /// `is_awaited` by a person. A host that is bound begins anew.
    pub(super) fn note_refusal(&mut self, call: &Call, outcome: &Outcome, is_awaited: bool) {
        let Some(request) = command(call) else { return };
        match outcome {
            Outcome::Refused(Problem { code: Some(code), .. })
                if is_awaited || !matches!(call, Call::Capture { .. }) =>
            {
                self.last_refusal = Some(LastRefusal { request, code: *code, at: self.clock.now().age });
            }
            Outcome::Statement(_) => {
                let binds = matches!(call, Call::Register(_) | Call::Activate { .. });
                self.last_refusal.take_if(|last| binds || last.request == request);
            }
            Outcome::Refused(_) | Outcome::Done(_) | Outcome::NoAnswer(_) => {}
        }
    }
}

/// The name of the request by which a person makes this call.
const fn command(call: &Call) -> Option<&'static str> {
    match call {
        Call::Register(_) => Some("register"),
        Call::Activate { .. } => Some("activate"),
        Call::Coupon { .. } => Some("activate_coupon"),
        Call::Trial { .. } => Some("add_trial"),
        Call::Capture { .. } => Some("capture"),
        Call::CheckIn
        | Call::Release { .. }
        | Call::LicenseInfo { .. }
        | Call::SendMetrics { .. }
        | Call::Drop
        | Call::WouldCapture { .. } => None,
    }
}
