//! What people enter: nonsense is refused before anybody is asked, and the rules of the license server
//! come through with their code.

use end_to_end::{Host, World, host::COMPANY, world};

const UNKNOWN_NUMBER: &str = "MIKO-AAAAA-BBBBB-CCCCC-DDDDD";
const UNKNOWN_COUPON: &str = "MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD";
const EMAIL: &str = "office@romashka.example";

#[test]
fn a_malformed_number_or_coupon_is_refused_before_anybody_is_asked() {
    let folder = world::folder();
    let nobody_there = Host::new(folder.path(), "pbx");
    let number = "^MIKO(-[A-Z0-9]{5}){4}$";
    let coupon = "^MIKOUPD(-[A-Z0-9]{5}){4}$";
    for (arguments, pattern) in [
        (["activate", "MIKO-AB1CD-EF2GH-IJ3KL"], number),
        (["activate", UNKNOWN_COUPON], number),
        (["activate", ""], number),
        (["info", "MIKO-АБВГД-EF2GH-IJ3KL-MN4OP"], number),
        (["coupon", "MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4O!"], coupon),
        (["coupon", UNKNOWN_NUMBER], coupon),
    ] {
        let answered = nobody_there.licensectl(&arguments).ended_with(2);
        assert_eq!(answered.failure(), "malformed", "{arguments:?}");
        assert!(answered.message().contains(pattern), "{arguments:?}: {}", answered.message());
    }
    let asked = nobody_there.licensectl(&["activate", UNKNOWN_NUMBER]).ended_with(3);
    assert_eq!(asked.failure(), "not_reachable", "with a number that could be one, the daemon is missed");
}

#[test]
fn a_number_is_taken_in_small_letters_and_with_spaces_around_it() {
    let (world, number) = World::registered();
    let typed = format!("  {} ", number.to_lowercase());
    world.host.licensectl(&["activate", &typed]).ended_with(0);
    assert_eq!(world.host.check(33), "granted fresh");
}

#[test]
fn what_the_license_server_does_not_know_has_its_code() {
    let (world, _number) = World::registered();
    for (arguments, failure) in [
        (["activate", UNKNOWN_NUMBER], "refused 2026"),
        (["info", UNKNOWN_NUMBER], "refused 2026"),
        (["coupon", UNKNOWN_COUPON], "refused 2040"),
        (["trial", "9998"], "refused 2008"),
        (["capture", "9999"], "refused 2008"),
    ] {
        assert_eq!(world.host.licensectl(&arguments).ended_with(6).failure(), failure, "{arguments:?}");
    }
    let unsold = world.host.licensectl(&["check", "9999"]).ended_with(1);
    assert_eq!(unsold.json()["code"], 2008);
    assert_eq!(world.host.check(33), "granted fresh", "the old binding stays");
}

#[test]
fn a_coupon_is_used_once_and_not_at_all_when_it_is_blocked() {
    let (world, _number) = World::registered();
    let coupon = world.server.coupon(81);
    world.host.activate_coupon(&coupon);
    assert_eq!(world.host.licensectl(&["coupon", &coupon]).ended_with(6).failure(), "refused 2041");
    assert_eq!(world.host.checked(45)["seats"]["total"], 1);

    let blocked = world.server.coupon(81);
    world.server.admin(&["coupon", "block", &blocked]).ended_with(0);
    assert_eq!(world.host.licensectl(&["coupon", &blocked]).ended_with(6).failure(), "refused 2057");
}

#[test]
fn a_host_without_a_number_is_told_so_before_the_license_server_is_asked() {
    let mut world = World::new();
    world.server.kill();
    for (arguments, failure) in [
        (&["coupon", UNKNOWN_COUPON][..], "refused 2037"),
        (&["trial", "81"], "refused 2009"),
        (&["capture", "33"], "refused 2009"),
        (&["recheck"], "refused 2009"),
        (&["info"], "refused 2009"),
    ] {
        assert_eq!(world.host.licensectl(arguments).ended_with(6).failure(), failure, "{arguments:?}");
    }
}

#[test]
fn the_same_data_from_the_same_host_are_the_same_number() {
    let (world, number) = World::registered();
    assert_eq!(world.host.register(), number);
    let again = world.host.register_as(" ООО  «РОМАШКА»", "Office@Romashka.example").ended_with(0);
    assert_eq!(again.json()["number"], *number, "letters and spaces make no difference");
    world.host.licensectl(&["reset", "--yes"]).ended_with(0);
    assert_eq!(world.host.check(33), "indeterminate 2009");
    assert_eq!(world.host.register(), number, "nor does a reset");
    assert_eq!(world.server.captured(&number, 33), 1);
}

#[test]
fn other_data_are_refused_by_the_rule_that_they_break() {
    let (world, number) = World::registered();
    let same_email = world.host.register_as("ООО «Василёк»", EMAIL).ended_with(6);
    assert_eq!(same_email.failure(), "refused 2022");
    let same_host = world.host.register_as(COMPANY, "other@romashka.example").ended_with(6);
    assert_eq!(same_host.failure(), "refused 2051");

    let other = world.another_host("other");
    let same_data = other.register_as(COMPANY, EMAIL).ended_with(6);
    assert_eq!(same_data.failure(), "refused 2022", "to another host nothing is disclosed");
    assert!(!same_data.stdout.contains(&number), "{same_data:?}");
    assert_eq!(other.check(33), "indeterminate 2009");
    assert_eq!(world.host.check(33), "granted fresh");
}

#[test]
fn the_second_host_of_a_number_gets_its_seat_after_the_first_was_dropped() {
    let (world, number) = World::with_coupon();
    let second = world.another_host("second");
    let activated = second.licensectl(&["activate", &number]).ended_with(0);
    assert!(activated.json()["warnings"][0].as_str().is_some(), "no seat of 33 is free: {activated:?}");
    assert_eq!([33, 45].map(|feature| second.check(feature)), ["denied 2008"; 2]);

    world.server.drop_all(&number);
    second.licensectl(&["activate", &number]).ended_with(0);
    second.licensectl(&["capture", "45"]).ended_with(0);
    assert_eq!([33, 45].map(|feature| second.check(feature)), ["granted fresh"; 2]);
    world.host.recheck();
    assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["denied 2008"; 2]);
}

#[test]
fn neither_number_nor_coupon_stands_in_any_log() {
    let mut world = World::prepared();
    world.host = world.host.variable("LICENSED_LOG", "debug");
    world.host.start();
    let number = world.host.register();
    let coupon = world.server.coupon(81);
    world.host.activate_coupon(&coupon);
    world.host.licensectl(&["coupon", &coupon]).ended_with(6);
    world.server.drop_all(&number);
    world.host.recheck();
    world.host.licensectl(&["reset", "--yes"]).ended_with(0);
    for log in [world.host.daemon().log(), world.server.log()] {
        assert!(log.len() > 100, "there is a log: {log}");
        // The last group may be told, so that people can recognise their own.
        for secret in [&number, &coupon] {
            let groups: Vec<&str> = secret.split('-').collect();
            assert!(groups[1..4].iter().all(|group| !log.contains(group)), "{log}");
        }
    }
}
