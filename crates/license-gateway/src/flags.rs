//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{
    Parser,
    builder::{PossibleValuesParser, TypedValueParser},
};
use license_client::DEFAULT_SOCKET;
use license_texts::Language;

/// Answers today's MikoPBX, which speaks HTTP, from licensed.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Flags {
    /// The socket of licensed
    #[arg(long, value_name = "PATH", env = "LICENSED_SOCKET", default_value = DEFAULT_SOCKET)]
    pub socket: PathBuf,
    /// The address to listen on, of loopback; sockets of a socket unit come before it
    #[arg(long, value_name = "ADDRESS", env = "LICENSE_GATEWAY_LISTEN", default_value = "127.0.0.1:8223")]
    pub listen: SocketAddr,
    /// Also listen on a Unix socket
    #[arg(long, value_name = "PATH", env = "LICENSE_GATEWAY_LISTEN_UNIX")]
    pub listen_unix: Option<PathBuf>,
    /// The group that may open the Unix socket
    #[arg(long, value_name = "GROUP", env = "LICENSE_GATEWAY_SOCKET_GROUP", default_value = "licensed")]
    pub socket_group: String,
    /// A user who may change the license, by name or id [default: root, www and www-data, where they exist]
    #[arg(
        long = "allow-user",
        value_name = "USER",
        env = "LICENSE_GATEWAY_ALLOW_USERS",
        value_delimiter = ','
    )]
    pub allow_users: Vec<String>,
    /// The file in which MikoPBX hands its registration number over, its license.key
    #[arg(long, value_name = "PATH", env = "LICENSE_GATEWAY_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The language of what MikoPBX is told
    #[arg(
        long,
        value_name = "LANGUAGE",
        env = "LICENSE_GATEWAY_LANGUAGE",
        default_value = Language::default().tag(),
        value_parser = PossibleValuesParser::new(Language::ALL.map(Language::tag)).map(|tag| Language::of_tag(&tag))
    )]
    pub language: Language,
    /// Where a number is kept until licensed has taken it
    #[arg(
        long,
        value_name = "FOLDER",
        env = "LICENSE_GATEWAY_STATE_DIR",
        default_value = "/var/lib/license-gateway"
    )]
    pub state_dir: PathBuf,
}
