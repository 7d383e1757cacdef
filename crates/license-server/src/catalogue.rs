//! What is sold: products, the features in them, and how a feature's seats are counted.
//!
//! [`Catalogue::initial`] is what a new database starts with; from then on the database is the truth.

use license_types::{FeatureId, ProductId};

/// All products and features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// What is sold.
    pub products: Vec<Product>,
    /// What is checked. A feature that is in no product cannot be bought.
    pub features: Vec<Feature>,
}

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name, for people.
    pub name: String,
    /// What it contains.
    pub features: Vec<FeatureId>,
    /// How its licenses are handled.
    pub policy: Policy,
}

/// How the licenses of a product are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Seconds after which a host asks again; of all its products the shortest counts.
    pub refresh: u64,
    /// Seconds for which a lease counts without another answer.
    pub honoured: u64,
    /// Seconds after that for which what runs may go on.
    pub run_on: u64,
    /// Days of use of a trial.
    pub trial_days: u32,
}

impl Default for Policy {
    /// 4 hours, 30 days and 7 days (design, sections 3 and 4): a long weekend and a lost uplink are no
    /// reason to stop a customer's PBX. Trials are of 30 days unless the vendor says otherwise.
    fn default() -> Self {
        Self { refresh: 4 * 3600, honoured: 30 * DAY, run_on: 7 * DAY, trial_days: 30 }
    }
}

const DAY: u64 = 24 * 3600;

/// What is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its id.
    pub id: FeatureId,
    /// Its name, for people.
    pub name: String,
    /// Whether its seats are taken by users and not by hosts.
    pub per_user: bool,
}

const PRODUCTS: &[(u32, &str, &[u32])] = &[
    (11, "MikoPBX", &[33]),
    (31, "Bitrix24 integration", &[41]),
    (81, "amoCRM integration", &[45]),
    // The module checks 43; the users' seats of the 1C integration come with it.
    (85, "1C telephony subsystem", &[43, 46, 47, 48, 49]),
    (96, "Telegram provider", &[50]),
    (127, "Users' UI", &[51]),
    (129, "Quality assessment", &[53]),
    (131, "LDAP sync", &[54]),
];

const FEATURES: &[(u32, &str, bool)] = &[
    (31, "Call log", false),
    (32, "Smart routing", false),
    (33, "MikoPBX base", false),
    (41, "Bitrix24 integration", false),
    (42, "Chats", false),
    (43, "Updates", false),
    (44, "Queue call-back", false),
    (45, "amoCRM integration", false),
    (46, "1C integration basic, 1C session", true),
    (47, "1C integration basic, external panel", true),
    (48, "1C integration PROF, 1C session", true),
    (49, "1C integration PROF, external panel", true),
    (50, "Telegram provider", false),
    (51, "Users' UI", false),
    (52, "Auto-dialer", false),
    (53, "Quality assessment", false),
    (54, "LDAP sync", false),
];

impl Catalogue {
    /// The products and features that MikoPBX and its modules ask about.
    #[must_use]
    pub fn initial() -> Self {
        let product = |&(id, name, features): &(u32, &str, &[u32])| Product {
            id: ProductId(id),
            name: name.to_owned(),
            features: features.iter().copied().map(FeatureId).collect(),
            policy: Policy::default(),
        };
        let feature = |&(id, name, per_user): &(u32, &str, bool)| Feature {
            id: FeatureId(id),
            name: name.to_owned(),
            per_user,
        };
        Self {
            products: PRODUCTS.iter().map(product).collect(),
            features: FEATURES.iter().map(feature).collect(),
        }
    }

    /// The product of that id.
    #[must_use]
    pub fn product(&self, id: ProductId) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }

    /// The feature of that id.
    #[must_use]
    pub fn feature(&self, id: FeatureId) -> Option<&Feature> {
        self.features.iter().find(|feature| feature.id == id)
    }

    /// A product that one could buy to get the feature.
    #[must_use]
    pub fn product_with(&self, feature: FeatureId) -> Option<ProductId> {
        self.products.iter().find(|product| product.features.contains(&feature)).map(|product| product.id)
    }

    /// The name of the product; its number, should the catalogue not list it any more.
    #[must_use]
    pub fn product_name(&self, id: ProductId) -> String {
        self.product(id).map_or_else(|| id.to_string(), |product| product.name.clone())
    }

    /// The name of the feature; its number, should the catalogue not list it any more.
    #[must_use]
    pub fn feature_name(&self, id: FeatureId) -> String {
        self.feature(id).map_or_else(|| id.to_string(), |feature| feature.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_of_a_product_is_described() {
        let catalogue = Catalogue::initial();
        for product in &catalogue.products {
            assert!(!product.features.is_empty(), "{}", product.name);
            for feature in &product.features {
                assert!(catalogue.feature(*feature).is_some(), "{feature} of {}", product.name);
            }
        }
    }

    #[test]
    fn the_modules_find_their_product_and_feature() {
        let modules = [(11, 33), (31, 41), (81, 45), (85, 43), (96, 50), (127, 51), (129, 53), (131, 54)];
        for (product, feature) in modules {
            let sold_in = Catalogue::initial().product_with(FeatureId(feature));
            assert_eq!(sold_in, Some(ProductId(product)), "feature {feature}");
        }
    }

    #[test]
    fn features_without_a_product_are_not_for_sale() {
        for feature in [31, 32, 42, 44, 52] {
            assert_eq!(Catalogue::initial().product_with(FeatureId(feature)), None, "feature {feature}");
        }
    }

    #[test]
    fn only_the_1c_integration_is_counted_by_user() {
        let catalogue = Catalogue::initial();
        let per_user =
            catalogue.features.iter().filter(|feature| feature.per_user).map(|feature| feature.id.0);
        assert_eq!(per_user.collect::<Vec<_>>(), [46, 47, 48, 49]);
    }
}
