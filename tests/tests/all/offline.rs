//! What people do while the license server is away: it is done here at once, and told when it can be.

use end_to_end::{World, waiting::until};

#[test]
fn a_seat_is_given_back_and_taken_again_without_the_license_server() {
    let (mut world, number) = World::with_coupon();
    let session = world.host.checked(45)["session"].as_str().unwrap().to_owned();
    world.server.kill();
    world.host.recheck_in_vain();

    let released = world.host.licensectl(&["release", &session]).ended_with(0).json();
    assert!(released["warnings"][0].as_str().unwrap().contains("as soon as it can be reached"), "{released}");
    assert_eq!(world.host.check(45), "denied 2008", "it is over at once");
    world.host.crash();
    assert_eq!(world.host.check(45), "denied 2008", "and a crash does not bring it back");
    let warnings = world.host.status()["warnings"].to_string();
    assert!(warnings.contains("gave 1 of its seats back"), "{warnings}");

    let taken = world.host.licensectl(&["capture", "45"]).ended_with(0).json();
    assert_eq!(taken["session"], session.as_str(), "the license server never knew: it is the same seat");
    assert_eq!(world.host.check(45), "granted offline");

    world.host.licensectl(&["release", &session]).ended_with(0);
    world.server.start();
    let told = || !world.host.status()["warnings"].to_string().contains("seats back");
    until(|| told().then_some(())).expect("it is told as soon as the license server can be reached");
    assert_eq!(world.server.captured(&number, 45), 0);
    assert_eq!(world.host.check(45), "denied 2008");
}

#[test]
fn a_seat_that_nobody_holds_cannot_be_had_offline_and_that_is_no_no() {
    let (mut world, number) = World::with_coupon();
    world.server.drop_all(&number);
    world.host.recheck();
    world.host.licensectl(&["activate", &number]).ended_with(0);
    world.server.kill();
    world.host.recheck_in_vain();
    let failure = world.host.licensectl(&["capture", "45"]).ended_with(4).failure();
    assert_eq!(failure, "no_answer 1012");
    assert_eq!(world.host.check(33), "granted offline", "what is held goes on");
}
