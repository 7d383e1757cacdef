//! What the journal holds: fields, ids of events, and what the catalogs say of them.

use std::fs;

use end_to_end::{SystemdBox, programs, waiting};
use serde_json::Value;

/// The first entry of the daemon whose message holds `text`.
fn entry(system: &SystemdBox, text: &str) -> Value {
    let found = waiting::until(|| {
        let holds = |it: &Value| it["MESSAGE"].as_str().is_some_and(|message| message.contains(text));
        system.journal("licensed").into_iter().find(holds)
    });
    found.unwrap_or_else(|| panic!("no entry with {text:?}:\n{}", system.log("licensed")))
}

#[test]
fn each_event_has_its_fields_and_is_explained_in_both_languages() {
    let system = SystemdBox::installed();
    system.register();
    let bound = entry(&system, "Bound; the license server answers");
    assert_eq!((&bound["STATE"], &bound["SYSLOG_IDENTIFIER"]), (&"fresh".into(), &"licensed".into()));
    assert_eq!(bound["MESSAGE_ID"].as_str().map(str::len), Some(32));
    let granted = entry(&system, "feature 33");
    assert_eq!((&granted["FEATURE_ID"], &granted["VERDICT"]), (&"33".into(), &"granted".into()));
    assert_eq!(granted["PRODUCT_ID"], "11");

    // A refusal of the license server, in the words of the vendor's FAQ.
    let other = ["--company", "Another", "--email", "other@example.com", "--contact", "N"];
    system.licensectl(&[&["register"], &other[..]].concat()).ended_with(6);
    let refused = entry(&system, "(2051)");
    assert_eq!((&refused["LICENSE_CODE"], &refused["PRIORITY"]), (&"2051".into(), &"4".into()));
    assert_eq!(refused["REQUEST"], "/v1/register");
    assert!(!refused["MESSAGE"].as_str().unwrap().contains("MIKO-"), "no number is logged whole");

    // An outage, with many more lines before it than a rate limit would let through.
    system.systemctl(&["stop", "license-server"]);
    system.licensectl(&["recheck"]).ended_with(4);
    let offline = entry(&system, "the license server is away");
    assert_eq!((&offline["STATE"], &offline["LICENSE_CODE"]), (&"offline".into(), &"1012".into()));

    system.sh("localedef -i ru_RU -f UTF-8 ru_RU.UTF-8").ended_with(0);
    // In one line, as the words are.
    let explained = |language: &str| {
        let shown = system.sh(&format!("LANG={language} journalctl -x -u licensed --no-pager")).ended_with(0);
        shown.stdout.replace('░', "").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (english, russian) = (explained("C.UTF-8"), explained("ru_RU.UTF-8"));
    for (text, way_out) in [
        (&english, "Look for the mail with the number, or repeat with the e-mail used last time."),
        (&english, "No connection to the license server: network, firewall or proxy (1012)"),
        (&english, "Feature 33 is granted"),
        (&russian, "Найдите письмо с номером или повторите с почтой, указанной в прошлый раз."),
        (&russian, "Нет соединения с сервером лицензий: сеть, межсетевой экран или прокси (1012)"),
        (&russian, "Функция 33 разрешена"),
    ] {
        assert!(text.contains(way_out), "{way_out:?} is not in\n{text}");
    }
}

#[test]
fn the_queries_of_the_handbook_are_queries() {
    let system = SystemdBox::installed();
    system.register();
    let handbook = fs::read_to_string(programs::workspace().join("docs/operations.md")).unwrap();
    let queries: Vec<_> = handbook.lines().filter(|line| line.starts_with("    journalctl ")).collect();
    assert!(queries.len() >= 10, "{queries:?}");
    for query in queries {
        // One that follows the journal would not end.
        let answered = system.sh(&format!("{} --no-pager", query.replace(" -f ", " "))).ended_with(0);
        assert_eq!(answered.stderr, "", "{query}");
    }
    let starts =
        system.sh("journalctl _PID=1 UNIT=licensed.service UNIT=license-gateway.service --since -7d").stdout;
    assert!(starts.contains("Started licensed.service"), "{starts}");
}

#[test]
fn no_rate_limit_hides_a_change_of_state() {
    let system = SystemdBox::installed();
    system.register();
    system.sh("useradd -G licensed module").ended_with(0);
    // Refused, and logged, more often than the journal's limit for 30 s lets through by itself.
    let flood =
        "i=0; while [ $i -lt 1100 ]; do i=$((i + 1)); echo reset --yes; done | xargs -P 8 -L 1 licensectl";
    system.sh("printf '[Journal]\\nRateLimitIntervalSec=30s\\nRateLimitBurst=100\\n' >/etc/systemd/journald.conf").ended_with(0);
    system.systemctl(&["restart", "systemd-journald"]);
    system.run_as("module", &["sh", "-c", &format!("{flood} >/dev/null 2>&1 || true")]);
    system.systemctl(&["stop", "license-server"]);
    system.licensectl(&["recheck"]).ended_with(4);
    entry(&system, "the license server is away");
    let refused = system.journal("licensed").iter().filter(|it| it["REQUEST"] == "reset").count();
    assert_eq!(refused, 1100);
}
