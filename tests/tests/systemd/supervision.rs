//! What systemd does about a service that hangs, dies or does not start.

use end_to_end::{SystemdBox, waiting::Stopwatch};

/// Another limit for the watchdog, as `systemctl edit` would set it: a minute is too long for a test.
fn be_impatient(system: &SystemdBox, unit: &str) {
    let folder = format!("/etc/systemd/system/{unit}.service.d");
    system
        .sh(&format!("mkdir -p {folder}; printf '[Service]\\nWatchdogSec=2s\\n' >{folder}/test.conf"))
        .ended_with(0);
}

#[test]
fn a_daemon_that_hangs_or_dies_is_started_again_with_the_same_verdict() {
    let system = SystemdBox::installed();
    be_impatient(&system, "licensed");
    system.systemctl(&["daemon-reload"]);
    system.register();
    let status = system.property("licensed", "StatusText");
    assert!(status.starts_with("bound, next check ") && status.contains(", lease to "), "{status}");

    let first = system.main_pid("licensed");
    system.run(&["kill", "-STOP", &first]).ended_with(0);
    system.wait_for("licensed", "NRestarts", |count| count == "1");
    system.wait_for("licensed", "ActiveState", |state| state == "active");
    let second = system.main_pid("licensed");
    assert!(system.log("licensed").contains("Watchdog timeout"), "{}", system.log("licensed"));
    assert_eq!(system.check("33"), "granted fresh");

    system.run(&["kill", "-KILL", &second]).ended_with(0);
    system.wait_for("licensed", "NRestarts", |count| count == "2");
    system.wait_for("licensed", "ActiveState", |state| state == "active");
    assert_eq!(system.check("33"), "granted fresh");

    system.systemctl(&["stop", "license-server"]);
    system.licensectl(&["recheck"]).ended_with(4);
    let offline = system.property("licensed", "StatusText");
    assert!(
        offline.starts_with("bound, offline since ") && offline.contains("No connection to"),
        "{offline}"
    );
}

#[test]
fn a_gateway_and_a_server_that_hang_are_started_again() {
    let system = SystemdBox::installed();
    for unit in ["license-gateway", "license-server"] {
        be_impatient(&system, unit);
    }
    system.systemctl(&["daemon-reload"]);
    system.register();
    system.systemctl(&["start", "license-gateway.socket", "license-gateway"]);
    for unit in ["license-gateway", "license-server"] {
        let first = system.main_pid(unit);
        // Fed for longer than the limit, and then not any more.
        system.run(&["sleep", "3"]).ended_with(0);
        assert_eq!(
            (system.property(unit, "NRestarts").as_str(), system.main_pid(unit)),
            ("0", first.clone())
        );
        system.run(&["kill", "-STOP", &first]).ended_with(0);
        system.wait_for(unit, "NRestarts", |count| count == "1");
        system.wait_for(unit, "ActiveState", |state| state == "active");
    }
    system.licensectl(&["recheck"]).ended_with(0);
}

#[test]
fn what_fails_again_and_again_is_tried_ever_later_and_for_ever() {
    let system = SystemdBox::installed();
    system.register();
    system
        .sh("cp /etc/licensed/licensed.toml /root/; echo 'sever = 1' >>/etc/licensed/licensed.toml")
        .ended_with(0);
    let failing = Stopwatch::start();
    system.run(&["systemctl", "restart", "licensed"]).ended_with(1);
    // At once, after 1 s and after 2 s.
    system.wait_for("licensed", "NRestarts", |count| count.parse::<u32>().unwrap() >= 4);
    let took = failing.elapsed().as_secs_f64();
    assert!(took > 3.0, "{took} s");
    assert_eq!(system.property("licensed.socket", "ActiveState"), "active");

    // Somebody asks while the daemon is away; the next start waits for 4 s.
    system.sh("mv /root/licensed.toml /etc/licensed/").ended_with(0);
    let mended = Stopwatch::start();
    system.systemctl(&["restart", "licensed"]);
    let took = mended.elapsed().as_secs_f64();
    assert!(took < 3.0, "a person is not kept waiting: {took} s");
    assert_eq!(system.check("33"), "granted fresh");
}
