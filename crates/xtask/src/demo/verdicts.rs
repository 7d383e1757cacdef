//! The two questions: `licensectl check`, and the PHP module loader.

use serde_json::Value;

use super::{SUBJECTS, world::World};
use crate::{
    error::Error,
    process::{self, Answered},
};

/// The verdict on each of [`SUBJECTS`], in the words of the step table; where the two disagree, both.
pub(super) fn ask(world: &World) -> Result<[String; SUBJECTS.len()], Error> {
    let modules = process::ask(world.loader())?;
    let mut cells = SUBJECTS.map(|_| String::new());
    for (cell, subject) in cells.iter_mut().zip(&SUBJECTS) {
        let php = subject.module.map(|module| of_module(&modules, module));
        let tool = match subject.feature {
            Some(feature) => {
                let answered = process::ask(world.licensectl(&["check", &feature.to_string(), "--json"]))?;
                Some(of_feature(&answered))
            }
            None => None,
        };
        *cell = one(tool, php);
    }
    Ok(cells)
}

/// One cell for two answers, if both say the same. Only `licensectl` tells the basis.
fn one(tool: Option<String>, php: Option<String>) -> String {
    match (tool, php) {
        (Some(tool), Some(php)) if tool == php || tool.starts_with(&format!("{php} ")) => tool,
        (Some(tool), Some(php)) => format!("{tool} BUT PHP: {php}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => String::new(),
    }
}

/// What `licensectl check N --json` says, in its words and in its exit code.
fn of_feature(answered: &Answered) -> String {
    let Ok(json) = serde_json::from_str::<Value>(&answered.stdout) else {
        return format!("no JSON: {}{}", answered.stdout.trim_end(), answered.stderr.trim_end());
    };
    let verdict = verdict(&json);
    let exit_code = match json["verdict"].as_str() {
        Some("granted") => Some(0),
        Some("denied") => Some(1),
        _ => Some(4),
    };
    if answered.code == exit_code { verdict } else { format!("{verdict} BUT exit code {:?}", answered.code) }
}

/// What the loader says of `module` in its array.
fn of_module(answered: &Answered, module: &str) -> String {
    let rows = serde_json::from_str::<Vec<Value>>(&answered.stdout).unwrap_or_default();
    match rows.iter().find(|row| row["module"] == module) {
        Some(row) => verdict(row),
        None => format!("nothing: {}", answered.stderr.trim_end()),
    }
}

/// A verdict, and its basis or code if it has one.
fn verdict(json: &Value) -> String {
    let Some(verdict) = json["verdict"].as_str() else { return json.to_string() };
    match (json["basis"].as_str(), json["code"].as_u64()) {
        (Some(basis), None) => format!("{verdict} {basis}"),
        (None, Some(code)) => format!("{verdict} {code}"),
        (None, None) => verdict.to_owned(),
        (Some(_), Some(_)) => json.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: i32, stdout: &str) -> Answered {
        Answered {
            command: String::new(),
            code: Some(code),
            stdout: stdout.to_owned(),
            stderr: String::new(),
        }
    }

    #[test]
    fn the_tool_is_read_with_its_exit_code() {
        let offline = r#"{"feature":45,"verdict":"granted","basis":"offline","code":null}"#;
        assert_eq!(of_feature(&answered(0, offline)), "granted offline");
        let denied = r#"{"feature":45,"verdict":"denied","basis":null,"code":2008}"#;
        assert_eq!(of_feature(&answered(1, denied)), "denied 2008");
        assert_eq!(of_feature(&answered(0, denied)), "denied 2008 BUT exit code Some(0)");
        let failed = r#"{"error":{"kind":"busy"}}"#;
        assert_eq!(of_feature(&answered(4, failed)), failed);
    }

    #[test]
    fn a_module_is_found_in_the_array_of_the_loader() {
        let rows = r#"[{"module":"A","verdict":"granted","code":null},{"module":"B","verdict":"denied","code":2008}]"#;
        assert_eq!(of_module(&answered(0, rows), "B"), "denied 2008");
        assert_eq!(of_module(&answered(0, rows), "A"), "granted");
        assert_eq!(of_module(&answered(0, rows), "C"), "nothing: ");
    }

    #[test]
    fn a_disagreement_shows_both() {
        let one = |tool: &str, php: &str| one(Some(tool.to_owned()), Some(php.to_owned()));
        assert_eq!(one("granted fresh", "granted"), "granted fresh");
        assert_eq!(one("denied 2008", "denied 2008"), "denied 2008");
        assert_eq!(one("denied 2008", "granted"), "denied 2008 BUT PHP: granted");
        assert_eq!(one("denied 2008", "denied 200"), "denied 2008 BUT PHP: denied 200");
    }
}
