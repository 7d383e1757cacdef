//! `admin coupon`

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use license_types::{Coupon, ProductId};
use serde_json::json;

use super::{CommandError, Console, counted, date};
use crate::{
    cli::{CouponCommand, Coupons},
    decide::{
        CouponMode, CouponRow, Draft, Rows, Wanted, Write, coupon_digest,
        issued::{self, BlockedBatch, ListedCoupon},
        vendor::Unable,
    },
    draw,
    store::CouponFilter,
};

/// Coupons of one kind.
struct Kind {
    product: ProductId,
    days: u32,
    seats: u32,
    mode: CouponMode,
    batch: Option<String>,
}

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn coupon(&mut self, command: &CouponCommand) -> Result<(), CommandError> {
        match command {
            CouponCommand::Issue { product, count, days, seats, extend, batch, out } => {
                let mode = if *extend { CouponMode::Extend } else { CouponMode::Add };
                let (product, days, seats, batch) = (*product, *days, *seats, batch.clone());
                let kind = Kind { product, days, seats, mode, batch };
                let coupons = (0..*count).map(|_| draw::coupon()).collect::<Result<Vec<_>, _>>()?;
                match out {
                    Some(path) => self.export(&kind, &coupons, path).await,
                    None => self.issue_and_print(&kind, &coupons).await,
                }
            }
            CouponCommand::List { product, state, batch, limit } => {
                let filter = CouponFilter { product: *product, state: *state, batch: batch.clone() };
                // One more than is shown tells whether there are more.
                let asked = limit.saturating_add(1);
                let mut listed = self.server.store().coupons(&filter, asked).await?;
                let shown = usize::try_from(*limit).unwrap_or(usize::MAX);
                let is_all = listed.len() <= shown;
                listed.truncate(shown);
                self.say(&serde_json::to_value(&listed)?, || list_text(&listed, is_all))
            }
            CouponCommand::Show { coupon } => {
                let show = |rows: &Rows| Ok(issued::show(rows, coupon)?);
                let shown = self.look(&of(coupon), show).await?;
                self.say(&serde_json::to_value(&shown)?, || show_text(&shown))
            }
            CouponCommand::Block(coupons) => self.block(coupons, true).await,
            CouponCommand::Unblock(coupons) => self.block(coupons, false).await,
            CouponCommand::Undo { coupon } => {
                let undo = |draft: &mut Draft| Ok(issued::undo(draft, coupon)?);
                let undone = self.change(&of(coupon), undo).await?;
                self.say(&serde_json::to_value(&undone)?, || {
                    let end = undone
                        .ends_at
                        .map_or_else(|| "never ends".to_owned(), |end| format!("ends {}", date(end)));
                    let coupon = if undone.blocked {
                        "The coupon is not used any more, but blocked: nobody can use it before `coupon unblock`."
                    } else {
                        "The coupon can be used again."
                    };
                    format!(
                        "{coupon} The grant {} of {} {end} now.",
                        undone.grant, undone.number
                    )
                })
            }
        }
    }

    async fn issue_and_print(&mut self, kind: &Kind, coupons: &[Coupon]) -> Result<(), CommandError> {
        self.issue(kind, coupons).await?;
        let issued = |coupon| {
            json!({
                "coupon": coupon,
                "product": kind.product,
                "days": kind.days,
                "seats": kind.seats,
                "extend": kind.mode == CouponMode::Extend,
                "batch": kind.batch,
            })
        };
        self.say(&coupons.iter().map(issued).collect(), || {
            coupons.iter().flat_map(|coupon| [coupon.as_str(), "\n"]).collect()
        })
    }

    /// The file is written first: a full disk then costs no coupons that nobody has seen.
    async fn export(&mut self, kind: &Kind, coupons: &[Coupon], path: &Path) -> Result<(), CommandError> {
        let failed = |source| CommandError::Export { path: path.to_owned(), source };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = file.map_err(failed)?;
        let written = file.write_all(csv(kind, coupons).as_bytes()).and_then(|()| file.sync_all());
        let outcome = match written {
            Ok(()) => self.issue(kind, coupons).await,
            Err(source) => Err(failed(source)),
        };
        if let Err(error) = outcome {
            // What is left of it holds no coupons that anybody could use.
            let _left = fs::remove_file(path);
            return Err(error);
        }
        let json = json!({ "issued": coupons.len(), "file": path, "batch": kind.batch });
        self.say(&json, || {
            format!(
                "Issued {}; they are in {} and nowhere else.",
                counted(coupons.len(), "coupon"),
                path.display()
            )
        })
    }

    /// All or none: the coupons are shown after they are stored.
    async fn issue(&self, kind: &Kind, coupons: &[Coupon]) -> Result<(), CommandError> {
        let now = self.now;
        self.change(&Wanted::default(), |draft| {
            if draft.rows.catalogue.product(kind.product).is_none() {
                return Err(Unable::UnknownProduct { product: kind.product }.into());
            }
            for coupon in coupons {
                draft.write(Write::AddCoupon(CouponRow {
                    digest: coupon_digest(coupon),
                    product: kind.product,
                    seats: kind.seats,
                    days: kind.days,
                    mode: kind.mode,
                    issued_at: now,
                    blocked: false,
                    batch: kind.batch.clone(),
                    used: None,
                }));
            }
            Ok(())
        })
        .await
    }

    async fn block(&mut self, coupons: &Coupons, blocked: bool) -> Result<(), CommandError> {
        let done = if blocked { "blocked" } else { "not blocked any more" };
        match coupons {
            Coupons { coupon: Some(coupon), .. } => {
                let block = |draft: &mut Draft| Ok(issued::block(draft, coupon, blocked)?);
                let was_used = self.change(&of(coupon), block).await?;
                self.say(&json!({ "blocked": blocked, "was_used": was_used }), || {
                    let but = ", but it was used before: the license that it gave goes on";
                    format!("The coupon is {done}{}.", if was_used { but } else { "" })
                })
            }
            Coupons { batch, .. } => {
                let batch = batch.clone().unwrap_or_default();
                let wanted = Wanted { batch: Some(batch.clone()), ..Wanted::default() };
                let block = |draft: &mut Draft| Ok(issued::block_batch(draft, &batch, blocked)?);
                let outcome = self.change(&wanted, block).await?;
                self.say(&serde_json::to_value(outcome)?, || batch_text(outcome, &batch, blocked))
            }
        }
    }
}

