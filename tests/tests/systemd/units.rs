//! The units themselves.

use end_to_end::{SystemdBox, systemd_box::UNITS};

/// What `systemd-analyze security` may say of a service, in tenths.
const EXPOSURE: [(&str, &str); 3] =
    [("licensed.service", "15"), ("license-gateway.service", "15"), ("license-server.service", "20")];

#[test]
fn the_units_are_right_closed_and_enabled_as_they_should_be() {
    let system = SystemdBox::installed();
    let verified =
        system.run(&[&["systemd-analyze", "verify", "--man=no"], &UNITS[..]].concat()).ended_with(0);
    assert_eq!((verified.stdout.as_str(), verified.stderr.as_str()), ("", ""));
    for (unit, threshold) in EXPOSURE {
        let threshold = format!("--threshold={threshold}");
        system.run(&["systemd-analyze", "security", "--no-pager", &threshold, unit]).ended_with(0);
    }
    for unit in UNITS {
        let enabled = if unit.starts_with("license-gateway") { "disabled" } else { "enabled" };
        assert_eq!(system.run(&["systemctl", "is-enabled", unit]).stdout.trim(), enabled, "{unit}");
        assert!(!system.property(unit, "After").contains("network-online.target"), "{unit}");
    }
}

#[test]
fn the_daemon_runs_without_its_socket_unit_too() {
    let system = SystemdBox::installed();
    system.systemctl(&["disable", "--now", "licensed.socket"]);
    system.systemctl(&["start", "licensed"]);
    assert_eq!(system.property("licensed.socket", "ActiveState"), "inactive");
    let owner = system.sh("stat -c '%U:%G %a' /run/licensed/licensed.sock").ended_with(0);
    assert_eq!(owner.stdout.trim(), "licensed:licensed 660");
    assert_eq!(system.check("33"), "indeterminate 2009");
    system.systemctl(&["stop", "licensed"]);
    system.sh("test ! -e /run/licensed/licensed.sock").ended_with(0);
}
