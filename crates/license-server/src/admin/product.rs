//! `admin product` and `admin feature`

use std::{fmt::Write as _, io};

use license_types::ProductId;
use serde_json::{Value, json};

use super::{CommandError, Console};
use crate::{
    catalogue::{Catalogue, Policy, Product},
    cli::{FeatureCommand, ProductCommand, shown},
    decide::{
        Draft, Wanted,
        product::{self, PolicyChanges},
    },
};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn product(&mut self, command: &ProductCommand) -> Result<(), CommandError> {
        match command {
            ProductCommand::List => {
                let catalogue = self.look(&Wanted::default(), |rows| Ok(rows.catalogue.clone())).await?;
                let products = catalogue.products.iter().map(|product| product_json(&catalogue, product));
                self.say(&products.collect(), || products_text(&catalogue))
            }
            ProductCommand::Set { id, refresh, honoured, run_on, trial_days } => {
                let changes = PolicyChanges {
                    refresh: *refresh,
                    honoured: *honoured,
                    run_on: *run_on,
                    trial_days: *trial_days,
                };
                let set = |draft: &mut Draft| Ok(product::set(draft, *id, &changes)?);
                let policy = self.change(&Wanted::default(), set).await?;
                self.say(&policy_json(*id, &policy), || {
                    format!(
                        "Product {id}: {}. Hosts take it up with their next answers.",
                        policy_text(&policy)
                    )
                })
            }
            ProductCommand::Add { id, name, features } => {
                let add = |draft: &mut Draft| {
                    let product = product::add(draft, *id, name, features)?;
                    Ok((draft.rows.catalogue.clone(), product))
                };
                let (catalogue, product) = self.change(&Wanted::default(), add).await?;
                self.say(&product_json(&catalogue, &product), || {
                    format!("Added the product {id}, {}.", product.name)
                })
            }
        }
    }

    pub(super) async fn feature(&mut self, command: &FeatureCommand) -> Result<(), CommandError> {
        let FeatureCommand::Add { id, name, per_user } = command;
        let add = |draft: &mut Draft| Ok(product::add_feature(draft, *id, name, *per_user)?);
        let feature = self.change(&Wanted::default(), add).await?;
        let json = json!({ "feature": id, "name": feature.name, "per_user": per_user });
        self.say(&json, || {
            format!("Added the feature {id}, {}. Name it in `admin product add`.", feature.name)
        })
    }
}

fn policy_json(product: ProductId, policy: &Policy) -> Value {
    json!({
        "product": product,
        "refresh": policy.refresh,
        "honoured": policy.honoured,
        "run_on": policy.run_on,
        "trial_days": policy.trial_days,
    })
}

fn product_json(catalogue: &Catalogue, product: &Product) -> Value {
    let features = product.features.iter().map(|feature| {
        let per_user = catalogue.feature(*feature).is_some_and(|feature| feature.per_user);
        json!({ "feature": feature, "name": catalogue.feature_name(*feature), "per_user": per_user })
    });
    let mut json = policy_json(product.id, &product.policy);
    json["name"] = product.name.clone().into();
    json["features"] = features.collect();
    json
}

fn policy_text(policy: &Policy) -> String {
    format!(
        "hosts ask every {}, a lease counts for {} and what runs goes on for {} after it, a trial lasts for {} \
         days of use",
        shown(policy.refresh),
        shown(policy.honoured),
        shown(policy.run_on),
        policy.trial_days,
    )
}

fn products_text(catalogue: &Catalogue) -> String {
    let mut table = format!(
        "{:<7}  {:<7}  {:<8}  {:<6}  {:<5}  NAME AND FEATURES\n",
        "PRODUCT", "REFRESH", "HONOURED", "RUN ON", "TRIAL"
    );
    for product in &catalogue.products {
        let policy = &product.policy;
        let features: Vec<String> = product.features.iter().map(ToString::to_string).collect();
        // Writing into a text cannot fail.
        let _written = writeln!(
            table,
            "{:<7}  {:<7}  {:<8}  {:<6}  {:<5}  {} ({})",
            product.id,
            shown(policy.refresh),
            shown(policy.honoured),
            shown(policy.run_on),
            policy.trial_days,
            product.name,
            features.join(", "),
        );
    }
    table
}
