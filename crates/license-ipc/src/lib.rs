//! The protocol of the licensed socket: what clients and the daemon say to each other, and how.
//!
//! No I/O here: [`frame`] turns messages into bytes and back, whoever moves the bytes.
//! `docs/protocol.md` describes the same for other languages.

mod answer;
mod binary;
pub mod frame;
#[cfg(feature = "json")]
mod json;
mod request;

pub use answer::{
    Answer, Captured, Change, Configuration, Done, ErrorKind, Explanation, Failure, FeaturePage, HostFact,
    HostReport, LicenseInfo, NamedFeature, NoAnswer, Ping, PingFailure, RefusedCommand, ServerWay, Setting,
    Stage, State, Status,
};
pub use frame::{DecodeError, EncodeError, Encoding};
pub use request::{Request, Right};

/// Where the daemon listens unless it is told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/licensed/licensed.sock";
