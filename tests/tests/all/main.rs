//! The main job on the real programs, and what must not go wrong with it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "test code")]

mod bad_bytes;
mod bad_server;
mod bench;
mod busy_run;
mod chance;
mod command_line;
mod configuration;
mod copies;
mod crash;
mod damaged_state;
mod deprovision;
mod explained;
mod first_activation;
mod forgery;
mod gateway_flows;
mod gateway_number;
mod gateway_outage;
mod gateway_shapes;
mod key_rotation;
mod limits;
mod mail;
mod main_job;
mod metrics;
mod module_loader;
mod offline;
mod openapi;
mod other_languages;
mod processes;
mod restored_host;
mod restored_server;
mod slow_watcher;
mod told_at_once;
mod watching;
