//! What goes on until somebody ends it.

use std::{
    io::{self, IsTerminal, Write},
    process, thread,
    time::Duration,
};

use license_client::{Client, ClientError, Watch};
use signal_hook::{consts::SIGINT, iterator::Signals};

use crate::{
    command::Tell,
    exit::Exit,
    fault::Fault,
    human,
    machine::Machine,
    reader::Reader,
    screen::{self, Page},
    told::{Overview, Told},
};

/// How often the times on the screen are told anew.
const TICK: Duration = Duration::from_secs(1);

/// From here on Ctrl-C is how it ends, and no failure.
pub(crate) fn end_at_interrupt() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            process::exit(Exit::Done as i32);
        }
    });
    Ok(())
}

/// Tells how the daemon is, now and after each change.
pub(crate) fn each_change(client: &mut Client, tell: Tell<'_>) -> Result<Exit, Fault> {
    for change in client.watch()? {
        let is_whole = !change?.more;
        if is_whole && !tell(&Told::Overview(Box::new(Overview::ask(client)?)))? {
            break;
        }
    }
    Ok(Exit::Done)
}

/// Whether there is a screen that can be drawn on again and again.
pub(crate) fn is_possible() -> bool {
    io::stdout().is_terminal()
}

/// Draws how the daemon is, now, after each change and every second. A daemon that goes away is waited for.
pub(crate) fn screen(client: &mut Client, reader: &Reader, machine: &Machine) -> Result<Exit, Fault> {
    let mut seen = Ok(Overview::ask(client)?);
    let mut watch = None;
    let mut stdout = io::stdout().lock();
    write!(stdout, "\x1b[2J").map_err(Fault::Output)?;
    loop {
        let reader = reader.by_now();
        let text = match seen {
            Ok(it) => human::told(&Told::Overview(Box::new(it)), &reader),
            Err(error) => {
                let mut page = Page::new(reader.look);
                page.line(reader.say(&Fault::Client(error).text(machine)));
                page.into_text()
            }
        };
        let drawn = write!(stdout, "{}", redrawn(&text, screen::height())).and_then(|()| stdout.flush());
        drawn.map_err(Fault::Output)?;
        watch = waited(watch, client);
        seen = Overview::ask(client);
    }
}

/// A text over what stood on the screen, as far as it fits: every line is cleared behind its end, and what is below
/// the last one.
fn redrawn(text: &str, height: Option<usize>) -> String {
    let lines = text.lines().take(height.map_or(usize::MAX, |height| height.saturating_sub(1)));
    let drawn: String = lines.flat_map(|line| [line, "\x1b[K\n"]).collect();
    format!("\x1b[H{drawn}\x1b[J")
}

/// Waits for a change, but no longer than until the next tick; gives the watch for the next time.
fn waited(watch: Option<Watch>, client: &Client) -> Option<Watch> {
    let followed = watch.map_or_else(|| client.watch(), Ok).and_then(|mut watch| {
        watch.next_within(TICK)?;
        Ok::<_, ClientError>(watch)
    });
    if followed.is_err() {
        // There is nothing to wait for but time.
        thread::park_timeout(TICK);
    }
    followed.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_drawn_over_the_one_before_and_no_longer_than_it_is() {
        assert_eq!(redrawn("a\nb\nc", Some(3)), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
        assert_eq!(redrawn("a", None), "\x1b[Ha\x1b[K\n\x1b[J");
    }
}
