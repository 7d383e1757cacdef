//! What the daemon answers.

use std::fmt;

use license_types::{
    Code, Customer, Entitlement, Fact, FeatureId, LicensedProduct, RegistrationNumber, SessionId, UnixTime,
};
use serde::{Deserialize, Serialize};

/// An answer of the daemon.
///
/// Variants are only ever appended, and a field of a struct never changes: bincode counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To `check` and `ensure`.
    Entitlement(Entitlement),
    /// To `check_many`, in the order asked.
    Entitlements(Vec<Entitlement>),
    /// To `capture`.
    Captured(Captured),
    /// To `status`.
    Status(Box<Status>),
    /// To `license_info`.
    LicenseInfo(LicenseInfo),
    /// To `register`.
    Registered {
        /// The company's registration number.
        number: RegistrationNumber,
    },
    /// To everything that is done, and that is all there is to say.
    Done(Done),
    /// The request failed.
    Error(Failure),
    /// To `watch`: one for each change.
    Change(Box<Change>),
    /// To `metrics`.
    Metrics {
        /// The counts, in the OpenMetrics text format.
        text: String,
    },
    /// To `features`.
    Features(FeaturePage),
    /// To `explain`.
    Explanation(Box<Explanation>),
    /// To `host`.
    Host(HostReport),
    /// To `ping`.
    Ping(Ping),
    /// To `configuration`.
    Configuration(Box<Configuration>),
}

impl Answer {
    /// The name of the answer on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Entitlement(_) => "entitlement",
            Self::Entitlements(_) => "entitlements",
            Self::Captured(_) => "captured",
            Self::Status(_) => "status",
            Self::LicenseInfo(_) => "license_info",
            Self::Registered { .. } => "registered",
            Self::Done(_) => "done",
            Self::Error(_) => "error",
            Self::Change(_) => "change",
            Self::Metrics { .. } => "metrics",
            Self::Features(_) => "features",
            Self::Explanation(_) => "explanation",
            Self::Host(_) => "host",
            Self::Ping(_) => "ping",
            Self::Configuration(_) => "configuration",
        }
    }
}

/// A seat that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The seat, for `release`.
    pub session: SessionId,
    /// What the feature comes to now.
    pub entitlement: Entitlement,
}

/// What tells this host from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    /// The id of the host's key, by which the license server and its vendor call this host.
    pub key: String,
    /// What it is known by beside the key: `hardware`, `configured` or `container`. There may be more words.
    pub known_by: String,
    /// The same in a sentence.
    pub message: String,
    /// What was looked for, a row for each kind.
    pub facts: Vec<HostFact>,
}

/// What came of looking for one kind of fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFact {
    /// Its kind, as the license server gets it: `machine_id`, `product_uuid`, `board_serial`, `nic`, `disk`,
    /// `configured`.
    pub kind: String,
    /// The file or the credential that it comes from, or was looked for in.
    pub source: Option<String>,
    /// Why it does not count: `missing`, `not_permitted`, `unreadable`, `placeholder`, `container`,
    /// `configured`. There may be more words. `None` if it counts.
    pub unused: Option<String>,
    /// The last characters of the value.
    pub value: Option<String>,
    /// What the license server gets instead of the value: HMAC-SHA256, in hex.
    pub digest: Option<String>,
}

/// A request that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What happened, in a sentence for people.
    pub message: String,
    /// What did not go quite as wanted.
    pub warnings: Vec<String>,
}

/// How the daemon and its binding are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The version of the daemon.
    pub version: String,
    /// What the daemon is in, as one word.
    pub state: State,
    /// The registration number, masked; `None` if there is none.
    pub number: Option<String>,
    /// The company that it belongs to, once a lease told.
    pub company: Option<String>,
    /// The license server in use; `None` if none is configured.
    pub server: Option<String>,
    /// The code of a state that is no plain "bound", and why, in words.
    pub code: Option<Code>,
    /// What the state means and what to do, in a sentence.
    pub message: String,
    /// The serial of the statement that is held.
    pub serial: Option<u64>,
    /// When the license server last answered with a statement.
    pub last_answer: Option<UnixTime>,
    /// The last attempt that failed since then.
    pub last_failure: Option<NoAnswer>,
    /// When the license server is asked again.
    pub next_check: Option<UnixTime>,
    /// To when the lease is honoured without another answer.
    pub honoured_until: Option<UnixTime>,
    /// What a person should look at.
    pub warnings: Vec<String>,
    /// The version of the socket protocol that the daemon speaks.
    pub protocol: u8,
    /// The schema of statements that the daemon writes and reads, `major.minor`.
    pub statement_schema: String,
    /// Since when this host is bound to its number; `None` while it is refused.
    pub bound_since: Option<UnixTime>,
    /// How often the number of this host was given, changed or forgotten. A reset counts also where there is none.
    pub number_changes: u64,
    /// The last command of a person that the license server refused by a code, until one of its kind succeeds, this
    /// host is bound or reset, or the daemon restarts.
    pub last_refusal: Option<RefusedCommand>,
}

/// A command of a person that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCommand {
    /// The request, by its name: `activate_coupon` and the like.
    pub request: String,
    /// The licensing code.
    pub code: Option<Code>,
    /// Why, in words.
    pub message: String,
    /// When.
    pub at: UnixTime,
}

