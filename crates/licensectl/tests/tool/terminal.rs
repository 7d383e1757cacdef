//! On a terminal: questions, progress, and a screen that is kept up to date.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use license_client::{ipc::Request, types::Registration};
use nix::{
    pty::{Winsize, openpty},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    daemon::{NUMBER, serving},
    samples,
};

/// How long something may take that takes no time.
const SOON: Duration = Duration::from_secs(20);

/// The tool on a terminal.
struct Terminal {
    tool: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    fn with(columns: u16, socket: &Path, variables: &[(&str, &str)], args: &[&str]) -> Self {
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let tool = Command::new(env!("CARGO_BIN_EXE_licensectl"))
            .env_clear()
            .env("LICENSED_SOCKET", socket)
            .envs(variables.iter().copied())
            .args(args)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let keyboard = File::from(pty.master);
        let mut display = keyboard.try_clone().unwrap();
        let (shows, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut some = [0; 4096];
            // It fails when the tool has closed its end.
            while let Ok(read @ 1..) = display.read(&mut some) {
                if shows.send(some[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { tool, keyboard, screen, shown: String::new() }
    }

    /// Waits until it shows these words, and forgets what stood before them.
    fn shows(&mut self, words: &str) -> String {
        loop {
            if let Some(at) = self.shown.find(words) {
                let rest = self.shown.split_off(at + words.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            let more = self.screen.recv_timeout(SOON);
            let more = more.unwrap_or_else(|error| panic!("{words:?} is not shown: {error}: {}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
    }

    fn enter(&mut self, words: &str) {
        writeln!(self.keyboard, "{words}").unwrap();
    }

    /// How the tool ends, and what else it shows.
    fn ends(mut self) -> (Option<i32>, String) {
        let code = self.tool.wait().unwrap().code();
        while let Ok(more) = self.screen.recv_timeout(Duration::from_millis(200)) {
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
        (code, self.shown.replace("\r\n", "\n"))
    }
}

#[test]
fn a_registration_is_asked_for_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let asked = serving(&socket, samples::answer);
    let mut terminal =
        Terminal::with(80, &socket, &[("LANG", "ru_RU.UTF-8")], &["register", "--contact", "Анна"]);
    terminal.shows("компания: ");
    terminal.enter("ООО «Ромашка»");
    terminal.shows("почта: ");
    terminal.enter("anna");
    terminal.shows("это не адрес электронной почты");
    terminal.shows("почта: ");
    terminal.enter("anna@romashka.example");
    terminal.shows("телефон (Enter, если нет): ");
    terminal.enter("");
    terminal.shows("ИНН (Enter, если нет): ");
    terminal.enter("7701234567");
    let sent = terminal.shows("Отправить это серверу лицензий? [д/Н] ");
    assert!(sent.contains("Анна") && sent.contains("7701234567"), "{sent}");
    terminal.enter("да");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(&format!("Регистрационный номер: {NUMBER}")), "{shown}");
    let company = Registration {
        company: "ООО «Ромашка»".to_owned(),
        email: "anna@romashka.example".to_owned(),
        contact: "Анна".to_owned(),
        phone: None,
        tax_id: Some("7701234567".to_owned()),
    };
    assert_eq!(asked.recv_timeout(SOON), Ok(Request::Register(company)));
}

#[test]
fn a_key_is_asked_for_so_that_it_stands_in_no_history() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let asked = serving(&socket, samples::answer);
    let mut terminal = Terminal::with(80, &socket, &[], &["activate"]);
    terminal.shows("Registration number (MIKO-…): ");
    terminal.enter(&format!(" {} ", NUMBER.to_lowercase()));
    assert_eq!(terminal.ends().0, Some(0));
    assert_eq!(asked.recv_timeout(SOON), Ok(Request::Activate { key: NUMBER.parse().unwrap() }));
}

#[test]
fn what_is_not_confirmed_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let asked = serving(&socket, samples::answer);
    for command in ["reset", "deprovision"] {
        let mut terminal = Terminal::with(80, &socket, &[], &[command]);
        terminal.shows("[y/N] ");
        terminal.enter("");
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(2), "{command}");
        assert!(shown.contains("nothing was changed"), "{shown}");
    }
    assert!(asked.try_recv().is_err(), "the daemon was asked nothing");
    let mut terminal = Terminal::with(80, &socket, &[], &["reset"]);
    terminal.shows("[y/N] ");
    terminal.enter("yes");
    assert_eq!(terminal.ends().0, Some(0));
    assert_eq!(asked.recv_timeout(SOON), Ok(Request::Reset));
}

#[test]
fn whoever_waits_sees_that_something_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let (goes_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Arc::new(std::sync::Mutex::new(may_go_on));
    serving(&socket, move |request| {
        let _ = may_go_on.lock().unwrap().recv_timeout(SOON);
        samples::answer(request)
    });
    let mut terminal = Terminal::with(80, &socket, &[("NO_COLOR", "1")], &["recheck"]);
    terminal.shows("Waiting for the license server… 0 s");
    goes_on.send(()).unwrap();
    terminal.shows("\r\x1b[K");
    let (code, shown) = terminal.ends();
    assert_eq!((code, shown.as_str()), (Some(0), "It is done.\nWarning: A warning.\n"), "{shown:?}");
}

#[test]
fn a_screen_fits_the_terminal_and_has_colours() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _asked = serving(&socket, samples::answer);
    let (_, shown) = Terminal::with(50, &socket, &[("NO_COLOR", "1")], &["status"]).ends();
    assert!(shown.lines().all(|line| line.chars().count() <= 50), "{shown}");
    assert!(!shown.contains('\x1b'), "{shown:?}");
    let (_, shown) = Terminal::with(50, &socket, &[], &["status"]).ends();
    assert!(shown.contains("\x1b[32m● fresh\x1b[0m "), "{shown:?}");
}

#[test]
fn a_screen_is_kept_up_to_date_until_it_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _asked = serving(&socket, samples::answer);
    let mut terminal = Terminal::with(80, &socket, &[("NO_COLOR", "1")], &["status", "--watch"]);
    terminal.shows("● fresh");
    terminal.shows("Next: licensectl explain 45");
    terminal.shows("\x1b[H");
    terminal.shows("● fresh");
    kill(Pid::from_raw(terminal.tool.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(terminal.ends().0, Some(0));
}
