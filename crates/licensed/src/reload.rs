//! Reading the configuration again, at run time.

use std::sync::Arc;

use journal::Level;
use license_core::crypto::PublicKey;
use license_ipc::{Configuration, ErrorKind};
use license_texts::{Language, Text, text};
use tokio::sync::{Mutex, watch};
use tracing::{info, warn};

use crate::{
    config::{Applied, Config, Flags},
    configuration, event,
    keeper::{Handle, Settings},
    reply::{Done, Failure},
    transport::{self, HttpTransport, SetupError},
    trust::{self, Trust},
};

/// Reads the configuration again, for SIGHUP and for the request `reload`.
#[derive(Debug)]
pub struct Reloader {
    flags: Flags,
    level: Level,
    current: Mutex<Current>,
    report: watch::Sender<Arc<Configuration>>,
}

/// What is in force.
#[derive(Debug)]
struct Current {
    config: Config,
    roots: Vec<PublicKey>,
    unread: Option<Text>,
}

/// What a reload came to.
#[derive(Debug)]
struct Taken {
    now: Current,
    report: Configuration,
    changed: Text,
    warnings: Vec<Text>,
}

impl Reloader {
    /// A reloader for a daemon that started with `flags`, came to `config` and what was `prepared` from it, and
    /// logs at `level`.
    #[must_use]
    pub fn new(flags: Flags, level: Level, config: Config, prepared: &Prepared) -> Self {
        let (roots, unread) = (prepared.settings.roots.clone(), prepared.unread.clone());
        let report = configuration::report(flags.file(), &config, &prepared.settings);
        let report = watch::Sender::new(Arc::new(report));
        Self { flags, level, current: Mutex::new(Current { config, roots, unread }), report }
    }

    /// What is in force. Never waits.
    #[must_use]
    pub fn configuration(&self) -> Arc<Configuration> {
        self.report.borrow().clone()
    }

    /// Applies what can change at run time. Says what has changed, and what needs a restart. On an error nothing
    /// changes.
    pub async fn reload(&self, keeper: &Handle<HttpTransport>) -> Result<Done, Failure> {
        let mut current = self.current.lock().await;
        service_manager::reloading();
        let result = self.apply(&current, keeper).await;
        service_manager::ready();
        match result {
            Ok(Taken { now, report, changed, warnings }) => {
                self.report.send_replace(Arc::new(report));
                for warning in &warnings {
                    warn!("{}", warning.to(Language::English));
                }
                let line = changed.to(Language::English);
                info!(message_id = event::CONFIGURED, "the configuration is read again; {line}");
                *current = now;
                Ok(Done { message: text!("reloaded", changed = changed), warnings })
            }
            Err(message) => {
                warn!(
                    message_id = event::CONFIGURATION_WRONG,
                    "the configuration is not taken, the old one stays: {}",
                    message.to(Language::English)
                );
                Err(Failure::plain(ErrorKind::Refused, message))
            }
        }
    }

    async fn apply(&self, current: &Current, keeper: &Handle<HttpTransport>) -> Result<Taken, Text> {
        let config = Config::load(&self.flags).map_err(|error| Text::verbatim(error.to_string()))?;
        let Prepared { settings, mut warnings, unread } =
            prepare(&config).map_err(|error| Text::verbatim(error.to_string()))?;
        if let Some(unread) = unread.as_ref().filter(|_| unread != current.unread) {
            return Err(unread.clone());
        }
        let roots = settings.roots.clone();
        // What needs a restart stays as it is, so that the next reload says so again.
        let in_force = current.config.reloaded(&config);
        let report = configuration::report(self.flags.file(), &in_force, &settings);
        keeper.configure(settings).await.map_err(|failure| failure.message)?;
        self.level.set(config.log);
        if self.level.is_fixed() && current.config.log != config.log {
            warnings.push(text!("log-level-is-fixed"));
        }
        let mut changed = Vec::new();
        for change in current.config.changes(&config) {
            match change.applied {
                Applied::Reload => changed.push(Text::verbatim(change.to_string())),
                Applied::Restart => {
                    warnings.push(text!("needs-restart", change = change.to_string()));
                }
            }
        }
        if current.roots != roots {
            let (before, after) = (ids(&current.roots), ids(&roots));
            changed.push(text!("root-keys-changed", before = before, after = after));
        }
        let list = |one, other| text!("listed", one = one, other = other);
        let changed = changed.into_iter().reduce(list).unwrap_or(text!("no-option-changed"));
        Ok(Taken { now: Current { config: in_force, roots, unread }, report, changed, warnings })
    }
}

fn ids(roots: &[PublicKey]) -> String {
    let ids: Vec<_> = roots.iter().map(|root| root.id().to_string()).collect();
    format!("[{}]", ids.join(", "))
}

/// What a configuration comes to.
#[derive(Debug)]
pub struct Prepared {
    /// What the keeper works with.
    pub settings: Settings<HttpTransport>,
    /// What is wrong and need not keep the daemon from starting.
    pub warnings: Vec<Text>,
    /// What it needs and cannot be read. A daemon that runs goes on with what it has read before.
    pub unread: Option<Text>,
}

/// Reads the files that a configuration names.
pub fn prepare(config: &Config) -> Result<Prepared, SetupError> {
    let ca_fault = config
        .ca_file
        .as_deref()
        .and_then(|path| transport::authorities(path).err())
        .map(|it| Text::verbatim(it.to_string()));
    let ca_file = config.ca_file.as_deref().filter(|_| ca_fault.is_none());
    let exchange = if config.server.is_empty() {
        None
    } else {
        Some(Arc::new(HttpTransport::new(&config.server, ca_file, &config.proxy)?))
    };
    let Trust { roots, faults } = trust::load(&config.trust);
    let trust_path = config.trust.first().map_or_else(String::new, |path| path.display().to_string());
    let no_root = roots.is_empty().then(|| crate::status::no_root(&trust_path));
    let trust_is_faulty = !faults.is_empty();
    let mut wrong: Vec<Text> = faults.iter().map(|fault| Text::verbatim(fault.to_string())).collect();
    wrong.extend(no_root);
    let is_needed = ca_fault.is_some() || (roots.is_empty() && trust_is_faulty);
    wrong.extend(ca_fault);
    let unread = wrong.iter().cloned().reduce(|one, other| text!("and-also", one = one, other = other));
    let unread = unread.filter(|_| is_needed);
    let warnings = wrong.into_iter().chain(config.warnings()).collect();
    let settings = Settings { exchange, roots, trust_path, trust_is_faulty, limits: config.limits };
    Ok(Prepared { settings, warnings, unread })
}
