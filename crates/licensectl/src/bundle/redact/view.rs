//! A text as somebody would read it who undoes what was done to it on its way.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::Regex;

/// What stands for a decoded byte that would end a word, so that it does not; and for a broken one.
const SEEN_THROUGH: u8 = 0x1a;

/// What a terminal or a log daemon adds, and what shows nothing. Group 1 is a dash, group 2 a space.
const ADDED: &str = concat!(
    // The time, the host and the program that syslog or the journal put before each line.
    r"(?:^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.,:+Z-]*)",
    r"(?: [\w.-]+){0,2} [\w./-]+(?:\[\d+\])?: )",
    // CSI and OSC sequences.
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)",
    // Soft hyphens, joiners, direction marks, variation selectors, tags, fillers, what replaces a broken byte.
    r"|\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\xa0[\x8b-\x8f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]",
    r"|\xe3\x85\xa4|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|\xef\xbe\xa0|\xef\xbf\xbd|\xf3\xa0[\x80-\xbf][\x80-\xbf]",
    r"|(\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xb9\xa3|\xef\xbc\x8d)",
    r"|(\xc2\xa0|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)",
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
);

static IS_ADDED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?m-u){ADDED}")).ok());

/// A text, and where in the original each of its bytes came from.
#[derive(Debug, Default)]
pub(super) struct View {
    text: Vec<u8>,
    /// The begin and the end in the original. An archive's parts are far smaller than 4 GiB.
    from: Vec<(u32, u32)>,
}

/// The ways to look at a text.
#[derive(Debug)]
pub(super) struct Views {
    pub(super) raw: View,
    /// Decoded.
    pub(super) plain: View,
    /// Decoded, and [`View::clean`].
    pub(super) clean: View,
    /// These two, [`View::joined`].
    pub(super) joined: [View; 2],
}

impl Views {
    pub(super) fn of(text: &[u8]) -> Self {
        let plain = View::decoded(text);
        let clean = plain.clean();
        Self { raw: View::raw(text), joined: [plain.joined(), clean.joined()], plain, clean }
    }
}

impl View {
    /// The text as it stands.
    pub(super) fn raw(text: &[u8]) -> Self {
        let mut view = Self::default();
        for (at, &byte) in text.iter().enumerate() {
            view.push(&[byte], at..at + 1);
        }
        view
    }

    /// The text without percent-encoding and escapes, however often they were applied.
    pub(super) fn decoded(text: &[u8]) -> Self {
        let mut view = Self::default();
        let mut at = 0;
        while at < text.len() {
            let (bytes, len) = next(&text[at..]);
            view.push(bytes.as_slice(), at..at + len);
            at += len;
        }
        view
    }

    /// What was written, without what was added to it on its way to a terminal or into a log.
    pub(super) fn clean(&self) -> Self {
        let mut view = Self::default();
        let mut at = 0;
        for added in IS_ADDED.iter().flat_map(|it| it.captures_iter(&self.text)) {
            let Some(all) = added.get(0) else { continue };
            view.take(self, at..all.start());
            let instead = match (added.get(1), added.get(2)) {
                (Some(_), _) => &b"-"[..],
                (_, Some(_)) => b" ",
                _ => b"",
            };
            view.push(instead, self.origin(all.range()));
            at = all.end();
        }
        view.take(self, at..self.len());
        view
    }

