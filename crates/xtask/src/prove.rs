//! `cargo xtask prove`: what takes too long for every change, and must hold all the same.

use std::process::Command;

use crate::{
    clock::Stopwatch,
    error::Error,
    place::{self, cargo},
    process,
    progress::Progress,
};

/// How many runs of the simulation make a proof, unless somebody says otherwise.
const RUNS: u64 = 10_000;

/// The hosts of the fleet.
const HOSTS: &str = "1000000";

/// How often the daemon is killed.
const KILLS: &str = "1000";

/// What is to be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Everything, with so many runs of the simulation; the drawings of `docs` are made anew if that is wanted.
    All { runs: u64, draw: bool },
    /// One run, with all that happens in it.
    Seed(u64),
}

impl What {
    /// Reads the words behind `prove`.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        match *words {
            [] => Some(Self::All { runs: RUNS, draw: false }),
            ["--draw"] => Some(Self::All { runs: RUNS, draw: true }),
            ["--seeds", runs] => runs.parse().ok().map(|runs| Self::All { runs, draw: false }),
            ["--seed", seed] => seed.parse().ok().map(Self::Seed),
            _ => None,
        }
    }
}

/// Proves it. A line for each proof; a failure shows the seed and the end of its run.
pub(crate) fn run(what: What) -> Result<(), Error> {
    let building = Progress::show("release build");
    process::run(cargo(&["build", "--locked", "--release", "--package", "simulation"]))?;
    drop(building);
    let (runs, draw) = match what {
        What::Seed(seed) => {
            let answered = process::ask(simulation(&["seed", &seed.to_string()]))?;
            print!("{}", answered.stdout);
            return if answered.code == Some(0) { Ok(()) } else { Err(Error::Gate) };
        }
        What::All { runs, draw } => (runs, draw),
    };
    prove("simulation", simulation(&["seeds", "0", &runs.to_string()]), None)?;
    let mut fleet = simulation(&["fleet", HOSTS]);
    if draw {
        fleet.arg(place::workspace().join("docs"));
    }
    prove("fleet", fleet, None)?;
    kills()
}

/// Kills the real daemon in the middle of a busy run.
fn kills() -> Result<(), Error> {
    let building = Progress::show("build");
    process::run(cargo(&["build", "--locked", "--workspace", "--bins"]))?;
    drop(building);
    let mut busy =
        cargo(&["test", "--locked", "--quiet", "--package", "end-to-end", "--test", "all", "busy_run"]);
    busy.env("LICENSED_TEST_KILLS", KILLS);
    let proved = format!("{KILLS} kills of a busy daemon, and never a state that needs a person");
    prove("kills", busy, Some(&proved))
}

fn simulation(arguments: &[&str]) -> Command {
    let mut simulation = Command::new(place::target_dir().join("release/simulation"));
    simulation.args(arguments);
    simulation
}

/// Runs a proof, and prints what it says, or `proved` in its place.
fn prove(name: &str, command: Command, proved: Option<&str>) -> Result<(), Error> {
    let (took, running) = (Stopwatch::start(), Progress::show(name));
    let ended = process::run(command);
    drop(running);
    let seconds = took.elapsed().as_secs_f64();
    match ended {
        Ok(said) => {
            for line in proved.unwrap_or(&said).lines() {
                println!("{seconds:>7.1} s  {name:<14}  {line}");
            }
            Ok(())
        }
        Err(Error::Failed { output, .. }) => {
            println!("{seconds:>7.1} s  {name:<14}  FAILED\n{}", output.trim_end());
            Err(Error::Gate)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_behind_prove_say_what() {
        assert_eq!(What::of(&[]), Some(What::All { runs: RUNS, draw: false }));
        assert_eq!(What::of(&["--seeds", "7"]), Some(What::All { runs: 7, draw: false }));
        assert_eq!(What::of(&["--seed", "7"]), Some(What::Seed(7)));
        assert_eq!(What::of(&["--draw"]), Some(What::All { runs: RUNS, draw: true }));
        for wrong in [&["--seed"][..], &["--seeds", "many"], &["7"]] {
            assert_eq!(What::of(wrong), None, "{wrong:?}");
        }
    }
}
