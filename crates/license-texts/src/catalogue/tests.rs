//! What the compiler does not know of the texts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Resource},
    parser,
};

use super::*;

/// The variables of every text in a language, by its id.
fn texts(files: &[&'static str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut texts = BTreeMap::new();
    for (file, name) in files.iter().zip(NAMES) {
        let resource: Resource<&str> =
            parser::parse(*file).unwrap_or_else(|(_, errors)| panic!("{name}: {errors:?}"));
        for entry in resource.body {
            match entry {
                Entry::Message(message) => {
                    let mut used = BTreeSet::new();
                    message.value.iter().for_each(|it| variables(it, &mut used));
                    assert!(
                        message.attributes.is_empty(),
                        "{}: attributes are told nowhere",
                        message.id.name
                    );
                    let before = texts.insert(message.id.name.to_owned(), used);
                    assert!(before.is_none(), "{} is there twice", message.id.name);
                }
                Entry::Junk { content } => panic!("{name}: {content}"),
                Entry::Term(_) | Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            }
        }
    }
    texts
}

fn variables(pattern: &Pattern<&str>, used: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            in_expression(expression, used);
        }
    }
}

fn in_expression(expression: &Expression<&str>, used: &mut BTreeSet<String>) {
    let (Expression::Inline(inline) | Expression::Select { selector: inline, .. }) = expression;
    match inline {
        InlineExpression::VariableReference { id } => drop(used.insert(id.name.to_owned())),
        InlineExpression::Placeable { expression } => in_expression(expression, used),
        InlineExpression::FunctionReference { id, .. } => panic!("{}: there are no functions", id.name),
        InlineExpression::MessageReference { .. }
        | InlineExpression::TermReference { .. }
        | InlineExpression::StringLiteral { .. }
        | InlineExpression::NumberLiteral { .. } => {}
    }
    if let Expression::Select { variants, .. } = expression {
        for variant in variants {
            variables(&variant.value, used);
        }
    }
}

/// The texts that `text!` names in the sources of the workspace, each with the arguments that it is given.
fn named() -> BTreeSet<(String, BTreeSet<String>)> {
    let mut sources = Vec::new();
    for folder in ["crates", "packaging", "simulation", "tests", "bench"] {
        rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder), &mut sources).unwrap();
    }
    let mut named = BTreeSet::new();
    for source in sources {
        let source = fs::read_to_string(source).unwrap();
        let code = source.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        let code = code.collect::<Vec<_>>().join(" ");
        named.extend(code.split("text!(").skip(1).filter_map(call));
    }
    named
}

/// What a call of `text!` names, from behind its parenthesis on.
fn call(code: &str) -> Option<(String, BTreeSet<String>)> {
    let (id, rest) = code.trim_start().strip_prefix('"')?.split_once('"')?;
    let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id.then(|| (id.to_owned(), arguments(rest)))
}

/// The names before the `=` of each argument, to the end of the call.
fn arguments(rest: &str) -> BTreeSet<String> {
    let (mut depth, mut in_string, mut begun, mut names) = (0, false, String::new(), BTreeSet::new());
    for c in rest.chars() {
        match c {
            '"' => in_string = !in_string,
            _ if in_string => {}
            ')' if depth == 0 => break,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => begun.clear(),
            '=' if depth == 0 && begun.trim().bytes().all(|it| it.is_ascii_lowercase() || it == b'_') => {
                names.insert(begun.trim().to_owned());
                begun.push(c);
            }
            _ => begun.push(c),
        }
    }
    names
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// Texts that are named by more than `text!`: built from something else, or told by a generator.
fn is_built(id: &str) -> bool {
    // Their own tests compare those of events with the journal's, and those of help with the command line.
    ["code-", "event-", "help-"].iter().any(|area| id.starts_with(area))
}

#[test]
fn both_languages_have_the_same_texts_about_the_same_things() {
    let (en, ru) = (texts(ENGLISH), texts(RUSSIAN));
    let ids = |texts: &BTreeMap<String, BTreeSet<String>>| texts.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(ids(&en).difference(&ids(&ru)).collect::<Vec<_>>(), Vec::<&String>::new(), "not in Russian");
    assert_eq!(ids(&ru).difference(&ids(&en)).collect::<Vec<_>>(), Vec::<&String>::new(), "not in English");
    for (id, variables) in &en {
        assert_eq!(variables, &ru[id], "{id}");
    }
}

#[test]
fn every_text_that_is_named_is_there_and_every_text_is_named() {
    let (there, named) = (texts(ENGLISH), named());
    let missing: Vec<_> = named.iter().filter(|(id, _)| !there.contains_key(id)).collect();
    assert!(missing.is_empty(), "named and not there: {missing:?}");
    let other: Vec<_> = named.iter().filter(|(id, about)| there[id] != *about).collect();
    assert!(other.is_empty(), "named with other arguments than the text has: {other:?}");
    let named: BTreeSet<_> = named.into_iter().map(|(id, _)| id).collect();
    let idle: Vec<_> = there.keys().filter(|id| !named.contains(*id) && !is_built(id)).collect();
    assert!(idle.is_empty(), "there and told nowhere: {idle:?}");
}

#[test]
fn a_call_is_read_with_its_arguments() {
    let (id, about) =
        call(r#""a-b", one = f(x, y = 2), two = if a == b { "c, d = 1" } else { z }) , three = 1"#).unwrap();
    assert_eq!((id.as_str(), about), ("a-b", ["one", "two"].map(str::to_owned).into()));
}

#[test]
fn every_text_is_found_by_its_reader() {
    for (language, files) in [(Language::English, ENGLISH), (Language::Russian, RUSSIAN)] {
        for id in texts(files).keys() {
            assert!(in_language(language).get_message(id).is_some_and(|it| it.value().is_some()), "{id}");
        }
    }
}

#[test]
fn nothing_that_mikopbx_is_told_holds_four_digits_in_a_row() {
    for (language, files) in [(Language::English, ENGLISH), (Language::Russian, RUSSIAN)] {
        let told = NAMES
            .iter()
            .zip(files)
            .filter(|(name, _)| ["codes", "gateway", "server", "verdicts"].contains(*name));
        for id in told.flat_map(|(_, file)| texts(&[*file]).into_keys()) {
            let words = words(language, &id, &[]);
            let longest = words.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
            assert!(longest < Some(4), "{id}: {words}");
        }
    }
}
