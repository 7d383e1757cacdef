//! What the daemon is told: flag, then `LICENSED_*`, then the file, then the default.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Parser;
use serde::Deserialize;

use crate::transport::{ServerUrl, UrlError};

/// Where the configuration is unless it is told otherwise.
const DEFAULT_FILE: &str = "/etc/licensed/licensed.toml";
const DEFAULT_STATE_DIR: &str = "/var/lib/licensed";
const DEFAULT_TRUST: &str = "/etc/licensed/trust.d";

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
    config: Option<PathBuf>,
    /// Folder for what is kept across restarts [default: /var/lib/licensed]
    #[arg(long, env = "LICENSED_STATE_DIR", value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Unix socket to listen on [default: /run/licensed/licensed.sock]
    #[arg(long, env = "LICENSED_SOCKET", value_name = "PATH")]
    socket: Option<PathBuf>,
    /// URL of the license server
    #[arg(long, env = "LICENSED_SERVER", value_name = "URL")]
    server: Option<String>,
    /// Root key of the license server: a *.pub file or a folder of them; may be repeated
    /// [default: /etc/licensed/trust.d]
    #[arg(long, env = "LICENSED_TRUST", value_name = "PATH", value_delimiter = ':')]
    trust: Vec<PathBuf>,
    /// PEM file with certificate authorities beside those of the system
    #[arg(long, env = "LICENSED_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Id that stands for this host's hardware, for containers
    #[arg(long, env = "LICENSED_HOST_ID", value_name = "ID")]
    host_id: Option<String>,
    /// Read the configuration, say what is wrong with it, and end
    #[arg(long)]
    pub check_config: bool,
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    state_dir: Option<PathBuf>,
    socket: Option<PathBuf>,
    socket_group: Option<String>,
    admin_group: Option<String>,
    server: Option<String>,
    trust: Option<Vec<PathBuf>>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    host: HostTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostTable {
    id: Option<String>,
}

/// What the daemon is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder for what is kept across restarts.
    pub state_dir: PathBuf,
    /// Unix socket to listen on.
    pub socket: PathBuf,
    /// The group that may open the socket.
    pub socket_group: String,
    /// The group whose members may change things.
    pub admin_group: String,
    /// The license server; `None` until somebody configures one.
    pub server: Option<ServerUrl>,
    /// Files and folders with its root keys.
    pub trust: Vec<PathBuf>,
    /// Certificate authorities beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// What stands for this host's hardware.
    pub host_id: Option<String>,
}

impl Config {
    /// Reads the file and puts the flags on top of it.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let (path, must_exist) = match &flags.config {
            Some(path) => (path.as_path(), true),
            None => (Path::new(DEFAULT_FILE), false),
        };
        let file = match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|source| ConfigError::Malformed {
                path: path.to_owned(),
                source: Box::new(source),
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => ConfigFile::default(),
            Err(source) => return Err(ConfigError::Read { path: path.to_owned(), source }),
        };
        Self::merge(flags, file)
    }

    fn merge(flags: &Flags, file: ConfigFile) -> Result<Self, ConfigError> {
        let or_default =
            |path: Option<PathBuf>, default: &str| path.unwrap_or_else(|| PathBuf::from(default));
        let server = flags.server.clone().or(file.server).filter(|url| !url.is_empty());
        let trust = if flags.trust.is_empty() { file.trust } else { Some(flags.trust.clone()) };
        Ok(Self {
            state_dir: or_default(flags.state_dir.clone().or(file.state_dir), DEFAULT_STATE_DIR),
            socket: or_default(flags.socket.clone().or(file.socket), license_ipc::DEFAULT_SOCKET),
            socket_group: file.socket_group.unwrap_or_else(|| "licensed".to_owned()),
            admin_group: file.admin_group.unwrap_or_else(|| "licensed-admin".to_owned()),
            server: server.map(|url| ServerUrl::parse(&url)).transpose()?,
            trust: trust.unwrap_or_else(|| vec![PathBuf::from(DEFAULT_TRUST)]),
            ca_file: flags.ca_file.clone().or(file.ca_file),
            host_id: flags.host_id.clone().or(file.host.id).filter(|id| !id.trim().is_empty()),
        })
    }

    /// The names of settings in which `new` differs and that only a restart can change.
    #[must_use]
    pub fn needs_restart(&self, new: &Self) -> Vec<&'static str> {
        let changed = [
            ("state_dir", self.state_dir != new.state_dir),
            ("socket", self.socket != new.socket),
            ("socket_group", self.socket_group != new.socket_group),
            ("admin_group", self.admin_group != new.admin_group),
            ("host.id", self.host_id != new.host_id),
        ];
        changed.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration {path} is wrong: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// The license server's URL cannot be used.
    #[error(transparent)]
    Server(#[from] UrlError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
        let file: ConfigFile =
            toml::from_str("server = 'https://a.example'\nstate_dir = '/s'\ntrust = ['/t']").unwrap();
        let flags = Flags { server: Some("https://b.example".to_owned()), ..Flags::default() };
        let config = Config::merge(&flags, file).unwrap();
        assert_eq!(config.server, Some(ServerUrl::parse("https://b.example").unwrap()));
        assert_eq!(config.state_dir, Path::new("/s"));
        assert_eq!(config.trust, [PathBuf::from("/t")]);
        assert_eq!(config.socket, Path::new(license_ipc::DEFAULT_SOCKET));
    }

    #[test]
    fn the_trust_flag_replaces_the_list() {
        let file: ConfigFile = toml::from_str("trust = ['/a', '/b']").unwrap();
        let flags = Flags { trust: vec![PathBuf::from("/c")], ..Flags::default() };
        assert_eq!(Config::merge(&flags, file).unwrap().trust, [PathBuf::from("/c")]);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name_and_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("licensed.toml");
        fs::write(&path, "sever = 'https://a.example'\n").unwrap();
        let flags = Flags { config: Some(path), ..Flags::default() };
        let error = Config::load(&flags).unwrap_err().to_string();
        assert!(error.contains("sever") && error.contains("line 1") && error.contains("server"), "{error}");
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let flags = Flags { config: Some(PathBuf::from("/nonexistent.toml")), ..Flags::default() };
        assert!(matches!(Config::load(&flags), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn the_shipped_file_is_read_and_says_the_defaults() {
        let shipped: ConfigFile = toml::from_str(include_str!("../licensed.toml")).unwrap();
        let defaults = Config::merge(&Flags::default(), ConfigFile::default()).unwrap();
        assert_eq!(Config::merge(&Flags::default(), shipped).unwrap(), defaults);
    }

    #[test]
    fn what_needs_a_restart_is_named() {
        let old = Config::merge(&Flags::default(), ConfigFile::default()).unwrap();
        let new =
            Config { socket: PathBuf::from("/other"), ca_file: Some(PathBuf::from("/ca")), ..old.clone() };
        assert_eq!(old.needs_restart(&new), ["socket"]);
    }
}
