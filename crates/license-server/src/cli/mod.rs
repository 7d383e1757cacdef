//! The command line (design, section 9): these forms are what scripts rely on.

mod admin;
mod coupon;
mod customer;
mod duration;
mod grant;
mod host;
mod import;
mod product;
mod serve;

use clap::{Parser, Subcommand};

pub use self::{
    admin::{Admin, AdminCommand, BindingCommand, KeyCommand},
    coupon::{CouponCommand, Coupons},
    customer::CustomerCommand,
    duration::shown,
    grant::GrantCommand,
    host::{HostCommand, LogCommand},
    import::ImportFiles,
    product::{FeatureCommand, ProductCommand},
    serve::{LogFormat, Serve, Switch},
};

pub(crate) use self::{admin::MAX_DAYS, coupon::batch, duration::duration, grant::MAX_SEATS};

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
    Serve(Box<Serve>),
    /// Look at licenses and change them, also while the server runs.
    Admin(Admin),
    /// Have the server of a unit read keys and certificate again, and wait for it: ExecReload=.
    Reload {
        /// Its process id, $MAINPID.
        pid: i32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line; `N` is a number in it, `C` a coupon, and `admin` begins with its folder.
    fn parse(line: &str) -> Result<Cli, clap::Error> {
        let word = |word: &str| match word {
            "N" => "MIKO-AAAAA-BBBBB-CCCCC-DDDDD".to_owned(),
            "C" => " mikoupd-aaaaa-bbbbb-ccccc-ddddd".to_owned(),
            word => word.to_owned(),
        };
        let line = line.replacen("admin", "admin --data-dir D", 1);
        Cli::try_parse_from(
            std::iter::once("license-server".to_owned()).chain(line.split_whitespace().map(word)),
        )
    }

    #[test]
    fn the_documented_forms_are_taken() {
        for line in [
            "serve --data-dir D --listen 127.0.0.1:80",
            "admin public-key",
            "admin backup FILE --with-keys --json",
            "admin restore FILE --json",
            "admin key rotate --root-key FILE",
            "admin import --customers FILE --products FILE --coupons FILE --bindings FILE --dry-run",
            "admin import --grants FILE --features FILE --json",
            "admin key revoke 0123456789abcdef --root-key FILE",
            "admin key list --json",
            "admin key export-root FILE --remove",
            "admin coupon issue --product 81 --count 3 --days 365",
            "admin coupon issue --product 81 --count 3 --days 365 --seats 5 --batch spring-26 --out FILE",
            "admin coupon list",
            "admin coupon list --product 81 --state unused --batch spring-26 --limit 5",
            "admin coupon show C",
            "admin coupon block C",
            "admin coupon block --batch spring-26",
            "admin coupon unblock C",
            "admin coupon undo C",
            "admin binding list --number N --json",
            "admin binding drop --number N --all",
            "admin binding drop --number N --all --yes",
            "admin binding drop --number N --host 0123456789ABCDEF",
            "admin binding drop --number miko-aaaaa-bbbbb-ccccc-ddddd --session s --free-only",
            "admin customer find acme --limit 5",
            "admin customer show --number N",
            "admin customer edit --number N --email a@b.c",
            "admin customer merge --number N --into MIKO-AAAAA-BBBBB-CCCCC-EEEEE",
            "admin customer merge --number N --into MIKO-AAAAA-BBBBB-CCCCC-EEEEE --yes",
            "admin customer replace-number --number N",
            "admin customer suspend --number N",
            "admin customer reinstate --number N",
            "admin binding copies --number N",
            "admin binding accept --number N --host 0123456789ABCDEF",
            "admin binding accept --number N --host 0123456789abcdef --serial 5",
            "admin binding refuse --number N --host 0123456789abcdef --serial 5",
            "admin host show 0123456789abcdef",
            "admin host clear --number N",
            "admin host clear --number N 0123456789abcdef",
            "admin log show --number N --limit 5",
            "admin log verify",
            "admin log verify --number N --ends",
            "admin grant list --number N",
            "admin grant add --number N --product 81 --seats 2 --days 30",
            "admin grant add --number N --product 81 --seats 2 --forever",
            "admin grant end ID",
            "admin product list",
            "admin product set 81 --refresh 4h --honoured 30d --run-on 7d --trial-days 14",
            "admin product add 500 --name Fax --features 33,600",
            "admin feature add 600 --name Fax --per-user",
        ] {
            if let Err(error) = parse(line) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for line in [
            "serve --data-dir D --listen localhost",
            "admin coupon issue --product 81 --count 0 --days 365",
            "admin coupon issue --product 81 --count 1 --days 0",
            "admin coupon issue --product 81 --count 1 --days 1 --seats 0",
            "admin coupon issue --product 81 --count 1 --days 1 --batch =x",
            "admin coupon block",
            "admin coupon block C --batch b",
            "admin coupon list --state lost",
            "admin binding list --number MIKO-1",
            "admin binding drop --number N",
            "admin binding drop --number N --all --session s",
            "admin binding drop --number N --host 0123456789abcdef --all",
            "admin binding accept --number N",
            "admin binding refuse --number N --host 0123456789abcdef",
            "admin host show amoCRM",
            "admin log show",
            "admin customer find",
            "admin customer edit --number N",
            "admin customer merge --number N",
            "admin grant add --number N --product 81 --seats 1",
            "admin grant add --number N --product 81 --seats 0 --days 1",
            "admin grant add --number N --product 81 --seats 1 --days 1 --forever",
            "admin product set 81",
            "admin product set 81 --refresh 4",
            "admin product add 500 --name Fax",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
