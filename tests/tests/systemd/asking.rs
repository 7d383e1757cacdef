//! Clients that never stop asking.

use std::{
    path::PathBuf,
    process::{Child, Stdio},
};

use end_to_end::{Answered, SystemdBox, programs};

/// How often each client asks, in all and in a second. Over HTTP, PHP opens a connection for each.
const TIMES: &str = "20000";
const RATE: &str = "1000";
const HTTP_TIMES: &str = "2000";
const HTTP_RATE: &str = "100";

/// A client in Rust and one in PHP on the socket, and one in PHP that asks the gateway.
const CLIENTS: [&[&str]; 3] = [
    &["/root/ask", "/run/licensed/licensed.sock", TIMES, RATE],
    &["php", "/root/ask.php", "socket", TIMES, RATE],
    &["php", "/root/ask.php", "gateway", HTTP_TIMES, HTTP_RATE],
];

/// They ask for twenty seconds, unless a query fails.
pub(crate) struct Clients([Child; 3]);

impl Clients {
    pub(crate) fn start(system: &SystemdBox) -> Self {
        let php = programs::workspace().join("tests/systemd/ask.php");
        system.copy(&[PathBuf::from(env!("CARGO_BIN_EXE_ask")), php], "/root/");
        Self(CLIENTS.map(|words| {
            let mut command = system.command(words);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        }))
    }

    /// Waits for their end. No query failed, and they are at it still: what happens to them has happened.
    pub(crate) fn end_well(mut self) {
        let still_asking = self.0.each_mut().map(|client| client.try_wait().unwrap().is_none());
        for (client, words) in self.0.into_iter().zip(CLIENTS) {
            let output = client.wait_with_output().unwrap();
            let text = |bytes| String::from_utf8(bytes).unwrap();
            let ended = Answered {
                command: words.join(" "),
                code: output.status.code().unwrap_or(-1),
                stdout: text(output.stdout),
                stderr: text(output.stderr),
            };
            println!("{}", ended.ended_with(0).stdout.trim());
        }
        assert_eq!(still_asking, [true; 3], "they should be asking until the last thing is done to them");
    }
}
