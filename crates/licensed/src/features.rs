//! The features of the license, and why one comes to what it comes to.

use license_core::time::Now;
use license_ipc::{Explanation, FeaturePage, NamedFeature};
use license_texts::Language;
use license_types::FeatureId;

use crate::{reply::Failure, snapshot::Snapshot, status};

/// The features after `cursor` in the order of their ids: a page, with the cursor of the next.
pub fn page(
    snapshot: &Snapshot,
    cursor: Option<FeatureId>,
    language: Language,
    now: Now,
) -> Result<FeaturePage, Failure> {
    let (_, lease) = status::leased(snapshot)?;
    let mut rows: Vec<_> =
        lease.features.iter().filter(|row| cursor.is_none_or(|cursor| row.feature > cursor)).collect();
    rows.sort_by_key(|row| row.feature);
    let has_more = rows.len() > FeaturePage::MOST;
    rows.truncate(FeaturePage::MOST);
    let next = rows.last().filter(|_| has_more).map(|row| row.feature);
    let named = |row: &license_core::statement::LeasedFeature| NamedFeature {
        name: row.name.clone(),
        entitlement: snapshot.state.entitlement(row.feature, None, language, now),
    };
    Ok(FeaturePage { features: rows.into_iter().map(named).collect(), next })
}

/// What `feature` comes to, and the facts that led there.
#[must_use]
pub fn explanation(snapshot: &Snapshot, feature: FeatureId, language: Language, now: Now) -> Explanation {
    let entitlement = snapshot.state.entitlement(feature, None, language, now);
    Explanation { entitlement, facts: snapshot.state.explain(feature, language, now) }
}
