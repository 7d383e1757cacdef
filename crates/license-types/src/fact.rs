//! What a verdict rests on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Code, UnixTime};

/// One fact of those that led to a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about.
    pub kind: FactKind,
    /// The moment that it is about: "this time" of the message.
    pub at: Option<UnixTime>,
    /// The code that it brings, if it is no plain yes.
    pub code: Option<Code>,
    /// The fact in a sentence for people. A registration number is masked.
    pub message: String,
}

/// What a [`Fact`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// The registration number, or that there is none.
    Number,
    /// A registration whose outcome is not known.
    Registration,
    /// That what was held cannot be used any more.
    Lost,
    /// The statement that is held: its serial, and when it was issued.
    Statement,
    /// The "no" to the whole host.
    Refusal,
    /// Whether the lease lists the feature.
    Feature,
    /// The seat of this host, or why it has none.
    Seat,
    /// To when the lease counts.
    Lease,
    /// A longer time, after the machine was off.
    Grace,
    /// To when what runs may go on.
    RunOn,
    /// When the feature expires.
    Expiry,
    /// Since when the license server is away.
    Offline,
    /// The last attempt to reach it that failed.
    Failure,
    /// When it is asked again.
    NextCheck,
    /// What all this comes to.
    Verdict,
}

impl FactKind {
    /// The name of the kind on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Registration => "registration",
            Self::Lost => "lost",
            Self::Statement => "statement",
            Self::Refusal => "refusal",
            Self::Feature => "feature",
            Self::Seat => "seat",
            Self::Lease => "lease",
            Self::Grace => "grace",
            Self::RunOn => "run_on",
            Self::Expiry => "expiry",
            Self::Offline => "offline",
            Self::Failure => "failure",
            Self::NextCheck => "next_check",
            Self::Verdict => "verdict",
        }
    }
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
