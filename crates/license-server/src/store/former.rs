//! Who had a number that was replaced, and who has a grant.

use license_types::RegistrationNumber;
use sqlx::{SqliteConnection, query};

use super::{StoreError, fields::Fields};
use crate::decide::{CustomerId, FormerNumber, Wanted};

/// The former ones among the numbers that are wanted.
pub(super) async fn numbers(
    db: &mut SqliteConnection,
    wanted: &Wanted,
) -> Result<Vec<FormerNumber>, StoreError> {
    if !wanted.former {
        return Ok(Vec::new());
    }
    let found = query("SELECT * FROM former_number WHERE number IN (SELECT value FROM json_each(?1))");
    let found = found.bind(texts(&wanted.numbers)?).fetch_all(db).await?;
    let former = found.iter().map(|row| {
        let row = Fields(row);
        Ok(FormerNumber { number: row.parsed("number")?, customer: CustomerId(row.text("customer")?) })
    });
    former.collect()
}

/// The ids of the customers who had the numbers or have the grants that are wanted, and of those into whom
/// they were merged.
pub(super) async fn customers(
    db: &mut SqliteConnection,
    wanted: &Wanted,
    former: &[FormerNumber],
) -> Result<Vec<String>, StoreError> {
    let mut ids: Vec<String> = former.iter().map(|former| former.customer.0.clone()).collect();
    if wanted.former {
        let found = query(
            "SELECT merged_into AS id FROM customer
              WHERE merged_into IS NOT NULL
                AND (number IN (SELECT value FROM json_each(?1)) OR id IN (SELECT value FROM json_each(?2)))",
        );
        let found = found.bind(texts(&wanted.numbers)?).bind(serde_json::to_string(&ids)?);
        let found = found.fetch_all(&mut *db).await?;
        let heirs = found.iter().map(|row| Fields(row).text("id"));
        ids.extend(heirs.collect::<Result<Vec<_>, _>>()?);
    }
    if !wanted.grants.is_empty() {
        let found = query(
            "SELECT DISTINCT customer AS id FROM license_grant
              WHERE id IN (SELECT value FROM json_each(?1))",
        );
        let found = found.bind(serde_json::to_string(&wanted.grants)?).fetch_all(db).await?;
        let owners = found.iter().map(|row| Fields(row).text("id"));
        ids.extend(owners.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(ids)
}

fn texts(numbers: &[RegistrationNumber]) -> Result<String, StoreError> {
    let numbers: Vec<&str> = numbers.iter().map(RegistrationNumber::as_str).collect();
    Ok(serde_json::to_string(&numbers)?)
}