fn of(coupon: &Coupon) -> Wanted {
    Wanted { coupon: Some(coupon_digest(coupon)), ..Wanted::default() }
}

/// No field needs quotes: they are coupons, numbers and the names of batches.
fn csv(kind: &Kind, coupons: &[Coupon]) -> String {
    let mode = if kind.mode == CouponMode::Extend { "extend" } else { "add" };
    let batch = kind.batch.as_deref().unwrap_or_default();
    let rest = format!("{},{},{},{mode},{batch}", kind.product, kind.seats, kind.days);
    let lines = coupons.iter().map(|coupon| format!("{},{rest}\n", coupon.as_str()));
    std::iter::once("coupon,product,seats,days,mode,batch\n".to_owned()).chain(lines).collect()
}

fn batch_text(outcome: BlockedBatch, batch: &str, blocked: bool) -> String {
    let BlockedBatch { changed, used, total } = outcome;
    let (done, stays) = if blocked {
        ("Blocked", "stays as it is, and what it gave goes on")
    } else {
        ("Unblocked", "stays used")
    };
    let used = match used {
        0 => String::new(),
        used => format!(" What was used before {stays}: {}.", counted(used, "coupon")),
    };
    format!("{done} {changed} of {} of the batch {batch}.{used}", counted(total, "coupon"))
}

fn list_text(listed: &[ListedCoupon], is_all: bool) -> String {
    if listed.is_empty() {
        return "There are no such coupons.".to_owned();
    }
    let mut table = format!(
        "{:<16}  {:<7}  {:<20}  {:<5}  {:<4}  {:<6}  {:<12}  PRODUCT AND USE\n",
        "DIGEST", "STATE", "ISSUED", "SEATS", "DAYS", "MODE", "BATCH"
    );
    for coupon in listed {
        let used = coupon.used.as_ref().map(|used| {
            let blocked = if coupon.blocked { ", blocked" } else { "" };
            format!(", used {} by {}{blocked}", date(used.at), used.number)
        });
        // Writing into a text cannot fail.
        let _written = writeln!(
            table,
            "{:<16}  {:<7}  {:<20}  {:<5}  {:<4}  {:<6}  {:<12}  {} {}{}",
            coupon.digest,
            coupon.state.as_str(),
            date(coupon.issued_at),
            coupon.seats,
            coupon.days,
            if coupon.extend { "extend" } else { "add" },
            coupon.batch.as_deref().unwrap_or("-"),
            coupon.product,
            coupon.product_name,
            used.unwrap_or_default(),
        );
    }
    if !is_all {
        table.push_str("There are more; narrow the list, or raise --limit.\n");
    }
    table
}

fn show_text(coupon: &ListedCoupon) -> String {
    let mode = if coupon.extend { "added to what there is" } else { "as a grant of its own" };
    let batch = coupon.batch.as_ref().map(|batch| format!(", batch {batch}")).unwrap_or_default();
    let used = coupon.used.as_ref().map(|used| {
        let how = match (&used.host, &used.grant) {
            (Some(host), Some(grant)) => format!("on host {host}, grant {grant}"),
            (None, _) | (_, None) => "in another system".to_owned(),
        };
        format!("Used {} by {} {how}.\n", date(used.at), used.number)
    });
    let blocked = if coupon.blocked && coupon.used.is_some() { ", blocked" } else { "" };
    format!(
        "{} × {} for {} days, {mode}. Issued {}{batch}.\nState: {}{blocked}.\n{}",
        coupon.seats,
        coupon.product_name,
        coupon.days,
        date(coupon.issued_at),
        coupon.state.as_str(),
        used.unwrap_or_default(),
    )
}
