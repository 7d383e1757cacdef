//! Who reads what the tool says: their language, their clock, and what it is shown on.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use license_client::types::UnixTime;
use license_texts::{Language, Text};

use crate::screen::Look;

/// Who reads what the tool says.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    /// Their language.
    pub(crate) language: Language,
    /// What it is shown on.
    pub(crate) look: Look,
    /// Where times are theirs.
    pub(crate) zone: TimeZone,
    /// What time it is for them.
    pub(crate) now: UnixTime,
}

impl Reader {
    /// A sentence in their words.
    pub(crate) fn say(&self, text: &Text) -> String {
        text.to(self.language)
    }

    /// The same reader, at the present, before the terminal as it is now.
    pub(crate) fn by_now(&self) -> Self {
        Self { now: now(), look: self.look.resized(), ..self.clone() }
    }
}

/// What the clock of this machine says: the only place that reads it.
pub(crate) fn now() -> UnixTime {
    #[allow(clippy::disallowed_methods, reason = "the clock module")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
