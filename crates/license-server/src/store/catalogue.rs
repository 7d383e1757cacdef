//! What is sold: few rows that every decision needs and that rarely change, so that they are kept in memory.

use std::sync::{Arc, Mutex, PoisonError};

use license_types::{FeatureId, ProductId};
use sqlx::{SqliteConnection, query};

use super::{StoreError, fields::Fields, vendor};
use crate::catalogue::{Catalogue, Feature, Policy, Product};

/// The catalogue as it was last read, and the stamp that it had.
#[derive(Debug, Clone, Default)]
pub(super) struct Sold(Arc<Mutex<(Option<i64>, Arc<Catalogue>)>>);

impl Sold {
    /// The catalogue as it is now.
    pub(super) async fn catalogue(&self, db: &mut SqliteConnection) -> Result<Arc<Catalogue>, StoreError> {
        let row = query("SELECT stamp FROM catalogue").fetch_optional(&mut *db).await?;
        let stamp = row.as_ref().map(|row| Fields(row).number("stamp")).transpose()?;
        let (known, catalogue) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if stamp.is_some() && stamp == known {
            return Ok(catalogue);
        }
        let catalogue = Arc::new(read(db).await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (stamp, Arc::clone(&catalogue));
        Ok(catalogue)
    }
}

/// Says to whoever keeps the catalogue that it changes. The stamp is drawn and not counted, since a change that
/// is rolled back must not leave one behind that another change gets.
pub(super) async fn changes(db: &mut SqliteConnection) -> Result<(), StoreError> {
    query("DELETE FROM catalogue").execute(&mut *db).await?;
    query("INSERT INTO catalogue (stamp) VALUES (random())").execute(db).await?;
    Ok(())
}

/// Fills the catalogue of a new database.
pub(super) async fn fill(db: &mut SqliteConnection, catalogue: &Catalogue) -> Result<(), StoreError> {
    if !read(db).await?.products.is_empty() {
        return Ok(());
    }
    changes(db).await?;
    for feature in &catalogue.features {
        vendor::add_feature(db, feature).await?;
    }
    for product in &catalogue.products {
        vendor::add_product(db, product).await?;
    }
    Ok(())
}

/// Everything that is sold.
async fn read(db: &mut SqliteConnection) -> Result<Catalogue, StoreError> {
    let mut catalogue = Catalogue::default();
    for row in query("SELECT * FROM product ORDER BY id").fetch_all(&mut *db).await? {
        let row = Fields(&row);
        let id = ProductId(row.number("id")?);
        let policy = Policy {
            refresh: row.number("refresh")?,
            honoured: row.number("honoured")?,
            run_on: row.number("run_on")?,
            trial_days: row.number("trial_days")?,
        };
        catalogue.products.push(Product { id, name: row.text("name")?, features: Vec::new(), policy });
    }
    for row in query("SELECT * FROM product_feature ORDER BY product, feature").fetch_all(&mut *db).await? {
        let row = Fields(&row);
        let (product, feature) = (ProductId(row.number("product")?), FeatureId(row.number("feature")?));
        for product in catalogue.products.iter_mut().filter(|known| known.id == product) {
            product.features.push(feature);
        }
    }
    for row in query("SELECT * FROM feature ORDER BY id").fetch_all(&mut *db).await? {
        let row = Fields(&row);
        let id = FeatureId(row.number("id")?);
        catalogue.features.push(Feature { id, name: row.text("name")?, per_user: row.flag("per_user")? });
    }
    Ok(catalogue)
}

#[cfg(test)]
mod tests {
    use license_types::ProductId;

    use super::super::{
        Store,
        tests::{apply, rows, store},
    };
    use crate::{
        data_dir::DataDir,
        decide::{Rows, Wanted, Write, vendor::Edit},
    };

    fn renamed(name: &str) -> Vec<Write> {
        vec![Write::Edit(Edit::NameProduct { product: ProductId(81), name: name.to_owned() })]
    }

    async fn name(store: &Store) -> String {
        rows(store, &Wanted::default()).await.catalogue.product_name(ProductId(81))
    }

    #[tokio::test]
    async fn what_another_process_changes_is_taken_up_and_what_is_rolled_back_is_not() {
        let (dir, server) = store().await;
        let other = Store::open(&DataDir::open(dir.path()).unwrap().database().unwrap()).await.unwrap();
        for (edits, names) in [(["One", "Two"], ["One", "Two"]), (["Three", "Four"], ["Three", "Four"])] {
            apply(&other, renamed(edits[0])).await.unwrap();
            assert_eq!(name(&server).await, names[0]);
            let mut lost = server.series().await.unwrap();
            lost.decide(&Wanted::default(), |_| Ok::<_, ()>((renamed("Lost"), ()))).await.unwrap().unwrap();
            let look = |rows: Rows| Ok::<_, ()>((Vec::new(), rows.catalogue.product_name(ProductId(81))));
            assert_eq!(lost.decide(&Wanted::default(), look).await.unwrap(), Ok("Lost".to_owned()));
            drop(lost);
            apply(&other, renamed(edits[1])).await.unwrap();
            assert_eq!(name(&server).await, names[1]);
        }
    }
}
