//! A world in which nothing is broken.

use end_to_end::BrokenWorld;

#[test]
fn in_a_healthy_world_the_license_server_answers() {
    let world = BrokenWorld::healthy();
    assert_eq!(world.ping(), None);
    assert_eq!(world.at_the_host(|host| host.check(45)), "granted fresh");
}
