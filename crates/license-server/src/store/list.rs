//! Lists for the vendor, which no decision needs.

use std::collections::BTreeMap;

use license_core::crypto::{KeyId, PublicKey};
use license_types::{ProductId, RegistrationNumber, UnixTime};
use serde::Serialize;
use sqlx::query;

use super::{Store, StoreError, fields::Fields, load::read_coupon};
use crate::decide::{
    comparable,
    issued::{ListedCoupon, Standing},
    overview::ListedMetrics,
};

/// The shortest part of a number that is looked for: one of its groups.
const PART_OF_NUMBER: usize = 5;

/// Which coupons are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CouponFilter {
    /// Those of this product alone.
    pub product: Option<ProductId>,
    /// Those that stand so alone.
    pub state: Option<Standing>,
    /// Those of this batch alone.
    pub batch: Option<String>,
}

/// A customer that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundCustomer {
    /// The number, whole.
    pub number: String,
    /// Company name.
    pub company: String,
    /// E-mail address.
    pub email: String,
    /// When it registered.
    pub created_at: UnixTime,
    /// Since when the number is suspended.
    pub suspended_at: Option<UnixTime>,
    /// The number that has everything of this one, which nobody has any more.
    pub merged_into: Option<String>,
    /// Hosts that are on the number.
    pub hosts: u64,
    /// Numbers that it had before and that are replaced.
    pub former_numbers: Vec<String>,
}

impl Store {
    /// Customers by a part of a number that they have or had, of their e-mail or company as these are
    /// compared, by their id, or by the id of a host that is or was on the number; at most `limit`. A masked
    /// number is one by its last group.
    pub async fn find_customers(&self, text: &str, limit: u32) -> Result<Vec<FoundCustomer>, StoreError> {
        let upper = text.trim().to_uppercase();
        let number = upper.rsplit_once('*').map_or(upper.as_str(), |(_, shown)| shown);
        let number = Some(number).filter(|part| part.len() >= PART_OF_NUMBER);
        let found = query(
            "SELECT customer.*, heir.number AS heir,
                    (SELECT count(*) FROM binding
                      WHERE binding.customer = customer.id AND ended_at IS NULL) AS hosts,
                    (SELECT group_concat(number, ' ' ORDER BY replaced_at) FROM former_number
                      WHERE former_number.customer = customer.id) AS former
               FROM customer LEFT JOIN customer AS heir ON heir.id = customer.merged_into
              WHERE instr(customer.number, ?1) > 0 OR instr(customer.company_key, ?2) > 0
                 OR customer.id = ?3
                 OR customer.id IN (SELECT customer FROM former_number WHERE instr(number, ?1) > 0)
                 OR (customer.merged_into IS NULL AND instr(customer.email_key, ?2) > 0)
                 OR customer.id IN (SELECT binding.customer FROM binding JOIN host ON host.key = binding.host
                                     WHERE host.id = ?3)
              ORDER BY customer.company_key, customer.created_at LIMIT ?4",
        );
        let found = found.bind(number).bind(comparable(text)).bind(text.trim().to_lowercase()).bind(limit);
        let found = found.fetch_all(&self.pool).await?;
        let customers = found.iter().map(|row| {
            let row = Fields(row);
            Ok(FoundCustomer {
                number: row.text("number")?,
                company: row.text("company")?,
                email: row.text("email")?,
                created_at: row.time("created_at")?,
                suspended_at: row.optional_time("suspended_at")?,
                merged_into: row.optional_text("heir")?,
                hosts: row.number("hosts")?,
                former_numbers: row
                    .optional_text("former")?
                    .map(|former| former.split(' ').map(str::to_owned).collect())
                    .unwrap_or_default(),
            })
        });
        customers.collect()
    }

    /// What hosts last said about themselves.
    pub async fn metrics(&self, hosts: &[KeyId]) -> Result<BTreeMap<KeyId, ListedMetrics>, StoreError> {
        let ids: Vec<&str> = hosts.iter().map(|host| host.0.as_str()).collect();
        let found = query(
            "SELECT host_metrics.* FROM host_metrics JOIN host ON host.key = host_metrics.host
              WHERE host.id IN (SELECT value FROM json_each(?1))",
        );
        let found = found.bind(serde_json::to_string(&ids)?).fetch_all(&self.pool).await?;
        let metrics = found.iter().map(|row| {
            let row = Fields(row);
            let host: PublicKey = row.parsed("host")?;
            Ok((host.id(), ListedMetrics { at: row.time("at")?, metrics: row.json("metrics")? }))
        });
        metrics.collect()
    }

    /// Coupons, the latest first, at most `limit`.
    pub async fn coupons(&self, filter: &CouponFilter, limit: u32) -> Result<Vec<ListedCoupon>, StoreError> {
        let found = query(
            "SELECT coupon.*, product.name AS product_name, customer.number AS number
               FROM coupon JOIN product ON product.id = coupon.product
               LEFT JOIN customer ON customer.id = coupon.used_by
              WHERE (?1 IS NULL OR coupon.product = ?1) AND (?2 IS NULL OR coupon.batch = ?2)
                AND (?3 IS NULL OR ?3 = CASE WHEN used_at IS NOT NULL THEN 'used'
                                             WHEN blocked = 1 THEN 'blocked' ELSE 'unused' END)
              ORDER BY coupon.rowid DESC LIMIT ?4",
        );
        let found = found.bind(filter.product.map(|product| product.0)).bind(&filter.batch);
        let found = found.bind(filter.state.map(Standing::as_str)).bind(limit).fetch_all(&self.pool).await?;
        let listed = found.iter().map(|row| {
            let number: Option<RegistrationNumber> = Fields(row).optional_parsed("number")?;
            let name = Fields(row).text("product_name")?;
            Ok(ListedCoupon::of(&read_coupon(row)?, name, number.as_ref()))
        });
        listed.collect()
    }
}
