//! Figures.

use std::time::{Duration, Instant};

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "it measures")]
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// How long things took.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// In seconds.
    pub(crate) fn percentile(&self, per_mille: usize) -> f64 {
        let index = (self.0.len() * per_mille / 1000).min(self.0.len().saturating_sub(1));
        self.0.get(index).copied().unwrap_or_default().as_secs_f64()
    }
}

/// Memory of a process, in KiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

/// A line with everything; the CPU time of the server, and of the load beside it.
pub(crate) fn text(times: Vec<Duration>, took: Duration, cpu: [Duration; 2], memory: Memory) -> String {
    let times = Times::of(times);
    let percentile = |per_mille| times.percentile(per_mille) * 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (count, now, peak) = (times.0.len() as f64, memory.now as f64 / 1024.0, memory.peak as f64 / 1024.0);
    let each = cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / count.max(1.0));
    format!(
        "{:.0} check-ins/s  p50 {:.2} ms  p99 {:.2} ms  p99.9 {:.2} ms  server CPU {:.0} us each \
         (the load itself {:.0})  memory {now:.0} MiB (peak {peak:.0})",
        count / took.as_secs_f64(),
        percentile(500),
        percentile(990),
        percentile(999),
        each[0],
        each[1],
    )
}
