//! What only the vendor changes, into tables.

use sqlx::{SqliteConnection, query};

use super::{
    StoreError, catalogue,
    write::{seconds, signed},
};
use crate::{
    catalogue::{Feature, Policy, Product},
    decide::vendor::{Edit, free_email_key},
};

/// Makes one change.
pub(super) async fn apply(db: &mut SqliteConnection, edit: &Edit) -> Result<(), StoreError> {
    if edit.is_of_catalogue() {
        catalogue::changes(db).await?;
    }
    let statement = match edit {
        Edit::SetRegistration { customer, registration, company_key, email_key, fields: _ } => query(
            "UPDATE customer SET company = ?2, email = ?3, contact = ?4, phone = ?5, tax_id = ?6,
                    company_key = ?7, email_key = ?8
              WHERE id = ?1",
        )
        .bind(&customer.0)
        .bind(&registration.company)
        .bind(&registration.email)
        .bind(&registration.contact)
        .bind(&registration.phone)
        .bind(&registration.tax_id)
        .bind(company_key)
        .bind(email_key),
        Edit::SetNumber { customer, number, at } => {
            let former = query(
                "INSERT INTO former_number (number, customer, replaced_at)
                 SELECT number, id, ?2 FROM customer WHERE id = ?1",
            );
            former.bind(&customer.0).bind(at.0).execute(&mut *db).await?;
            query("UPDATE customer SET number = ?2 WHERE id = ?1").bind(&customer.0).bind(number.as_str())
        }
        Edit::SetSuspended { customer, since } => {
            query("UPDATE customer SET suspended_at = ?2 WHERE id = ?1")
                .bind(&customer.0)
                .bind(seconds(*since))
        }
        Edit::MoveSeat { session, customer, slot } => {
            query("UPDATE seat SET customer = ?2, slot = ?3 WHERE session = ?1")
                .bind(&session.0)
                .bind(&customer.0)
                .bind(slot)
        }
        Edit::Absorb { from, into } => {
            for moved in [
                "UPDATE license_grant SET customer = ?2 WHERE customer = ?1",
                "UPDATE binding SET customer = ?2 WHERE customer = ?1",
                "UPDATE seat SET customer = ?2 WHERE customer = ?1 AND freed_at IS NOT NULL",
                "UPDATE OR IGNORE bar SET customer = ?2 WHERE customer = ?1",
                "UPDATE coupon SET used_by = ?2 WHERE used_by = ?1",
                "UPDATE outbox SET customer = ?2 WHERE customer = ?1",
            ] {
                query(moved).bind(&from.0).bind(&into.0).execute(&mut *db).await?;
            }
            query("DELETE FROM bar WHERE customer = ?1").bind(&from.0).execute(&mut *db).await?;
            query("UPDATE customer SET merged_into = ?2 WHERE merged_into = ?1")
                .bind(&from.0)
                .bind(&into.0)
                .execute(&mut *db)
                .await?;
            query("UPDATE customer SET merged_into = ?2, email_key = ?3 WHERE id = ?1")
                .bind(&from.0)
                .bind(&into.0)
                .bind(free_email_key(from))
        }
        Edit::Clear { binding, host: _, customer: _, at } => {
            query("UPDATE binding SET cleared_at = ?2 WHERE id = ?1").bind(&binding.0).bind(at.0)
        }
        Edit::SetBlocked { digest, blocked } => {
            query("UPDATE coupon SET blocked = ?2 WHERE digest = ?1").bind(digest).bind(blocked)
        }
        Edit::UndoCoupon { digest, .. } => query(
            "UPDATE coupon SET used_at = NULL, used_by = NULL, used_on = NULL, used_request = NULL,
                    used_grant = NULL, used_made = NULL
              WHERE digest = ?1",
        )
        .bind(digest),
        Edit::SetPolicy { product, policy } => query(
            "UPDATE product SET refresh = ?2, honoured = ?3, run_on = ?4, trial_days = ?5 WHERE id = ?1",
        )
        .bind(product.0)
        .bind(signed(policy.refresh))
        .bind(signed(policy.honoured))
        .bind(signed(policy.run_on))
        .bind(policy.trial_days),
        Edit::NameProduct { product, name } => {
            query("UPDATE product SET name = ?2 WHERE id = ?1").bind(product.0).bind(name)
        }
        Edit::NameFeature { feature, name } => {
            query("UPDATE feature SET name = ?2 WHERE id = ?1").bind(feature.0).bind(name)
        }
        Edit::AddProduct(product) => return add_product(db, product).await,
        Edit::AddFeature(feature) => return add_feature(db, feature).await,
    };
    statement.execute(db).await?;
    Ok(())
}

