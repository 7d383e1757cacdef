//! The packages: installing them, upgrade and downgrade, remove and purge.

use end_to_end::{
    Answered, SystemdBox,
    systemd_box::{PACKAGES_FOLDER, UNITS},
};

use crate::asking::Clients;

const BOTH: [&str; 2] = ["licensed", "license-server"];

const SERVICES: [&str; 3] = ["licensed", "license-gateway", "license-server"];

/// Makes packages of a later version in the box, of those that are there; its configuration file has changed too.
const NEWER: &str = r#"
mkdir -p /root/newer
for package in "$1"/*.deb; do
    tree=$(mktemp -d)
    dpkg-deb -R "$package" "$tree"
    sed -i 's/^Version: .*/Version: 99.0-1/' "$tree/DEBIAN/control"
    if [ -d "$tree/etc/licensed" ]; then echo '# later' >>"$tree/etc/licensed/licensed.toml"; fi
    dpkg-deb -Zgzip -z1 -b "$tree" /root/newer
done"#;

fn newer(system: &SystemdBox) {
    system.run(&["sh", "-euc", NEWER, "sh", PACKAGES_FOLDER]).ended_with(0);
}

/// What an unattended upgrade does.
fn dpkg_install(system: &SystemdBox, folder: &str) -> Answered {
    system
        .sh(&format!("DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold -i {folder}/*.deb"))
}

fn version(system: &SystemdBox, package: &str) -> String {
    system.run(&["dpkg-query", "-W", "-f", "${Version}", package]).ended_with(0).stdout
}

fn number(system: &SystemdBox) -> String {
    system.licensectl(&["info"]).ended_with(0).json()["number"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_installed_runs_but_for_the_gateway_and_installing_again_changes_nothing() {
    let system = SystemdBox::boot();
    system.copy_packages();
    for _ in 0..2 {
        let installed = dpkg_install(&system, PACKAGES_FOLDER).ended_with(0);
        assert!(
            !installed.stderr.contains("Could not") && !installed.stderr.contains("Failed"),
            "{installed:#?}"
        );
    }
    // What the presets say is what the packages do.
    system.systemctl(&[&["preset"], &UNITS[..]].concat());
    for unit in UNITS {
        let (state, enabled) = if unit.starts_with("license-gateway") {
            ("inactive", "disabled")
        } else {
            ("active", "enabled")
        };
        assert_eq!(system.property(unit, "ActiveState"), state, "{unit}");
        assert_eq!(system.run(&["systemctl", "is-enabled", unit]).stdout.trim(), enabled, "{unit}");
    }
    system.run(&["licensed", "--check-config"]).ended_with(0);
    assert_eq!(system.check("33"), "indeterminate 2009");
    let changed = system.run(&[&["dpkg", "--verify"], &BOTH[..]].concat()).ended_with(0).stdout;
    // The box is made without documentation.
    let changed: Vec<_> = changed
        .lines()
        .filter(|line| !line.contains("/usr/share/doc/") && !line.contains("/usr/share/man/"))
        .collect();
    assert!(changed.is_empty(), "{changed:#?}");

    let groups = system.run(&["id", "-nG", "license-gateway"]).ended_with(0).stdout;
    for group in ["license-gateway", "licensed", "licensed-admin"] {
        assert!(groups.split_whitespace().any(|it| it == group), "{groups}");
    }
    let php = "require 'MikoPBX/Licensed/autoload.php'; echo (new MikoPBX\\Licensed\\Client())->check(33)->kind->value;";
    assert_eq!(system.run(&["php", "-r", php]).ended_with(0).stdout, "indeterminate");
}

#[test]
fn no_query_fails_during_an_upgrade_and_a_downgrade_and_the_state_stays() {
    let system = SystemdBox::installed();
    system.register();
    system.systemctl(&["enable", "--now", "license-gateway.socket", "license-gateway"]);
    newer(&system);
    let (number, configured) = (number(&system), system.sh("cat /etc/licensed/licensed.toml").stdout);
    let (host, version_before) =
        (system.sh("sha256sum /var/lib/licensed/host.key").stdout, version(&system, "licensed"));

    let clients = Clients::start(&system);
    let mut processes = vec![SERVICES.map(|unit| system.main_pid(unit))];
    for (folder, expected) in [("/root/newer", "99.0-1"), (PACKAGES_FOLDER, &*version_before)] {
        dpkg_install(&system, folder).ended_with(0);
        for package in BOTH {
            assert_eq!(version(&system, package), expected);
        }
        processes.push(SERVICES.map(|unit| system.main_pid(unit)));
    }
    clients.end_well();
    for (at, unit) in SERVICES.into_iter().enumerate() {
        let [first, second, third] = [0, 1, 2].map(|time| &processes[time][at]);
        assert!(
            first != second && second != third && third != "0",
            "{unit} restarts each time: {processes:?}"
        );
    }
    assert_eq!(system.check("33"), "granted fresh");
    assert_eq!(self::number(&system), number);
    assert_eq!(system.sh("sha256sum /var/lib/licensed/host.key").stdout, host);
    assert_eq!(system.sh("cat /etc/licensed/licensed.toml").stdout, configured);
    system.licensectl(&["recheck"]).ended_with(0);
}

#[test]
fn remove_keeps_the_state_and_purge_takes_it_but_no_root_key_is_lost() {
    let system = SystemdBox::installed();
    system.register();
    system.systemctl(&["enable", "--now", "license-gateway.socket", "license-gateway"]);
    let number = number(&system);

    system.run(&[&["dpkg", "-r"], &BOTH[..]].concat()).ended_with(0);
    for unit in SERVICES {
        assert_eq!(system.property(unit, "ActiveState"), "inactive", "{unit}");
    }
    system.sh("test ! -e /run/licensed/licensed.sock; test ! -e /usr/bin/licensed").ended_with(0);
    system.sh("test -s /var/lib/licensed/host.key; test -s /var/lib/license-server/root.key").ended_with(0);
    dpkg_install(&system, PACKAGES_FOLDER).ended_with(0);
    assert_eq!((system.check("33").as_str(), self::number(&system)), ("granted fresh", number));
    assert_eq!(system.run(&["systemctl", "is-enabled", "license-gateway"]).stdout.trim(), "enabled");

    let key = system.sh("sha256sum </var/lib/license-server/root.key").ended_with(0).stdout;
    let purged = system.run(&[&["dpkg", "-P"], &BOTH[..]].concat()).ended_with(0);
    assert!(
        purged.stderr.contains("keys and database are in /var/backups/license-server.purged-"),
        "{purged:#?}"
    );
    let left = system.sh("find /etc /run /usr /var/lib -name 'license[d-]*' ! -path '/usr/share/doc/*'");
    assert_eq!(left.ended_with(0).stdout, "");
    assert_eq!(system.sh("stat -c '%U %a' /var/backups/license-server.purged-*").stdout, "root 700\n");
    let kept = system.sh("cat /var/backups/license-server.purged-*/license-server/root.key | sha256sum");
    assert_eq!(kept.ended_with(0).stdout, key);

    dpkg_install(&system, PACKAGES_FOLDER).ended_with(0);
    assert_eq!(system.check("33"), "indeterminate 2009");
    system.sh("! cmp -s /var/lib/license-server/root.key /var/backups/license-server.purged-*/license-server/root.key")
        .ended_with(0);
}
