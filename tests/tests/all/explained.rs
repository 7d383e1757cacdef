//! What the license lists, why a feature comes to what it comes to, and what a host tells about itself.

use std::collections::BTreeMap;

use end_to_end::World;
use license_client::ClientError;
use license_ipc::ErrorKind;
use serde_json::Value;

fn kinds(explained: &Value) -> Vec<&str> {
    explained["facts"].as_array().unwrap().iter().map(|fact| fact["kind"].as_str().unwrap()).collect()
}

#[test]
fn the_facts_lead_to_the_answer_of_a_check_in_every_weather() {
    let mut world = World::new();
    let explained = world.host.licensectl(&["explain", "45"]).ended_with(4).json();
    assert_eq!((&explained["code"], kinds(&explained)), (&2009.into(), vec!["number", "verdict"]));

    let number = world.host.register();
    world.host.activate_coupon(&world.server.coupon(81));
    let explained = world.host.licensectl(&["explain", "45"]).ended_with(0).json();
    let granted = vec!["number", "statement", "feature", "seat", "lease", "expiry", "next_check", "verdict"];
    assert_eq!(kinds(&explained), granted);
    assert!(!explained.to_string().contains(&number), "a number is masked: {explained}");

    let explained = world.host.licensectl(&["explain", "9999"]).ended_with(1).json();
    assert_eq!(kinds(&explained), ["number", "statement", "feature", "next_check", "verdict"]);
    assert_eq!(explained["facts"][2]["code"], 2008);

    world.server.kill();
    world.host.recheck_in_vain();
    let explained = world.host.licensectl(&["explain", "45"]).ended_with(0).json();
    assert!(kinds(&explained).ends_with(&["offline", "failure", "next_check", "verdict"]), "{explained}");

    world.server.start();
    world.server.drop_all(&number);
    world.host.recheck();
    let explained = world.host.licensectl(&["explain", "45"]).ended_with(1).json();
    assert_eq!(kinds(&explained), ["number", "statement", "refusal", "next_check", "verdict"]);
}

#[test]
fn the_license_is_listed_with_names_and_verdicts() {
    let (world, _number) = World::with_coupon();
    let listed = world.host.licensectl(&["features"]).ended_with(0).json();
    let features = listed.as_array().unwrap();
    let granted = |feature: u32| {
        let row = features.iter().find(|row| row["feature"] == feature).unwrap();
        assert!(!row["name"].as_str().unwrap().is_empty(), "{row}");
        row["verdict"] == "granted"
    };
    assert!(granted(33) && granted(45), "{listed}");
}

#[test]
fn a_status_says_what_the_daemon_speaks() {
    let world = World::new();
    let status = world.host.status();
    assert_eq!((&status["protocol"], &status["statement_schema"]), (&1.into(), &"1.1".into()), "{status}");
}

#[test]
fn metrics_reach_the_license_server_within_limits_and_nothing_depends_on_them() {
    let (mut world, _number) = World::registered();
    let metrics = |count: usize| -> BTreeMap<String, String> {
        (0..count).map(|at| (format!("Metric{at}"), "12".to_owned())).collect()
    };
    world.host.client().send_metrics(metrics(64)).unwrap();
    match world.host.client().send_metrics(metrics(65)) {
        Err(ClientError::Failed(failure)) => assert_eq!(failure.kind, ErrorKind::TooLarge),
        other => panic!("no failure: {other:?}"),
    }
    world.server.kill();
    match world.host.client().send_metrics(metrics(1)) {
        Err(ClientError::Failed(failure)) => assert_eq!(failure.kind, ErrorKind::NoAnswer),
        other => panic!("no failure: {other:?}"),
    }
    assert!(world.host.check(33).starts_with("granted"));
}
