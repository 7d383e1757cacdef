//! What the daemon is told: flag, then `LICENSED_*`, then the file, then the default.
//!
//! [`OPTIONS`] has a row for each option; the file, what a reload says and the documentation follow it.

mod check;
mod file;
mod flags;
mod limits;
mod option;
mod proxy;
mod servers;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use tracing::level_filters::LevelFilter;

pub use self::{
    flags::Flags,
    limits::Limits,
    option::{Applied, ConfigOption, OPTIONS},
};
use crate::transport::{Proxy, ServerUrl};

/// Where the configuration is unless it is told otherwise.
pub const DEFAULT_FILE: &str = "/etc/licensed/licensed.toml";
const DEFAULT_STATE_DIR: &str = "/var/lib/licensed";
const DEFAULT_TRUST: &str = "/etc/licensed/trust.d";

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
    /// The license servers, the preferred one first; none until somebody configures one.
    pub server: Vec<ServerUrl>,
    /// Files and folders with its root keys.
    pub trust: Vec<PathBuf>,
    /// Certificate authorities beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// How the license server is reached.
    pub proxy: Proxy,
    /// A file with user and password for it.
    pub proxy_credentials_file: Option<PathBuf>,
    /// What stands for this host's hardware.
    pub host_id: Option<String>,
    /// A file with the number that this host is to be bound to.
    pub number_file: Option<PathBuf>,
    /// What is logged.
    pub log: LevelFilter,
    /// What clients may take of the daemon.
    pub limits: Limits,
    /// What is wrong with the files that it names, and need not keep the daemon from starting.
    pub notes: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: PathBuf::from(DEFAULT_STATE_DIR),
            socket: PathBuf::from(license_ipc::DEFAULT_SOCKET),
            socket_group: "licensed".to_owned(),
            admin_group: "licensed-admin".to_owned(),
            server: Vec::new(),
            trust: vec![PathBuf::from(DEFAULT_TRUST)],
            ca_file: None,
            proxy: Proxy::default(),
            proxy_credentials_file: None,
            host_id: None,
            number_file: None,
            log: LevelFilter::INFO,
            limits: Limits::default(),
            notes: Vec::new(),
        }
    }
}

impl Flags {
    /// The configuration file, there or not.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(DEFAULT_FILE))
    }
}

impl Config {
    /// Reads the file and puts the flags on top of it.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let (path, must_exist) = (flags.file(), flags.config.is_some());
        let mut config = Self::default();
        let mut faults = match fs::read_to_string(path) {
            Ok(text) => file::read(path, &text, &mut config),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => Vec::new(),
            Err(source) => vec![Fault::Read { path: path.to_owned(), source }],
        };
        faults.extend(flags.apply(&mut config).err());
        proxy::complete(&mut config, path);
        if faults.is_empty() { Ok(config) } else { Err(ConfigError { faults }) }
    }

    /// The options in which `new` differs.
    #[must_use]
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let changes = OPTIONS.iter().map(|option| Change {
            name: option.name,
            applied: option.applied,
            old: option.value_in(self),
            new: option.value_in(new),
        });
        changes.filter(|change| change.old != change.new).collect()
    }

    /// This configuration, with what a reload can change of it as `new` has it.
    #[must_use]
    pub fn reloaded(&self, new: &Self) -> Self {
        let mut config = self.clone();
        config.notes.clone_from(&new.notes);
        for option in OPTIONS.iter().filter(|option| option.applied == Applied::Reload) {
            option.copy(new, &mut config);
        }
        config
    }
}

/// An option that has another value than before: `socket: "/a" → "/b"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The option.
    pub name: &'static str,
    /// What makes the change count.
    pub applied: Applied,
    old: String,
    new: String,
}

impl Change {
    /// What the option is now, as the file has it: `socket = "/b"`.
    #[must_use]
    pub fn setting(&self) -> String {
        format!("{} = {}", self.name, self.new)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} → {}", self.name, self.old, self.new)
    }
}

/// All that is wrong with the configuration.
#[derive(Debug)]
pub struct ConfigError {
    /// One after another, from the top of the file to its end.
    pub faults: Vec<Fault>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<_> = self.faults.iter().map(ToString::to_string).collect();
        write!(f, "the configuration is wrong: {}", faults.join("; "))
    }
}

/// One thing that is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// What and where.
        what: String,
    },
    /// A flag or the variable for it cannot be used.
    #[error("{flag} or {variable}: {what}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// The variable.
        variable: &'static str,
        /// What is wrong.
        what: String,
    },
}
