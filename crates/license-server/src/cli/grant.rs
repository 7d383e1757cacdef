//! The command line of `admin grant`.

use clap::{ArgGroup, Subcommand};
use license_types::{ProductId, RegistrationNumber};

use super::admin::MAX_DAYS;

/// The most seats of one grant: more is a mistake in typing.
pub(crate) const MAX_SEATS: u32 = 100_000;

/// `admin grant`
#[derive(Debug, Subcommand)]
pub enum GrantCommand {
    /// List what a number holds, and what it held.
    List {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
    /// Give a number seats of a product.
    #[command(group(ArgGroup::new("term").required(true).args(["days", "forever"])))]
    Add {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// The product.
        #[arg(long)]
        product: ProductId,
        /// Seats of each feature of the product.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SEATS)))]
        seats: u32,
        /// How many days it lasts after today.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
        days: Option<u32>,
        /// It never ends.
        #[arg(long)]
        forever: bool,
    },
    /// End a grant now. Of the seats that are taken, those above what is left stop counting.
    End {
        /// Its id, as `grant list` shows it.
        id: String,
    },
}
