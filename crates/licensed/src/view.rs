//! What watchers are told about: the state, as far as a change of it matters to them.

use std::collections::BTreeMap;

use license_core::{
    state::{Phase, State},
    time::{Age, Now},
};
use license_texts::Language;
use license_types::{Basis, Code, Entitlement, FeatureId, UnixTime, Verdict};

use crate::status;

/// What a watcher could know at one moment.
#[derive(Debug, Clone)]
pub struct View {
    /// Counts the changes, so that a watcher which was slow knows that it missed some.
    pub revision: u64,
    /// The moment.
    pub at: Now,
    /// When something turns by time alone.
    pub turns_at: Option<Age>,
    phase: Phase,
    code: Option<Code>,
    features: BTreeMap<FeatureId, Feature>,
}

/// A feature, with what of it a watcher compares: in English, whatever the watcher reads.
#[derive(Debug, Clone)]
struct Feature {
    entitlement: Entitlement,
    expires_at: Option<UnixTime>,
}

impl View {
    /// The first view of a state.
    #[must_use]
    pub fn first(state: &State, now: Now) -> Self {
        Self::of(state, BTreeMap::new(), now)
    }

    /// The view after this one. Its revision is another one if something changed that matters.
    #[must_use]
    pub fn next(&self, state: &State, now: Now) -> Self {
        // Without a lease nothing is listed, and what was told still has an answer that may change.
        let known = if state.lease().is_some() { BTreeMap::new() } else { self.features.clone() };
        let next = Self::of(state, known, now);
        Self { revision: self.revision + u64::from(!self.says_the_same_as(&next)), ..next }
    }

    fn of(state: &State, known: BTreeMap<FeatureId, Feature>, now: Now) -> Self {
        let listed = state.lease().map_or(&[][..], |(_, lease)| &lease.features);
        let listed = listed.iter().map(|row| (row.feature, row.expires_at));
        let known = known.into_keys().map(|feature| (feature, None));
        let features = known.chain(listed).map(|(feature, expires_at)| {
            (
                feature,
                Feature { entitlement: state.entitlement(feature, None, Language::English, now), expires_at },
            )
        });
        Self {
            revision: 0,
            at: now,
            turns_at: state.turns_at(now),
            phase: state.phase(now),
            code: status::code(state, now),
            features: features.collect(),
        }
    }

    /// What every feature comes to.
    #[must_use]
    pub fn entitlements(&self) -> Vec<Entitlement> {
        self.features.values().map(|feature| feature.entitlement.clone()).collect()
    }

    /// The verdict on a feature, if it is listed.
    #[must_use]
    pub fn verdict(&self, feature: FeatureId) -> Option<&Verdict> {
        self.features.get(&feature).map(|feature| &feature.entitlement.verdict)
    }

    /// What the features come to that are not as in an `earlier` view.
    #[must_use]
    pub fn changed_since(&self, earlier: &Self) -> Vec<Entitlement> {
        let is_new = |(id, feature): &(&FeatureId, &Feature)| {
            earlier.features.get(id).is_none_or(|before| !before.says_the_same_as(feature))
        };
        self.features.iter().filter(is_new).map(|(_, feature)| feature.entitlement.clone()).collect()
    }

    /// The features of an `earlier` view that this one has not.
    #[must_use]
    pub fn gone_since(&self, earlier: &Self) -> Vec<FeatureId> {
        earlier.features.keys().filter(|feature| !self.features.contains_key(feature)).copied().collect()
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        let features = || self.features.values().zip(other.features.values());
        self.phase == other.phase
            && self.code == other.code
            && self.features.len() == other.features.len()
            && features().all(|(one, other)| one.says_the_same_as(other))
    }
}

impl Feature {
    fn says_the_same_as(&self, other: &Self) -> bool {
        self.expires_at == other.expires_at && lasting(&self.entitlement) == lasting(&other.entitlement)
    }
}

/// An entitlement without the times that move with every answer of the license server.
fn lasting(entitlement: &Entitlement) -> Entitlement {
    let still = UnixTime(0);
    let verdict = match &entitlement.verdict {
        Verdict::Granted { basis: Basis::Fresh, .. } => {
            Verdict::Granted { until: still, basis: Basis::Fresh }
        }
        Verdict::Granted { basis: Basis::Offline { .. }, .. } => {
            Verdict::Granted { until: still, basis: Basis::Offline { since: still } }
        }
        Verdict::Denied { code, reason } => Verdict::Denied { code: *code, reason: reason.clone() },
        Verdict::Indeterminate { code, may_run, .. } => {
            Verdict::Indeterminate { code: *code, since: still, may_run: *may_run }
        }
    };
    Entitlement { verdict, last_answer: None, next_check: None, ..entitlement.clone() }
}
