//! `admin coupon`

use std::io;

use license_types::{Coupon, ProductId};
use serde_json::json;

use super::{CommandError, Console};
use crate::{
    cli::CouponCommand,
    decide::{CouponMode, CouponRow, Wanted, Write, coupon_digest},
    draw,
};

/// Coupons of one kind.
struct Kind {
    product: ProductId,
    days: u32,
    seats: u32,
    mode: CouponMode,
}

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn coupon(&mut self, command: &CouponCommand) -> Result<(), CommandError> {
        match command {
            CouponCommand::Issue { product, count, days, seats, extend } => {
                let mode = if *extend { CouponMode::Extend } else { CouponMode::Add };
                let kind = Kind { product: *product, days: *days, seats: *seats, mode };
                let coupons = self.issue(&kind, *count).await?;
                let issued = |coupon| {
                    json!({
                        "coupon": coupon,
                        "product": product,
                        "days": days,
                        "seats": seats,
                        "extend": extend,
                    })
                };
                self.say(&coupons.iter().map(issued).collect(), || {
                    coupons.iter().flat_map(|coupon| [coupon.as_str(), "\n"]).collect()
                })
            }
            CouponCommand::Block { coupon } => {
                let was_used = self.block(coupon).await?;
                self.say(&json!({ "blocked": true, "was_used": was_used }), || {
                    let but = ", but it was used before: the license that it gave goes on";
                    format!("The coupon is blocked{}.", if was_used { but } else { "" })
                })
            }
        }
    }

    /// All or none: the coupons are shown after they are stored.
    async fn issue(&self, kind: &Kind, count: u32) -> Result<Vec<Coupon>, CommandError> {
        let coupons = (0..count).map(|_| draw::coupon()).collect::<Result<Vec<_>, _>>()?;
        let now = self.now;
        self.change(&Wanted::default(), |draft| {
            if draft.rows.catalogue.product(kind.product).is_none() {
                return Err(CommandError::UnknownProduct { product: kind.product });
            }
            for coupon in &coupons {
                draft.write(Write::AddCoupon(CouponRow {
                    digest: coupon_digest(coupon),
                    product: kind.product,
                    seats: kind.seats,
                    days: kind.days,
                    mode: kind.mode,
                    issued_at: now,
                    blocked: false,
                    batch: None,
                    used: None,
                }));
            }
            Ok(())
        })
        .await?;
        Ok(coupons)
    }

    /// Blocks a coupon; `true` if it was used before.
    async fn block(&self, coupon: &Coupon) -> Result<bool, CommandError> {
        let digest = coupon_digest(coupon);
        let wanted = Wanted { coupon: Some(digest.clone()), ..Wanted::default() };
        self.change(&wanted, |draft| {
            let row = draft.rows.coupon.as_ref();
            let row = row.ok_or_else(|| CommandError::UnknownCoupon { masked: coupon.masked() })?;
            let was_used = row.used.is_some();
            draft.write(Write::BlockCoupon { digest });
            Ok(was_used)
        })
        .await
    }
}
