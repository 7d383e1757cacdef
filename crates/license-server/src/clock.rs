//! The clocks: the only place that reads them. Everything else takes `now`.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use license_types::UnixTime;

/// The time now; the epoch, should the clock stand before it.
#[must_use]
pub fn now() -> UnixTime {
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime(0).saturating_add(since_epoch)
}

/// The clock that nobody sets: for how long something took, and what is to be waited for.
#[must_use]
pub fn monotonic() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    Instant::now()
}
