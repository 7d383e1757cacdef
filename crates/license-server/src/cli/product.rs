//! The command lines of `admin product` and `admin feature`.

use std::time::Duration;

use clap::{ArgGroup, Subcommand};
use license_types::{FeatureId, ProductId};

use super::duration::duration;

/// `admin product`
#[derive(Debug, Subcommand)]
pub enum ProductCommand {
    /// List what is sold, with its features and how its licenses are handled.
    List,
    /// Set how the licenses of a product are handled. Each host takes it up with its next answer.
    #[command(group(
        ArgGroup::new("what").required(true).multiple(true)
            .args(["refresh", "honoured", "run_on", "trial_days"])
    ))]
    Set {
        /// The product.
        id: ProductId,
        /// After which time a host asks again: 10m to 7d. Of all products of a number the shortest counts.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        refresh: Option<Duration>,
        /// For which time a lease counts without another answer: 1d to 366d.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        honoured: Option<Duration>,
        /// For which time after that what runs may go on: 0s to 90d.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        run_on: Option<Duration>,
        /// Days of use of a trial: 1 to 366.
        #[arg(long, value_name = "DAYS")]
        trial_days: Option<u32>,
    },
    /// Add a product to what is sold.
    Add {
        /// Its id, which its module is built with.
        id: ProductId,
        /// Its name, for people.
        #[arg(long)]
        name: String,
        /// The features in it, separated by commas.
        #[arg(long, value_name = "IDS", required = true, value_delimiter = ',')]
        features: Vec<FeatureId>,
    },
}

/// `admin feature`
#[derive(Debug, Subcommand)]
pub enum FeatureCommand {
    /// Add a feature that products can contain.
    Add {
        /// Its id, which its module is built with.
        id: FeatureId,
        /// Its name, for people.
        #[arg(long)]
        name: String,
        /// Its seats are taken by users and not by hosts.
        #[arg(long)]
        per_user: bool,
    },
}
