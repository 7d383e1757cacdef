//! The services under a real systemd.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "test code")]

mod access;
mod boot;
mod credentials;
mod journal;
mod restart;
mod supervision;
mod units;
mod without_systemd;
