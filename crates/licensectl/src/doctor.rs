//! `doctor`: what stands between this host and its license.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use license_client::types::FeatureId;
use license_doctor::{Check, Outcome, Question, Report, Stage, report::WouldBe};
use license_texts::{Language, Text, text};

use crate::{
    command::Caller,
    fault::Fault,
    screen::{Page, Style, Words},
};

/// Examines this host, and shows how far it is.
pub(crate) fn examine(
    feature: Option<FeatureId>,
    config: Option<PathBuf>,
    caller: &Caller,
) -> Result<Report, Fault> {
    let language = caller.reader.language;
    let question = Question { socket: caller.socket.clone(), config, feature, language };
    let progress = Progress { language, is_shown: !caller.is_script && io::stderr().is_terminal() };
    license_doctor::examine(&question, &mut |stage| progress.show(stage)).map_err(Fault::Output)
}

/// How far the examination is, in one line of a terminal.
struct Progress {
    language: Language,
    is_shown: bool,
}

impl Progress {
    fn show(&self, stage: Stage) {
        let stage = match stage {
            Stage::Daemon => text!("doctor-stage-daemon"),
            Stage::Lookup => text!("doctor-stage-lookup"),
            Stage::Connect => text!("doctor-stage-connect"),
            Stage::Speak => text!("doctor-stage-speak"),
            Stage::License => text!("doctor-stage-license"),
        };
        self.write(&stage.to(self.language));
    }

    /// Writes over the line before. Where that fails there is nobody to tell.
    fn write(&self, line: &str) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K{line}").and_then(|()| io::stderr().flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.write("");
    }
}

/// The report for people: the cause, all checks, what the feature would get.
pub(crate) fn draw(page: &mut Page, report: &Report, language: Language) {
    match report.cause() {
        Some(cause) => {
            page.line(Words::new(Style::Strong, said(cause, language)));
            page.line(cause.next.as_ref().map_or_else(String::new, |next| next.to(language)));
        }
        // Nothing stands in the way, and yet the license server has not answered.
        None if report.checks.iter().any(is_doubt) => {
            page.line(Words::new(Style::Warning, text!("doctor-doubt").to(language)));
        }
        None if report.is_healthy() => {
            page.line(Words::new(Style::Good, text!("doctor-healthy").to(language)));
        }
        None => {}
    }
    page.gap();
    // What is advised stands there once, with the first that needs it.
    let mut advised: Vec<&Text> = report.cause().and_then(|cause| cause.next.as_ref()).into_iter().collect();
    let mut rows = Vec::new();
    for check in &report.checks {
        let next = check.next.as_ref().filter(|it| check.result != Outcome::Ok && !advised.contains(it));
        advised.extend(next);
        rows.push(row(check, next, language));
    }
    page.table(0, &rows);
    if let Some(it) = &report.feature {
        page.gap();
        let (style, prospect) = match it.would_be {
            WouldBe::Granted => (Style::Good, text!("doctor-granted", feature = it.feature)),
            WouldBe::Denied => {
                let code = it.code.map_or_else(|| "-".to_owned(), |code| code.to_string());
                let why = it.message.clone();
                (Style::Bad, text!("doctor-denied", feature = it.feature, code = code, why = why))
            }
            WouldBe::Indeterminate => (
                Style::Warning,
                text!("doctor-indeterminate", feature = it.feature, why = it.message.clone()),
            ),
        };
        page.line(Words::new(style, prospect.to(language)));
    }
}

/// What the daemon knows of the license is not what it should be, though nothing is found to be wrong.
fn is_doubt(check: &Check) -> bool {
    check.id == "license" && check.result == Outcome::Warning
}

/// What was seen, with the code that a module meets by it.
fn said(check: &Check, language: Language) -> String {
    let message = check.message.to(language);
    match check.code {
        Some(code) if check.result == Outcome::Failed && !message.starts_with('(') => {
            format!("({code}) {message}")
        }
        Some(_) | None => message,
    }
}

fn row(check: &Check, next: Option<&Text>, language: Language) -> Vec<Words> {
    let (style, result) = match check.result {
        Outcome::Ok => (Style::Good, text!("doctor-result-ok")),
        Outcome::Warning => (Style::Warning, text!("doctor-result-warning")),
        Outcome::Failed => (Style::Bad, text!("doctor-result-failed")),
    };
    let family = check.family.map_or_else(String::new, |family| format!(" {}", family.name()));
    let message = check.message.to(language);
    let subject = check.subject.as_ref().filter(|subject| !message.contains(*subject));
    let subject = Words::new(Style::Dim, subject.map_or_else(String::new, |subject| format!("{subject}:")));
    let mut words = Words::from(message);
    if let Some(next) = next {
        words = words.then(Words::new(Style::Dim, next.to(language)));
    }
    vec![
        Words::new(style, result.to(language)),
        Words::from(format!("{}{family}", check.id)),
        subject.then(words),
    ]
}
