//! Text in roff, where clap_mangen gives no way in.

/// A page that grows by whole lines.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    /// Adds a line, or several with breaks between them.
    pub(crate) fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Adds lines that end with a break, if there are any.
    pub(crate) fn lines(&mut self, lines: &str) {
        self.0.push_str(lines);
    }

    /// The page as text.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// A text as roff shows it: nothing in it is an escape, and a hyphen is the one that people type.
pub(crate) fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

/// A text that may stand in quotes after a macro.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('"', "\\(dq"))
}

/// A paragraph: each sentence begins a line, as roff wants it.
pub(crate) fn paragraph(text: &str) -> String {
    let mut lines = String::new();
    for sentence in sentences(text) {
        lines.push_str(&escaped(sentence));
        lines.push('\n');
    }
    lines
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(". ").map(str::trim).filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_command_of_roff() {
        assert_eq!(escaped(".pub files of 'x' \\n --y"), "\\&.pub files of \\(aqx\\(aq \\en \\-\\-y");
        assert_eq!(quoted("a \"b\""), "\"a \\(dqb\\(dq\"");
    }

    #[test]
    fn a_sentence_begins_a_line() {
        assert_eq!(paragraph("One. Two, e.g. three."), "One.\nTwo, e.g.\nthree.\n");
    }
}
