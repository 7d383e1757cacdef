//! The built tool against a daemon that gives prepared answers.

#![allow(clippy::unwrap_used, reason = "test code")]

mod commands;
mod daemon;
mod forms;
mod samples;
