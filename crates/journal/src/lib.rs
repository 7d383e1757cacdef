//! Where the log lines of a service go: the journal when it listens to our standard error, else standard error itself.

mod plain;

use std::{env, io, os::fd::AsFd};

use tracing::{level_filters::LevelFilter, warn};
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, reload, util::SubscriberInitExt};

use plain::Plain;

/// What is logged; it can change at run time.
#[derive(Debug)]
pub struct Level {
    filter: reload::Handle<EnvFilter, Registry>,
    is_fixed: bool,
}

impl Level {
    /// Whether the environment says what is logged.
    #[must_use]
    pub const fn is_fixed(&self) -> bool {
        self.is_fixed
    }

    /// Logs what is as grave as `level` from now on, unless the environment says what is
    /// logged.
    pub fn set(&self, level: LevelFilter) {
        if !self.is_fixed
            && let Err(error) = self.filter.reload(EnvFilter::default().add_directive(level.into()))
        {
            warn!(%error, "cannot change what is logged");
        }
    }
}

/// Sets logging up, once: `info`, unless the environment variable `variable` holds another filter, such as
/// `debug`. `name` is the service's own, as `journalctl -t` takes it.
#[must_use]
pub fn init(name: &str, variable: &str) -> Level {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var(variable)
        .from_env_lossy();
    let is_fixed = env::var_os(variable).is_some_and(|filter| !filter.is_empty());
    let (layer_filter, filter) = reload::Layer::new(filter);
    // Fields get their own names, without the `F_` that tracing-journald puts before them: they are
    // part of what scripts rely on. A journal that is not there is no reason not to start.
    let journal = stderr_is_the_journal().then(tracing_journald::layer).and_then(Result::ok);
    let layer = match journal {
        Some(journal) => journal.with_field_prefix(None).with_syslog_identifier(name.to_owned()).boxed(),
        None => tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_target(false)
            .fmt_fields(Plain)
            // Its own way of reporting a log that cannot be written is a panic.
            .log_internal_errors(false)
            .boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(layer_filter)).init();
    Level { filter, is_fixed }
}

/// Whether systemd connected standard error to the journal; see `$JOURNAL_STREAM` in systemd.exec(5).
fn stderr_is_the_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else { return false };
    let Ok(stat) = nix::sys::stat::fstat(io::stderr().as_fd()) else { return false };
    stream == format!("{}:{}", stat.st_dev, stat.st_ino)
}
