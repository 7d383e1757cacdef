//! Where log lines go: the journal when it listens to our standard error, else standard error itself.

use std::{io, os::fd::AsFd};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Sets logging up, once. `LICENSED_LOG` takes a filter such as `debug`.
pub fn init() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var("LICENSED_LOG")
        .from_env_lossy();
    // Fields get their own names, without the `F_` that tracing-journald puts before them: they are
    // part of what scripts rely on. A journal that is not there is no reason not to start.
    let journal = stderr_is_the_journal().then(tracing_journald::layer).and_then(Result::ok);
    let layer = match journal {
        Some(journal) => {
            journal.with_field_prefix(None).with_syslog_identifier("licensed".to_owned()).boxed()
        }
        None => tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_target(false)
            // Its own way of reporting a log that cannot be written is a panic.
            .log_internal_errors(false)
            .boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}

/// Whether systemd connected standard error to the journal; see `$JOURNAL_STREAM` in systemd.exec(5).
fn stderr_is_the_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stat) = nix::sys::stat::fstat(io::stderr().as_fd()) else { return false };
    stream == format!("{}:{}", stat.st_dev, stat.st_ino)
}
