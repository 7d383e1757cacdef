//! Records of a file: CSV with a header, or a JSON list of objects.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use csv::{ReaderBuilder, StringRecord};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::Problem;

/// The largest file, in bytes: 100,000 customers are some 15 MB.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The most records of a file.
const MAX_RECORDS: usize = 500_000;

/// The longest value, in bytes. The longest that is taken anywhere are 256 characters.
const MAX_VALUE: usize = 4096;

/// One record: texts by column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    columns: &'static [&'static str],
    values: Box<[Option<String>]>,
}

impl Record {
    fn new(line: u64, columns: &'static [&'static str]) -> Self {
        Self { line, columns, values: vec![None; columns.len()].into() }
    }

    fn set(&mut self, column: &str, value: String) {
        let place = self.columns.iter().position(|known| *known == column);
        if let Some(place) = place.and_then(|place| self.values.get_mut(place)) {
            *place = Some(value);
        }
    }

    /// The value of a column, trimmed; `None` if the record does not have the column.
    pub(super) fn value(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|known| *known == column)?;
        self.values.get(place)?.as_deref().map(str::trim)
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) records: Vec<Record>,
    pub(super) problems: Vec<Problem>,
}

impl Table {
    /// Reads a file. Of the columns, those that it has are enough here.
    pub(super) fn read(path: &Path, columns: &'static [&'static str]) -> io::Result<Self> {
        let mut bytes = Vec::new();
        // A file may grow while it is read.
        File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        let name = path.display().to_string();
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        Ok(Self::parse(&name, &bytes, is_json, columns))
    }

    fn parse(name: &str, bytes: &[u8], is_json: bool, columns: &'static [&'static str]) -> Self {
        let mut parser = Parser { name, columns, lines: Lines::new(bytes), table: Self::default() };
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE) {
            parser.problem(1, None, "the file is larger than 64 MiB; split it");
            return parser.table;
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let line = parser.lines.at(error.valid_up_to());
                parser.problem(line, None, "this is no UTF-8; save the file as \"CSV UTF-8\"");
                return parser.table;
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        parser.lines = Lines::new(text.as_bytes());
        if is_json || text.trim_start().starts_with('[') {
            parser.json(text);
        } else {
            parser.csv(text);
        }
        parser.table
    }
}

/// A file being read.
struct Parser<'t> {
    name: &'t str,
    columns: &'static [&'static str],
    lines: Lines<'t>,
    table: Table,
}

