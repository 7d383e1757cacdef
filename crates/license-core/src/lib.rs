//! What both sides of licensed must agree on: the daemon and the license server.
//!
//! Pure: no I/O, no clock, no randomness. `now` and whatever chance decides are parameters, so a
//! simulation can run the real decisions, and a test can name the moment it is about.

pub mod api;
pub mod crypto;
mod disbelief;
mod entitlement;
pub mod envelope;
mod explain;
pub mod host;
#[cfg(feature = "schema")]
mod json_schema;
pub mod keys;
pub mod outcome;
pub mod receipt;
pub mod schedule;
pub mod schema;
pub mod state;
pub mod statement;
pub mod time;
mod turning;
