//! The rules that the daemon and the license server agree on, from outside.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod explain;
mod machine;
mod number;
mod page;
mod properties;
mod rotation;
mod state;
mod statement;
mod time;
mod turning;
mod world;
