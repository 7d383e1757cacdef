//! A service that fails again and again is started ever later.
//!
//! systemd can do that by itself from version 254 on (`RestartSteps=`); until then it restarts at one pace, or gives
//! the service up. So the service counts its starts, in the folder that the unit gives it (`RuntimeDirectory=`, with
//! `RuntimeDirectoryPreserve=yes`), and waits at the beginning of the next.

use std::{env, fs, path::PathBuf, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    time,
};
use tracing::warn;

/// The file with the number of starts that did not end well.
const FILE: &str = "starts";

/// What fails later than that after its start fails rarely: it is started at once.
const RARE: Duration = Duration::from_mins(10);

/// The longest wait: less than the 90 s that systemd gives a start.
const LONGEST: Duration = Duration::from_mins(1);

/// A start of the service, which counts as failed until it is said to have ended well.
#[derive(Debug)]
pub struct Attempt {
    file: Option<PathBuf>,
}

impl Attempt {
    /// Begins: at once, or when as much time has passed as the failures before this start ask for. `None` if the
    /// service was stopped meanwhile. Who stops it has a reason to start it again: the failures are forgotten.
    pub async fn begin() -> Option<Self> {
        // Without systemd nobody starts it again at once.
        let file = env::var_os("RUNTIME_DIRECTORY").map(|folder| PathBuf::from(folder).join(FILE));
        let failed = file.as_ref().map_or(0, failed);
        let (attempt, wait) = (Self { file }, wait_after(failed));
        if !wait.is_zero() {
            let told = format!("waits {} s, since the last {failed} starts failed", wait.as_secs());
            warn!("{told}");
            crate::status(&told);
            if stopped_within(wait).await {
                attempt.end_well();
                return None;
            }
        }
        attempt.count(failed.saturating_add(1));
        Some(attempt)
    }

    /// The service ended as it should, and the next start is at once.
    pub fn end_well(self) {
        if let Some(file) = self.file {
            // What is not there needs no removal.
            let _ = fs::remove_file(file);
        }
    }

    fn count(&self, failed: u32) {
        if let Some(file) = &self.file
            && let Err(error) = fs::write(file, failed.to_string())
        {
            warn!(%error, "cannot count the starts in {}", file.display());
        }
    }
}

/// How many starts have failed of late.
fn failed(file: &PathBuf) -> u32 {
    let last = fs::metadata(file).and_then(|found| found.modified());
    // A clock that was set back tells nothing.
    let is_recent = last.is_ok_and(|last| last.elapsed().unwrap_or_default() < RARE);
    let count = fs::read_to_string(file).ok().and_then(|count| count.trim().parse().ok());
    count.filter(|_| is_recent).unwrap_or_default()
}

/// Not at all after one failure, then 1, 2, 4, … 60 s.
fn wait_after(failed: u32) -> Duration {
    let Some(doublings) = failed.checked_sub(2) else { return Duration::ZERO };
    let seconds = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
    Duration::from_secs(seconds).min(LONGEST)
}

/// Waits; whether SIGTERM came.
async fn stopped_within(wait: Duration) -> bool {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        time::sleep(wait).await;
        return false;
    };
    time::timeout(wait, terminate.recv()).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_from_the_second_failure_on_up_to_a_minute() {
        let waits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, u32::MAX].map(|failed| wait_after(failed).as_secs());
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn starts_are_counted_until_one_ends_well_or_was_long_ago() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let attempt = Attempt { file: Some(file.clone()) };
        assert_eq!(failed(&file), 0);
        attempt.count(3);
        assert_eq!(failed(&file), 3);
        let long_ago = fs::metadata(&file).unwrap().modified().unwrap() - RARE;
        fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(failed(&file), 0);
        attempt.end_well();
        assert!(!file.exists());
    }
}
