//! The world of the end-to-end tests: real programs, in a folder of their own, on loopback.
//!
//! A [`World`] is a license server and a host with its daemon. Its steps are what people and modules do
//! (`register`, `recheck`, `check`), and what happens to machines (`kill`, `start`). Whatever it
//! started dies with it. A step that does not work out ends the test, with the logs of who was
//! concerned.
//!
//! The programs come from `LICENSED_BIN_DIR`, or from where `cargo build --workspace --bins` puts them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a harness for tests")]
#![allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "steps are taken for their effect"
)]
#![allow(clippy::missing_panics_doc, reason = "every step ends the test when it does not work out")]

pub mod answered;
pub mod authority;
pub mod bad_server;
pub mod broken_world;
pub mod bystanders;
pub mod gateway;
pub mod host;
pub mod http_wire;
pub mod license_server;
pub mod mail_server;
pub mod middlebox;
pub mod module_loader;
pub mod nobody;
pub mod notify;
pub mod pbx;
pub mod programs;
pub mod service;
pub mod silent;
pub mod somebody;
pub mod systemd_box;
pub mod waiting;
pub mod wire;
pub mod world;

pub use answered::Answered;
pub use broken_world::BrokenWorld;
pub use gateway::Gateway;
pub use host::Host;
pub use http_wire::HttpWire;
pub use license_server::LicenseServer;
pub use pbx::Pbx;
pub use systemd_box::SystemdBox;
pub use world::World;
