//! Where the daemon is, how long it is waited for and who it may be.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use license_ipc::Request;
use license_types::Language;

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
    language: Language,
    pub(crate) trusted: Vec<u32>,
}

impl Settings {
    /// The defaults for the daemon that listens on `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            quick: QUICK,
            patient: PATIENT,
            language: Language::English,
            trusted: vec![0, peer_cred::own_uid()],
        }
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

    /// Has the daemon say its sentences in this language; in English by default. It costs no round trip. What
    /// this crate says itself, as [`ClientError`](crate::ClientError), is English.
    #[must_use]
    pub fn language(self, language: Language) -> Self {
        Self { language, ..self }
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

    /// What a new connection begins with, before its first request; `None` where the daemon needs not be told.
    pub(crate) fn greeting(&self) -> Option<Request> {
        let is_told = self.language != Language::English;
        is_told.then(|| Request::Language { tag: self.language.tag().to_owned() })
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
