//! `docs/install.md`, command for command.

use std::fs;

use end_to_end::{SystemdBox, programs, systemd_box::PACKAGES_FOLDER};

/// Stands for a word, or, alone on its line, for any number of lines.
const ANYTHING: &str = "…";

/// A word of this length with a digit in it is another each time: a time, a number, an id.
const SHORTEST_ID: usize = 5;

/// Each command with the lines that it answers.
fn steps(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut steps: Vec<(&str, Vec<&str>)> = Vec::new();
    let blocks = text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for line in blocks.flat_map(str::lines) {
        match line.strip_prefix("# ") {
            Some(command) => steps.push((command, Vec::new())),
            None => steps.last_mut().unwrap().1.push(line),
        }
    }
    steps
}

/// Whether the lines are those that are documented.
fn are_as_documented(documented: &[&str], lines: &[&str]) -> bool {
    match documented {
        [] => lines.is_empty(),
        [ANYTHING, rest @ ..] => (0..=lines.len()).any(|at| are_as_documented(rest, &lines[at..])),
        [first, rest @ ..] => {
            lines.first().is_some_and(|line| is_as_documented(first, line))
                && are_as_documented(rest, &lines[1..])
        }
    }
}

fn is_as_documented(documented: &str, line: &str) -> bool {
    let (documented, words) = (words(documented), words(line));
    documented.len() == words.len()
        && documented
            .iter()
            .zip(&words)
            .all(|(documented, word)| *documented == ANYTHING || documented == word)
}

/// The words, without what is another each time.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace()
        .map(|word| {
            let is_of_this_run = word.starts_with("MIKO") || word.contains(|c: char| c.is_ascii_digit());
            let core = word.trim_matches(|c: char| c.is_ascii_punctuation());
            if is_of_this_run && core.len() >= SHORTEST_ID { "#" } else { word }
        })
        .collect()
}

#[test]
fn the_tutorial_says_what_happens() {
    let text = fs::read_to_string(programs::workspace().join("docs/install.md")).unwrap();
    let system = SystemdBox::boot();
    system.copy_packages();
    let steps = steps(&text);
    assert!(steps.len() > 20, "{}", steps.len());
    for (command, documented) in steps {
        let answered = system.sh(&format!("cd {PACKAGES_FOLDER}; {{ {command}\n}} 2>&1 || true")).stdout;
        let lines: Vec<_> = answered.lines().collect();
        assert!(
            are_as_documented(&documented, &lines),
            "{command}\n{answered}\nis documented as\n{}",
            documented.join("\n")
        );
    }
}

#[test]
fn a_changed_word_is_not_as_documented() {
    let documented = ["Number: MIKO-AB1CD-EF2GH", ANYTHING, "Feature 33: granted until 2026-11-24"];
    assert!(are_as_documented(
        &documented,
        &["Number: MIKO-ZZ9ZZ-ZZ9ZZ", "Feature 33: granted until 2027-01-02"]
    ));
    assert!(are_as_documented(
        &documented,
        &["Number: MIKO-Z1", "1", "2", "Feature 33: granted until 2027-01-02"]
    ));
    assert!(is_as_documented("took … ms", "took 12 ms") && !is_as_documented("took … ms", "took 12 s"));
    for feature in ["Feature 34: granted until 2027-01-02", "Feature 33: denied until 2027-01-02", ""] {
        assert!(!are_as_documented(&documented, &["Number: MIKO-ZZ9ZZ-ZZ9ZZ", feature]), "{feature}");
    }
}