    /// What can be seen of it, without spaces and line ends.
    pub(super) fn joined(&self) -> Self {
        let seen = |byte: u8| byte > b' ' && byte != 0x7f;
        let kept = self.text.iter().zip(&self.from).filter(|(byte, _)| seen(**byte));
        let (text, from) = kept.map(|(&byte, &from)| (byte, from)).unzip();
        Self { text, from }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Where a range of the view is in the original.
    pub(super) fn origin(&self, range: Range<usize>) -> Range<usize> {
        match self.from.get(range).unwrap_or_default() {
            [] => 0..0,
            [(from, to)] | [(from, _), .., (_, to)] => *from as usize..*to as usize,
        }
    }

    /// Where another one occurs in this one, whatever the case of its letters; in the original.
    pub(super) fn occurrences_of(&self, other: &Self) -> Vec<Range<usize>> {
        let windows = self.text.windows(other.len()).enumerate();
        let found = windows.filter(|(_, window)| window.eq_ignore_ascii_case(&other.text));
        found.map(|(at, _)| self.origin(at..at + other.len())).collect()
    }

    fn take(&mut self, other: &Self, range: Range<usize>) {
        self.text.extend_from_slice(other.text.get(range.clone()).unwrap_or_default());
        self.from.extend_from_slice(other.from.get(range).unwrap_or_default());
    }

    fn push(&mut self, bytes: &[u8], from: Range<usize>) {
        let end = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.text.extend_from_slice(bytes);
        self.from.resize(self.text.len(), (end(from.start), end(from.end)));
    }
}

/// The bytes that the text begins with, decoded, and how many of its own they are.
fn next(text: &[u8]) -> (Decoded, usize) {
    match text[0] {
        b'%' => percent(text),
        b'\\' => escaped(text),
        b'#' if let Some(value) = digits(text, 1, 3, 8) => (Decoded::byte_of(value), 4),
        b'&' => entity(text),
        0..=0x7f => (Decoded::byte(text[0]), 1),
        _ => character(text),
    }
}

/// `%2D`, `%252D`, `%25252D`…
fn percent(text: &[u8]) -> (Decoded, usize) {
    let mut at = 1;
    while text[at..].starts_with(b"25") {
        at += 2;
    }
    match hex(text, at, 2) {
        Some(value) => (Decoded::byte_of(value), at + 2),
        None => (Decoded::byte(b'%'), at),
    }
}

/// `\x2d`, `\u002d`, `\n`, `\"`, `\\\"`…
fn escaped(text: &[u8]) -> (Decoded, usize) {
    let run = text.iter().take_while(|&&byte| byte == b'\\').count();
    match text.get(run) {
        Some(b'x' | b'X') if let Some(value) = hex(text, run + 1, 2) => (Decoded::byte_of(value), run + 3),
        Some(b'0'..=b'3') if let Some(value) = digits(text, run, 3, 8) => (Decoded::byte_of(value), run + 3),
        Some(b'u') if text.get(run + 1) == Some(&b'{') => {
            numbered(text, run + 2, 16, b'}').unwrap_or((Decoded::byte(b'\\'), run))
        }
        Some(b'u') if let Some(c) = hex(text, run + 1, 4).and_then(char::from_u32) => {
            (Decoded::character(c), run + 5)
        }
        Some(b'n' | b'r' | b't') => (Decoded::byte(SEEN_THROUGH), run + 1),
        Some(&quote @ (b'"' | b'\'' | b'/')) => (Decoded::byte(quote), run + 1),
        _ => (Decoded::byte(b'\\'), run),
    }
}

fn character(text: &[u8]) -> (Decoded, usize) {
    let len = (2..=4).find(|&len| text.get(..len).is_some_and(|bytes| str::from_utf8(bytes).is_ok()));
    let whole = len.and_then(|len| str::from_utf8(&text[..len]).ok()?.chars().next());
    whole.map_or((Decoded::byte(SEEN_THROUGH), 1), |c| (Decoded::character(c), c.len_utf8()))
}

/// `&#45;`, `&#x2d;`, `&quot;`, `&amp;#45;`…
fn entity(text: &[u8]) -> (Decoded, usize) {
    let mut at = 1;
    while text[at..].starts_with(b"amp;") {
        at += 4;
    }
    let rest = &text[at..];
    let found = match rest {
        [b'#', b'x' | b'X', ..] => numbered(text, at + 2, 16, b';'),
        [b'#', ..] => numbered(text, at + 1, 10, b';'),
        _ => NAMED.iter().find(|(name, _)| rest.starts_with(name)).map(|&(name, it)| (it, at + name.len())),
    };
    found.unwrap_or((Decoded::byte(b'&'), at))
}

/// The characters that have names.
const NAMED: [(&[u8], Decoded); 5] = [
    (b"quot;", Decoded::byte(SEEN_THROUGH)),
    (b"apos;", Decoded::byte(SEEN_THROUGH)),
    (b"lt;", Decoded::byte(b'<')),
    (b"gt;", Decoded::byte(b'>')),
    (b"shy;", Decoded::byte(SEEN_THROUGH)),
];

/// A character by its number, up to the `end`.
fn numbered(text: &[u8], at: usize, radix: u32, end: u8) -> Option<(Decoded, usize)> {
    let len = text[at..].iter().take(9).position(|&byte| byte == end)?;
    let c = char::from_u32(digits(text, at, len, radix)?)?;
    Some((Decoded::character(c), at + len + 1))
}

fn hex(text: &[u8], at: usize, len: usize) -> Option<u32> {
    digits(text, at, len, 16)
}

fn digits(text: &[u8], at: usize, len: usize, radix: u32) -> Option<u32> {
    let digits = str::from_utf8(text.get(at..at + len)?).ok()?;
    let are_digits = digits.chars().all(|digit| digit.is_digit(radix));
    are_digits.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

/// Up to four bytes.
#[derive(Clone, Copy)]
struct Decoded {
    bytes: [u8; 4],
    len: usize,
}

impl Decoded {
    const fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], len: 1 }
    }

    /// A byte that stood there as a number.
    const fn byte_of(value: u32) -> Self {
        Self::seen_through(value.to_le_bytes()[0])
    }

    /// A byte that stood there in another form: it ends no word.
    const fn seen_through(byte: u8) -> Self {
        // What begins and ends the sequences of a terminal is known by it.
        if matches!(byte, 0x07 | 0x1b) {
            return Self::byte(byte);
        }
        let ends = byte.is_ascii_whitespace()
            || byte.is_ascii_control()
            || matches!(byte, b'"' | b'\'' | b'<' | b'>');
        Self::byte(if ends { SEEN_THROUGH } else { byte })
    }

    fn character(c: char) -> Self {
        match c {
            // Dashes that a word processor puts in place of the one that is meant.
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => Self::byte(b'-'),
            _ if c.is_ascii() => Self::seen_through(u8::try_from(c).unwrap_or(SEEN_THROUGH)),
            _ => {
                let mut bytes = [0; 4];
                let len = c.encode_utf8(&mut bytes).len();
                Self { bytes, len }
            }
        }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
