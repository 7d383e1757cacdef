//! A module that asks without end: `ask SOCKET TIMES RATE` asks for feature 33, RATE times a second, and ends well if
//! it was granted each time. Its last line tells how often it asked, and how long the longest answer took.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a program for tests")]

use std::{env, process::ExitCode, time::Duration};

use end_to_end::waiting::{self, Stopwatch};
use license_client::{
    Client,
    types::{FeatureId, Verdict},
};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().collect();
    let (times, rate): (u32, u32) = (words[2].parse().unwrap(), words[3].parse().unwrap());
    let mut client = Client::new(&words[1]);
    let (begun, mut longest) = (Stopwatch::start(), Duration::ZERO);
    for asked in 0..times {
        waiting::pass((Duration::from_secs(1) * asked / rate).saturating_sub(begun.elapsed()));
        let asking = Stopwatch::start();
        match client.check(FeatureId(33)).map(|found| found.verdict) {
            Ok(Verdict::Granted { .. }) => longest = longest.max(asking.elapsed()),
            other => {
                eprintln!("query {asked} of {times}, after {:?}: {other:?}", begun.elapsed());
                return ExitCode::FAILURE;
            }
        }
    }
    println!("asked {times} times in {:?}, the longest answer took {longest:?}", begun.elapsed());
    ExitCode::SUCCESS
}
