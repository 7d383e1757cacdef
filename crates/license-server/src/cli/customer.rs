//! The command line of `admin customer`.

use clap::{ArgGroup, Subcommand};
use license_types::RegistrationNumber;

/// `admin customer`
#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// Find customers by a part of number, former number, e-mail or company name, by the id of a host, or by
    /// their own id as logs have it.
    Find {
        /// What to look for. Case and spaces make no difference; a masked number from a log will do.
        text: String,
        /// How many at most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Show everything of a number: company, licenses, hosts, bindings, the end of its log.
    Show {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
    /// Change what a company is called by. The rules are those of registration.
    #[command(group(
        ArgGroup::new("what").required(true).multiple(true)
            .args(["company", "email", "contact", "phone", "tax_id"])
    ))]
    Edit {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// Company name.
        #[arg(long)]
        company: Option<String>,
        /// E-mail address; no other number has it.
        #[arg(long)]
        email: Option<String>,
        /// Contact person.
        #[arg(long)]
        contact: Option<String>,
        /// Telephone number; "" deletes it.
        #[arg(long)]
        phone: Option<String>,
        /// Tax id; "" deletes it.
        #[arg(long)]
        tax_id: Option<String>,
    },
    /// Merge a number into another one, which has the licenses and the hosts of both then. It cannot be
    /// undone.
    Merge {
        /// The number that is given up; nobody has it afterwards.
        #[arg(long)]
        number: RegistrationNumber,
        /// The number that stays.
        #[arg(long)]
        into: RegistrationNumber,
        /// Do not ask. Without a terminal nobody is asked.
        #[arg(long)]
        yes: bool,
    },
    /// Give a customer a new number and print it, this once: for a number that leaked. Nobody has the old
    /// one from then on. Every host that is bound gets the new one: drop and clear strangers first.
    ReplaceNumber {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
    /// Let nobody use a number. Hosts are refused from their next call on.
    Suspend {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
    /// End a suspension. Hosts come back by themselves.
    Reinstate {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
}
