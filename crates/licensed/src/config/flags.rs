//! The command line, and the `LICENSED_*` variables that stand for its flags.

use std::path::PathBuf;

use clap::Parser;

use super::{Config, Fault, servers};

/// The licensing daemon for MikoPBX.
///
/// It holds this host's license binding, checks it with the license server, and answers on a Unix
/// socket whether a feature may run. The network may be away: what the license server promised last
/// is honoured.
#[derive(Debug, Clone, Default, Parser)]
#[command(version)]
pub struct Flags {
    /// Configuration file; the default may be missing [default: /etc/licensed/licensed.toml]
    #[arg(long, env = "LICENSED_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder for what is kept across restarts [default: /var/lib/licensed]
    #[arg(long, env = "LICENSED_STATE_DIR", value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    /// Unix socket to listen on [default: /run/licensed/licensed.sock]
    #[arg(long, env = "LICENSED_SOCKET", value_name = "PATH")]
    pub(super) socket: Option<PathBuf>,
    /// URL of the license server; may be repeated: the first is preferred, the others stand by for it
    #[arg(long, env = "LICENSED_SERVER", value_name = "URL", value_delimiter = ',')]
    pub(super) server: Vec<String>,
    /// Root key of the license server: a *.pub file or a folder of them; may be repeated
    /// [default: /etc/licensed/trust.d]
    #[arg(long, env = "LICENSED_TRUST", value_name = "PATH", value_delimiter = ':')]
    pub(super) trust: Vec<PathBuf>,
    /// PEM file with certificate authorities beside those of the system
    #[arg(long, env = "LICENSED_CA_FILE", value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Id that stands for this host's hardware, for containers
    #[arg(long, env = "LICENSED_HOST_ID", value_name = "ID")]
    pub(super) host_id: Option<String>,
    /// Read the configuration, say what is wrong with it, and end
    #[arg(long)]
    pub check_config: bool,
}

impl Flags {
    /// Puts what was given over what `config` says.
    pub(super) fn apply(&self, config: &mut Config) -> Result<(), Fault> {
        let is_given = |path: &PathBuf| !path.as_os_str().is_empty();
        if let Some(path) = &self.state_dir {
            config.state_dir.clone_from(path);
        }
        if let Some(path) = &self.socket {
            config.socket.clone_from(path);
        }
        if !self.trust.is_empty() {
            config.trust.clone_from(&self.trust);
        }
        if let Some(path) = &self.ca_file {
            config.ca_file = Some(path.clone()).filter(is_given);
        }
        if let Some(id) = &self.host_id {
            config.host_id = Some(id.clone()).filter(|id| !id.trim().is_empty());
        }
        if !self.server.is_empty() {
            let urls = self.server.iter().map(String::as_str);
            config.server = servers::parse(urls).map_err(|source| Fault::Flag {
                flag: "--server",
                variable: "LICENSED_SERVER",
                what: source.to_string(),
            })?;
        }
        Ok(())
    }
}
