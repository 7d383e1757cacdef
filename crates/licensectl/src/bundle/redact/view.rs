//! A text as somebody would read it who undoes what was done to it on its way.

use std::ops::Range;

/// What stands for a decoded byte that would end a word, so that it does not; and for a broken one.
const SEEN_THROUGH: u8 = 0x1a;

/// A text, and where in the original each of its bytes came from.
#[derive(Debug, Default)]
pub(super) struct View {
    text: Vec<u8>,
    /// The begin and the end in the original. An archive's parts are far smaller than 4 GiB.
    from: Vec<(u32, u32)>,
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
        Some(value) => (Decoded::seen_through(value.to_le_bytes()[0]), at + 2),
        None => (Decoded::byte(b'%'), at),
    }
}

/// `\x2d`, `\u002d`, `\n`, `\"`, `\\\"`…
fn escaped(text: &[u8]) -> (Decoded, usize) {
    let run = text.iter().take_while(|&&byte| byte == b'\\').count();
    match text.get(run) {
        Some(b'x') if let Some(value) = hex(text, run + 1, 2) => {
            (Decoded::seen_through(value.to_le_bytes()[0]), run + 3)
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

fn hex(text: &[u8], at: usize, len: usize) -> Option<u32> {
    let digits = str::from_utf8(text.get(at..at + len)?).ok()?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// Up to four bytes.
struct Decoded {
    bytes: [u8; 4],
    len: usize,
}

impl Decoded {
    const fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], len: 1 }
    }

    /// A byte that stood there in another form: it ends no word.
    fn seen_through(byte: u8) -> Self {
        let ends = byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\"'<>".contains(&byte);
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
