//! The init script and the example for monit, in a box whose systemd starts none of the services.

use end_to_end::{SystemdBox, programs, waiting};

/// Installs the init script for both services.
fn with_init_script() -> SystemdBox {
    let system = SystemdBox::installed();
    for name in ["licensed", "license-gateway"] {
        let script = programs::workspace().join("packaging/without-systemd/init");
        system.copy(&[script], &format!("/etc/init.d/{name}"));
    }
    system.sh("rm /lib/systemd/system/license*; systemctl daemon-reload").ended_with(0);
    system
}

#[test]
fn the_init_script_starts_reloads_and_stops_both_services() {
    let system = with_init_script();
    for name in ["licensed", "license-gateway"] {
        let script = |word| system.run(&[&format!("/etc/init.d/{name}"), word]);
        assert_eq!(script("status").ended_with(3).stdout, format!("{name} does not run\n"));
        script("start").ended_with(0);
        script("start").ended_with(0);
        let said = script("status").ended_with(0).stdout;
        let (_, pid) = said.trim().rsplit_once(' ').unwrap();
        let user = system.sh(&format!("ps -o user:20= -p {pid}")).ended_with(0).stdout;
        assert_eq!(user.trim(), name);
        script("restart").ended_with(0);
        assert_ne!(script("status").ended_with(0).stdout, said);
    }
    assert_eq!(system.check("33"), "indeterminate 2009");
    system
        .sh("curl=$(php -r 'echo file_get_contents(\"http://127.0.0.1:8223/license.api/ping\");')")
        .ended_with(0);
    system.run(&["/etc/init.d/licensed", "reload"]).ended_with(0);
    system.sh("echo 'sever = 1' >/etc/licensed/licensed.toml").ended_with(0);
    system.run(&["/etc/init.d/licensed", "reload"]).ended_with(2);
    for name in ["licensed", "license-gateway"] {
        system.run(&[&format!("/etc/init.d/{name}"), "stop"]).ended_with(0);
        system.run(&[&format!("/etc/init.d/{name}"), "status"]).ended_with(3);
    }
    system.sh("test ! -e /run/licensed/licensed.sock").ended_with(0);
    let log = system.sh("journalctl -t licensed -o cat").stdout;
    assert!(log.contains("ready"), "syslog has its lines: {log}");
}

#[test]
fn monit_takes_the_example_and_starts_a_daemon_again_that_died() {
    let system = with_init_script();
    system.systemctl(&["stop", "monit"]);
    let example = programs::workspace().join("packaging/without-systemd/monitrc");
    system.copy(&[example], "/etc/monit/conf.d/licensed");
    system.sh("sed -i 's/^ *set daemon .*/set daemon 1/' /etc/monit/monitrc").ended_with(0);
    let checked = system.run(&["monit", "-t"]).ended_with(0);
    assert!(
        checked.stderr.contains("Control file syntax OK")
            || checked.stdout.contains("Control file syntax OK"),
        "{checked:?}"
    );

    system.systemctl(&["start", "monit"]);
    let pid = || Some(system.sh("cat /run/licensed.pid").stdout).filter(|pid| !pid.is_empty());
    let answers = || system.licensectl(&["status"]).code == 0;
    let log = || system.sh("cat /var/log/monit.log").stdout;
    // Until monit has seen it run, it waits for its own start of it.
    let runs = || log().contains("'licensed' process is running");
    let first =
        waiting::until(|| pid().filter(|_| runs())).unwrap_or_else(|| panic!("not started: {}", log()));
    system.run(&["kill", "-KILL", first.trim()]).ended_with(0);
    let second = waiting::until(|| pid().filter(|pid| *pid != first && answers()));
    second.unwrap_or_else(|| panic!("not started again: {}", log()));
}
