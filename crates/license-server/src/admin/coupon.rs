//! `admin coupon`

use std::io;

use license_types::{Coupon, ProductId, UnixTime};
use serde_json::json;

use super::{CommandError, print_json};
use crate::{
    LicenseServer,
    cli::CouponCommand,
    decide::{CouponRow, Rows, Wanted, Write, coupon_digest},
    draw,
};

/// Does what a command says and prints what came of it.
pub(super) async fn run(
    server: &LicenseServer,
    command: &CouponCommand,
    json: bool,
    now: UnixTime,
    out: &mut impl io::Write,
) -> Result<(), CommandError> {
    match command {
        CouponCommand::Issue { product, count, days, seats } => {
            let issue = Issue { product: *product, days: *days, seats: *seats };
            let coupons = issue.run(server, *count, now).await?;
            if json {
                let issued =
                    |coupon| json!({ "coupon": coupon, "product": product, "days": days, "seats": seats });
                print_json(out, &coupons.iter().map(issued).collect())
            } else {
                let lines: String = coupons.iter().flat_map(|coupon| [coupon.as_str(), "\n"]).collect();
                Ok(out.write_all(lines.as_bytes())?)
            }
        }
        CouponCommand::Block { coupon } => {
            let was_used = block(server, coupon).await?;
            match (json, was_used) {
                (true, _) => print_json(out, &json!({ "blocked": true, "was_used": was_used })),
                (false, false) => Ok(writeln!(out, "The coupon is blocked.")?),
                (false, true) => Ok(writeln!(
                    out,
                    "The coupon is blocked, but it was used before: the license that it gave goes on."
                )?),
            }
        }
    }
}

/// Coupons of one kind.
struct Issue {
    product: ProductId,
    days: u32,
    seats: u32,
}

impl Issue {
    /// All or none: the coupons are shown after they are stored.
    async fn run(
        &self,
        server: &LicenseServer,
        count: u32,
        now: UnixTime,
    ) -> Result<Vec<Coupon>, CommandError> {
        let coupons = (0..count).map(|_| draw::coupon()).collect::<Result<Vec<_>, _>>()?;
        let issue = |rows: Rows| {
            if rows.catalogue.product(self.product).is_none() {
                return Err(CommandError::UnknownProduct { product: self.product });
            }
            let row = |coupon| {
                Write::AddCoupon(CouponRow {
                    digest: coupon_digest(coupon),
                    product: self.product,
                    seats: self.seats,
                    days: self.days,
                    issued_at: now,
                    blocked: false,
                    used: None,
                })
            };
            Ok((coupons.iter().map(row).collect(), ()))
        };
        server.store().transaction(&Wanted::default(), issue).await??;
        Ok(coupons)
    }
}

/// Blocks a coupon; `true` if it was used before.
async fn block(server: &LicenseServer, coupon: &Coupon) -> Result<bool, CommandError> {
    let digest = coupon_digest(coupon);
    let wanted = Wanted { coupon: Some(digest.clone()), ..Wanted::default() };
    let block = |rows: Rows| match rows.coupon {
        Some(row) => Ok((vec![Write::BlockCoupon { digest }], row.used.is_some())),
        None => Err(CommandError::UnknownCoupon { masked: coupon.masked() }),
    };
    server.store().transaction(&wanted, block).await?
}
