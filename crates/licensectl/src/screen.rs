//! What is drawn: lines that wrap at words, columns, and styles where they are wanted.
//!
//! A [`Page`] is filled line by line and given out as text. Texts come from others too, the license server for
//! one: whatever they hold, they cannot steer the terminal nor begin a line.

mod look;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use unicode_width::UnicodeWidthStr;

pub(crate) use self::look::{Look, height};

/// Spaces between columns.
const GAP: usize = 2;

/// The narrowest last column: a registration number. Where there is less room the cells of a row go on as one line.
const NARROWEST: usize = 28;

/// How words look where styles are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As they are.
    Plain,
    /// What the eye looks for first.
    Strong,
    /// What stands beside the matter: labels, sources, old news.
    Dim,
    /// All is well.
    Good,
    /// A person should look at it.
    Warning,
    /// It does not work.
    Bad,
}

impl Style {
    /// Its parameter of SGR (ECMA-48, 8.3.117).
    const fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Dim => Some("2"),
            Self::Good => Some("32"),
            Self::Warning => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// Words with their styles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words(Vec<(Style, String)>);

impl Words {
    /// Words of one style.
    pub(crate) fn new(style: Style, words: impl Display) -> Self {
        Self::default().and(style, words)
    }

    /// The same with more words behind them, without a space between.
    pub(crate) fn and(mut self, style: Style, words: impl Display) -> Self {
        self.0.push((style, cleaned(&words.to_string())));
        self
    }

    /// The same with a space and more words behind them.
    pub(crate) fn then(self, more: Self) -> Self {
        self.joined(" ", more)
    }

    fn joined(mut self, between: &str, mut more: Self) -> Self {
        if !self.is_empty() && !more.is_empty() {
            self.0.push((Style::Plain, between.to_owned()));
        }
        self.0.append(&mut more.0);
        self
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, words)| words.is_empty())
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(_, words)| words.width()).sum()
    }

    /// What stands between spaces, each with its styles.
    fn split(&self) -> Vec<Self> {
        let mut words = vec![Self::default()];
        for (style, piece) in &self.0 {
            for (at, part) in piece.split(' ').enumerate() {
                if at > 0 {
                    words.push(Self::default());
                }
                if let Some(word) = words.last_mut().filter(|_| !part.is_empty()) {
                    word.0.push((*style, part.to_owned()));
                }
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }
}

impl<T: Display> From<T> for Words {
    fn from(words: T) -> Self {
        Self::new(Style::Plain, words)
    }
}

/// A text that cannot steer the terminal, begin a line, or turn the direction of writing.
pub(crate) fn cleaned(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

/// What is being drawn.
#[derive(Debug)]
pub(crate) struct Page {
    look: Look,
    text: String,
}

impl Page {
    /// An empty page.
    pub(crate) const fn new(look: Look) -> Self {
        Self { look, text: String::new() }
    }

    /// The page as text, without a break at its end.
    pub(crate) fn into_text(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }

    /// Draws a line. Where it is too long it goes on in the next, further in.
    pub(crate) fn line(&mut self, words: impl Into<Words>) {
        self.indented(0, words);
    }

    /// [`Self::line`], so many spaces in.
    pub(crate) fn indented(&mut self, indent: usize, words: impl Into<Words>) {
        self.wrap(" ".repeat(indent).into(), indent + GAP, &words.into());
    }

    /// Leaves a line free, unless one is or the page begins.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Draws a line as it is, however long: for what programs read.
    pub(crate) fn verbatim(&mut self, line: &str) {
        self.text.push_str(&cleaned(line));
        self.text.push('\n');
    }

    /// Draws labels with what belongs to them.
    pub(crate) fn fields(&mut self, indent: usize, fields: impl IntoIterator<Item = (String, Words)>) {
        let row = |(label, value)| vec![Words::new(Style::Dim, label), value];
        self.columns(indent, &fields.into_iter().map(row).collect::<Vec<_>>(), ": ");
    }

    /// Draws rows, whose cells stand below each other. The last column takes the room that is left and wraps;
    /// where there is too little the cells of a row follow each other.
    pub(crate) fn table(&mut self, indent: usize, rows: &[Vec<Words>]) {
        self.columns(indent, rows, " · ");
    }

    /// [`Self::table`], with what stands between cells that follow each other.
    fn columns(&mut self, indent: usize, rows: &[Vec<Words>], between: &str) {
        let columns = rows.iter().map(|row| row.len().saturating_sub(1)).max().unwrap_or(0);
        let width_of = |column: usize| {
            let widths = rows.iter().filter(|row| column + 1 < row.len()).map(|row| row[column].width());
            widths.max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width_of).collect();
        let last = indent + widths.iter().map(|width| width + GAP).sum::<usize>();
        let is_narrow = self.look.width.is_some_and(|width| last + NARROWEST > width);
        for row in rows {
            let Some((rest, cells)) = row.split_last() else { continue };
            if is_narrow {
                let joined = |line: Words, cell: &Words| line.joined(between, cell.clone());
                let line = row.iter().fold(Words::default(), joined);
                self.wrap(" ".repeat(indent).into(), indent + 2 * GAP, &line);
                continue;
            }
            let mut line = Words::from(" ".repeat(indent));
            let mut column = indent;
            for (cell, width) in cells.iter().zip(&widths) {
                line.0.extend(cell.0.iter().cloned());
                line = line.and(Style::Plain, " ".repeat(width - cell.width() + GAP));
                column += width + GAP;
            }
            self.wrap(line, column, rest);
        }
    }

    /// Draws words behind the beginning of a line. Further lines begin `next` columns in.
    fn wrap(&mut self, begin: Words, next: usize, words: &Words) {
        let width = self.look.width.unwrap_or(usize::MAX);
        let (mut column, mut line, mut last) = (begin.width(), begin, None);
        for word in words.split() {
            if last.is_some() && column + 1 + word.width() > width {
                self.end(&line);
                (line, column, last) = (" ".repeat(next).into(), next, None);
            }
            // A space between words of one style has it too.
            let (first, end) =
                (word.0.first().map(|(style, _)| *style), word.0.last().map(|(style, _)| *style));
            if let Some(last) = last {
                let style = first.filter(|first| *first == last).unwrap_or(Style::Plain);
                line = line.and(style, " ");
                column += 1;
            }
            column += word.width();
            line.0.extend(word.0);
            last = end;
        }
        self.end(&line);
    }

    /// Ends a line: what stands beside each other in one style is styled as one.
    fn end(&mut self, line: &Words) {
        let mut drawn = String::new();
        for run in line.0.chunk_by(|(one, _), (other, _)| one == other) {
            let words: String = run.iter().map(|(_, words)| words.as_str()).collect();
            drawn.extend(run.first().map(|(style, _)| self.styled(*style, &words)));
        }
        self.text.push_str(drawn.trim_end());
        self.text.push('\n');
    }

    fn styled(&self, style: Style, words: &str) -> String {
        match style.parameter() {
            Some(parameter) if self.look.is_styled && !words.is_empty() => {
                format!("\x1b[{parameter}m{words}\x1b[0m")
            }
            _ => words.to_owned(),
        }
    }
}
