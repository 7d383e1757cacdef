//! Who may ask, who may change things, and what a reload takes.

use end_to_end::SystemdBox;

#[test]
fn the_group_decides_who_may_ask_and_the_admin_group_who_may_change_things() {
    let system = SystemdBox::installed();
    system.register();
    system
        .sh("useradd -G licensed module; useradd outsider; useradd -G licensed,licensed-admin admin")
        .ended_with(0);
    let owner = system.sh("stat -c '%U:%G %a' /run/licensed/licensed.sock").ended_with(0);
    assert_eq!(owner.stdout.trim(), "licensed:licensed 660");

    let check = ["licensectl", "--json", "check", "33"];
    system.run_as("module", &check).ended_with(0);
    let outside = system.run_as("outsider", &check).ended_with(5);
    assert_eq!(outside.failure(), "not_permitted");
    assert!(outside.message().contains("`usermod -aG licensed outsider`"), "{outside:?}");
    let unit = ["systemd-run", "--quiet", "--pipe", "--wait", "-p", "User=outsider"];
    let by_unit = |groups: &str| system.run(&[&unit[..], &["-p", groups], &check].concat());
    by_unit("SupplementaryGroups=").ended_with(5);
    by_unit("SupplementaryGroups=licensed").ended_with(0);

    let reset = ["licensectl", "--json", "reset", "--yes"];
    let refused = system.run_as("module", &reset).ended_with(5);
    assert!(refused.message().contains("usermod -aG licensed-admin"), "{refused:?}");
    let uid = system.run(&["id", "-u", "module"]).stdout;
    let entries = system.journal("licensed");
    let noted =
        entries.iter().find(|it| it["MESSAGE"].as_str().unwrap_or_default().contains("not permitted"));
    let noted = noted.unwrap_or_else(|| panic!("no line of the refusal: {entries:#?}"));
    assert_eq!((noted["UID"].as_str(), noted["REQUEST"].as_str()), (Some(uid.trim()), Some("reset")));
    assert_eq!(noted["PRIORITY"], "4");

    system.run_as("admin", &["licensectl", "--json", "recheck"]).ended_with(0);
    assert_eq!(system.check("33"), "granted fresh");
}

#[test]
fn a_reload_of_the_license_server_fails_when_its_keys_cannot_be_used() {
    let system = SystemdBox::installed();
    system.register();
    let pid = system.main_pid("license-server");
    system.systemctl(&["reload", "license-server"]);
    assert!(system.log("license-server").contains("read the keys again"), "{}", system.log("license-server"));

    let key = "/var/lib/license-server/online.key";
    system.sh(&format!("mv {key} {key}.aside")).ended_with(0);
    system.run(&["systemctl", "reload", "license-server"]).ended_with(1);
    system.sh(&format!("mv {key}.aside {key}")).ended_with(0);
    system.systemctl(&["reload", "license-server"]);
    assert_eq!(system.main_pid("license-server"), pid);
    system.licensectl(&["recheck"]).ended_with(0);
}

#[test]
fn a_reload_returns_when_it_is_done_and_fails_when_the_configuration_is_wrong() {
    let system = SystemdBox::installed();
    system.register();
    system.sh("echo 'limits.connections = 77' >>/etc/licensed/licensed.toml").ended_with(0);
    system.systemctl(&["reload", "licensed"]);
    assert!(system.log("licensed").contains("limits.connections: 512 → 77"), "{}", system.log("licensed"));

    let pid = system.main_pid("licensed");
    system.sh("echo 'sever = 1' >>/etc/licensed/licensed.toml").ended_with(0);
    system.run(&["systemctl", "reload", "licensed"]).ended_with(1);
    let log = system.log("licensed");
    assert!(log.contains("the old one stays") && log.contains("`sever`"), "{log}");
    assert!(log.contains("status=2/INVALIDARGUMENT"), "{log}");
    assert_eq!(system.property("licensed", "ActiveState"), "active");
    assert_eq!(system.main_pid("licensed"), pid);
    assert_eq!(system.check("33"), "granted fresh");
}
