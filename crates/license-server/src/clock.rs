//! The wall clock: the only place that reads it. Everything else takes `now`.

use std::time::{SystemTime, UNIX_EPOCH};

use license_types::UnixTime;

/// The time now; the epoch, should the clock stand before it.
#[must_use]
pub fn now() -> UnixTime {
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime(0).saturating_add(since_epoch)
}
