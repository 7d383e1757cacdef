//! Files that a broken disk, a full one or a curious person has damaged. Nothing of it is a "no".

use std::fs;

use end_to_end::{World, waiting};

/// A way to damage a file.
type Damage = fn(&[u8]) -> Vec<u8>;

const DAMAGES: [(&str, Damage); 4] = [
    ("cut to half", |content| content[..content.len() / 2].to_vec()),
    ("emptied", |_| Vec::new()),
    ("of another version", |content| {
        String::from_utf8_lossy(content).replacen("licensed-state 1", "licensed-state 2", 1).into_bytes()
    }),
    ("with a flipped bit", |content| {
        let mut content = content.to_vec();
        let at = content.len() / 2;
        content[at] ^= 1;
        content
    }),
];

/// Stops the daemon and damages a file of its state folder.
fn damage(world: &mut World, file: &str, damage: Damage) {
    world.host.kill();
    let path = world.host.state_dir().join(file);
    fs::write(&path, damage(&fs::read(&path).unwrap())).unwrap();
}

#[test]
fn with_a_damaged_state_the_previous_one_is_served_and_the_log_says_where_the_damaged_one_is() {
    for (what, how) in DAMAGES {
        let (mut world, _number) = World::with_coupon();
        // From now on both generations say the same.
        world.host.recheck();
        world.server.kill();
        world.host.recheck_in_vain();
        damage(&mut world, "state", how);
        world.host.start();
        assert!(world.host.check(45).starts_with("granted"), "{what}: {}", world.host.check(45));
        let log = world.host.daemon().log();
        let quarantine = world.host.state_dir().join("state.unreadable-1");
        assert!(log.contains(quarantine.to_str().unwrap()), "{what}: {log}");
        assert!(quarantine.exists(), "{what}");
    }
}

#[test]
fn the_previous_state_is_what_was_known_before_the_last_change_and_the_license_server_mends_it() {
    let (mut world, _number) = World::registered();
    world.host.activate_coupon(&world.server.coupon(81));
    // What was known before holds a coupon under way, which is asked about at once.
    world.server.kill();
    damage(&mut world, "state", |_| Vec::new());
    world.host.start();
    assert!(world.host.check(33).starts_with("granted"));
    assert_eq!(world.host.check(45), "denied 2008");
    world.server.start();
    world.host.recheck();
    assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted fresh"; 2]);
}

#[test]
fn a_dropped_license_is_not_revived_by_damage() {
    let (mut world, number) = World::with_coupon();
    world.server.drop_all(&number);
    world.host.recheck();
    world.server.kill();
    damage(&mut world, "state", |_| Vec::new());
    world.host.start();
    assert_eq!(world.host.check(45), "denied 2008");
}

#[test]
fn with_both_generations_damaged_nobody_knows_until_the_license_server_says_it_again() {
    let (mut world, _number) = World::with_coupon();
    world.server.kill();
    damage(&mut world, "state", |_| Vec::new());
    damage(&mut world, "state.previous", |_| Vec::new());
    world.host.start();
    let tried = waiting::until(|| (world.host.check(45) == "indeterminate 1012").then_some(()));
    assert!(tried.is_some(), "{}", world.host.check(45));
    assert_eq!(world.host.state(), "recovering", "a host that lost its state is no new one");
    assert_eq!(world.host.checked(45)["may_run"], true, "what runs goes on");

    world.server.start();
    world.host.recheck();
    assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted fresh"; 2]);
}

#[test]
fn a_host_that_lost_its_state_asks_by_itself() {
    let (mut world, _number) = World::with_coupon();
    damage(&mut world, "state", |_| Vec::new());
    damage(&mut world, "state.previous", |_| Vec::new());
    world.host.start();
    let healed = waiting::until(|| (world.host.check(45) == "granted fresh").then_some(()));
    assert!(healed.is_some(), "{}", world.host.check(45));
}

#[test]
fn a_host_that_lost_its_key_is_unknown_until_its_number_is_activated_which_takes_no_second_seat() {
    let (mut world, number) = World::with_coupon();
    damage(&mut world, "host.key", |_| b"nonsense".to_vec());
    world.host.start();
    let log = world.host.daemon().log();
    assert!(log.contains("host.key.unreadable-1"), "{log}");
    assert_eq!(world.host.checked(45)["may_run"], true, "what runs goes on");

    let unknown = world.host.licensectl(&["recheck"]).ended_with(1);
    assert!(unknown.message().contains("Activate the registration number"), "{unknown:?}");
    assert_eq!(world.host.state(), "recovering");
    assert_eq!(world.host.check(45), "indeterminate 1014");

    world.host.licensectl(&["activate", &number]).ended_with(0);
    assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted fresh"; 2]);
    assert_eq!([33, 45].map(|feature| world.server.captured(&number, feature)), [1; 2]);
}

#[test]
fn a_damaged_clock_costs_nothing_but_a_warning() {
    let (mut world, _number) = World::with_coupon();
    let before = world.host.lasting(45);
    damage(&mut world, "clock", |_| b"nonsense".to_vec());
    world.host.start();
    assert_eq!(world.host.lasting(45), before);
    let log = world.host.daemon().log();
    assert!(log.contains("clock.unreadable-1"), "{log}");
    world.host.recheck();
    world.host.crash();
    assert!(!world.host.daemon().log().contains("unreadable"), "a new one was written");
}
