//! What the probes saw, before anybody judges it.

use std::{net::IpAddr, path::PathBuf};

use license_client::{
    ipc::{NamedFeature, Ping, Status},
    types::{Code, FeatureId, UnixTime},
};

use license_texts::Text;

use crate::report::{Family, WouldBe};

/// Everything that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The wall clock.
    pub wall: UnixTime,
    /// The latest time that is known for sure: what was signed last, what this program was built at, the wall clock.
    pub known_time: UnixTime,
    /// Whether systemd runs this host.
    pub has_systemd: bool,
    /// The daemon, by its socket.
    pub daemon: Daemon,
    /// The file of the socket.
    pub socket: SocketFile,
    /// Who looks.
    pub caller: Caller,
    /// The systemd unit, where there is systemd.
    pub unit: Option<Unit>,
    /// What is configured.
    pub settings: Settings,
    /// The folder with the state.
    pub folder: Folder,
    /// The license servers, in their order.
    pub servers: Vec<Server>,
    /// What the daemon says of reaching the license server.
    pub ping: Option<Ping>,
    /// The features of the license; `None` where nobody could ask or there is no lease.
    pub features: Option<Vec<NamedFeature>>,
    /// The feature that was asked about.
    pub would: Option<Would>,
}

/// Whether the daemon answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Daemon {
    /// It does.
    Answers(Box<Status>),
    /// There is no socket.
    NoSocket,
    /// There is one, and nobody listens.
    NobodyListens,
    /// The caller may not open it.
    NotPermitted,
    /// Somebody listens; in words what came of asking.
    Silent(String),
}

/// The file of the socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SocketFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is, as far as the caller may see.
    pub seen: Option<Ownership>,
}

/// To whom a file belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// Its owner by name, or by number.
    pub owner: String,
    /// Its group by name, or by number.
    pub group: String,
    /// Its permission bits.
    pub mode: u32,
    /// Whether the caller is in the group.
    pub caller_in_group: bool,
}

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// By name, or by number.
    pub user: String,
    /// Whether it is root.
    pub is_root: bool,
    /// The groups of this process.
    pub groups: Vec<String>,
    /// Whether /etc/group has the caller in the socket's group, and the process has it not: logged in before.
    pub joined_later: bool,
}

/// What systemd says of the unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unit {
    /// `LoadState`.
    pub load: String,
    /// `ActiveState`.
    pub active: String,
    /// `SubState`.
    pub sub: String,
    /// `Result`.
    pub result: String,
    /// `NRestarts`.
    pub restarts: u32,
}

/// What is configured, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The file.
    pub file: String,
    /// Where it is read from.
    pub known_from: KnownFrom,
    /// Where root keys are looked for.
    pub trust: Vec<String>,
    /// How many were found; `None` if the caller cannot see.
    pub root_keys: Option<u32>,
}

/// Who says what is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KnownFrom {
    /// The daemon.
    #[default]
    Daemon,
    /// The file, for the daemon does not say it.
    File,
    /// Nobody: in words why.
    Nobody(Text),
}

/// The folder with the state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is there; `None` if the caller may not see.
    pub exists: Option<bool>,
    /// To whom it belongs.
    pub ownership: Option<Ownership>,
    /// What is in it; `None` if the caller may not look.
    pub content: Option<Content>,
    /// Room on its disk.
    pub room: Option<Room>,
}

/// What is in the state folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Files that were set aside, since they could not be read.
    pub set_aside: Vec<PathBuf>,
    /// What is wrong with the files of now, in words.
    pub faults: Vec<String>,
}

/// Room on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes for those who are not root.
    pub bytes: u64,
    /// Whether there is room for another file.
    pub has_inodes: bool,
    /// Whether it is mounted read-only.
    pub is_read_only: bool,
}

/// A license server, and what came of going there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its URL.
    pub url: String,
    /// Its host.
    pub host: String,
    /// The proxy on the way.
    pub proxy: Option<ProxyWay>,
    /// How the name was looked up: that of the proxy where there is one. `None` for a literal address.
    pub lookup: Option<Lookup>,
    /// How each address was connected to.
    pub connects: Vec<Connect>,
    /// What came of each connection, by family; through a proxy a single one without.
    pub sessions: Vec<Session>,
    /// What answers plain HTTP on port 80 of its address.
    pub plain: Option<Plain>,
}

