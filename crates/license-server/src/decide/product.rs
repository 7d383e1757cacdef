//! What is sold, by the vendor's word: products and features added, and how licenses are handled.

use std::{ops::RangeInclusive, time::Duration};

use license_core::statement::MAX_FEATURES;
use license_types::{FeatureId, ProductId};

use super::{
    Draft, Write,
    registration::required,
    vendor::{Edit, Unable, sold},
};
use crate::catalogue::{Feature, Policy, Product};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 3600;

/// Seconds between two checks of a host. Ten minutes: 100,000 hosts are 170 requests a second then. A week:
/// what the vendor changes reaches hosts within that time, even where no long poll works.
const REFRESH: RangeInclusive<u64> = 10 * MINUTE..=7 * DAY;

/// Seconds for which a lease counts. A day at least: an evening without a network stops no PBX.
const HONOURED: RangeInclusive<u64> = DAY..=366 * DAY;

/// A lease lasts for so many checks at least, so that one that fails has others after it.
const CHECKS_IN_LEASE: u64 = 4;

/// Seconds for which what runs may go on after the lease.
const RUN_ON: RangeInclusive<u64> = 0..=90 * DAY;

/// Days of a trial. A year: longer is a mistake in typing.
const TRIAL_DAYS: RangeInclusive<u32> = 1..=366;

/// The most products. There is no statement that all of them go into; a list of more helps nobody.
const MAX_PRODUCTS: usize = 1_000;

/// What of a policy is set anew; the rest stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PolicyChanges {
    /// After which time a host asks again.
    pub refresh: Option<Duration>,
    /// For which time a lease counts without another answer.
    pub honoured: Option<Duration>,
    /// For which time after that what runs may go on.
    pub run_on: Option<Duration>,
    /// Days of use of a trial.
    pub trial_days: Option<u32>,
}

/// Sets how the licenses of a product are handled; the whole policy. Each host takes it up with its next
/// answer.
pub fn set(draft: &mut Draft, id: ProductId, changes: &PolicyChanges) -> Result<Policy, Unable> {
    let known = sold(&draft.rows, id)?.policy;
    let seconds = |new: Option<Duration>, old: u64| new.map_or(old, |new| new.as_secs());
    let policy = Policy {
        refresh: seconds(changes.refresh, known.refresh),
        honoured: seconds(changes.honoured, known.honoured),
        run_on: seconds(changes.run_on, known.run_on),
        trial_days: changes.trial_days.unwrap_or(known.trial_days),
    };
    checked(&policy)?;
    if policy != known {
        draft.write(Write::Edit(Edit::SetPolicy { product: id, policy }));
    }
    Ok(policy)
}

/// A typing error must neither bring all hosts down on the server nor let all leases run out.
fn checked(policy: &Policy) -> Result<(), Unable> {
    let is_within = |name, value: u64, range: &RangeInclusive<u64>, least, most| {
        let outside = Unable::OutsideBounds { name, least, most };
        if range.contains(&value) { Ok(()) } else { Err(outside) }
    };
    is_within("refresh", policy.refresh, &REFRESH, "10m", "7d")?;
    is_within("honoured", policy.honoured, &HONOURED, "1d", "366d")?;
    is_within("run-on", policy.run_on, &RUN_ON, "0s", "90d")?;
    if !TRIAL_DAYS.contains(&policy.trial_days) {
        return Err(Unable::OutsideBounds { name: "trial-days", least: "1", most: "366" });
    }
    if policy.honoured < policy.refresh.saturating_mul(CHECKS_IN_LEASE) {
        return Err(Unable::LeaseTooShort);
    }
    Ok(())
}

/// Adds a product to what is sold.
pub fn add(draft: &mut Draft, id: ProductId, name: &str, features: &[FeatureId]) -> Result<Product, Unable> {
    let catalogue = &draft.rows.catalogue;
    if let Some(known) = catalogue.product(id) {
        return Err(Unable::ProductKnown { product: id, name: known.name.clone() });
    }
    if let Some(feature) = features.iter().find(|feature| catalogue.feature(**feature).is_none()) {
        return Err(Unable::UnknownFeature { feature: *feature });
    }
    if catalogue.products.len() >= MAX_PRODUCTS {
        return Err(Unable::CatalogueFull { what: "products", limit: MAX_PRODUCTS });
    }
    let (mut features, policy) = (features.to_vec(), Policy::default());
    features.sort_unstable();
    features.dedup();
    let product = Product { id, name: named(name)?, features, policy };
    draft.write(Write::Edit(Edit::AddProduct(product.clone())));
    Ok(product)
}

/// Adds a feature that products can have. All features together fit a statement, so that whatever a number
/// holds does.
pub fn add_feature(draft: &mut Draft, id: FeatureId, name: &str, per_user: bool) -> Result<Feature, Unable> {
    let catalogue = &draft.rows.catalogue;
    if let Some(known) = catalogue.feature(id) {
        return Err(Unable::FeatureKnown { feature: id, name: known.name.clone() });
    }
    if catalogue.features.len() >= MAX_FEATURES {
        return Err(Unable::CatalogueFull { what: "features", limit: MAX_FEATURES });
    }
    let feature = Feature { id, name: named(name)?, per_user };
    draft.write(Write::Edit(Edit::AddFeature(feature.clone())));
    Ok(feature)
}

