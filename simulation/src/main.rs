//! `simulation`: what `cargo xtask prove` runs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

use std::{
    fs,
    num::NonZero,
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use simulation::{
    Counts,
    fleet::{self, Event},
};

const USAGE: &str = "usage: simulation seed SEED
       simulation seeds FIRST COUNT
       simulation fleet HOSTS [FOLDER]";

/// After so many failures no more runs are made.
const MOST_SHOWN: usize = 5;

/// The most that may come at once, as a multiple of the steady mean.
const MOST: f64 = 5.0;

/// Within how many minutes everybody has an answer again.
const FRESH_WITHIN: usize = 75;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().ok();
    match words[..] {
        ["seed", seed] if let Some(seed) = number(seed) => one(seed),
        ["seeds", first, count] if let (Some(first), Some(count)) = (number(first), number(count)) => {
            many(first, count)
        }
        ["fleet", hosts, ref folder @ ..] if let Ok(hosts) = hosts.parse() => {
            a_fleet(hosts, folder.first().map(Path::new))
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
            println!("seed {seed}: {counts}");
            ExitCode::SUCCESS
        }
        Err(what) => {
            println!("seed {seed}: {what}");
            ExitCode::FAILURE
        }
    }
}

/// Many runs, on every processor that there is.
fn many(first: u64, count: u64) -> ExitCode {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let failures = AtomicUsize::new(0);
    let share = |index: usize| {
        let mut counts = Counts::default();
        for seed in (first..first.saturating_add(count)).skip(index).step_by(threads) {
            match simulation::run(seed) {
                Ok(run) => counts.add(run),
                Err(failure) => {
                    println!("{failure}\n");
                    failures.fetch_add(1, Ordering::Relaxed);
                }
            }
            if failures.load(Ordering::Relaxed) >= MOST_SHOWN {
                break;
            }
        }
        counts
    };
    let mut counts = Counts::default();
    thread::scope(|scope| {
        let share = &share;
        let workers: Vec<_> = (0..threads).map(|index| scope.spawn(move || share(index))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).for_each(|part| counts.add(part));
    });
    let failed = failures.into_inner();
    if failed == 0 {
        println!("{count} runs: {counts}");
        ExitCode::SUCCESS
    } else {
        println!("{failed} runs failed");
        ExitCode::FAILURE
    }
}

/// Both events of a fleet; with a folder, their drawings are written into it.
fn a_fleet(hosts: u32, folder: Option<&Path>) -> ExitCode {
    let mut is_good = true;
    for (event, name) in [(Event::Outage, "fleet-outage.svg"), (Event::PowerCut, "fleet-power-cut.svg")] {
        let curve = fleet::run(hosts, event, 1);
        let (peak, fresh) = (curve.peak(1), curve.fresh_after.div_ceil(60));
        println!(
            "{event:?}: {hosts} hosts, peak {peak:.2} times {:.1}/s, all fresh after {fresh} min",
            curve.steady()
        );
        is_good &= peak <= MOST && fresh <= FRESH_WITHIN;
        if let Some(folder) = folder
            && let Err(error) = fs::write(folder.join(name), fleet::svg(&curve))
        {
            eprintln!("cannot write {}: {error}", folder.join(name).display());
            is_good = false;
        }
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
