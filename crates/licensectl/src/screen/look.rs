//! How wide a page is, and whether it has styles.

use std::io::{self, IsTerminal};

use licensectl::cli::Colour;
use terminal_size::{Height, Width, terminal_size_of};

/// The widest text. Longer lines are hard to read.
const WIDEST: usize = 120;

/// How a page looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// At which column lines wrap; `None` is never.
    pub(crate) width: Option<usize>,
    /// Whether there are colours and the like.
    pub(crate) is_styled: bool,
}

impl Look {
    /// How a page looks on standard output.
    pub(crate) fn of_stdout(colour: Colour, variable: impl Fn(&str) -> Option<String>) -> Self {
        Self { width: width(), is_styled: is_styled(colour, io::stdout().is_terminal(), variable) }
    }

    /// The same look after the terminal may have changed its size.
    pub(crate) fn resized(self) -> Self {
        Self { width: width(), ..self }
    }
}

fn width() -> Option<usize> {
    let width = terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width));
    width.filter(|&width| width > 0).map(|width| width.min(WIDEST))
}

/// How many lines the terminal has, if standard output is one.
pub(crate) fn height() -> Option<usize> {
    let height = terminal_size_of(io::stdout()).map(|(_, Height(height))| usize::from(height));
    height.filter(|&height| height > 0)
}

/// The customs of `NO_COLOR` (no-color.org), `CLICOLOR` and `CLICOLOR_FORCE` (bixense.com/clicolors), in this order.
fn is_styled(colour: Colour, is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let is = |name, wanted| variable(name).is_some_and(|value| value == wanted);
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if is_set("NO_COLOR") => false,
        Colour::Auto if is_set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
        Colour::Auto => is_terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_flag_then_the_environment_then_the_terminal() {
        let cases = [
            (Colour::Auto, true, "", true),
            (Colour::Auto, false, "", false),
            (Colour::Auto, true, "NO_COLOR=1", false),
            (Colour::Auto, true, "NO_COLOR=", true),
            (Colour::Auto, false, "CLICOLOR_FORCE=1", true),
            (Colour::Auto, false, "CLICOLOR_FORCE=0", false),
            (Colour::Auto, false, "CLICOLOR_FORCE=1 NO_COLOR=1", false),
            (Colour::Auto, true, "CLICOLOR=0", false),
            (Colour::Auto, true, "TERM=dumb", false),
            (Colour::Always, false, "NO_COLOR=1", true),
            (Colour::Never, true, "CLICOLOR_FORCE=1", false),
        ];
        for (colour, is_terminal, set, expected) in cases {
            let variable = |name: &str| {
                let set = set.split(' ').filter_map(|it| it.split_once('='));
                set.into_iter().find_map(|(known, value)| (known == name).then(|| value.to_owned()))
            };
            assert_eq!(is_styled(colour, is_terminal, variable), expected, "{colour:?} {is_terminal} {set}");
        }
    }
}
