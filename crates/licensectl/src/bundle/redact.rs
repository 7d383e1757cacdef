//! Hides secrets in a text, pure: what goes into the archive has passed here, logs of years ago too.
//!
//! A secret may stand percent-encoded, escaped, broken by a line end or among broken bytes. So the text is looked
//! at in [`View`]s that see through that and remember where each byte came from; what a [`Rule`] finds there is
//! hidden in the text itself. In doubt more is hidden than need be.

mod rule;
#[cfg(test)]
mod tests;
mod view;

use std::{collections::BTreeMap, ops::Range};

use self::{
    rule::RULES,
    view::{View, Views},
};

/// What stands for what is hidden.
const HIDDEN: &str = "…";

/// The shortest of the secrets known by their words that is looked for: what is shorter is found everywhere.
const SHORTEST_KNOWN: usize = 4;

/// A text without secrets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Redacted {
    pub(super) text: Vec<u8>,
    /// How often something was hidden, by what it was.
    pub(super) hidden: BTreeMap<&'static str, usize>,
}

/// The text without secrets: those that their form or their name tells, and `known` ones.
pub(super) fn redact(text: &[u8], known: &[String]) -> Redacted {
    let views = Views::of(text);
    let mut hidden = BTreeMap::new();
    let mut is_hidden = vec![false; text.len()];
    let mut hide = |what, found: Vec<Range<usize>>| {
        // Two looks at the same secret count once.
        for range in found {
            if is_hidden[range.clone()].contains(&false) {
                *hidden.entry(what).or_insert(0) += 1;
            }
            is_hidden[range].fill(true);
        }
    };
    for rule in RULES.iter() {
        hide(rule.what, rule.found_in(&views));
    }
    for secret in known {
        let secret = View::decoded(secret.as_bytes()).joined();
        if secret.len() >= SHORTEST_KNOWN {
            hide("known", views.joined.iter().flat_map(|joined| joined.occurrences_of(&secret)).collect());
        }
    }
    Redacted { text: without(text, &is_hidden), hidden }
}

/// The text with [`HIDDEN`] for each stretch that is hidden. Line ends stay where they are.
fn without(text: &[u8], is_hidden: &[bool]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut within = false;
    for (&byte, &hidden) in text.iter().zip(is_hidden) {
        if hidden && !within {
            out.extend_from_slice(HIDDEN.as_bytes());
        }
        within = hidden;
        if !hidden || byte == b'\n' {
            out.push(byte);
        }
    }
    out
}