/// What the daemon is in, in one word for people and scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is no registration number on this host.
    Unregistered,
    /// There is a lease, and the last check reached the license server.
    Fresh,
    /// There is a lease, and the license server is away.
    Offline,
    /// The lease has ended without another answer.
    Lapsed,
    /// The license server said no.
    Refused,
    /// What was held cannot be used any more; the license server is asked for it.
    Recovering,
    /// There is no registration number, and one is being registered or activated.
    Registering,
    /// There is a lease, and it was given to other hardware; the license server is to be told first.
    HostChanged,
    /// The license server said no until a person decides: this is a copy of another host, or it moved too
    /// often.
    Pending,
    /// The daemon is stopping.
    Draining,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unregistered => "unregistered",
            Self::Fresh => "fresh",
            Self::Offline => "offline",
            Self::Lapsed => "lapsed",
            Self::Refused => "refused",
            Self::Recovering => "recovering",
            Self::Registering => "registering",
            Self::HostChanged => "host_changed",
            Self::Pending => "pending",
            Self::Draining => "draining",
        })
    }
}

/// An attempt to reach the license server that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoAnswer {
    /// 1011 to 1014.
    pub code: Code,
    /// What happened, with the URL.
    pub message: String,
    /// When.
    pub at: UnixTime,
}

/// What a watcher is told.
///
/// What moves with every answer of the license server is no change by itself: `last_answer`, `next_check`,
/// and `until` and `since` of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Whether this is everything, and what was told before is to be forgotten: the first answer is.
    pub whole: bool,
    /// Whether changes passed that were not told. Then this is everything.
    pub missed: bool,
    /// Whether the next answer goes on with this one, which would be too long for a frame.
    pub more: bool,
    /// What the daemon is in, as in `status`.
    pub state: State,
    /// The code of that, as in `status`.
    pub code: Option<Code>,
    /// What that means, as in `status`.
    pub message: String,
    /// All features of the license if this is everything; else those that changed. A feature that the
    /// license does not list any more is told once more, without `seats`.
    pub entitlements: Vec<Entitlement>,
}

impl Change {
    /// The most entitlements of one answer. Their texts are bounded by the license server alone; at two
    /// kilobytes each they fit a frame.
    pub const MOST_ENTITLEMENTS: usize = 500;
}

/// Some of the features of the license, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeaturePage {
    /// The features.
    pub features: Vec<NamedFeature>,
    /// The cursor of the next page; `None` if this is the last.
    pub next: Option<FeatureId>,
}

impl FeaturePage {
    /// The most features of a page: the largest license takes eight, and each fits a frame with names and texts of
    /// kilobytes.
    pub const MOST: usize = 250;
}

/// A feature of the license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedFeature {
    /// Its name, for people.
    pub name: String,
    /// What it comes to on this host.
    pub entitlement: Entitlement,
}

/// Why a feature comes to what it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What it comes to.
    pub entitlement: Entitlement,
    /// The facts that led there, in the order in which they were weighed; the last is the verdict.
    pub facts: Vec<Fact>,
}

/// What a license holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseInfo {
    /// The registration number; masked for readers.
    pub number: String,
    /// Its owner; e-mail and phone masked for readers.
    pub customer: Customer,
    /// Its products.
    pub products: Vec<LicensedProduct>,
    /// When the license server said so.
    pub as_of: UnixTime,
}

/// Whether the license server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The URL of the license server that was asked last.
    pub server: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How long ago that was, in seconds: others may have asked just before.
    pub age: u64,
    /// Why there is no answer; `None` if there is one.
    pub failure: Option<PingFailure>,
}

/// Why the license server does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingFailure {
    /// How far it came.
    pub stage: Stage,
    /// 1011 to 1014.
    pub code: Code,
    /// What happened, with the URL.
    pub message: String,
}

/// What the daemon runs with. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The file that it was read from, there or not.
    pub file: String,
    /// Where the state is kept.
    pub state_dir: String,
    /// Files and folders with root keys of the license server.
    pub trust: Vec<String>,
    /// The root keys that were found there.
    pub root_keys: u32,
    /// Certificate authorities beside those of the system.
    pub ca_file: Option<String>,
    /// The license servers, the preferred one first.
    pub servers: Vec<ServerWay>,
    /// Every option with the value that is in force, as the file has it, in the order of the documentation.
    pub options: Vec<Setting>,
}

/// A license server, and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerWay {
    /// Its URL.
    pub url: String,
    /// The proxy on the way, without user and password; `None` if it is reached directly.
    pub proxy: Option<String>,
    /// What says so: `proxy` for the option of that name, or the variable, as `HTTPS_PROXY`.
    pub proxy_from: Option<String>,
}

/// An option with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value, as the file has it.
    pub value: String,
}

/// The stages of a call to the license server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its name is looked up.
    Lookup,
    /// It is connected to.
    Connect,
    /// A trusted TLS session is made.
    Tls,
    /// It answers as a license server.
    Answer,
}

impl Stage {
    /// The name of the stage on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Answer => "answer",
        }
    }
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// The licensing code, if there is one.
    pub code: Option<Code>,
    /// What happened and what to do, in a sentence for people.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "({code}) {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Failure {}

/// The kinds of [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The payload is no request. The daemon closes the connection.
    Malformed,
    /// The frame is over the limit. The daemon closes the connection.
    TooLarge,
    /// The daemon does not speak this version or encoding. It closes the connection.
    Unsupported,
    /// The caller may not do this.
    NotPermitted,
    /// Too many connections or requests at once: try again later.
    Busy,
    /// The daemon is stopping: try again in a moment.
    Draining,
    /// The license server, or a rule that needs no license server, said no.
    Refused,
    /// The license server gave no answer.
    NoAnswer,
    /// Another request came before it, a reset for one, and what was asked for does not hold.
    Overtaken,
}

impl ErrorKind {
    /// The name of the kind on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Unsupported => "unsupported",
            Self::NotPermitted => "not_permitted",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::Refused => "refused",
            Self::NoAnswer => "no_answer",
            Self::Overtaken => "overtaken",
        }
    }
}
