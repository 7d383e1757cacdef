//! `cargo xtask demo`: the main job end to end, on real processes.
//!
//! A license server and a daemon on loopback, and after each step two questions: the PHP module loader's,
//! and `licensectl check`'s. Both must get the verdict that the step table names.

mod verdicts;
mod world;

use std::{io, io::Write, path::Path};

use crate::{clock::Stopwatch, error::Error, place::cargo_on_all, process, progress::Progress, tools::PHP};
use world::World;

/// What is asked after each step: feature 33, which is MikoPBX itself, and a module of each sort.
pub(crate) const SUBJECTS: [Subject; 4] = [
    Subject { title: "MikoPBX", feature: Some(33), module: None },
    Subject { title: "free", feature: None, module: Some("ModulePhoneBook") },
    Subject { title: "amoCRM", feature: Some(45), module: Some("ModuleAmoCrm") },
    Subject { title: "unsold", feature: Some(9999), module: Some("ModuleUnsold") },
];

/// A column of the transcript.
pub(crate) struct Subject {
    title: &'static str,
    /// What `licensectl check` is asked about.
    feature: Option<u32>,
    /// What the PHP loader is asked about.
    module: Option<&'static str>,
}

struct Step {
    title: &'static str,
    act: fn(&mut World) -> Result<(), Error>,
    /// The verdict on each of [`SUBJECTS`] afterwards.
    expect: [&'static str; SUBJECTS.len()],
}

const NO_NUMBER: &str = "indeterminate 2009";
const FRESH: &str = "granted fresh";
const OFFLINE: &str = "granted offline";
const FREE: &str = "granted";
const DENIED: &str = "denied 2008";

const STEPS: &[Step] = &[
    Step {
        title: "license server and daemon start",
        act: World::start,
        expect: [NO_NUMBER, FREE, NO_NUMBER, NO_NUMBER],
    },
    Step {
        title: "ООО «Ромашка» registers", act: World::register, expect: [FRESH, FREE, DENIED, DENIED]
    },
    Step {
        title: "coupon for product 81 is issued",
        act: World::issue_coupon,
        expect: [FRESH, FREE, DENIED, DENIED],
    },
    Step { title: "coupon is activated", act: World::activate_coupon, expect: [FRESH, FREE, FRESH, DENIED] },
    Step {
        title: "kill -9 license server; recheck",
        act: World::kill_server,
        expect: [OFFLINE, FREE, OFFLINE, DENIED],
    },
    Step {
        title: "kill -9 daemon; it starts again",
        act: World::restart_daemon,
        expect: [OFFLINE, FREE, OFFLINE, DENIED],
    },
    Step {
        title: "license server is back; recheck",
        act: World::restart_server,
        expect: [FRESH, FREE, FRESH, DENIED],
    },
    Step {
        title: "binding is dropped; recheck",
        act: World::drop_binding,
        expect: [DENIED, FREE, DENIED, DENIED],
    },
];

/// Plays all steps and writes a line for each to `out`. With `keep`, both processes stay up afterwards.
pub(crate) fn run(out: &mut dyn Write, keep: bool) -> Result<(), Error> {
    let building = Stopwatch::start();
    let php = PHP.installed()?;
    let progress = Progress::show("building the programs; the first time takes a few minutes");
    process::run(cargo_on_all("build", &["--all-targets"]))?;
    drop(progress);
    show(out, building, "programs are built", &SUBJECTS.map(|subject| subject.title.to_owned()))?;

    let mut world = World::new(php)?;
    for step in STEPS {
        let took = Stopwatch::start();
        (step.act)(&mut world)?;
        let found = verdicts::ask(&world)?;
        show(out, took, step.title, &found)?;
        if found != step.expect {
            let expected = line("", "EXPECTED", &step.expect.map(str::to_owned));
            return Err(Error::Rule(format!(
                "the verdicts are not as expected\n{expected}\n{}",
                world.logs()
            )));
        }
    }
    if keep { say(out, &world.keep()) } else { Ok(()) }
}

fn show(out: &mut dyn Write, took: Stopwatch, title: &str, cells: &[String]) -> Result<(), Error> {
    say(out, &line(&format!("{:.2} s", took.elapsed().as_secs_f64()), title, cells))
}

fn say(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|source: io::Error| Error::File {
        doing: "write to",
        path: Path::new("standard output").to_owned(),
        source,
    })
}

/// A line of the transcript: time, title, and a cell for each subject.
fn line(time: &str, title: &str, cells: &[String]) -> String {
    let mut columns = vec![format!("{time:>8}"), format!("{title:<32}")];
    for (cell, subject) in cells.iter().zip(&SUBJECTS) {
        let width = if subject.feature.is_some() { NO_NUMBER.len() } else { FREE.len() };
        columns.push(format!("{cell:<width$}"));
    }
    columns.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdicts_of_a_line_stand_under_their_subjects() {
        let titles = line("", "", &SUBJECTS.map(|subject| subject.title.to_owned()));
        for step in STEPS {
            let line: Vec<char> =
                line("12.3 s", step.title, &step.expect.map(str::to_owned)).chars().collect();
            for (subject, verdict) in SUBJECTS.iter().zip(step.expect) {
                let at = titles.find(subject.title).unwrap();
                assert!(line[at..].iter().collect::<String>().starts_with(verdict), "{}", step.title);
            }
        }
    }
}
