//! The command line. What its help says is in the catalogue of texts: [`command`] has it in a language.

mod help;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use license_client::{
    DEFAULT_SOCKET,
    types::{FeatureId, Holder, ProductId, SessionId},
};

pub use self::help::{command, parse};

/// What was entered.
#[derive(Debug, Parser)]
#[command(name = "licensectl", version)]
pub struct Cli {
    /// The socket of the daemon.
    #[arg(long, env = "LICENSED_SOCKET", default_value = DEFAULT_SOCKET, global = true, value_name = "PATH")]
    pub socket: PathBuf,

    /// Whether it is for a script.
    #[arg(long, global = true)]
    pub json: bool,

    /// When there are colours.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    pub color: Colour,

    /// What to do; `None` is to say what can be done.
    #[command(subcommand)]
    pub command: Option<Command>,
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

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One screen.
    Status {
        /// Whether to keep it up to date.
        #[arg(long)]
        watch: bool,
    },

    /// A new registration number.
    Register(Register),

    /// A registration number that there is.
    Activate {
        /// It, or `-`.
        #[arg(value_name = "NUMBER")]
        number: Option<String>,
    },

    /// A coupon.
    Coupon {
        /// It, or `-`.
        #[arg(value_name = "COUPON")]
        coupon: Option<String>,
    },

    /// A trial.
    Trial {
        /// Of this.
        product: ProductId,
    },

    /// Whether it may run.
    Check {
        /// What.
        #[command(flatten)]
        what: Checked,
        /// For whom.
        #[arg(long, value_name = "NAME")]
        holder: Option<Holder>,
    },

    /// A seat.
    Capture {
        /// Of this.
        feature: FeatureId,
        /// For whom.
        #[arg(long, value_name = "NAME")]
        holder: Option<Holder>,
        /// Whether also after a drop.
        #[arg(long)]
        reclaim: bool,
    },

    /// A seat given back.
    Release {
        /// Which.
        #[arg(value_parser = session)]
        session: SessionId,
    },

    /// The license.
    Info {
        /// Of another number, or `-`.
        #[arg(value_name = "NUMBER")]
        number: Option<String>,
    },

    /// The features of the license.
    Features,

    /// Why it comes to what it comes to.
    Explain {
        /// Which.
        feature: FeatureId,
    },

    /// Changes.
    Watch,

    /// The license server is asked.
    Recheck,

    /// The counts of the daemon.
    Metrics,

    /// The counts of the PBX.
    SendMetrics {
        /// By name.
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = metric)]
        metrics: Vec<(String, String)>,
    },

    /// The configuration is read again.
    Reload,

    /// What tells this host from others.
    Host,

    /// What the daemon runs with.
    Config,

    /// Whether the license server answers.
    Ping,

    /// What stands between this host and its license.
    Doctor {
        /// The feature that is wanted.
        #[arg(value_name = "FEATURE")]
        feature: Option<FeatureId>,
        /// The daemon's configuration.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },

    /// An archive for support.
    Bundle {
        /// Where.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },

    /// The number is forgotten.
    Reset {
        /// Whether not to ask.
        #[arg(long)]
        yes: bool,
    },

    /// All is forgotten.
    Deprovision {
        /// Whether not to ask.
        #[arg(long)]
        yes: bool,
    },
}

/// What is checked: one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Checked {
    /// Features.
    #[arg(value_name = "FEATURE")]
    pub features: Vec<FeatureId>,
    /// Modules, by their files.
    #[arg(long, value_name = "FILE", action = clap::ArgAction::Append)]
    pub module: Vec<PathBuf>,
    /// All modules in a folder.
    #[arg(long, value_name = "DIR")]
    pub modules: Option<PathBuf>,
}

/// What a company enters to get a registration number.
#[derive(Debug, Default, Args)]
pub struct Register {
    /// Whether standard input has it all.
    #[arg(value_name = "INPUT", value_parser = ["-"], hide_possible_values = true)]
    #[arg(conflicts_with_all = ["company", "email", "contact", "phone", "tax_id"])]
    pub input: Option<String>,
    /// Its name.
    #[arg(long)]
    pub company: Option<String>,
    /// Its e-mail address.
    #[arg(long)]
    pub email: Option<String>,
    /// Who may be spoken to.
    #[arg(long)]
    pub contact: Option<String>,
    /// Its telephone number.
    #[arg(long)]
    pub phone: Option<String>,
    /// Its tax id.
    #[arg(long)]
    pub tax_id: Option<String>,
}

fn session(text: &str) -> Result<SessionId, &'static str> {
    if text.is_empty() { Err("a session is never empty") } else { Ok(SessionId(text.to_owned())) }
}

fn metric(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is a name and a value: NAME=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use license_texts::Language;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        for language in Language::ALL {
            command(language).debug_assert();
        }
    }

    #[test]
    fn the_forms_that_scripts_rely_on_are_understood() {
        for line in [
            "--socket S register --company C --email E --contact N --json",
            "--socket S register --company C --email E --contact N --phone P --tax-id T --json",
            "register --json -",
            "register",
            "--socket S activate MIKO-AB1CD-EF2GH-IJ3KL-MN4OP",
            "activate -",
            "activate",
            "coupon MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP",
            "coupon -",
            "coupon",
            "trial 81",
            "recheck",
            "metrics",
            "send-metrics PBXname=MikoPBX@2024.1 CountSipExtensions=12",
            "reload --json",
            "ping --json",
            "bundle --output FILE --json",
            "reset --yes",
            "host --json",
            "deprovision --yes",
            "--socket S check 45 --json",
            "check 33 45 48",
            "check --module a/module.json --module b/module.json",
            "check --modules /modules --json",
            "status --json",
            "status --watch",
            "--color never status",
            "info --json",
            "capture 48 --json",
            "release s-7f3a",
            "watch --json",
            "features --json",
            "explain 45 --json",
            "doctor --json",
            "doctor 45 --config F",
        ] {
            let words = ["licensectl"].into_iter().chain(line.split(' '));
            let parsed = parse(words.map(Into::into), Language::Russian);
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for line in ["check", "check 33 --modules M", "register - --company C", "send-metrics A", "trial"] {
            let words = ["licensectl"].into_iter().chain(line.split(' '));
            assert!(parse(words.map(Into::into), Language::English).is_err(), "{line}");
        }
    }
}
