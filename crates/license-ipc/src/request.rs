//! What a client can ask.

use std::collections::BTreeMap;

use license_types::{Coupon, FeatureId, Holder, ProductId, Registration, RegistrationNumber, SessionId};
use serde::{Deserialize, Serialize};

/// A request to the daemon.
///
/// Variants are only ever appended, and a field of a variant never changes: bincode counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// May this feature run? Answered from memory; never blocks, never takes a seat.
    Check {
        /// The feature.
        feature: FeatureId,
        /// The user, for a per-user feature.
        #[serde(default)]
        holder: Option<Holder>,
    },
    /// [`Request::Check`] for several features at once.
    CheckMany {
        /// The features.
        features: Vec<FeatureId>,
    },
    /// Check; if not granted, take a seat if one is free and this host was not dropped from it.
    Ensure {
        /// The feature.
        feature: FeatureId,
    },
    /// Take a seat. Repeated for what is held, it gives the same session.
    Capture {
        /// The feature.
        feature: FeatureId,
        /// The user, for a per-user feature.
        #[serde(default)]
        holder: Option<Holder>,
        /// Also take a seat that this host was dropped from.
        #[serde(default)]
        reclaim: bool,
    },
    /// Give a seat back. Only what the same uid captured; administrators may release any.
    Release {
        /// The seat.
        session: SessionId,
    },
    /// How the daemon and its binding are.
    Status,
    /// What the license holds. With a key: what *that* license holds, asked from the license server;
    /// it binds nothing.
    LicenseInfo {
        /// Another registration number than the one in use. Administrators only.
        #[serde(default)]
        key: Option<RegistrationNumber>,
    },
    /// Get a registration number for a company and bind this host to it.
    Register(Registration),
    /// Bind this host to a registration number.
    Activate {
        /// The number.
        key: RegistrationNumber,
    },
    /// Activate a coupon.
    ActivateCoupon {
        /// The coupon.
        coupon: Coupon,
    },
    /// Add a trial of a product.
    AddTrial {
        /// The product.
        product: ProductId,
    },
    /// Forget the registration number on this host and free its seats.
    Reset,
    /// Ask the license server now.
    Recheck,
    /// Read the configuration again.
    Reload,
    /// Tell what changes, as it changes. The last request on its connection: an answer for each change follows,
    /// the first at once with everything there is.
    Watch,
    /// What the daemon counts, for Prometheus.
    Metrics,
    /// The features of the license, with name and verdict, a page at a time.
    Features {
        /// What the page before gave as `next`; `None` for the first.
        #[serde(default)]
        cursor: Option<FeatureId>,
    },
    /// Why this feature comes to what it comes to.
    Explain {
        /// The feature.
        feature: FeatureId,
    },
    /// Tell the license server how this host is used. Nothing depends on it.
    SendMetrics {
        /// By name: `PBXname`, `CountSipExtensions` and the like.
        metrics: BTreeMap<String, String>,
    },
    /// What tells this host from others, and what of it the license server gets.
    Host,
    /// Give the number up, remove the host key and the state, and stop: before the machine becomes an image.
    Deprovision,
    /// Does the license server answer? The daemon asks it at most once in 10 seconds.
    Ping,
    /// In which language the answers of this connection are, from the next on; English until then. A tag as
    /// `ru`, `ru-RU` or `ru_RU.UTF-8`; for a language that the daemon does not speak it is English.
    Language {
        /// The tag.
        tag: String,
    },
    /// What the daemon runs with: its license servers, proxies, files and options, without secrets.
    Configuration,
    /// What a capture would come to now, asked from the license server. Takes no seat and changes nothing.
    WouldCapture {
        /// The feature.
        feature: FeatureId,
        /// The user, for a per-user feature.
        #[serde(default)]
        holder: Option<Holder>,
    },
}

/// Who may make a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Everybody who may open the socket.
    Read,
    /// Root, the daemon's own user, and members of the admin group.
    Admin,
}

impl Request {
    /// What it takes to make this request.
    #[must_use]
    pub const fn right(&self) -> Right {
        match self {
            Self::Check { .. }
            | Self::CheckMany { .. }
            | Self::Ensure { .. }
            | Self::Capture { .. }
            | Self::Release { .. }
            | Self::Status
            | Self::LicenseInfo { key: None }
            | Self::Watch
            | Self::Metrics
            | Self::Features { .. }
            | Self::Explain { .. }
            | Self::Ping
            | Self::Language { .. }
            | Self::Configuration
            | Self::WouldCapture { .. } => Right::Read,
            Self::LicenseInfo { key: Some(_) }
            | Self::Register(_)
            | Self::Activate { .. }
            | Self::ActivateCoupon { .. }
            | Self::AddTrial { .. }
            | Self::Reset
            | Self::Recheck
            | Self::Reload
            | Self::SendMetrics { .. }
            | Self::Host
            | Self::Deprovision => Right::Admin,
        }
    }

    /// Whether a client may send it again by itself after the connection broke before the answer:
    /// it changes nothing, or a second time gives the same result.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::Check { .. }
            | Self::CheckMany { .. }
            | Self::Ensure { .. }
            | Self::Capture { .. }
            | Self::Status
            | Self::LicenseInfo { .. }
            | Self::Watch
            | Self::Metrics
            | Self::Features { .. }
            | Self::Explain { .. }
            | Self::Host
            | Self::Ping
            | Self::Language { .. }
            | Self::Configuration
            | Self::WouldCapture { .. } => true,
            Self::Release { .. }
            | Self::Register(_)
            | Self::Activate { .. }
            | Self::ActivateCoupon { .. }
            | Self::AddTrial { .. }
            | Self::Reset
            | Self::Recheck
            | Self::Reload
            | Self::SendMetrics { .. }
            | Self::Deprovision => false,
        }
    }

    /// The name of the request on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Check { .. } => "check",
            Self::CheckMany { .. } => "check_many",
            Self::Ensure { .. } => "ensure",
            Self::Capture { .. } => "capture",
            Self::Release { .. } => "release",
            Self::Status => "status",
            Self::LicenseInfo { .. } => "license_info",
            Self::Register(_) => "register",
            Self::Activate { .. } => "activate",
            Self::ActivateCoupon { .. } => "activate_coupon",
            Self::AddTrial { .. } => "add_trial",
            Self::Reset => "reset",
            Self::Recheck => "recheck",
            Self::Reload => "reload",
            Self::Watch => "watch",
            Self::Metrics => "metrics",
            Self::Features { .. } => "features",
            Self::Explain { .. } => "explain",
            Self::SendMetrics { .. } => "send_metrics",
            Self::Host => "host",
            Self::Deprovision => "deprovision",
            Self::Ping => "ping",
            Self::Language { .. } => "language",
            Self::Configuration => "configuration",
            Self::WouldCapture { .. } => "would_capture",
        }
    }
}
