//! Worlds in which nothing is broken, however they look.

use std::time::Duration;

use end_to_end::{BrokenWorld, broken_world::LICENSE_SERVER};

use crate::proxy;

/// The longest that anybody waits for good news. It takes about two seconds.
const PATIENCE: Duration = Duration::from_secs(7);

fn is_well(world: &BrokenWorld) {
    assert_eq!(world.ping(), None);
    let diagnosis = world.diagnosed();
    assert_eq!(diagnosis.cause(), "", "{diagnosis:#?}");
    assert_eq!(diagnosis.json.json()["healthy"], true, "{diagnosis:#?}");
    let answered = [&diagnosis.json, &diagnosis.english, &diagnosis.russian];
    assert_eq!(answered.map(|answered| answered.code), [0; 3], "{diagnosis:#?}");
    println!("all is well, after {:?} at most", diagnosis.took);
    assert!(diagnosis.took < PATIENCE, "{:?}: {diagnosis:#?}", diagnosis.took);
}

#[test]
fn nothing_is_wrong() {
    is_well(&BrokenWorld::healthy());
}

#[test]
fn nothing_is_wrong_with_a_feature_that_is_licensed() {
    let mut world = BrokenWorld::healthy();
    world.question = &["45"];
    is_well(&world);
}

#[test]
fn nothing_is_wrong_with_a_host_and_a_server_that_have_ipv6() {
    let mut world = BrokenWorld::healthy();
    world.loses_ipv4();
    is_well(&world);
}

#[test]
fn nothing_is_wrong_behind_a_proxy_that_lets_the_call_through() {
    is_well(&proxy::office());
}

#[test]
fn nothing_is_wrong_with_a_name_that_the_hosts_file_knows_rightly() {
    let mut world = BrokenWorld::healthy();
    let line = format!("127.0.0.1 localhost\n{} {LICENSE_SERVER}\n", end_to_end::broken_world::SERVER[0]);
    world.writes("hosts", &line, "/etc/hosts");
    is_well(&world);
}