impl Parser<'_> {
    fn problem(&mut self, line: u64, column: Option<&str>, reason: impl Into<String>) {
        let (file, column) = (self.name.to_owned(), column.map(str::to_owned));
        self.table.problems.push(Problem {
            file,
            line,
            record: None,
            column,
            value: None,
            reason: reason.into(),
        });
    }

    /// Whether there is room for another record.
    fn has_room(&mut self, line: u64) -> bool {
        let has_room = self.table.records.len() < MAX_RECORDS;
        if !has_room {
            self.problem(line, None, format!("the file has more than {MAX_RECORDS} records; split it"));
        }
        has_room
    }

    fn set(&mut self, record: &mut Record, column: &str, value: &str) {
        if value.len() > MAX_VALUE {
            let reason = format!("the value is longer than {MAX_VALUE} bytes; is a quote not closed?");
            self.problem(record.line, Some(column), reason);
        } else {
            record.set(column, value.to_owned());
        }
    }

    /// The column of a heading; an unknown one is an error, so that no column is lost by a typing error.
    fn column(&mut self, line: u64, heading: &str) -> Option<&'static str> {
        let wanted = heading.trim().to_lowercase().replace([' ', '-'], "_");
        let known = self.columns.iter().find(|known| **known == wanted);
        if known.is_none() {
            let heading: String = heading.chars().take(64).collect();
            let columns = self.columns.join(", ");
            self.problem(line, Some(&heading), format!("there is no such column; there are {columns}"));
        }
        known.copied()
    }

    fn csv(&mut self, text: &str) {
        let delimiter = delimiter(text);
        let mut reader = ReaderBuilder::new();
        let reader = reader.delimiter(delimiter).has_headers(false).flexible(true);
        let mut reader = reader.from_reader(text.as_bytes());
        let mut row = StringRecord::new();
        let mut header: Vec<&'static str> = Vec::new();
        loop {
            let begins = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
            let is_there = match reader.read_record(&mut row) {
                Ok(is_there) => is_there,
                Err(error) => {
                    let line = self.lines.of_record(begins);
                    return self.problem(line, None, error.to_string());
                }
            };
            if !is_there {
                break;
            }
            let line = self.lines.of_record(begins);
            if header.is_empty() {
                header = row.iter().filter_map(|heading| self.column(line, heading)).collect();
                let twice = header.iter().enumerate().find(|(place, name)| header[..*place].contains(name));
                if let Some((_, name)) = twice {
                    self.problem(line, Some(name), "the file has this column twice");
                }
                // Without all headings in order, no value is known to stand in its column.
                if !self.table.problems.is_empty() {
                    return;
                }
                continue;
            }
            if !self.has_room(line) {
                return;
            }
            if row.len() != header.len() {
                let reason = format!("the record has {} values, the header {}", row.len(), header.len());
                self.problem(line, None, reason);
                continue;
            }
            let mut record = Record::new(line, self.columns);
            for (column, value) in header.iter().zip(&row) {
                self.set(&mut record, column, value);
            }
            self.table.records.push(record);
        }
        if header.is_empty() {
            self.problem(1, None, "the file is empty; its first line names the columns");
        }
    }

    fn json(&mut self, text: &str) {
        let list = match serde_json::from_str(text) {
            Ok(Objects(list)) => list,
            Err(error) => {
                let line = u64::try_from(error.line()).unwrap_or(1);
                return self.problem(line, None, format!("this is no list of objects in JSON: {error}"));
            }
        };
        let begins = text.as_ptr().addr();
        for raw in list {
            let line = self.lines.at(raw.get().as_ptr().addr() - begins);
            if !self.has_room(line) {
                return;
            }
            let Ok(object) = serde_json::from_str::<Map<String, Value>>(raw.get()) else {
                self.problem(line, None, "this is no object");
                continue;
            };
            let mut record = Record::new(line, self.columns);
            for (name, value) in object {
                let Some(column) = self.column(line, &name) else { continue };
                match flat(&value) {
                    Some(value) => self.set(&mut record, column, &value),
                    None => {
                        self.problem(line, Some(column), "a value is a text, a number, true, false or null");
                    }
                }
            }
            self.table.records.push(record);
        }
    }
}

/// The elements of a list, unread; of too many, one more than there may be.
struct Objects<'t>(Vec<&'t RawValue>);

impl<'t> Deserialize<'t> for Objects<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements)
    }
}

struct Elements;

impl<'t> Visitor<'t> for Elements {
    type Value = Objects<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while list.len() <= MAX_RECORDS
            && let Some(element) = elements.next_element()?
        {
            list.push(element);
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Objects(list))
    }
}

/// A value as it would stand in CSV: null is empty, a list is joined by commas.
fn flat(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let is_list = |value: &Value| value.is_array() || value.is_object();
            let parts = list.iter().map(|value| if is_list(value) { None } else { flat(value) });
            Some(parts.collect::<Option<Vec<_>>>()?.join(","))
        }
        Value::Object(_) => None,
    }
}

/// What separates the columns: Excel writes semicolons where a comma is the decimal point. No heading holds
/// any of them.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    [b';', b'\t'].into_iter().find(|byte| header.bytes().any(|found| found == *byte)).unwrap_or(b',')
}

