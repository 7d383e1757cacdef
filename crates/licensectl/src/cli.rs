//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use license_client::{
    DEFAULT_SOCKET,
    types::{FeatureId, Holder, ProductId, Registration, SessionId},
};

/// Licenses of this MikoPBX host: what there is, and how to change it.
#[derive(Debug, Parser)]
#[command(name = "licensectl", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// The socket of the daemon
    #[arg(long, env = "LICENSED_SOCKET", default_value = DEFAULT_SOCKET, global = true, value_name = "PATH")]
    pub socket: PathBuf,

    /// Print JSON; a failure too, as {"error":{"code":…,"kind":…,"message":…}}
    #[arg(long, global = true)]
    pub json: bool,

    /// Colours: on a terminal, always, or never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or granted
  1  denied
  2  the command line is wrong, a key is malformed, or a reload found a wrong configuration
  3  the daemon cannot be reached
  4  indeterminate, or no answer from the license server
  5  not permitted
  6  the license server refused; its code is printed
  7  a fault of the daemon
Of several features the worst of 1, 4 and 0 counts.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show how the daemon and its binding are
    Status,

    /// Get a registration number for a company and bind this host to it
    Register(Register),

    /// Bind this host to a registration number
    Activate {
        /// MIKO-…, or - to read it from standard input
        #[arg(value_name = "NUMBER")]
        number: String,
    },

    /// Activate a coupon
    Coupon {
        /// MIKOUPD-…, or - to read it from standard input
        #[arg(value_name = "COUPON")]
        coupon: String,
    },

    /// Add a trial of a product
    Trial {
        /// The product
        product: ProductId,
    },

    /// Ask whether features may run
    Check {
        /// The features
        #[arg(required = true, value_name = "FEATURE")]
        features: Vec<FeatureId>,
        /// The user of a feature that is counted by user
        #[arg(long, value_name = "NAME")]
        holder: Option<Holder>,
    },

    /// Take a seat of a feature
    Capture {
        /// The feature
        feature: FeatureId,
        /// The user of a feature that is counted by user
        #[arg(long, value_name = "NAME")]
        holder: Option<Holder>,
        /// Also take a seat that this host was dropped from
        #[arg(long)]
        reclaim: bool,
    },

    /// Give a seat back
    Release {
        /// What `capture` printed
        #[arg(value_parser = session)]
        session: SessionId,
    },

    /// Show what the license holds
    Info {
        /// Another registration number than the one in use, or - to read it from standard input
        #[arg(value_name = "NUMBER")]
        number: Option<String>,
    },

    /// List the features of the license
    Features,

    /// Tell why a feature may run or not: the facts that led to the answer
    Explain {
        /// The feature
        feature: FeatureId,
    },

    /// Tell what changes, until it is interrupted or the daemon stops; with --json an object a line
    Watch,

    /// Ask the license server now
    Recheck,

    /// Print what the daemon counts, for Prometheus
    Metrics,

    /// Have the daemon read its configuration again, and show what has changed
    Reload,

    /// Show what tells this host from others, and what of it the license server gets
    Host,

    /// Show what the daemon runs with, without secrets
    Config,

    /// Ask whether the license server answers
    Ping,

    /// Forget the registration number on this host and free its seats
    Reset {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },

    /// Before the machine becomes an image: forget number, host key and state, and stop the daemon
    Deprovision {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// What a company enters to get a registration number.
#[derive(Debug, Args)]
pub struct Register {
    /// Company name
    #[arg(long)]
    pub company: String,
    /// E-mail address; the number is sent there
    #[arg(long)]
    pub email: String,
    /// Contact person
    #[arg(long)]
    pub contact: String,
    /// Telephone number
    #[arg(long)]
    pub phone: Option<String>,
    /// Tax id: INN, TIN, EIN or UNP
    #[arg(long)]
    pub tax_id: Option<String>,
}

impl From<Register> for Registration {
    fn from(given: Register) -> Self {
        let Register { company, email, contact, phone, tax_id } = given;
        Self { company, email, contact, phone, tax_id }
    }
}

fn session(text: &str) -> Result<SessionId, &'static str> {
    if text.is_empty() { Err("a session is never empty") } else { Ok(SessionId(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_forms_that_scripts_rely_on_are_understood() {
        for line in [
            "--socket S register --company C --email E --contact N --json",
            "--socket S register --company C --email E --contact N --phone P --tax-id T --json",
            "--socket S activate MIKO-AB1CD-EF2GH-IJ3KL-MN4OP",
            "activate -",
            "coupon MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP",
            "coupon -",
            "trial 81",
            "recheck",
            "metrics",
            "reload --json",
            "ping --json",
            "reset --yes",
            "host --json",
            "deprovision --yes",
            "--socket S check 45 --json",
            "check 33 45 48",
            "status --json",
            "info --json",
            "capture 48 --json",
            "release s-7f3a",
            "watch --json",
            "features --json",
            "explain 45 --json",
        ] {
            let parsed = Cli::try_parse_from(["licensectl"].into_iter().chain(line.split(' ')));
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}
