//! `cargo xtask bench`: that it works, and not how fast.

use end_to_end::{Answered, programs};

#[test]
fn a_short_load_is_answered_to_the_last_call() {
    let mut bench = programs::program("bench");
    bench.arg("server").arg(programs::path_of("license-server"));
    bench.args(["--customers", "200", "--seconds", "1", "--connections", "4"]);
    let figures = Answered::by(&mut bench).ended_with(0).stdout;
    assert!(figures.contains("200 customers") && figures.contains(" check-ins/s "), "{figures}");
    assert!(!figures.contains("\n0 check-ins/s"), "{figures}");
}

#[test]
fn a_daemon_is_measured_from_its_start_to_its_last_check() {
    let mut bench = programs::program("bench");
    bench.arg("daemon").arg(programs::path_of("license-server")).arg(programs::path_of("licensed"));
    bench.args(["--starts", "2", "--connections", "3", "--seconds", "1", "--checks", "100"]);
    let figures = Answered::by(&mut bench).ended_with(0).stdout;
    for figure in ["start to READY", "RssAnon", "context switches", "checks/s", "before 500 checks"] {
        assert!(figures.contains(figure), "{figure}: {figures}");
    }
}

#[test]
fn php_asks_the_daemon_and_the_gateway_in_each_way() {
    let mut bench = programs::program("bench");
    bench.arg("php");
    for program in ["license-server", "licensed", "license-gateway"] {
        bench.arg(programs::path_of(program));
    }
    bench.arg(programs::workspace().join("clients/php/bench/ask.php")).args(["--calls", "50"]);
    let figures = Answered::by(&mut bench).ended_with(0).stdout;
    for way in ["socket, kept", "socket, new", "gateway, kept", "gateway, new"] {
        let line = figures.lines().find(|line| line.contains(way));
        assert!(line.is_some_and(|line| line.contains("p50") && line.contains("p99")), "{way}: {figures}");
    }
}

#[test]
fn the_commands_of_the_vendor_are_timed_one_by_one() {
    let mut bench = programs::program("bench");
    bench.arg("admin").arg(programs::path_of("license-server")).args(["--customers", "200"]);
    let figures = Answered::by(&mut bench).ended_with(0).stdout;
    for command in ["import", "import again", "customer find", "customer show", "log verify", "backup"] {
        assert!(
            figures.lines().any(|line| line.starts_with(&format!("{command:<14}"))),
            "{command}: {figures}"
        );
    }
}
