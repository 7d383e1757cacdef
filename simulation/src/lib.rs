//! The daemon and the license server in simulated weather.
//!
//! Both sides are the real ones, as far as they are pure: `license_core::state` decides for each host, and
//! `license_server::exchange` for the license server, over rows in memory; signatures, classification of answers
//! and stored states are real. Simulated are the network, the clocks, the disks, and the people. Everything
//! comes from one heap of events and one generator of chance: one seed is one run, the same on every machine.
//!
//! What must hold is told by an oracle that looks at what people did, and not at what the code under test thinks
//! of it. [`run()`] runs a seed; `cargo xtask prove` runs 10,000 of them. [`fleet`] has a million hosts by the same
//! schedule.

mod clock;
mod daemon;
mod deeds;
mod disk;
pub mod fleet;
mod host;
mod network;
mod oracle;
mod plan;
mod run;
mod server;
mod trace;
mod world;

pub use self::{
    run::{Failure, run, traced},
    world::Counts,
};
