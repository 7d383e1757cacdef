//! A boot without any network.

use end_to_end::SystemdBox;

/// A time stamp of systemd, in seconds since the boot.
fn since_boot(system: &SystemdBox, unit: &str, name: &str) -> f64 {
    system.property(unit, name).parse::<f64>().unwrap() / 1e6
}

#[test]
fn a_host_boots_without_a_network_as_fast_as_ever_and_with_the_verdicts_of_before() {
    let system = SystemdBox::installed();
    system.register();
    system.systemctl(&["disable", "license-server"]);
    system.reboot();
    assert_eq!(system.sh("ip -o link").stdout.lines().count(), 1, "loopback alone");
    assert_eq!(system.property("license-server", "ActiveState"), "inactive");

    system.wait_for("licensed", "ActiveState", |state| state == "active");
    let started = since_boot(&system, "licensed", "InactiveExitTimestampMonotonic");
    let active = since_boot(&system, "licensed", "ActiveEnterTimestampMonotonic");
    assert!(active - started < 2.0, "{started} s → {active} s");
    let booted = since_boot(&system, "multi-user.target", "ActiveEnterTimestampMonotonic");
    let chain = system.sh("systemd-analyze critical-chain --no-pager licensed.service").stdout;
    assert!(!chain.contains("network"), "{chain}");
    assert!(booted - active < 5.0, "{active} s → {booted} s");
    // The next check is planned for some time after the boot; until then the word of before holds.
    let verdict = system.check("33");
    assert!(verdict.starts_with("granted"), "{verdict}");
    system.licensectl(&["recheck"]).ended_with(4);
    assert_eq!(system.check("33"), "granted offline");
}
