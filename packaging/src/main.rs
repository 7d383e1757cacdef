//! `packaging FOLDER DATE`: writes man pages, completions and the journal's catalogs into the folder.

use std::{env, io, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, date] = &arguments[..] else {
        return say(&io::Error::other("usage: packaging FOLDER YYYY-MM-DD"));
    };
    match packaging::write(Path::new(folder), date) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&error),
    }
}

fn say(error: &io::Error) -> ExitCode {
    use io::Write;
    // With standard error gone there is nobody left to tell.
    let _gone = writeln!(io::stderr(), "packaging: {error}");
    ExitCode::FAILURE
}
