//! `docs/licensectl-json.md` shows what the tool prints.

use std::{collections::BTreeMap, fs, path::Path};

use license_texts::Language;
use serde_json::Value;

use crate::{
    daemon::{NUMBER, stdout, with_answers},
    samples,
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/licensectl-json.md");

/// The examples of the page, by the command line above each: `licensectl … --json`.
fn examples() -> BTreeMap<String, Value> {
    let page = fs::read_to_string(PAGE).unwrap();
    let blocks = page.split("```console\n$ ").skip(1);
    let example = |block: &str| {
        let (line, rest) = block.split_once('\n').unwrap();
        let (json, _) = rest.split_once("```").unwrap();
        let value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{line}: {error}"));
        (line.to_owned(), value)
    };
    blocks.map(example).collect()
}

/// What the tool prints for a command line of the page, in a folder with its modules.
fn printed(line: &str, modules: &Path) -> Value {
    let words = line.strip_prefix("licensectl ").unwrap();
    let modules = modules.display().to_string();
    let words: Vec<_> = words
        .split(' ')
        .map(|word| word.replace("MIKO-…", NUMBER).replace("MIKOUPD-…", "MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP"))
        .map(|word| if word == "DIR" { modules.clone() } else { word })
        .collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let input = r#"{"company":"C","email":"E","contact":"N"}"#;
    let (output, _) = with_answers(&[("LANG", "ru_RU.UTF-8")], &words, input, samples::answer);
    let first =
        stdout(&output).lines().next().unwrap_or_default().replace(&modules, "DIR").replace(NUMBER, "MIKO-…");
    serde_json::from_str(&first).unwrap_or_else(|error| panic!("{line}: {error}: {output:?}"))
}

#[test]
fn the_examples_of_the_page_are_what_the_tool_prints() {
    let modules = tempfile::tempdir().unwrap();
    for (name, file) in [
        ("ModuleAmoCrm", r#"{"moduleUniqueID":"ModuleAmoCrm","lic_product_id":81,"lic_feature_id":"45"}"#),
        ("ModuleBroken", "no JSON"),
        ("ModulePhoneBook", r#"{"moduleUniqueID":"ModulePhoneBook"}"#),
    ] {
        let folder = modules.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("module.json"), file).unwrap();
    }
    let examples = examples();
    assert!(examples.len() > 10, "the page has examples");
    for (line, expected) in examples {
        let found = printed(&line, modules.path());
        assert_eq!(found, expected, "{line}:\n{found:#}");
    }
}

#[test]
fn every_command_is_on_the_page() {
    let page = fs::read_to_string(PAGE).unwrap();
    for command in licensectl::cli::command(Language::English).get_subcommands() {
        assert!(page.contains(&format!("`{}`", command.get_name())), "{}", command.get_name());
    }
}
