//! Reading the file. All that is wrong with it is found, not the first fault alone.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{Config, Fault, option::OPTIONS};

/// Reads the text of the file at `path` into `config`. Gives what is wrong with it, from top to bottom; what
/// is not wrong is read all the same.
pub(super) fn read(path: &Path, text: &str, config: &mut Config) -> Vec<Fault> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reading = Reading { text, config, found: Vec::new() };
    reading.table("", document.get_ref());
    let mut found = reading.found;
    for error in errors {
        let line = line_of(text, error.span().map_or(text.len(), |span| span.start));
        // What is read from a broken line is a guess of the parser.
        found.retain(|(at, _)| *at != line);
        found.push((line, format!("line {line} is not TOML: {}", error.message())));
    }
    found.sort_by_key(|(line, _)| *line);
    found.into_iter().map(|(_, what)| Fault::File { path: path.to_owned(), what }).collect()
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

struct Reading<'a> {
    text: &'a str,
    config: &'a mut Config,
    /// What is wrong, with its line.
    found: Vec<(usize, String)>,
}

impl Reading<'_> {
    /// Reads a table. `prefix` is its name with a dot, or nothing for the top of the file.
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let line = line_of(self.text, key.span().start);
            let wrong = if let Some(option) = OPTIONS.iter().find(|option| option.name == name) {
                option.read(value.get_ref(), self.config).err().map(|wrong| {
                    let default = option.default_value();
                    format!("`{name}` in line {line} {wrong}; the default is {default}")
                })
            } else if tables().any(|known| known == name) {
                match value.get_ref().as_table() {
                    Some(table) => {
                        self.table(&format!("{name}."), table);
                        None
                    }
                    None => {
                        Some(format!("`{name}` in line {line} is a table: write its options below [{name}]"))
                    }
                }
            } else {
                Some(unknown(prefix, key, value, line))
            };
            self.found.extend(wrong.map(|wrong| (line, wrong)));
        }
    }
}

/// The names of the tables that there are.
fn tables() -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().filter_map(|option| option.name.split_once('.')).map(|(table, _)| table)
}

/// The names of what may stand in a table, without that of the table.
fn keys(prefix: &str) -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().filter_map(move |option| option.name.strip_prefix(prefix)).filter(|key| !key.contains('.'))
}

/// Says that there is no such key or table, and what may have been meant.
fn unknown(prefix: &str, key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>, line: usize) -> String {
    let key = key.get_ref();
    if value.get_ref().is_table() {
        let meant = match nearest(key, tables()) {
            Some(table) if prefix.is_empty() => format!("did you mean `[{table}]`?"),
            Some(_) | None => format!("there are {}", listed(tables().map(|table| format!("[{table}]")))),
        };
        return format!("unknown table `[{prefix}{key}]` in line {line}: {meant}");
    }
    let elsewhere = || {
        let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
        let near = nearest(key, OPTIONS.iter().map(|option| last(option.name)))?;
        OPTIONS.iter().map(|option| option.name).find(|name| last(name) == near)
    };
    let meant = match nearest(key, keys(prefix)).map(|near| format!("{prefix}{near}")) {
        Some(near) => format!("did you mean `{near}`?"),
        None => match elsewhere().map(|name| (name, name.split_once('.'))) {
            Some((name, Some((table, _)))) => format!("did you mean `{name}`, in the table [{table}]?"),
            Some((name, None)) => format!("did you mean `{name}`, above the first table?"),
            None => format!("there are {}", listed(keys(prefix).map(|key| format!("`{prefix}{key}`")))),
        },
    };
    format!("unknown key `{prefix}{key}` in line {line}: {meant}")
}

/// The name that was probably meant: the one that fewest changes lead to, if at least two thirds of it stay.
fn nearest(key: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let distances = names.map(|name| (strsim::damerau_levenshtein(key, name), name));
    let near =
        distances.filter(|(distance, name)| distance * 3 <= name.chars().count().max(key.chars().count()));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    names.dedup();
    names.join(", ")
}
