//! The daemon as a whole: what is started in which order, and what the signals do.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::Level;
use license_core::{
    state::State,
    time::{Age, Resumed},
};
use license_texts::{Language, Text};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    access::{Access, Questions},
    clock::SystemClock,
    config::{Change, Config, ConfigError, Flags},
    connection, deprovision, event,
    identity::{self, Identity, KeyError},
    keeper::{Handle, Keeper, Parts},
    listen::{self, ListenError},
    number,
    ping::Pinger,
    pulse::Pulse,
    reload::{self, Reloader},
    store::{Loaded, Store, StoreError},
    transport::{HttpTransport, SetupError},
};

/// Where facts about the host are.
const ROOT: &str = "/";

/// Why the daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// HTTP cannot be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The state folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no host key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The socket cannot be used.
    #[error(transparent)]
    Socket(#[from] ListenError),
    /// The system does not give what every program needs.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// Reads the configuration and says what will not work with it, for `--check-config`.
pub fn check_config(flags: &Flags) -> Result<Vec<Text>, StartError> {
    Ok(reload::prepare(&Config::load(flags)?)?.warnings)
}

/// Runs until SIGTERM or SIGINT. It answers queries before it looks at the network.
pub async fn run(flags: Flags, level: Level) -> Result<(), StartError> {
    let config = Config::load(&flags)?;
    level.set(config.log);
    let told: Vec<_> = Config::default().changes(&config).iter().map(Change::setting).collect();
    info!("configured with {}", if told.is_empty() { "the defaults".to_owned() } else { told.join(", ") });
    let prepared = reload::prepare(&config)?;
    for warning in &prepared.warnings {
        warn!("{}", warning.to(Language::English));
    }
    let mut signals = Signals::new()?;
    let store = Store::open(&config.state_dir)?;
    finish_deprovision(&store)?;
    let (identity, host) = load_identity(&store, &config)?;
    let (clock, resumed, state) = load_state(&store, &identity)?;
    let (listener, bound) = listen::listen(&config)?;

    let stop = CancellationToken::new();
    let reloader = Reloader::new(flags, level, config.clone(), &prepared);
    let settings = prepared.settings;
    let (keeper, handle) = Keeper::new(Parts { state, store, clock, identity, settings }, fastrand::u64(..));
    let keeper = keeper.with_number(number::find(credentials().as_deref(), config.number_file.as_deref()));
    let access = Arc::new(Access {
        keeper: handle.clone(),
        host,
        admin_gid: unix_listener::group_id(&config.admin_group),
        reloader,
        pinger: Pinger::default(),
        questions: Questions::default(),
    });
    let pulse = Pulse::of(&listener, handle.clone());
    let connections = tokio::spawn(connection::accept(listener, access.clone(), stop.clone()));
    info!(message_id = event::READY, socket = %config.socket.display(), "ready");
    service_manager::ready();
    let keeping = tokio::spawn(keeper.run(resumed, stop.clone()));

    tokio::select! {
        () = service_manager::feed_watchdog(|| pulse.feel()) => {}
        () = signals.until_stop(&handle, &access.reloader) => {}
        // A host that is removed ends its keeper.
        () = stop.cancelled() => {}
    }
    info!("stopping");
    service_manager::stopping();
    stop.cancel();
    for task in [connections, keeping] {
        if let Err(error) = task.await {
            error!(%error, "a part of the daemon ended badly");
        }
    }
    drop(bound);
    Ok(())
}

/// Goes on with removing a host, where a power cut came in between.
fn finish_deprovision(store: &Store) -> Result<(), StoreError> {
    let folder = store.folder();
    match deprovision::finish(folder) {
        Ok(false) => Ok(()),
        Ok(true) => {
            warn!("what was left of a host that was removed is removed now; this is a new host");
            Ok(())
        }
        Err(source) => Err(StoreError::Folder { path: folder.to_owned(), source }),
    }
}

fn load_identity(store: &Store, config: &Config) -> Result<(Identity, identity::Report), StartError> {
    let (key, fault) = identity::load_or_make_key(&store.folder().join("host.key"))?;
    if let Some(fault) = fault {
        error!(message_id = event::NEW_HOST_KEY, "{fault}; this host has a new key now");
    }
    let credentials = credentials();
    let sources = identity::Sources {
        root: Path::new(ROOT),
        credentials: credentials.as_deref(),
        configured: config.host_id.as_deref(),
    };
    let findings = sources.look();
    findings.log();
    let identity = Identity { key, evidence: findings.evidence() };
    let host = findings.report(identity.public_key().id().to_string());
    Ok((identity, host))
}

/// The folder of the credentials that systemd gives the service, if it does; see systemd.exec(5).
fn credentials() -> Option<PathBuf> {
    env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// Loads state and time; what cannot be used is said and survived.
///
/// What was lost is stored as lost before anything else can fail: the next start must not take this host for a
/// new one. For the same reason a host has a state from its first start on.
fn load_state(store: &Store, identity: &Identity) -> Result<(SystemClock, Resumed, State), StartError> {
    let record = store.load_clock().unwrap_or_else(|fault| {
        warn!("{fault}");
        None
    });
    let Loaded { state: found, faults, is_lost } = store.load()?;
    for fault in &faults {
        error!(message_id = event::STATE_DAMAGED, "{fault}");
    }
    let floor = found.as_ref().map_or(Age::default(), |state| state.age);
    let (clock, resumed) = SystemClock::resume(record.as_ref(), floor);
    let now = clock.now();
    let state = match found.clone() {
        Some(state) => {
            let had = state.held().is_some();
            let keys = state.keys.as_ref().and_then(|keys| keys.read().ok());
            let state = state.verified(&identity.public_key(), keys.as_ref(), now);
            if had && state.held().is_none() {
                error!(
                    "the statement that was held is not for this host, or its key is revoked; asking anew"
                );
            }
            state
        }
        None if is_lost => State::lost(now),
        None => State::unregistered(now),
    };
    if found.as_ref() != Some(&state)
        && let Err(fault) = store.save_both(&state)
    {
        error!("{fault}");
    }
    Ok((clock, resumed, state))
}

/// The signals that the daemon acts on.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Reloads at each SIGHUP, and returns at SIGTERM or SIGINT.
    async fn until_stop(&mut self, keeper: &Handle<HttpTransport>, reloader: &Reloader) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                // What came of it is in the log; a bad configuration changes nothing.
                _ = self.hangup.recv() => drop(reloader.reload(keeper).await),
            }
        }
    }
}
