//! Asks licensed, the licensing daemon of MikoPBX, over its Unix socket.
//!
//! ```no_run
//! use license_client::{Client, types::FeatureId};
//!
//! # fn main() -> Result<(), license_client::ClientError> {
//! let mut client = Client::new(license_client::DEFAULT_SOCKET);
//! let amo_crm = client.check(FeatureId(45))?;
//! if !amo_crm.verdict.may_run() {
//!     eprintln!("the amoCRM module stays off: {}", amo_crm.message);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Client`] blocks and needs no runtime. `AsyncClient` (feature `tokio`) is the same for programs
//! that run on tokio. Both hold to one deadline for each call, over connecting, writing and reading
//! together; both talk to a daemon that runs as root, as `licensed` or as the caller, and to nobody
//! else; both repeat what can be repeated once, when the daemon went away before it answered.
//!
//! `watch` follows what changes instead of asking again and again.
//!
//! An error is never a "no": a module that already runs goes on when its check ends with one.

mod blocking;
mod call;
mod calls;
mod deadline;
mod error;
mod settings;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod tokio_client;
mod trust;

pub use blocking::{Client, Watch};
pub use error::ClientError;
pub use license_ipc::{self as ipc, DEFAULT_SOCKET};
pub use license_types as types;
pub use settings::Settings;
#[cfg(feature = "tokio")]
pub use tokio_client::{AsyncClient, AsyncWatch};
