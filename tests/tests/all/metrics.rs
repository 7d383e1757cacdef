//! `licensectl metrics`: the counts of a daemon that runs.

use end_to_end::{Host, World, waiting::until};

fn counted(host: &Host, series: &str) -> Option<f64> {
    let text = host.client().metrics().unwrap();
    let mut values = text.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    values.next().map(|value| value.parse().unwrap())
}

#[test]
fn a_running_daemon_counts_what_happens_and_says_what_holds() {
    let (mut world, number) = World::with_coupon();
    let checks = "licensed_request_duration_seconds_count{request=\"check\"}";
    assert_eq!(counted(&world.host, checks), None);
    for _ in 0..3 {
        world.host.check(45);
    }
    assert_eq!(counted(&world.host, checks), Some(3.0));
    let granted = |basis| format!("licensed_features{{verdict=\"granted\",basis=\"{basis}\"}}");
    assert_eq!(counted(&world.host, &granted("fresh")), Some(2.0));
    // Registration and coupon.
    assert_eq!(counted(&world.host, "licensed_calls_total{outcome=\"statement\",code=\"\"}"), Some(2.0));
    // Those of before may not have ended yet.
    until(|| (counted(&world.host, "licensed_connections") == Some(1.0)).then_some(()))
        .expect("this one alone");

    world.server.kill();
    world.host.recheck_in_vain();
    assert_eq!(counted(&world.host, "licensed_calls_total{outcome=\"no_answer\",code=\"1012\"}"), Some(1.0));
    assert_eq!(counted(&world.host, &granted("offline")), Some(2.0));
    let left = counted(&world.host, "licensed_days_left").unwrap();
    assert!(left > 29.0 && left <= 30.0, "{left}");
    assert_eq!(counted(&world.host, "licensed_phase{phase=\"offline\"}"), Some(1.0));

    let text = world.host.licensectl(&["metrics"]).ended_with(0).stdout;
    let session = world.host.checked(45)["session"].as_str().unwrap().to_owned();
    for secret in [&number, &session, "romashka", world.server.address()] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    world.host.licensectl(&["reset", "--yes"]).ended_with(0);
    assert_eq!(counted(&world.host, "licensed_days_left"), Some(0.0));
}
