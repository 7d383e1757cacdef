//! The licensing daemon for MikoPBX.
//!
//! It holds a host's license binding, checks it with the license server on a schedule, and answers on a
//! Unix socket whether a feature may run. Decisions are in `license-core`; here is what does I/O:
//!
//! - [`daemon`] starts the parts and acts on signals;
//! - [`keeper`] owns the state: the only writer, and the only one who calls the license server;
//! - [`connection`] moves frames, [`access`] decides who may do what and does it;
//! - [`metrics`] counts, [`pulse`] tells the service manager that all is well;
//! - [`transport`], [`store`], [`identity`], [`trust`], [`clock`]: the world outside.

pub mod access;
pub mod clock;
pub mod config;
pub mod configuration;
pub mod connection;
pub mod daemon;
pub mod deprovision;
pub mod event;
pub mod features;
pub mod identity;
pub mod keeper;
pub mod listen;
pub mod metrics;
pub mod number;
pub mod ping;
pub mod pulse;
pub mod reload;
pub mod reply;
pub mod retry;
pub mod skew;
pub mod snapshot;
pub mod status;
pub mod store;
pub mod summary;
pub mod transport;
pub mod trust;
pub mod view;
pub mod watcher;
