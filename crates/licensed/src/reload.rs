//! Reading the configuration again, at run time.

use std::sync::Arc;

use license_ipc::{Done, ErrorKind, Failure};
use tokio::sync::Mutex;
use tracing::{info, warn};

use crate::{
    config::{Applied, Config, Flags},
    keeper::{Handle, Settings},
    systemd,
    transport::{self, HttpTransport, SetupError},
    trust::{self, Trust},
};

/// Reads the configuration again, for SIGHUP and for the request `reload`.
#[derive(Debug)]
pub struct Reloader {
    flags: Flags,
    current: Mutex<Config>,
}

impl Reloader {
    /// A reloader for a daemon that started with `flags` and came to `config`.
    #[must_use]
    pub fn new(flags: Flags, config: Config) -> Self {
        Self { flags, current: Mutex::new(config) }
    }

    /// Applies what can change at run time. Says what has changed, and what needs a restart. On an error nothing
    /// changes.
    pub async fn reload(&self, keeper: &Handle<HttpTransport>) -> Result<Done, Failure> {
        let mut current = self.current.lock().await;
        systemd::reloading();
        let result = self.apply(&current, keeper).await;
        systemd::ready();
        match result {
            Ok((config, done)) => {
                for warning in &done.warnings {
                    warn!("{warning}");
                }
                info!("{}", done.message.trim_end_matches('.'));
                *current = config;
                Ok(done)
            }
            Err(message) => {
                warn!("the configuration is not taken, the old one stays: {message}");
                Err(Failure { kind: ErrorKind::Refused, code: None, message })
            }
        }
    }

    async fn apply(
        &self,
        current: &Config,
        keeper: &Handle<HttpTransport>,
    ) -> Result<(Config, Done), String> {
        let config = Config::load(&self.flags).map_err(|error| error.to_string())?;
        let prepared = prepare(&config).map_err(|error| error.to_string())?;
        if let Some(why) = prepared.worse {
            return Err(why);
        }
        let Prepared { settings, mut warnings, .. } = prepared;
        keeper.configure(settings).await.map_err(|failure| failure.message)?;
        let mut changed = Vec::new();
        for change in current.changes(&config) {
            match change.applied {
                Applied::Reload => changed.push(change.to_string()),
                Applied::Restart => {
                    warnings.push(format!("{change} needs a restart: systemctl restart licensed"));
                }
            }
        }
        let changed = if changed.is_empty() { "no option changed".to_owned() } else { changed.join(", ") };
        let message = format!("the configuration is read again; {changed}.");
        // What needs a restart stays as it is, so that the next reload says so again.
        Ok((current.reloaded(&config), Done { message, warnings }))
    }
}

/// What a configuration comes to.
#[derive(Debug)]
pub struct Prepared {
    /// What the keeper works with.
    pub settings: Settings<HttpTransport>,
    /// What is wrong and need not keep the daemon from starting.
    pub warnings: Vec<String>,
    /// Why a daemon that runs does better without it: what it names cannot be read.
    pub worse: Option<String>,
}

/// Reads the files that a configuration names.
pub fn prepare(config: &Config) -> Result<Prepared, SetupError> {
    let ca_fault = config
        .ca_file
        .as_deref()
        .and_then(|path| transport::authorities(path).err())
        .map(|it| it.to_string());
    let ca_file = config.ca_file.as_deref().filter(|_| ca_fault.is_none());
    let exchange = if config.server.is_empty() {
        None
    } else {
        Some(Arc::new(HttpTransport::new(&config.server, ca_file)?))
    };
    let Trust { roots, faults } = trust::load(&config.trust);
    let trust_path = config.trust.first().map_or_else(String::new, |path| path.display().to_string());
    let no_root = roots.is_empty().then(|| crate::status::no_root(&trust_path));
    let trust_is_faulty = !faults.is_empty();
    let mut wrong: Vec<String> = faults.iter().map(ToString::to_string).collect();
    wrong.extend(no_root);
    let is_worse = ca_fault.is_some() || (roots.is_empty() && trust_is_faulty);
    wrong.extend(ca_fault);
    let worse = is_worse.then(|| wrong.join("; "));
    let warnings = wrong.into_iter().chain(config.warnings()).collect();
    let settings = Settings { exchange, roots, trust_path, trust_is_faulty, limits: config.limits };
    Ok(Prepared { settings, warnings, worse })
}
