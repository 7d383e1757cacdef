//! The command lines of `admin host` and `admin log`.

use clap::Subcommand;
use license_core::crypto::KeyId;
use license_types::RegistrationNumber;

/// `admin host`
#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Show a host with all its numbers, its copies, and what it says about itself.
    Show {
        /// The id of its key, as the lists and the logs have it.
        #[arg(value_name = "HOST", value_parser = key_id)]
        host: KeyId,
    },
    /// Let it count for nothing that a host was on a number, so that it can register for another company.
    /// The host is dropped before.
    Clear {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// The id of its key; without it, all hosts that were on the number.
        #[arg(value_name = "HOST", value_parser = key_id)]
        host: Option<KeyId>,
    },
}

/// `admin log`
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Show the last lines of a number's log.
    Show {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// How many lines.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Check that logs are as they were written; exit 1 if one is not.
    Verify {
        /// That of this number; without it, all.
        #[arg(long)]
        number: Option<RegistrationNumber>,
        /// Print the last hash of each log too. Kept elsewhere, it shows later whether somebody wrote a
        /// whole new log: line N of `log show --json` must still have the hash that line N had.
        #[arg(long)]
        ends: bool,
    },
}

/// The id of a host's key: 16 hex digits.
pub(super) fn key_id(text: &str) -> Result<KeyId, String> {
    let id = text.trim().to_ascii_lowercase();
    let is_id = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { Ok(KeyId(id)) } else { Err("a host is called by the id of its key: 16 hex digits".to_owned()) }
}
