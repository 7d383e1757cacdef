//! The command line of `serve`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

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
