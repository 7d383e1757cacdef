//! What a program answered that came to an end.

use std::process::{Command, Stdio};

use serde_json::Value;

/// What a program answered.
#[derive(Debug)]
pub struct Answered {
    /// The command, to speak of it.
    pub command: String,
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Answered {
    /// Runs a program to its end.
    pub fn by(command: &mut Command) -> Self {
        let line = format!("{command:?}");
        let output = command.stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        let code = output.status.code().unwrap_or_else(|| panic!("{line} was ended by a signal"));
        let text = |bytes| String::from_utf8(bytes).expect("what people read is UTF-8");
        Self { command: line, code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The same, if it ended with this exit code.
    pub fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "the exit code of {self:#?}");
        self
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }

    /// The failure as `kind code`, without the code if there is none: `refused 2040`.
    pub fn failure(&self) -> String {
        let error = &self.json()["error"];
        words([&error["kind"], &error["code"]])
    }

    /// The message of the failure.
    pub fn message(&self) -> String {
        let json = self.json();
        let message = json["error"]["message"].as_str();
        message.unwrap_or_else(|| panic!("no failure: {self:#?}")).to_owned()
    }
}

/// A verdict as it is said in these tests: `granted fresh`, `denied 2008`, `indeterminate 2009`. `json`
/// is one line of `licensectl check --json` or of the PHP loader.
pub fn verdict_in(json: &Value) -> String {
    words([&json["verdict"], &json["basis"], &json["code"]])
}

fn words<const N: usize>(values: [&Value; N]) -> String {
    let words = values.into_iter().filter(|value| !value.is_null());
    let words = words.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    words.collect::<Vec<_>>().join(" ")
}
