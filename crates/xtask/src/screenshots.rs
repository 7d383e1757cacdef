//! `cargo xtask screenshots`: what the README shows, from real programs.

use std::process::Command;

use crate::{
    error::Error,
    place::{self, cargo_on_all},
    process,
};

/// Builds the programs, and has them run on loopback and drawn.
pub(crate) fn run() -> Result<(), Error> {
    process::run(cargo_on_all("build", &["--bins"]))?;
    let programs = place::target_dir().join("debug");
    let folder = place::workspace().join("docs/screenshots");
    let mut draw = Command::new(programs.join("screenshots"));
    draw.arg(&folder).env("LICENSED_BIN_DIR", &programs);
    process::run(draw)?;
    println!("{}", folder.display());
    Ok(())
}