/// The proxy on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyWay {
    /// Its URL, without user and password.
    pub url: String,
    /// What says so.
    pub from: String,
    /// What it said to the call; `None` if it was not reached.
    pub said: Option<ProxySaid>,
}

/// What a proxy says to `CONNECT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxySaid {
    /// The way is open.
    Open,
    /// Another status.
    Status(u16),
    /// Nothing that could be read.
    Nonsense(String),
}

/// How a name was looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookup {
    /// The name.
    pub name: String,
    /// What the system found, as programs get it.
    pub found: Vec<IpAddr>,
    /// Why it found nothing, in words; `None` if it did, or took too long.
    pub error: Option<String>,
    /// Whether it took too long.
    pub is_slow: bool,
    /// What /etc/hosts says.
    pub hosts_entry: Vec<IpAddr>,
    /// What each resolver says.
    pub resolvers: Vec<Resolver>,
}

/// A resolver of /etc/resolv.conf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    /// Where it is.
    pub address: IpAddr,
    /// What it said.
    pub said: ResolverSaid,
}

/// What a resolver said about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolverSaid {
    /// It has these addresses, maybe none.
    Addresses(Vec<IpAddr>),
    /// There is no such name.
    NoSuchName,
    /// Another answer: its RCODE.
    Failure(u8),
    /// Nothing in time.
    Nothing,
    /// It cannot be reached, in words.
    Unreachable(String),
}

/// How an address was connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// The address.
    pub address: IpAddr,
    /// What came of it.
    pub outcome: Connected,
}

impl Connect {
    /// The family of the address.
    #[must_use]
    pub const fn family(&self) -> Family {
        if self.address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// What came of connecting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connected {
    /// It is connected.
    Yes,
    /// There is no way there.
    NoRoute(String),
    /// It is refused.
    Refused,
    /// No answer in time.
    Dropped,
    /// Another failure, in words.
    Failed(String),
}

/// What came of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The family of the connection; `None` behind a proxy.
    pub family: Option<Family>,
    /// The TLS session; `None` without TLS.
    pub tls: Option<Tls>,
    /// The HTTP answer; `None` if there was nothing to ask over.
    pub http: Option<Http>,
}

/// A TLS session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificates, that of the server first.
    pub chain: Vec<Certificate>,
    /// Why it is not trusted; `None` if it is.
    pub distrust: Option<Distrust>,
    /// Why there is no session, in words; `None` if there is.
    pub error: Option<String>,
    /// The time at which the certificates were checked.
    pub checked_at: UnixTime,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names that it is for.
    pub names: Vec<String>,
    /// From when it is valid.
    pub not_before: UnixTime,
    /// To when.
    pub not_after: UnixTime,
}

/// Why a chain is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It is for another name.
    WrongHost,
    /// Nobody whom this host trusts has signed it.
    UnknownIssuer,
    /// This host trusts nobody at all, or cannot read whom, in words.
    NoRoots(String),
    /// Something else, in words.
    Other(String),
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Http {
    /// It came.
    Answer {
        /// Its status.
        status: u16,
        /// Whether it is one of a license server.
        is_license_server: bool,
        /// Its `Content-Type`.
        content_type: String,
        /// The clock of the server.
        date: Option<UnixTime>,
    },
    /// It did not, in words.
    None(String),
}

/// What answers plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// The status.
    pub status: u16,
    /// The host that it sends the reader to.
    pub redirect_host: Option<String>,
    /// Whether it is a page for people.
    pub is_page: bool,
}

/// What a capture would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Would {
    /// The feature.
    pub feature: FeatureId,
    /// Yes, no, or nobody knows.
    pub would_be: WouldBe,
    /// The code.
    pub code: Option<Code>,
    /// The daemon's words; empty where it did not say anything.
    pub message: String,
}
