//! `cargo xtask test`: everything that must hold before a change is taken.
//!
//! Quiet when fine: a line a step. The quick steps come first, and the first that fails ends the run with
//! all that it wrote.

mod dependencies;
mod scripts;
mod suites;

use crate::{
    clock::Stopwatch,
    deb, demo,
    error::Error,
    man,
    place::{cargo, cargo_on_all},
    process,
    progress::Progress,
    rules,
};

struct Step {
    name: &'static str,
    run: fn() -> Result<Done, Error>,
}

/// Quick ones first.
const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "rules", run: contained },
    Step { name: "shell scripts", run: scripts::shell },
    Step { name: "PHP syntax", run: scripts::php },
    Step { name: "PHP style", run: scripts::php_style },
    Step { name: "clippy", run: clippy },
    Step { name: "thin client", run: thin_client },
    Step { name: "programs", run: suites::build },
    Step { name: "man pages", run: man_pages },
    Step { name: "packages", run: packages },
    Step { name: "Rust tests", run: suites::rust },
    Step { name: "documentation", run: documentation },
    Step { name: "dependencies", run: dependencies::check },
    Step { name: "PHP analysis", run: scripts::php_analysis },
    Step { name: "PHP tests", run: suites::php },
    Step { name: "demo", run: demonstrated },
];

/// What a step that went well has to say.
#[derive(Default)]
struct Done {
    /// Tests that passed.
    passed: usize,
    /// Anything that the reader should know.
    note: String,
}

impl Done {
    fn passed(passed: usize) -> Self {
        Self { passed, note: format!("{passed} passed") }
    }

    fn noting(note: String) -> Self {
        Self { passed: 0, note }
    }
}

/// Runs the gate. Its last line is `N passed, M failed`.
pub(crate) fn run() -> Result<(), Error> {
    let whole = Stopwatch::start();
    let mut passed = 0;
    for step in STEPS {
        let took = Stopwatch::start();
        let progress = Progress::show(step.name);
        let done = (step.run)();
        drop(progress);
        let seconds = took.elapsed().as_secs_f64();
        match done {
            Ok(done) => {
                println!("{}", format!("{seconds:>7.1} s  {:<14}  {}", step.name, done.note).trim_end());
                passed += done.passed;
            }
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => {
                let error = error.to_string();
                println!("{seconds:>7.1} s  {:<14}  FAILED\n{error}", step.name);
                let passed = passed + suites::count(&error, "passed");
                println!("{passed} passed, {} failed", suites::count(&error, "failed").max(1));
                return Err(Error::Gate);
            }
        }
    }
    println!("{:>7.1} s  in all", whole.elapsed().as_secs_f64());
    println!("{passed} passed, 0 failed");
    Ok(())
}

fn format() -> Result<Done, Error> {
    process::run(cargo(&["fmt", "--all", "--", "--check", "--color", "never"]))?;
    Ok(Done::default())
}

fn contained() -> Result<Done, Error> {
    rules::contained()?;
    Ok(Done::default())
}

/// The client as a module author builds it: what it pulls in, and that it builds without the features that
/// its neighbours here turn on.
fn thin_client() -> Result<Done, Error> {
    process::run(cargo(&["clippy", "--locked", "-p", "license-client", "--", "--deny", "warnings"]))?;
    let crates = rules::client_is_thin()?;
    Ok(Done::noting(format!("{crates} crates, no runtime")))
}

fn clippy() -> Result<Done, Error> {
    process::run(cargo_on_all("clippy", &["--all-targets", "--", "--deny", "warnings"]))?;
    Ok(Done::default())
}

fn man_pages() -> Result<Done, Error> {
    man::check().map(Done::passed)
}

/// The tests install them.
fn packages() -> Result<Done, Error> {
    deb::check().map(Done::passed)
}

fn documentation() -> Result<Done, Error> {
    let mut doc = cargo_on_all("doc", &["--no-deps", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "--deny warnings");
    process::run(doc)?;
    Ok(Done::default())
}

/// The demo, whose transcript matters only if it fails.
fn demonstrated() -> Result<Done, Error> {
    let mut transcript = Vec::new();
    match demo::run(&mut transcript, false) {
        Ok(()) => Ok(Done::noting("every step as expected".to_owned())),
        Err(Error::Interrupted) => Err(Error::Interrupted),
        Err(error) => Err(Error::Rule(format!("{}{error}", String::from_utf8_lossy(&transcript)))),
    }
}
