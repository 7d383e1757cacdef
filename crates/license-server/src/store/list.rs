//! Lists for the vendor, which no decision needs.

use license_types::{ProductId, RegistrationNumber};
use sqlx::query;

use super::{Store, StoreError, fields::Fields, load::read_coupon};
use crate::decide::issued::{ListedCoupon, Standing};

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

impl Store {
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
