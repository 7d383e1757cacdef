//! What `licensectl doctor` says of a world, and whether it says one thing in both languages.

use std::{fs, process::Command, time::Duration};

use serde_json::Value;

use super::BrokenWorld;
use crate::{Answered, programs, waiting::Stopwatch};

/// The shortest text that tells one sentence from another by its words alone.
const TELLING: usize = 12;

/// What `licensectl doctor` says of a world.
#[derive(Debug)]
pub struct Diagnosis {
    /// With `--json`, on no terminal.
    pub json: Answered,
    /// In English; what went to standard error, which is a terminal, is in `progress`.
    pub english: Answered,
    /// In Russian, on no terminal.
    pub russian: Answered,
    /// How far it was, on a terminal.
    pub progress: String,
    /// How long the slowest of the three took.
    pub took: Duration,
}

impl BrokenWorld {
    /// Asks `licensectl doctor` three times.
    pub fn diagnosed(&self) -> Diagnosis {
        let doctor = |language: &str, json: &[&str]| {
            let mut tool = self.tool();
            tool.arg("doctor").args(self.question).args(json).env("LANG", language);
            tool
        };
        let timed = |mut command: Command| {
            let watch = Stopwatch::start();
            let answered = self.here.does(|| Answered::by(&mut command));
            (answered, watch.elapsed())
        };
        let page = self.path("page");
        let (json, first) = timed(doctor("ru_RU.UTF-8", &["--json"]));
        let (mut english, second) =
            timed(on_a_terminal(&doctor("C.UTF-8", &[]), &page.display().to_string()));
        let (russian, third) = timed(doctor("ru_RU.UTF-8", &[]));
        // What the tool wrote to its terminal is what `script` writes.
        let progress = std::mem::replace(&mut english.stdout, fs::read_to_string(page).unwrap());
        Diagnosis { json, english, russian, progress, took: first.max(second).max(third) }
    }
}

/// The same with a terminal as standard error, and standard output in a file.
fn on_a_terminal(command: &Command, output: &str) -> Command {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-f", "-c", &format!("{} >{output}", words.join(" ")), "/dev/null"]);
    script.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script
}

impl Diagnosis {
    /// What it calls the cause; empty if there is none.
    pub fn cause(&self) -> String {
        self.json.json()["cause"]["cause"].as_str().unwrap_or_default().to_owned()
    }

    /// Every other name by which it calls anything that failed.
    pub fn other_causes(&self) -> Vec<String> {
        let json = self.json.json();
        let checks = json["checks"].as_array().unwrap_or_else(|| panic!("no checks: {self:#?}"));
        let failed = checks.iter().filter(|check| check["result"] == "failed");
        let names = failed.filter_map(|check| check["cause"].as_str());
        names.filter(|name| *name != self.cause()).map(str::to_owned).collect()
    }

    /// Ends the test unless the cause comes first for people, in both languages, with what is to be done. What is said in
    /// Russian holds no English sentence.
    pub fn says_it_first(&self) {
        let english = self.english_sentences();
        assert!(english.is_empty(), "{english:?} in Russian: {self:#?}");
        let cause = &self.json.json()["cause"];
        for (language, said) in [("en", &self.english), ("ru", &self.russian)] {
            let mut lines = said.stdout.lines();
            for part in ["message", "next"] {
                let (expected, line) = (&cause[part], lines.next().unwrap_or_default());
                assert!(
                    says(expected, language, line),
                    "{part}: {expected} in {language}: {line:?} of {self:#?}"
                );
            }
        }
    }

    /// The sentences of the English catalogue that a reader of Russian gets.
    fn english_sentences(&self) -> Vec<String> {
        let sentences = texts("en").into_iter().map(|(_, literals)| literals);
        let whole = sentences.filter_map(|literals| <[String; 1]>::try_from(literals).ok());
        let whole = whole.map(|[sentence]| sentence).filter(|sentence| sentence.contains(' '));
        let long = whole.filter(|sentence| sentence.len() >= TELLING && !is_cyrillic(sentence));
        long.filter(|sentence| self.russian.stdout.contains(sentence)).collect()
    }
}

/// Whether a line says, in a language, what a message of the JSON says in English.
fn says(english: &Value, language: &str, line: &str) -> bool {
    let english = english.as_str().unwrap_or_default();
    let id = texts("en").into_iter().filter(|(_, literals)| holds(english, literals));
    let Some((id, _)) = id.max_by_key(|(_, literals)| weight(literals)) else {
        // It is nobody's text but the license server's, which signs it in both languages.
        return line.contains(english) || language == "ru" && is_cyrillic(line);
    };
    texts(language).into_iter().any(|(other, literals)| other == id && holds(line, &literals))
        && (language == "en" || is_cyrillic(line))
}

fn is_cyrillic(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, 'а'..='я'))
}

fn weight(literals: &[String]) -> usize {
    literals.iter().map(String::len).sum()
}

fn holds(text: &str, literals: &[String]) -> bool {
    let mut rest = text;
    weight(literals) >= TELLING
        && literals.iter().all(|literal| match rest.split_once(literal.as_str()) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
}

/// The texts of a language: the id of each, and what of it is the same whatever it is about.
fn texts(language: &str) -> Vec<(String, Vec<String>)> {
    let folder = programs::workspace().join("crates/license-texts/texts").join(language);
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut texts: Vec<(String, String)> = Vec::new();
    for file in files {
        for line in file.lines() {
            match line.split_once(" =") {
                Some((id, text)) if !line.starts_with([' ', '#']) => {
                    texts.push((id.to_owned(), text.to_owned()));
                }
                _ if line.starts_with(' ') => {
                    if let Some((_, text)) = texts.last_mut() {
                        text.push(' ');
                        text.push_str(line.trim());
                    }
                }
                _ => {}
            }
        }
    }
    texts.into_iter().map(|(id, text)| (id, literals(&text))).collect()
}

/// What stands outside of braces.
fn literals(text: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0_usize, vec![String::new()]);
    for letter in text.chars() {
        match letter {
            '{' => {
                depth += 1;
                parts.push(String::new());
            }
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => parts.last_mut().unwrap().push(letter),
            _ => {}
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}
