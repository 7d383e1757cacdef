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

/// The words, without what is another each time. A day has its month only where it is not today.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.split_whitespace().peekable();
    while let Some(word) = rest.next() {
        if is_day(word) && rest.next_if(|next| is_month(next)).is_some() {
            rest.next_if(|next| is_of_this_run(next));
            words.push("#");
        } else {
            words.push(if is_of_this_run(word) { "#" } else { word });
        }
    }
    words
}

fn is_of_this_run(word: &str) -> bool {
    let core = word.trim_matches(|c: char| c.is_ascii_punctuation());
    let varies = word.starts_with("MIKO") || word.contains(|c: char| c.is_ascii_digit());
    varies && core.len() >= SHORTEST_ID
}

fn is_day(word: &str) -> bool {
    word.parse().is_ok_and(|day: u8| (1..=31).contains(&day))
}

fn is_month(word: &str) -> bool {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    months.contains(&word.trim_end_matches(','))
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
    assert!(is_as_documented("next check 25 Nov 00:53, lease to 24 Dec", "next check 04:51, lease to 1 Jan"));
    assert!(!is_as_documented("next check 25 Nov 00:53", "next check 25 hosts"));
    for feature in ["Feature 34: granted until 2027-01-02", "Feature 33: denied until 2027-01-02", ""] {
        assert!(!are_as_documented(&documented, &["Number: MIKO-ZZ9ZZ-ZZ9ZZ", feature]), "{feature}");
    }
}
