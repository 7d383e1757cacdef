//! The command line of `serve`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use crate::http::DEFAULT_LONG_POLLS;

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// The folder of keys and database.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// Address and port to listen on; TLS is done by a proxy in front.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// How many hosts may wait for news at once; each takes a connection. 0 switches it off, and hosts
    /// hear of changes at their next check.
    #[arg(long, value_name = "HOSTS", env = "LICENSE_SERVER_LONG_POLLS", default_value_t = DEFAULT_LONG_POLLS)]
    pub long_polls: usize,
}
