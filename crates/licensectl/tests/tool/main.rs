//! The built tool against a daemon that gives prepared answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod bundle;
mod commands;
mod daemon;
mod forms;
mod overview;
mod samples;
mod terminal;