/// A name of something that is sold, trimmed.
pub(super) fn named(name: &str) -> Result<String, Unable> {
    required("name", name).map_err(|refusal| Unable::Field(refusal.problem().detail))
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;

    use super::{
        super::testing::{World, capture, trial},
        *,
    };

    #[test]
    fn a_policy_stays_within_bounds_that_hurt_nobody() {
        let of = |refresh: Option<u64>, honoured: Option<u64>, run_on: Option<u64>| PolicyChanges {
            refresh: refresh.map(Duration::from_secs),
            honoured: honoured.map(Duration::from_secs),
            run_on: run_on.map(Duration::from_secs),
            trial_days: None,
        };
        let trial = |days| PolicyChanges { trial_days: Some(days), ..PolicyChanges::default() };
        let cases = [
            ("nothing", PolicyChanges::default(), None),
            ("the shortest", of(Some(600), Some(DAY), Some(0)), None),
            ("the longest", of(Some(7 * DAY), Some(366 * DAY), Some(90 * DAY)), None),
            ("checks every 4 seconds", of(Some(4), None, None), Some("10m")),
            ("checks once in 4 weeks", of(Some(28 * DAY), None, None), Some("7d")),
            ("a lease of 30 seconds", of(None, Some(30), None), Some("1d")),
            ("a lease of a century", of(None, Some(36_600 * DAY), None), Some("366d")),
            ("a lease that one lost check ends", of(Some(7 * DAY), Some(8 * DAY), None), Some("4 checks")),
            ("a year of running on", of(None, None, Some(365 * DAY)), Some("90d")),
            ("no trial", trial(0), Some("1 to 366")),
            ("a trial for life", trial(36_500), Some("1 to 366")),
        ];
        for (name, changes, says) in cases {
            let mut world = World::new();
            let before = world.rows.clone();
            let outcome = world.change(|draft| set(draft, ProductId(81), &changes));
            match (outcome, says) {
                (Ok(policy), None) => {
                    assert_eq!(world.rows.catalogue.product(ProductId(81)).unwrap().policy, policy, "{name}");
                }
                (Err(error), Some(says)) => {
                    assert!(error.to_string().contains(says), "{name}: {error}");
                    assert_eq!(world.rows, before, "{name}");
                }
                (outcome, says) => panic!("{name}: {outcome:?}, not {says:?}"),
            }
        }
    }

    #[test]
    fn hosts_take_a_policy_up_with_their_next_answer() {
        let mut world = World::registered(1);
        let changes = PolicyChanges { refresh: Some(Duration::from_hours(1)), ..PolicyChanges::default() };
        world.change(|draft| set(draft, ProductId(11), &changes)).unwrap();
        assert_eq!(world.ok(1, &Call::CheckIn).statement.unwrap().refresh_after, 3600);
    }

    #[test]
    fn a_new_product_is_sold_like_the_others() {
        let mut world = World::registered(1);
        let (product, feature) = (ProductId(500), FeatureId(600));
        world.change(|draft| add_feature(draft, feature, " Fax ", false)).unwrap();
        let features = [feature, FeatureId(33), feature];
        let added = world.change(|draft| add(draft, product, "Fax server", &features)).unwrap();
        assert_eq!(added.features, [FeatureId(33), feature]);
        world.ok(1, &trial(500));
        world.ok(1, &capture(600));
        assert_eq!(world.leased(1, 600).unwrap().name, "Fax");
    }

    #[test]
    fn what_is_there_or_makes_no_sense_is_not_added() {
        let mut world = World::new();
        let before = world.rows.clone();
        let cases = [(81, "x", 33, "amoCRM"), (500, "x", 999, "999"), (500, " ", 33, "required")];
        for (id, name, feature, says) in cases {
            let outcome = world.change(|draft| add(draft, ProductId(id), name, &[FeatureId(feature)]));
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(says), "{id}, {name}, {feature}: {error}");
        }
        let known = world.change(|draft| add_feature(draft, FeatureId(33), "x", false)).unwrap_err();
        assert!(known.to_string().contains("MikoPBX base"));
        assert_eq!(world.rows, before);
    }

    #[test]
    fn all_features_together_fit_a_statement() {
        let mut world = World::new();
        let there = world.rows.catalogue.features.len();
        world.sell_many(MAX_FEATURES - there - 1);
        world.change(|draft| add_feature(draft, FeatureId(600), "the last one", false)).unwrap();
        let error = world.change(|draft| add_feature(draft, FeatureId(601), "one too many", false));
        assert_eq!(error, Err(Unable::CatalogueFull { what: "features", limit: MAX_FEATURES }));
    }
}
