//! `simulation`: what `cargo xtask prove` runs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

use std::process::ExitCode;

const USAGE: &str = "usage: simulation seed SEED
       simulation seeds FIRST COUNT";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().ok();
    match words[..] {
        ["seed", seed] if let Some(seed) = number(seed) => one(seed),
        ["seeds", first, count] if let (Some(first), Some(count)) = (number(first), number(count)) => {
            many(first, count)
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// One run, with all that happens in it.
fn one(seed: u64) -> ExitCode {
    let (done, trace) = simulation::traced(seed, true);
    for line in trace {
        println!("{line}");
    }
    match done {
        Ok(counts) => {
            println!("seed {seed}: {counts:?}");
            ExitCode::SUCCESS
        }
        Err(what) => {
            println!("seed {seed}: {what}");
            ExitCode::FAILURE
        }
    }
}

fn many(first: u64, count: u64) -> ExitCode {
    let mut counts = simulation::Counts::default();
    let mut failed = 0;
    for seed in first..first.saturating_add(count) {
        match simulation::run(seed) {
            Ok(run) => counts.add(run),
            Err(failure) => {
                println!("{failure}");
                failed += 1;
                if failed == 5 {
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    println!("{count} runs, {failed} failed: {counts:?}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
