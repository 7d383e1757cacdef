//! Where the daemon is, how long it is waited for and who it may be.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use license_ipc::Request;

/// How long a request is waited for that the daemon answers from memory: it takes microseconds, and
/// the oldest callers of today's broker give up after this second.
const QUICK: Duration = Duration::from_secs(1);

/// How long a request is waited for that may go to the license server: the daemon gives that call
/// 15 seconds, and PHP gives up after 25.
const PATIENT: Duration = Duration::from_secs(20);

/// Where the daemon is, how long it is waited for and who it may be.
#[derive(Debug, Clone)]
pub struct Settings {
    path: PathBuf,
    quick: Duration,
    patient: Duration,
    pub(crate) trusted: Vec<u32>,
}

impl Settings {
    /// The defaults for the daemon that listens on `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), quick: QUICK, patient: PATIENT, trusted: vec![0, peer_cred::own_uid()] }
    }

    /// Waits this long for what the daemon answers from memory; 1 second by default.
    #[must_use]
    pub fn deadline(self, quick: Duration) -> Self {
        Self { quick, ..self }
    }

    /// Waits this long for what may take a call to the license server; 20 seconds by default.
    #[must_use]
    pub fn long_deadline(self, patient: Duration) -> Self {
        Self { patient, ..self }
    }

    /// Also talks to a daemon that runs as `uid`, besides root, `licensed` and our own user.
    #[must_use]
    pub fn trust(mut self, uid: u32) -> Self {
        self.trusted.push(uid);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn trusted_uids(&self) -> &[u32] {
        &self.trusted
    }

    /// How long this request is waited for.
    pub(crate) fn within(&self, request: &Request) -> Duration {
        match request {
            Request::Check { .. }
            | Request::CheckMany { .. }
            | Request::Status
            | Request::Watch
            | Request::Metrics
            | Request::Features { .. }
            | Request::Explain { .. }
            | Request::Host
            | Request::Language { .. }
            | Request::Configuration
            | Request::LicenseInfo { key: None } => self.quick,
            Request::Ensure { .. }
            | Request::Capture { .. }
            | Request::Release { .. }
            | Request::LicenseInfo { key: Some(_) }
            | Request::Register(_)
            | Request::Activate { .. }
            | Request::ActivateCoupon { .. }
            | Request::AddTrial { .. }
            | Request::Reset
            | Request::Recheck
            | Request::Reload
            | Request::SendMetrics { .. }
            | Request::Deprovision
            | Request::WouldCapture { .. }
            | Request::Ping => self.patient,
        }
    }
}
