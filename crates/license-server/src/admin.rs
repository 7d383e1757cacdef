//! What the vendor does from the command line. It works on the same transactions as the server.

use std::io::{self, Write as _};

use jiff::Timestamp;
use license_types::{Coupon, ProductId, RegistrationNumber, SessionId, UnixTime};
use serde_json::json;

use crate::{
    LicenseServer,
    cli::{AdminCommand, BindingCommand, CouponCommand},
    decide::{
        CouponRow, Rows, Wanted, Write, coupon_digest,
        drop::{self, DropError, Dropped, Purpose, Which},
        list::{self, Listed, State},
    },
    draw::{self, DrawError},
    store::StoreError,
};

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nobody has the number.
    #[error("no customer has the number {masked}; check it for typing errors")]
    UnknownNumber {
        /// The number, masked.
        masked: String,
    },
    /// The number has no such seat.
    #[error("the number has no binding of that session; `admin binding list` shows those it has")]
    UnknownSession,
    /// Nobody sells the product.
    #[error("there is no product {product} in the catalogue")]
    UnknownProduct {
        /// The product.
        product: ProductId,
    },
    /// There is no such coupon.
    #[error("there is no coupon {masked}; check it for typing errors")]
    UnknownCoupon {
        /// The coupon, masked.
        masked: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The output cannot be written as JSON.
    #[error("cannot write the output as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Does what a command says and prints what came of it.
pub async fn run(
    server: &LicenseServer,
    command: &AdminCommand,
    json: bool,
    now: UnixTime,
    out: &mut impl io::Write,
) -> Result<(), CommandError> {
    match command {
        AdminCommand::PublicKey => {
            let key = server.keys().root_public();
            if json { print_json(out, &json!({ "public_key": key })) } else { Ok(writeln!(out, "{key}")?) }
        }
        AdminCommand::Coupon(CouponCommand::Issue { product, count, days, seats }) => {
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
        AdminCommand::Coupon(CouponCommand::Block { coupon }) => {
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
        AdminCommand::Binding(BindingCommand::List { number }) => {
            let wanted = Wanted { numbers: vec![number.clone()], every_host: true, ..Wanted::default() };
            let list = |rows: Rows| match list::list(&rows, number, now) {
                Some(listed) => Ok((Vec::new(), listed)),
                None => Err(unknown(number)),
            };
            let listed = server.store().transaction(&wanted, list).await??;
            if json { print_json(out, &serde_json::to_value(&listed)?) } else { print_list(out, &listed) }
        }
        AdminCommand::Binding(BindingCommand::Drop { number, all: _, session, free_only }) => {
            let which = session.clone().map_or(Which::All, |id| Which::Session(SessionId(id)));
            let purpose = if *free_only { Purpose::FreeOnly } else { Purpose::Move };
            let wanted = Wanted { numbers: vec![number.clone()], every_host: true, ..Wanted::default() };
            let drop = |rows: Rows| {
                drop::drop(&rows, number, &which, purpose, now).map_err(|error| match error {
                    DropError::UnknownNumber => unknown(number),
                    DropError::UnknownSession => CommandError::UnknownSession,
                })
            };
            let dropped = server.store().transaction(&wanted, drop).await??;
            if json { print_json(out, &serde_json::to_value(&dropped)?) } else { print_drop(out, &dropped) }
        }
    }
}

fn unknown(number: &RegistrationNumber) -> CommandError {
    CommandError::UnknownNumber { masked: number.masked() }
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

fn print_json(out: &mut impl io::Write, value: &serde_json::Value) -> Result<(), CommandError> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

fn print_list(out: &mut impl io::Write, listed: &[Listed]) -> Result<(), CommandError> {
    if listed.is_empty() {
        return Ok(writeln!(out, "The number has no bindings.")?);
    }
    let mut table = Vec::new();
    writeln!(
        table,
        "{:<32}  {:<16}  {:<8}  {:<20}  {:<20}  FEATURE",
        "SESSION", "HOST", "STATE", "CAPTURED", "LAST SEEN"
    )?;
    for seat in listed {
        let state = match seat.state {
            State::Live => "live",
            State::Expired => "expired",
            State::Surplus => "surplus",
        };
        let holder = seat.holder.as_ref().map(|holder| format!(" for {holder}")).unwrap_or_default();
        writeln!(
            table,
            "{:<32}  {:<16}  {state:<8}  {:<20}  {:<20}  {} {}{holder}",
            seat.session,
            seat.host,
            date(seat.captured_at),
            date(seat.last_seen),
            seat.feature,
            seat.feature_name,
        )?;
    }
    Ok(out.write_all(&table)?)
}

fn print_drop(out: &mut impl io::Write, dropped: &Dropped) -> Result<(), CommandError> {
    writeln!(out, "Freed {} seats of {} hosts.", dropped.sessions.len(), dropped.hosts.len())?;
    for host in &dropped.hosts {
        let until = date(host.may_run_until);
        writeln!(
            out,
            "Host {} learns of it at its next check; if it cannot be reached, it may run on until {until}.",
            host.host
        )?;
    }
    Ok(())
}

fn date(time: UnixTime) -> String {
    Timestamp::from_second(time.0).map_or_else(|_| time.to_string(), |timestamp| timestamp.to_string())
}
