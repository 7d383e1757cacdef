//! The answer to "may this feature run?": three values, never a bool.

use serde::{Deserialize, Serialize};

use crate::{Code, UnixTime};

/// Whether a feature may run on this host.
///
/// A fault is never a "no": [`Verdict::Denied`] only ever comes from a verified statement of the
/// license server. For callers that know only yes or no there is [`Verdict::may_run`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Granted {
        /// The end of what the license server promised so far; each check moves it on.
        until: UnixTime,
        /// How recent the promise is.
        basis: Basis,
    },
    /// No, says the license server.
    Denied {
        /// Why.
        code: Code,
        /// The same in words, with the way out.
        reason: String,
    },
    /// Nobody knows: no number yet, no answer, or an expiry that the license server has not confirmed.
    Indeterminate {
        /// Why.
        code: Code,
        /// Since when nobody knows.
        since: UnixTime,
        /// Whether a module that already runs may go on.
        may_run: bool,
    },
}

/// What a [`Verdict::Granted`] rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The last check reached the license server.
    Fresh,
    /// The license server is away; its last promise is honoured.
    Offline {
        /// When the first check failed.
        since: UnixTime,
    },
}

impl Verdict {
    /// The verdict as yes or no: granted, or nobody knows and what runs may go on.
    #[must_use]
    pub const fn may_run(&self) -> bool {
        match self {
            Self::Granted { .. } => true,
            Self::Denied { .. } => false,
            Self::Indeterminate { may_run, .. } => *may_run,
        }
    }

    /// The code of a verdict that is no plain yes.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        match self {
            Self::Granted { .. } => None,
            Self::Denied { code, .. } | Self::Indeterminate { code, .. } => Some(*code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_have_the_json_form_of_the_protocol() {
        let since = UnixTime(1_700_000_000);
        let granted = Verdict::Granted { until: UnixTime(1_800_000_000), basis: Basis::Offline { since } };
        assert_eq!(
            serde_json::to_string(&granted).unwrap(),
            r#"{"granted":{"until":1800000000,"basis":{"offline":{"since":1700000000}}}}"#
        );
        let unknown = Verdict::Indeterminate { code: Code::KEY_ERROR, since, may_run: false };
        assert_eq!(
            serde_json::to_string(&unknown).unwrap(),
            r#"{"indeterminate":{"code":2009,"since":1700000000,"may_run":false}}"#
        );
    }
}
