//! As much of something as goes into the archive.

use std::io::{self, Read};

/// The most of one part.
pub(super) const MOST: usize = 2 * 1024 * 1024;

/// What is read beyond that, so that no secret is cut in two before it is looked for.
const MARGIN: usize = 64 * 1024;

const WITH_MARGIN: usize = MOST + MARGIN;

/// Which end counts where there is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The beginning.
    Head,
    /// The end: the latest lines of a log.
    Tail,
}

/// What was read, with secrets.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) bytes: Vec<u8>,
    /// The end that is there, if there was more.
    pub(super) cut: Option<Keep>,
    /// How the command ended that said it; `None` if it was fine or no command.
    pub(super) ended: Option<String>,
}

/// Reads all there is, and keeps as much as there is room for.
pub(super) fn read(mut from: impl Read, keep: Keep) -> io::Result<Raw> {
    let mut raw = Raw::default();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let len = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if raw.bytes.is_empty() => return Err(error),
            // What came so far is worth having.
            Err(_) => break,
        };
        raw.bytes.extend_from_slice(&chunk[..len]);
        let over = raw.bytes.len().saturating_sub(WITH_MARGIN);
        if over > 0 {
            raw.cut = Some(keep);
        }
        match keep {
            Keep::Head if over > 0 => break,
            Keep::Tail if over > WITH_MARGIN => drop(raw.bytes.drain(..over)),
            Keep::Head | Keep::Tail => {}
        }
    }
    raw.trim();
    Ok(raw)
}

impl Raw {
    /// What is left of it where the secrets are out: no more than [`MOST`], in whole lines.
    pub(super) fn fitted(&self, mut redacted: Vec<u8>) -> Vec<u8> {
        match self.cut {
            None => {}
            Some(Keep::Head) => {
                redacted.truncate(redacted.len().saturating_sub(MARGIN).min(MOST));
                redacted.truncate(redacted.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1));
            }
            Some(Keep::Tail) => {
                let margin = MARGIN.max(redacted.len().saturating_sub(MOST)).min(redacted.len());
                let line = redacted[margin..].iter().position(|&byte| byte == b'\n');
                redacted.drain(..line.map_or(redacted.len(), |at| margin + at + 1));
            }
        }
        redacted
    }

    fn trim(&mut self) {
        let over = self.bytes.len().saturating_sub(WITH_MARGIN);
        match self.cut {
            Some(Keep::Head) => self.bytes.truncate(WITH_MARGIN),
            Some(Keep::Tail) => drop(self.bytes.drain(..over)),
            None => {}
        }
    }
}

/// How many bytes from the end a log is read.
pub(super) const TAIL: u64 = WITH_MARGIN as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_there_whole() {
        let raw = read(&b"one\ntwo"[..], Keep::Tail).unwrap();
        assert_eq!((raw.bytes.as_slice(), raw.cut), (&b"one\ntwo"[..], None));
        assert_eq!(raw.fitted(raw.bytes.clone()), b"one\ntwo");
    }

    #[test]
    fn of_too_much_the_end_that_counts_is_there_in_whole_lines() {
        let lines = (0..400_000).fold(String::new(), |lines, line| lines + &format!("line {line}\n"));
        for keep in [Keep::Head, Keep::Tail] {
            let raw = read(lines.as_bytes(), keep).unwrap();
            assert_eq!((raw.bytes.len(), raw.cut), (WITH_MARGIN, Some(keep)));
            let fitted = String::from_utf8(raw.fitted(raw.bytes.clone())).unwrap();
            assert!(fitted.len() <= MOST && fitted.len() > MOST - 100, "{}", fitted.len());
            assert!(fitted.starts_with("line ") && fitted.ends_with('\n'));
            assert_eq!(fitted.ends_with("line 399999\n"), keep == Keep::Tail);
            assert_eq!(fitted.starts_with("line 0\n"), keep == Keep::Head);
        }
    }

    #[test]
    fn of_one_endless_line_nothing_is_left() {
        let raw = read(io::repeat(b'x').take(1 << 23), Keep::Tail).unwrap();
        assert_eq!(raw.fitted(raw.bytes.clone()), b"");
    }
}
