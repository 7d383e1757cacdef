//! Calls as they are sent, and sent again.

use license_types::SessionId;
use serde::{Deserialize, Serialize};

use super::State;
use crate::{
    api::{Call, HostCall},
    crypto::{ExactBytes, Nonce, RequestId},
    host::Evidence,
    time::{Age, Now},
};

/// A call with its exact bytes, so that a repetition is the same to the letter and the license server
/// can tell that it is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedCall {
    /// What is asked.
    pub call: Call,
    /// The id under which the license server remembers it.
    pub request_id: RequestId,
    /// What the statement in the answer must repeat.
    pub nonce: Nonce,
    /// The serial that was held.
    pub serial: u64,
    /// The body.
    pub body: ExactBytes,
    /// What was known of the hardware.
    #[serde(default)]
    pub evidence: Evidence,
    /// When it was first sent: a lease that comes of it is counted from here.
    pub sent_at: Age,
    /// The uid that asked for it; 0 for the daemon's own calls.
    pub asked_by: u32,
    /// Whether an attempt may have reached the license server whose answer never came.
    pub maybe_delivered: bool,
}

impl PreparedCall {
    /// Prepares a call: its exact bytes are what `state` holds now. Request id and nonce are drawn by
    /// the caller from the system's generator.
    pub fn new(
        call: Call,
        request_id: RequestId,
        nonce: Nonce,
        evidence: Evidence,
        state: &State,
        asked_by: u32,
        now: Now,
    ) -> Result<Self, serde_json::Error> {
        let held = state.held();
        let receipt = held.and_then(|held| held.receipt.clone());
        let body = HostCall { nonce, evidence: evidence.clone(), receipt, call };
        let bytes = ExactBytes(serde_json::to_vec(&body)?);
        Ok(Self {
            call: body.call,
            request_id,
            nonce,
            serial: state.serial,
            body: bytes,
            evidence,
            sent_at: now.age,
            asked_by,
            maybe_delivered: false,
        })
    }

    /// Whether it gives that seat back.
    pub(super) fn releases(&self, seat: &SessionId) -> bool {
        matches!(&self.call, Call::Release { session } if session == seat)
    }

    /// Whether the outcome matters even if the answer gets lost. It does not where the call changes
    /// nothing at the license server.
    #[must_use]
    pub const fn changes_something(&self) -> bool {
        match self.call {
            Call::CheckIn | Call::LicenseInfo { .. } | Call::WouldCapture { .. } => false,
            Call::Register(_)
            | Call::Activate { .. }
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::SendMetrics { .. }
            | Call::Drop => true,
        }
    }
}
