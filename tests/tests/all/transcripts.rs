//! What `licensectl` says, whole: every command, and its failures that matter, to people in both languages and to
//! scripts, from real programs. The transcripts are in `golden/transcripts`; `BLESS=1` renews them.

mod normal;
mod scenes;
mod stage;

use std::{collections::BTreeMap, env, fs, path::PathBuf, process::Command};

use end_to_end::programs;

use stage::{Form, Stage};

#[test]
fn people_read_what_they_should_in_english() {
    compare(Form::English);
}

#[test]
fn people_read_what_they_should_in_russian() {
    compare(Form::Russian);
}

#[test]
fn scripts_read_what_they_should() {
    compare(Form::Json);
}

#[test]
fn every_command_has_a_transcript() {
    let help =
        Command::new(programs::path_of("licensectl")).env("LC_ALL", "C").arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<_> = commands.filter_map(|line| line.strip_prefix("  ")?.split_once(' ')).collect();
    assert!(commands.len() > 10, "{help}");
    for (command, _) in commands.into_iter().filter(|(name, _)| !name.is_empty()) {
        let ran =
            |text: &String| text.lines().any(|line| line.starts_with(&format!("$ licensectl {command}")));
        assert!(command == "help" || golden(Form::English).values().any(ran), "{command} has no transcript");
    }
}

/// Plays all scenes, and compares what was said with what is to be said.
fn compare(form: Form) {
    let mut stage = Stage::new(form);
    scenes::play(&mut stage);
    let said = stage.transcripts();
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        bless(form, &said);
    }
    let expected = golden(form);
    for (name, text) in &said {
        let expected = expected.get(name).map_or("(there is none)", String::as_str);
        assert!(
            text == expected,
            "{name}: expected\n{expected}\nsaid\n{text}\nBLESS=1 renews the transcripts"
        );
    }
    let idle: Vec<_> = expected.keys().filter(|name| !said.contains_key(*name)).collect();
    assert!(idle.is_empty(), "nobody says any more: {idle:?}; BLESS=1 renews the transcripts");
}

fn folder(form: Form) -> PathBuf {
    programs::workspace().join("tests/golden/transcripts").join(form.folder())
}

fn golden(form: Form) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder(form)).into_iter().flatten();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.map(|file| read(file.unwrap().path())).collect()
}

fn bless(form: Form, said: &BTreeMap<String, String>) {
    let folder = folder(form);
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in said {
        fs::write(folder.join(name), text).unwrap();
    }
    for idle in golden(form).keys().filter(|name| !said.contains_key(*name)) {
        fs::remove_file(folder.join(idle)).unwrap();
    }
}
