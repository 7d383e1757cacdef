//! The command line (design, section 9): these forms are what scripts rely on.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgGroup, Args, Parser, Subcommand};
use license_types::{Coupon, ProductId, RegistrationNumber};

/// Coupons of one command; each takes a row and a line.
const MAX_COUPONS: i64 = 10_000;

/// Ten years: longer is a mistake in typing.
const MAX_DAYS: i64 = 3_660;

/// The license server of MikoPBX.
#[derive(Debug, Parser)]
#[command(name = "license-server", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer hosts; makes all it needs at the first start.
    Serve(Serve),
    /// Look at licenses and change them, also while the server runs.
    Admin(Admin),
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// The folder of keys and database.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// Address and port to listen on; TLS is done by a proxy in front.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_documented_forms_are_taken() {
        for line in [
            "license-server serve --data-dir D --listen 127.0.0.1:80",
            "license-server admin --data-dir D public-key",
            "license-server admin --data-dir D coupon issue --product 81 --count 3 --days 365",
            "license-server admin --data-dir D coupon issue --product 81 --count 3 --days 365 --seats 5",
            "license-server admin --data-dir D coupon block MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD",
            "license-server admin --data-dir D binding list --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --json",
            "license-server admin --data-dir D binding drop --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --all",
            "license-server admin --data-dir D binding drop --number miko-aaaaa-bbbbb-ccccc-ddddd --session s \
             --free-only",
        ] {
            if let Err(error) = parse(line) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for line in [
            "license-server serve --data-dir D --listen localhost",
            "license-server admin --data-dir D coupon issue --product 81 --count 0 --days 365",
            "license-server admin --data-dir D coupon issue --product 81 --count 1 --days 0",
            "license-server admin --data-dir D coupon issue --product 81 --count 1 --days 1 --seats 0",
            "license-server admin --data-dir D binding list --number MIKO-1",
            "license-server admin --data-dir D binding drop --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD",
            "license-server admin --data-dir D binding drop --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --all \
             --session s",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
