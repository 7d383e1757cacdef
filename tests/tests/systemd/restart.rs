//! Restarts under clients that never stop asking.

use std::{path::PathBuf, process::Stdio};

use end_to_end::{Answered, SystemdBox, programs};

/// How often each client asks, in all and in a second. Over HTTP, PHP opens a connection for each.
const TIMES: &str = "12000";
const RATE: &str = "1000";
const HTTP_TIMES: &str = "1200";
const HTTP_RATE: &str = "100";

const RESTARTS: usize = 3;

#[test]
fn no_query_fails_while_the_daemon_and_the_gateway_are_restarted() {
    let system = SystemdBox::installed();
    system.register();
    system.systemctl(&["start", "license-gateway.socket", "license-gateway"]);
    let php = programs::workspace().join("tests/systemd/ask.php");
    system.copy(&[PathBuf::from(env!("CARGO_BIN_EXE_ask")), php], "/root/");

    let clients = [
        &["/root/ask", "/run/licensed/licensed.sock", TIMES, RATE][..],
        &["php", "/root/ask.php", "socket", TIMES, RATE],
        &["php", "/root/ask.php", "gateway", HTTP_TIMES, HTTP_RATE],
    ];
    let mut asking = clients.map(|words| {
        let mut command = system.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    let before = ["licensed", "license-gateway"].map(|unit| system.main_pid(unit));
    for _ in 0..RESTARTS {
        system.run(&["sleep", "0.5"]).ended_with(0);
        system.systemctl(&["restart", "licensed"]);
        system.run(&["sleep", "0.5"]).ended_with(0);
        system.systemctl(&["restart", "license-gateway"]);
    }
    assert_ne!(["licensed", "license-gateway"].map(|unit| system.main_pid(unit)), before);
    let still_asking = asking.each_mut().map(|client| client.try_wait().unwrap().is_none());
    for (client, words) in asking.into_iter().zip(clients) {
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
    assert_eq!(still_asking, [true; 3], "at the last restart");
}
