//! Pictures of what `licensectl` shows on a terminal: `screenshots FOLDER`. A license server and a daemon run on
//! loopback, and what the pictures show is what the programs said there. The company is made up.
#![allow(clippy::unwrap_used, reason = "a program for developers")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anstyle_svg::Term;
use end_to_end::{World, programs};

/// What is shown, with the languages that it is shown in.
const COMMANDS: [&str; 2] = ["status", "doctor"];
const LANGUAGES: [(&str, &str); 2] = [("en", "C.UTF-8"), ("ru", "ru_RU.UTF-8")];

fn main() {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap());
    fs::create_dir_all(&folder).unwrap();
    let (world, _number) = World::with_coupon();
    let trial = world.host.licensectl(&["trial", "85"]);
    assert_eq!(trial.code, 0, "{trial:?}");
    for command in COMMANDS {
        for (language, locale) in LANGUAGES {
            let shown = on_a_terminal(&world.host.socket(), command, locale);
            let picture = Term::new().min_width_px(960).render_svg(shown.trim_end());
            fs::write(folder.join(format!("{command}-{language}.svg")), picture).unwrap();
        }
    }
}

/// What a command writes to a terminal of 100 columns.
fn on_a_terminal(socket: &Path, command: &str, locale: &str) -> String {
    let tool = programs::path_of("licensectl");
    let line = format!(
        "stty cols 100; '{}' --color=always --socket '{}' {command} 2>/dev/null",
        tool.display(),
        socket.display()
    );
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let output = script
        // It says nothing of a locale that is not installed.
        .env("SHELL", "/bin/sh")
        .env("LC_ALL", locale)
        .env("TZ", "Europe/Moscow")
        .env("TERM", "xterm-256color")
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{line}: {shown}");
    // A terminal is told to return before each new line.
    let shown = shown.replace("\r\n", "\n");
    format!("$ licensectl {command}\n{shown}")
}
