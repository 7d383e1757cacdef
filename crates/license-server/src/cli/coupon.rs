//! The command line of `admin coupon`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use license_types::{Coupon, ProductId};

use super::admin::MAX_DAYS;
use crate::decide::issued::Standing;

/// Coupons of one command; each takes a row and a line.
const MAX_COUPONS: i64 = 10_000;

/// The longest name of a batch, in characters.
const MAX_BATCH: usize = 64;

/// `admin coupon`
#[derive(Debug, Subcommand)]
pub enum CouponCommand {
    /// Issue coupons and print them, one a line. They are shown this once.
    Issue {
        /// The product that a coupon gives.
        #[arg(long)]
        product: ProductId,
        /// How many coupons.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=MAX_COUPONS))]
        count: u32,
        /// How many days it lasts after the day of its activation.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
        days: u32,
        /// Seats of each feature of the product.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        seats: u32,
        /// Add the days to the end of what the number has of the product; without any, a coupon makes a
        /// license of its own.
        #[arg(long)]
        extend: bool,
        /// A name for these coupons together, by which they can be listed and blocked.
        #[arg(long, value_name = "NAME", value_parser = batch)]
        batch: Option<String>,
        /// Write them to this new file as CSV, and not to the terminal. Only its owner can read it.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List coupons, the latest first: by the start of their digests, since they are not stored.
    List {
        /// Those of this product alone.
        #[arg(long)]
        product: Option<ProductId>,
        /// Those that stand so alone.
        #[arg(long)]
        state: Option<Standing>,
        /// Those of this batch alone.
        #[arg(long, value_name = "NAME", value_parser = batch)]
        batch: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Show how a coupon stands: who used it, when, and on which host.
    Show {
        /// The coupon.
        coupon: Coupon,
    },
    /// Block a coupon, or what was not used of a batch.
    Block(Coupons),
    /// Let a blocked coupon or batch be used again.
    Unblock(Coupons),
    /// Take the use of a coupon back: what it gave ends now, and it can be used again.
    Undo {
        /// The coupon.
        coupon: Coupon,
    },
}

/// One coupon, or a batch.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Coupons {
    /// The coupon.
    pub coupon: Option<Coupon>,
    /// All coupons of this batch.
    #[arg(long, value_name = "NAME", value_parser = batch)]
    pub batch: Option<String>,
}

/// A name that needs no quotes in a shell or a table, and is no formula in any.
pub(crate) fn batch(text: &str) -> Result<String, String> {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && text.len() <= MAX_BATCH && text.chars().all(is_taken) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "a batch is named by 1 to {MAX_BATCH} of A-Z, a-z, 0-9, '-', '_' and '.', first a letter or digit"
    ))
}
