//! The command line (design, section 9): these forms are what scripts rely on.

mod admin;
mod customer;
mod serve;

use clap::{Parser, Subcommand};

pub use self::{
    admin::{Admin, AdminCommand, BindingCommand, CouponCommand, KeyCommand},
    customer::CustomerCommand,
    serve::{LogFormat, Serve, Switch},
};

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
            "license-server admin --data-dir D backup FILE --with-keys --json",
            "license-server admin --data-dir D restore FILE --json",
            "license-server admin --data-dir D key rotate --root-key FILE",
            "license-server admin --data-dir D key revoke 0123456789abcdef --root-key FILE",
            "license-server admin --data-dir D key list --json",
            "license-server admin --data-dir D key export-root FILE --remove",
            "license-server admin --data-dir D coupon issue --product 81 --count 3 --days 365",
            "license-server admin --data-dir D coupon issue --product 81 --count 3 --days 365 --seats 5",
            "license-server admin --data-dir D coupon block MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD",
            "license-server admin --data-dir D binding list --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --json",
            "license-server admin --data-dir D binding drop --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --all",
            "license-server admin --data-dir D binding drop --number miko-aaaaa-bbbbb-ccccc-ddddd --session s \
             --free-only",
            "license-server admin --data-dir D customer edit --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --email a@b.c",
            "license-server admin --data-dir D customer merge --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD --into \
             MIKO-AAAAA-BBBBB-CCCCC-EEEEE",
            "license-server admin --data-dir D customer replace-number --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD",
            "license-server admin --data-dir D customer suspend --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD",
            "license-server admin --data-dir D customer reinstate --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD",
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
            "license-server admin --data-dir D customer edit --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD",
            "license-server admin --data-dir D customer merge --number MIKO-AAAAA-BBBBB-CCCCC-DDDDD",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
