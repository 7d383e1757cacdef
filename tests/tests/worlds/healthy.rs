//! Worlds in which nothing is broken, however they look.

use end_to_end::{BrokenWorld, broken_world::LICENSE_SERVER};

use crate::proxy;

fn is_well(world: &BrokenWorld) {
    assert_eq!(world.ping(), None);
}

#[test]
fn nothing_is_wrong() {
    is_well(&BrokenWorld::healthy());
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
