//! The services under a real systemd.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "test code")]

mod access;
mod asking;
mod boot;
mod credentials;
mod journal;
mod packages;
mod restart;
mod supervision;
mod tutorial;
mod units;
mod without_systemd;
