//! Worlds in which something is broken, and what `licensectl doctor` calls it.
//!
//! Each is a host and an internet of its own, in network namespaces: `end_to_end::BrokenWorld`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "test code")]

mod healthy;