/// Adds a product; its features are there already.
pub(super) async fn add_product(db: &mut SqliteConnection, product: &Product) -> Result<(), StoreError> {
    let row = query(
        "INSERT INTO product (id, name, refresh, honoured, run_on, trial_days)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    let Policy { refresh, honoured, run_on, trial_days } = product.policy;
    let row = row.bind(product.id.0).bind(&product.name).bind(signed(refresh)).bind(signed(honoured));
    row.bind(signed(run_on)).bind(trial_days).execute(&mut *db).await?;
    for feature in &product.features {
        let row = query("INSERT INTO product_feature (product, feature) VALUES (?1, ?2)");
        row.bind(product.id.0).bind(feature.0).execute(&mut *db).await?;
    }
    Ok(())
}

/// Adds a feature.
pub(super) async fn add_feature(db: &mut SqliteConnection, feature: &Feature) -> Result<(), StoreError> {
    let row = query("INSERT INTO feature (id, name, per_user) VALUES (?1, ?2, ?3)");
    row.bind(feature.id.0).bind(&feature.name).bind(feature.per_user).execute(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use license_types::{FeatureId, ProductId, Registration, RegistrationNumber, SessionId, UnixTime};

    use super::{
        super::{
            Store,
            tests::{apply, bar, host, rows, store, writes},
        },
        *,
    };
    use crate::decide::{
        BarRow, BindingId, BindingRow, CustomerId, CustomerRow, Ended, EndedBy, Rows, Wanted, Write,
    };

    const NUMBERS: [&str; 2] = ["MIKO-AAAAA-AAAAA-AAAAA-AAAAA", "MIKO-BBBBB-BBBBB-BBBBB-BBBBB"];

    fn number(index: usize) -> RegistrationNumber {
        NUMBERS[index].parse().unwrap()
    }

    /// The rows of customers `c` and `d`, in an order that stays.
    async fn stored(store: &Store) -> Rows {
        let wanted = Wanted {
            numbers: vec![number(0), number(1)],
            every_host: true,
            coupon: Some("d".to_owned()),
            batch: Some("spring".to_owned()),
            ..Wanted::default()
        };
        sorted(rows(store, &wanted).await)
    }

    fn sorted(mut rows: Rows) -> Rows {
        rows.customers.sort_by(|one, other| one.id.cmp(&other.id));
        rows.bars.sort_by_key(|bar| (bar.host.to_string(), bar.feature));
        rows.seats.sort_by(|one, other| one.session.cmp(&other.session));
        rows
    }

    /// What [`writes`] makes for customer `c`, and a customer `d` beside it.
    async fn two_customers(store: &Store) {
        let mut writes = writes();
        let Some(Write::AddCustomer(first)) = writes.first().cloned() else { panic!("no customer") };
        let mut other = first;
        (other.id, other.number) = (CustomerId("d".to_owned()), number(1));
        other.email_key = "d@example.com".to_owned();
        let of_other = |feature| BarRow { customer: CustomerId("d".to_owned()), ..bar(feature) };
        writes.push(Write::AddCustomer(other));
        writes.extend([Write::Bar(bar(50)), Write::Bar(of_other(45))]);
        let (id, customer, bound_at) = (BindingId("e".to_owned()), bar(45).customer, UnixTime(29));
        let ended = Ended { at: UnixTime(30), by: EndedBy::Reset, told_at: None };
        let host = host(2);
        let (binding, key) = (id.clone(), host.key);
        let bound =
            BindingRow { id, host: key, customer: customer.clone(), bound_at, ended: None, cleared_at: None };
        writes.extend([
            Write::SaveHost(host),
            Write::Bind(bound),
            Write::Unbind { binding, host: key, customer, ended },
        ]);
        apply(store, writes).await.unwrap();
    }

    #[tokio::test]
    async fn the_store_does_what_the_rows_do_in_memory() {
        let (c, d) = (CustomerId("c".to_owned()), CustomerId("d".to_owned()));
        let registration = Registration {
            company: "New".to_owned(),
            email: "N@example.com".to_owned(),
            contact: "C".to_owned(),
            phone: None,
            tax_id: Some("7".to_owned()),
        };
        let policy = Policy { refresh: 700, honoured: 90_000, run_on: 1, trial_days: 3 };
        let edits = [
            vec![Edit::SetRegistration {
                customer: c.clone(),
                registration,
                company_key: "new".to_owned(),
                email_key: "n@example.com".to_owned(),
                fields: vec!["company"],
            }],
            vec![Edit::SetSuspended { customer: c.clone(), since: Some(UnixTime(40)) }],
            vec![Edit::SetSuspended { customer: c.clone(), since: None }],
            vec![
                Edit::MoveSeat { session: SessionId("s1".to_owned()), customer: d.clone(), slot: 3 },
                Edit::Absorb { from: c.clone(), into: d.clone() },
            ],
            vec![Edit::Clear {
                binding: BindingId("e".to_owned()),
                host: host(2).key,
                customer: c.clone(),
                at: UnixTime(41),
            }],
            vec![Edit::SetBlocked { digest: "d".to_owned(), blocked: true }],
            vec![Edit::SetBlocked { digest: "d".to_owned(), blocked: false }],
            vec![Edit::UndoCoupon { digest: "d".to_owned(), customer: c.clone(), grant: "g".to_owned() }],
            vec![Edit::SetPolicy { product: ProductId(81), policy }],
            vec![
                Edit::NameProduct { product: ProductId(81), name: "amo".to_owned() },
                Edit::NameFeature { feature: FeatureId(45), name: "seat".to_owned() },
            ],
            vec![
                Edit::AddFeature(Feature { id: FeatureId(35), name: "Fax".to_owned(), per_user: true }),
                Edit::AddProduct(Product {
                    id: ProductId(82),
                    name: "Fax server".to_owned(),
                    features: vec![FeatureId(33), FeatureId(35)],
                    policy,
                }),
            ],
        ];
        for edits in edits {
            let (_dir, store) = store().await;
            two_customers(&store).await;
            let mut expected = stored(&store).await;
            let writes: Vec<Write> = edits.iter().cloned().map(Write::Edit).collect();
            apply(&store, writes.clone()).await.unwrap();
            for write in &writes {
                expected.apply(write);
            }
            assert_eq!(stored(&store).await, sorted(expected), "{edits:?}");
        }
    }

    #[tokio::test]
    async fn after_another_number_the_old_one_finds_nothing() {
        let (_dir, store) = store().await;
        apply(&store, writes()).await.unwrap();
        let customer = CustomerId("c".to_owned());
        let edit = Edit::SetNumber { customer, number: number(1), at: UnixTime(40) };
        apply(&store, vec![Write::Edit(edit)]).await.unwrap();
        for (number, found) in [(number(0), 0), (number(1), 1)] {
            let wanted = Wanted { numbers: vec![number], ..Wanted::default() };
            assert_eq!(rows(&store, &wanted).await.customers.len(), found);
        }
    }

    #[tokio::test]
    async fn who_had_a_number_is_found_by_it_through_another_number_and_merges() {
        let (_dir, store) = store().await;
        two_customers(&store).await;
        let [c, d, e] = ["c", "d", "e"].map(|id| CustomerId(id.to_owned()));
        let Some(Write::AddCustomer(first)) = writes().first().cloned() else { panic!("no customer") };
        let third = "MIKO-CCCCC-CCCCC-CCCCC-CCCCC".parse().unwrap();
        let email_key = "e@example.com".to_owned();
        let third = CustomerRow { id: e.clone(), number: third, email_key, ..first };
        let new: RegistrationNumber = "MIKO-NNNNN-NNNNN-NNNNN-NNNNN".parse().unwrap();
        let writes = vec![
            Write::AddCustomer(third),
            Write::Edit(Edit::SetNumber { customer: c.clone(), number: new.clone(), at: UnixTime(40) }),
            Write::Edit(Edit::MoveSeat { session: SessionId("s1".to_owned()), customer: d.clone(), slot: 3 }),
            Write::Edit(Edit::Absorb { from: c.clone(), into: d.clone() }),
            Write::Edit(Edit::MoveSeat { session: SessionId("s1".to_owned()), customer: e.clone(), slot: 3 }),
            Write::Edit(Edit::Absorb { from: d, into: e.clone() }),
        ];
        apply(&store, writes).await.unwrap();
        for number in [number(0), new, number(1)] {
            let wanted = Wanted { numbers: vec![number.clone()], former: true, ..Wanted::default() };
            let found = rows(&store, &wanted).await;
            assert_eq!(found.heir_of_number(&number).map(|row| &row.id), Some(&e), "{number:?}");
            assert!(found.grants.iter().all(|grant| grant.customer == e), "{number:?}");
            assert_eq!(found.customer_by_number(&number), None);
        }
        let found = store.find_customers(number(0).as_str(), 5).await.unwrap();
        assert_eq!((found.len(), &found[0].former_numbers), (1, &vec![number(0).as_str().to_owned()]));
        assert_eq!(found[0].merged_into.as_deref(), Some("MIKO-CCCCC-CCCCC-CCCCC-CCCCC"));
    }

    #[tokio::test]
    async fn a_seat_that_was_given_back_goes_over_in_a_merge_too() {
        let (_dir, store) = store().await;
        two_customers(&store).await;
        let (from, into) = (CustomerId("c".to_owned()), CustomerId("d".to_owned()));
        apply(&store, vec![Write::Edit(Edit::Absorb { from, into: into.clone() })]).await.unwrap();
        let wanted = Wanted { session: Some(SessionId("s2".to_owned())), ..Wanted::default() };
        let freed = rows(&store, &wanted).await.seat.unwrap();
        assert_eq!((freed.customer, freed.freed_at), (into, Some(UnixTime(6))));
    }
}