/// Lines of a text, asked for in its order.
struct Lines<'t> {
    text: &'t [u8],
    offset: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self { text, offset: 0, line: 1 }
    }

    /// The line at an offset, from 1.
    fn at(&mut self, offset: usize) -> u64 {
        let offset = offset.min(self.text.len());
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        let breaks = passed.split(|byte| *byte == b'\n').count().saturating_sub(1);
        self.line += u64::try_from(breaks).unwrap_or(0);
        self.offset = self.offset.max(offset);
        self.line
    }

    /// The line of a record: empty lines before it, and the rest of the break of the last one, are no part
    /// of it.
    fn of_record(&mut self, begins: usize) -> u64 {
        let rest = self.text.get(begins..).unwrap_or_default();
        let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.at(begins + breaks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["number", "tax_id", "features"];

    fn parse(text: &str) -> Table {
        Table::parse("f", text.as_bytes(), false, COLUMNS)
    }

    /// Line, number and tax id of each record.
    fn records(table: &Table) -> Vec<(u64, Option<&str>, Option<&str>)> {
        assert!(table.problems.is_empty(), "{:?}", table.problems);
        table
            .records
            .iter()
            .map(|record| (record.line, record.value("number"), record.value("tax_id")))
            .collect()
    }

    #[test]
    fn every_form_that_spreadsheets_write_is_read() {
        let forms = [
            ("comma", "number,tax_id\na,1\n\nb,\n"),
            ("no break at the end", "number,tax_id\na,1\n\nb,"),
            ("Excel", "\u{feff}Number;Tax ID\r\na;1\r\n\r\nb;\r\n"),
            ("tabs and quotes", "NUMBER\ttax-id\n\"a\"\t 1 \n\nb\t\"\"\n"),
            ("JSON", "[{\"number\":\"a\",\n\"tax_id\":1},\n\n{\"number\":\"b\",\"tax_id\":null}]"),
        ];
        for (name, text) in forms {
            let lines = if name == "JSON" { (1, 4) } else { (2, 4) };
            let expected = [(lines.0, Some("a"), Some("1")), (lines.1, Some("b"), Some(""))];
            assert_eq!(records(&parse(text)), expected, "{name}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_no_empty_value() {
        for text in ["number\na\n", "[{\"number\":\"a\"}]"] {
            assert_eq!(records(&parse(text))[0].2, None, "{text}");
        }
    }

    #[test]
    fn a_record_over_several_lines_begins_on_its_first() {
        let text = "number,tax_id\r\n\"a\r\nb\",1\r\nc,2\r\n";
        assert_eq!(records(&parse(text)), [(2, Some("a\r\nb"), Some("1")), (4, Some("c"), Some("2"))]);
    }

    #[test]
    fn a_list_is_joined_by_commas() {
        let table = parse("[{\"features\":[33,\"45\"]}]");
        assert_eq!(table.records[0].value("features"), Some("33,45"));
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        let long = format!("number\nx\n{}\n", "x".repeat(MAX_VALUE + 1));
        let cases = [
            ("", 1, "empty"),
            ("nummer\na\n", 1, "no such column"),
            ("number,number\na,b\n", 1, "twice"),
            ("number,tax_id\na,1\nb\n", 3, "1 values"),
            (&long, 3, "longer"),
            ("[{\"number\":\"a\"},\n{\"nummer\":\"b\"}]", 2, "no such column"),
            ("[{\"number\":\"a\"},\n{\"number\":{}}]", 2, "a text"),
            ("[1]", 1, "no object"),
            ("[{\"number\":\"a\"},\n{]", 2, "no list"),
        ];
        for (text, line, says) in cases {
            let problems = parse(text).problems;
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert!(problems[0].line == line && problems[0].reason.contains(says), "{text}: {problems:?}");
        }
    }

    #[test]
    fn what_is_too_large_or_no_text_is_refused() {
        let limit = usize::try_from(MAX_FILE).unwrap();
        let large = vec![b'\n'; limit + 1];
        let many = format!("number{}", "\na".repeat(MAX_RECORDS + 1));
        let list = format!("[{}{{}}]", "{},\n".repeat(MAX_RECORDS + 1));
        let cases: [(&[u8], u64, &str); 4] = [
            (&large, 1, "64 MiB"),
            (list.as_bytes(), 500_001, "split it"),
            (many.as_bytes(), 500_002, "split it"),
            (b"number\na\n\xd0 \n", 3, "UTF-8"),
        ];
        for (bytes, line, says) in cases {
            let problems = Table::parse("f", bytes, false, COLUMNS).problems;
            assert_eq!(problems.len(), 1, "{says}");
            assert!(problems[0].line == line && problems[0].reason.contains(says), "{problems:?}");
        }
    }
}
