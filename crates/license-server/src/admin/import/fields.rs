//! Values of a record, typed. What cannot be read is noted, and reading goes on.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use jiff::{Timestamp, civil::Date};
use license_types::{RegistrationNumber, UnixTime};

use super::{Problem, table::Record};
use crate::decide::import;

/// Columns whose values are secrets, or personal to a machine.
const SECRET: [&str; 7] =
    ["number", "coupon", "machine_id", "product_uuid", "board_serial", "host_id", "tax_id"];

/// The most characters of a value that are shown.
const SHOWN: usize = 64;

/// A value as it may be shown.
pub(super) fn shown(column: &str, value: &str) -> String {
    let length = value.chars().count();
    let hidden = if SECRET.contains(&column) { length.saturating_sub(5).max(length.min(5)) } else { 0 };
    let hide = |(place, c): (usize, char)| if place < hidden && c.is_alphanumeric() { '*' } else { c };
    value.chars().enumerate().map(hide).skip(length.saturating_sub(SHOWN)).collect()
}

/// A record being read.
pub(super) struct Fields<'r> {
    file: String,
    pub(super) record: &'r Record,
    pub(super) problems: Vec<Problem>,
}

impl<'r> Fields<'r> {
    pub(super) fn new(file: &str, record: &'r Record) -> Self {
        Self { file: file.to_owned(), record, problems: Vec::new() }
    }

    /// Notes that something is wrong with a value.
    pub(super) fn note(&mut self, column: &'static str, reason: impl Display) {
        self.problems.push(self.problem(column, reason));
    }

    /// Something that is wrong with a value.
    pub(super) fn problem(&self, column: &'static str, reason: impl Display) -> Problem {
        Problem {
            file: self.file.clone(),
            line: self.record.line,
            record: None,
            column: Some(column.to_owned()),
            value: self.record.value(column).map(|value| shown(column, value)),
            reason: reason.to_string(),
        }
    }

    /// The text, if the record has the column; it may be empty.
    pub(super) fn text(&self, column: &'static str) -> Option<String> {
        self.record.value(column).map(str::to_owned)
    }

    /// The text, if there is one.
    fn filled(&self, column: &'static str) -> Option<&'r str> {
        self.record.value(column).filter(|value| !value.is_empty())
    }

    /// What `parse` makes of the text, if there is one.
    pub(super) fn optional<T, E: Display>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.filled(column)?) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.note(column, reason);
                None
            }
        }
    }

    /// What `parse` makes of the text, which must be there.
    pub(super) fn required<T, E: Display>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.filled(column).is_none() {
            self.note(column, "a value is required here");
            return None;
        }
        self.optional(column, parse)
    }

    pub(super) fn number(&mut self) -> Option<RegistrationNumber> {
        self.required("number", str::parse)
    }
}

/// An id.
pub(super) fn id<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "an id is a whole number")
}

/// A whole number in a range.
pub(super) fn within(range: RangeInclusive<u32>) -> impl FnOnce(&str) -> Result<u32, String> {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("this is a whole number of {} to {}", range.start(), range.end()))
    }
}

/// Yes or no, as spreadsheets write it too.
pub(super) fn flag(text: &str) -> Result<bool, &'static str> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "yes" => Ok(true),
        "0" | "false" | "no" => Ok(false),
        _ => Err("this is 1 or 0, true or false, yes or no"),
    }
}

/// A moment: a day is its beginning in UTC.
pub(super) fn time(text: &str) -> Result<UnixTime, &'static str> {
    moment(text, day)
}

/// The end of something: a day counts to its end in the last time zone.
pub(super) fn end(text: &str) -> Result<UnixTime, &'static str> {
    moment(text, |date| import::end_of(day(date)))
}

fn moment(text: &str, of_day: impl FnOnce(Date) -> UnixTime) -> Result<UnixTime, &'static str> {
    let form = "a time is written 2026-11-24 or 2026-11-24T10:00:00Z";
    // A date alone has ten characters; jiff would take the date of a longer text, too.
    if text.len() == 10 {
        return text.parse().map(of_day).map_err(|_| form);
    }
    let timestamp: Timestamp = text.parse().map_err(|_| form)?;
    Ok(UnixTime(timestamp.as_second()))
}

fn day(date: Date) -> UnixTime {
    let days = (date - Date::constant(1970, 1, 1)).get_days();
    UnixTime(i64::from(days) * 24 * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_by_their_end() {
        let cases = [
            ("number", "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP", "****-*****-*****-*****-MN4OP"),
            ("coupon", "MIKOUPD-1", "*****PD-1"),
            ("number", "12345", "*****"),
            ("host_id", "", ""),
            ("email", "a@example.com", "a@example.com"),
        ];
        for (column, value, expected) in cases {
            assert_eq!(shown(column, value), expected, "{column} {value}");
        }
        assert_eq!(shown("number", &"9".repeat(500)).len(), SHOWN);
    }

    #[test]
    fn times_are_days_or_moments() {
        const DAY: i64 = 24 * 3600;

        let cases = [
            ("1970-01-02", Ok(DAY), Ok(2 * DAY + DAY / 2)),
            ("1970-01-02T00:00:10Z", Ok(DAY + 10), Ok(DAY + 10)),
            ("1970-01-02T03:00:10+03:00", Ok(DAY + 10), Ok(DAY + 10)),
            ("2024-02-29", Ok(1_709_164_800), Ok(1_709_164_800 + DAY + DAY / 2)),
            ("02.01.1970", Err(()), Err(())),
            ("2023-02-29", Err(()), Err(())),
            ("1970-01-02T00:00:10", Err(()), Err(())),
            ("86400", Err(()), Err(())),
        ];
        for (text, begins, ends) in cases {
            let read = |time: Result<UnixTime, _>| time.map(|time| time.0).map_err(|_| ());
            assert_eq!((read(time(text)), read(end(text))), (begins, ends), "{text}");
        }
    }
}
