//! What is sold.

use license_types::{FeatureId, ProductId};

use super::{
    super::{
        Draft, Write,
        product::{self, PolicyChanges, named},
        vendor::{Edit, Unable},
    },
    Misfit, Outcome, Reason, at,
};

/// A feature as the other system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its id.
    pub id: FeatureId,
    /// Its name.
    pub name: Option<String>,
    /// Whether its seats are taken by users.
    pub per_user: Option<bool>,
}

/// A product as the other system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub name: Option<String>,
    /// What it contains.
    pub features: Option<Vec<FeatureId>>,
    /// How its licenses are handled.
    pub policy: PolicyChanges,
}

/// Takes a feature over. How its seats are counted never changes.
pub fn feature(draft: &mut Draft, record: &Feature) -> Result<Outcome, Misfit> {
    let Feature { id, name, per_user } = record;
    let Some(known) = draft.rows.catalogue.feature(*id) else {
        let name = name.as_deref().ok_or_else(|| at("name", Reason::Required))?;
        let added = product::add_feature(draft, *id, name, per_user.unwrap_or(false));
        return added.map(|_| Outcome::Added).map_err(misfit);
    };
    if per_user.is_some_and(|per_user| per_user != known.per_user) {
        return Err(at("per_user", Reason::Fixed { here: known.per_user.to_string() }));
    }
    let Some(name) = other_name(name.as_deref(), &known.name)? else { return Ok(Outcome::Same) };
    draft.write(Write::Edit(Edit::NameFeature { feature: *id, name }));
    Ok(Outcome::Changed(vec!["name"]))
}

/// Takes a product over. What it contains never changes: a number would lose what it was sold, or get what
/// it was not.
pub fn product(draft: &mut Draft, record: &Product) -> Result<Outcome, Misfit> {
    let Product { id, name, features, policy } = record;
    let Some(known) = draft.rows.catalogue.product(*id) else {
        let name = name.as_deref().ok_or_else(|| at("name", Reason::Required))?;
        let features = features.as_deref().filter(|features| !features.is_empty());
        let features = features.ok_or_else(|| at("features", Reason::Required))?;
        product::add(draft, *id, name, features).map_err(misfit)?;
        product::set(draft, *id, policy).map_err(misfit)?;
        return Ok(Outcome::Added);
    };
    if let Some(features) = features {
        let (mut features, mut here) = (features.clone(), known.features.clone());
        features.sort_unstable();
        features.dedup();
        here.sort_unstable();
        if features != here {
            let here: Vec<String> = here.iter().map(ToString::to_string).collect();
            return Err(at("features", Reason::Fixed { here: here.join(",") }));
        }
    }
    let mut changed = Vec::new();
    let before = known.policy;
    if let Some(name) = other_name(name.as_deref(), &known.name)? {
        draft.write(Write::Edit(Edit::NameProduct { product: *id, name }));
        changed.push("name");
    }
    let after = product::set(draft, *id, policy).map_err(misfit)?;
    for (column, differs) in [
        ("refresh", before.refresh != after.refresh),
        ("honoured", before.honoured != after.honoured),
        ("run_on", before.run_on != after.run_on),
        ("trial_days", before.trial_days != after.trial_days),
    ] {
        changed.extend(differs.then_some(column));
    }
    Ok(Outcome::of(changed))
}

/// The name, if it is another one.
fn other_name(new: Option<&str>, here: &str) -> Result<Option<String>, Misfit> {
    let new = new.map(named).transpose().map_err(misfit)?;
    Ok(new.filter(|new| new != here))
}

/// An error at its column.
fn misfit(unable: Unable) -> Misfit {
    let column = if let Unable::OutsideBounds { name, .. } = unable {
        match name {
            "run-on" => "run_on",
            "trial-days" => "trial_days",
            name => name,
        }
    } else if matches!(unable, Unable::Field(_)) {
        "name"
    } else if matches!(unable, Unable::UnknownFeature { .. }) {
        "features"
    } else if unable == Unable::LeaseTooShort {
        "honoured"
    } else {
        "id"
    };
    at(column, unable)
}
