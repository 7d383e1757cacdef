//! Telling people that the wall clock is off.

use license_core::{state::PreparedCall, time::Now};
use license_texts::Language;
use license_types::UnixTime;
use tracing::{info, warn};

use super::Keeper;
use crate::{
    event,
    skew::{LONGEST_CALL, ServerTime, Skew},
};

impl<E> Keeper<E> {
    /// Notes the license server's time. The answer to a repeated call may be one from long ago.
    pub(super) fn note_server_time(&mut self, call: &PreparedCall, issued_at: UnixTime) {
        let came_at = self.clock.now().age;
        if !call.maybe_delivered && came_at.saturating_since(call.sent_at) <= LONGEST_CALL {
            self.server_time = Some(ServerTime { issued_at, came_at });
        }
    }

    /// Says once that the wall clock is off, and once that it is right again.
    pub(super) fn announce_skew(&mut self, now: Now) {
        let skew = self.server_time.and_then(|server| Skew::of(server, now));
        match skew {
            Some(skew) if !self.said_skew => {
                warn!(
                    message_id = event::CLOCK_WRONG,
                    skew_seconds = skew.0,
                    "{}",
                    skew.sentence().to(Language::English)
                );
            }
            None if self.said_skew => info!("the clock of this host is right again"),
            Some(_) | None => {}
        }
        self.said_skew = skew.is_some();
    }
}
