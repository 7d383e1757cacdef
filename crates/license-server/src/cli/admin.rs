//! The command line of `admin`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use license_types::{Coupon, ProductId, RegistrationNumber};

/// Coupons of one command; each takes a row and a line.
const MAX_COUPONS: i64 = 10_000;

/// Ten years: longer is a mistake in typing.
const MAX_DAYS: i64 = 3_660;

/// `admin`
#[derive(Debug, Args)]
pub struct Admin {
    /// The folder of keys and database.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: AdminCommand,
}

/// What the vendor asks for.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Print the root's public key: the line that hosts have in a trust.d/*.pub file.
    PublicKey,
    /// Issue and block coupons.
    #[command(subcommand)]
    Coupon(CouponCommand),
    /// List and drop bindings.
    #[command(subcommand)]
    Binding(BindingCommand),
}

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
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=MAX_DAYS))]
        days: u32,
        /// Seats of each feature of the product.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        seats: u32,
        /// Add the days to the end of what the number has of the product; without any, a coupon makes a
        /// license of its own.
        #[arg(long)]
        extend: bool,
    },
    /// Block a coupon that was not used yet.
    Block {
        /// The coupon.
        coupon: Coupon,
    },
}

/// `admin binding`
#[derive(Debug, Subcommand)]
pub enum BindingCommand {
    /// List the captured features of a number.
    List {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
    /// Drop bindings of a number, so that the license can be used elsewhere.
    #[command(group(ArgGroup::new("which").required(true).args(["all", "session"])))]
    Drop {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// Drop every host of the number.
        #[arg(long)]
        all: bool,
        /// Drop one captured feature.
        #[arg(long)]
        session: Option<String>,
        /// Free the seats alone: the hosts stay on the number and may take them again.
        #[arg(long)]
        free_only: bool,
    },
}
