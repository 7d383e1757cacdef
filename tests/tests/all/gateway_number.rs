//! What becomes of a number that MikoPBX gives and never repeats.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use end_to_end::{Host, Pbx, World, pbx::Call, waiting};
use nix::sys::signal::Signal;
use serde_json::json;

/// A number that no license server knows.
const UNKNOWN: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

/// The key file is looked at every five seconds.
const MORE_THAN_A_LOOK: Duration = Duration::from_secs(6);

/// Another host, without a number, and its PBX.
fn fresh(world: &World) -> (Host, Pbx) {
    let host = world.another_host("second");
    let pbx = Pbx::on(&host);
    (host, pbx)
}

/// The number of another company, which has a host of its own.
fn of_another_company(world: &World) -> String {
    let host = world.another_host("other-company");
    let registered = host.register_as("ООО «Василёк»", "office@vasilek.example").ended_with(0).json();
    registered["number"].as_str().unwrap().to_owned()
}

fn changes(pbx: &Pbx, number: &str) -> Call {
    pbx.calls("changekey", &json!({ "key": number }))
}

/// The same while the daemon is away, for which there is no code.
fn changes_without_daemon(pbx: &Pbx, number: &str) {
    let step = json!([{ "step": "call", "method": "changekey", "parameters": { "key": number } }]);
    let changed = pbx.begins(&step).ends_anyhow().remove(0).only_call();
    assert!(changed.status() == 503 && changed.error().contains("is kept"), "{changed:#?}");
}

fn writes_key_file(pbx: &Pbx, content: &str) {
    let file = pbx.key_file();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

/// Waits until the host has the number, and the license server's word for it.
fn is_bound(host: &Host, number: &str) {
    let last_group = number.rsplit('-').next().unwrap();
    let is_so = || {
        let status = host.status();
        let has_number = status["number"].as_str().is_some_and(|number| number.ends_with(last_group));
        (has_number && status["state"] == "fresh").then_some(())
    };
    waiting::until(is_so).unwrap_or_else(|| panic!("it is not bound: {:#}", host.status()));
}

fn is_unregistered(host: &Host) {
    let is_so = || (host.state() == "unregistered").then_some(());
    waiting::until(is_so).unwrap_or_else(|| panic!("it has a number: {:#}", host.status()));
}

#[test]
fn a_number_is_taken_though_gateway_and_daemon_are_killed_before_the_license_server_is_back() {
    let (mut world, number) = World::registered();
    let (mut host, mut pbx) = fresh(&world);
    world.server.kill();
    let changed = changes(&pbx, &number);
    assert!(changed.status() >= 500 && changed.error().starts_with("(1012) "), "{changed:#?}");
    pbx.gateway.crash();
    host.crash();
    pbx.gateway.crash();
    world.server.start();
    is_bound(&host, &number);
    assert!(!pbx.gateway.log().contains(&number), "the number is a secret");
}

#[test]
fn a_number_is_taken_though_the_caller_hangs_up_and_the_gateway_is_killed_at_any_moment() {
    let (world, number) = World::registered();
    let (host, mut pbx) = fresh(&world);
    for after in [0, 1, 1, 2, 2, 3, 5, 8, 13] {
        host.licensectl(&["reset", "--yes"]).ended_with(0);
        let step = json!([{ "step": "call", "method": "changekey", "parameters": { "key": number } }]);
        let playing = pbx.begins(&step);
        // The call has come as far as the disk, or it has not: then there is nothing to carry on.
        let stored = host.beside("gateway").join("number.json");
        let is_stored = || fs::read_to_string(&stored).ok().filter(|text| text.contains(&number));
        if after > 0 {
            waiting::until(is_stored).expect("it is stored");
            waiting::pass(Duration::from_millis(after));
        }
        pbx.gateway.kill();
        let is_wished = is_stored().is_some_and(|text| !text.contains("\"wish\":null"));
        playing.ends_anyhow();
        pbx.gateway.start();
        if is_wished {
            is_bound(&host, &number);
        }
        // For the next round the number is a new one.
        waiting::until(|| (changes(&pbx, "").status() == 200).then_some(())).expect("it is forgotten");
        is_unregistered(&host);
    }
}

#[test]
fn a_number_that_is_given_while_the_daemon_is_away_is_taken_when_it_is_back() {
    let (world, number) = World::registered();
    let (mut host, mut pbx) = fresh(&world);
    host.kill();
    changes_without_daemon(&pbx, &number);
    pbx.gateway.crash();
    host.start();
    is_bound(&host, &number);
}

#[test]
fn a_newer_number_replaces_the_one_that_was_not_taken_yet() {
    let (mut world, number) = World::registered();
    let (host, pbx) = fresh(&world);
    world.server.kill();
    assert!(changes(&pbx, UNKNOWN).error().starts_with("(1012) "));
    assert!(changes(&pbx, &number).error().starts_with("(1012) "));
    world.server.start();
    is_bound(&host, &number);
    assert!(!pbx.gateway.log().contains("(2026)"), "{}", pbx.gateway.log());
}

#[test]
fn a_reset_between_two_attempts_ends_what_is_carried_on_for_a_host_without_a_number() {
    let (mut world, number) = World::registered();
    let (host, pbx) = fresh(&world);
    world.server.kill();
    assert!(changes(&pbx, &number).error().starts_with("(1012) "));
    let kept = host.beside("gateway").join("number.json");
    let is_wished = || fs::read_to_string(&kept).unwrap().contains("\"wish\":{");
    assert!(is_wished());
    host.licensectl(&["reset", "--yes"]).ended_with(0);
    waiting::until(|| (!is_wished()).then_some(())).expect("it is given up");
    world.server.start();
    waiting::pass(MORE_THAN_A_LOOK);
    is_unregistered(&host);
    assert_eq!(host.client().status().unwrap().number_changes, 1);
}

#[test]
fn a_reset_by_a_person_ends_an_activation_that_is_under_way() {
    let (world, number) = World::registered();
    let step = json!([{ "step": "call", "method": "changekey", "parameters": { "key": number } }]);
    for is_changekey in [true, false] {
        let host = world.another_host(if is_changekey { "by-changekey" } else { "by-key-file" });
        let pbx = Pbx::on(&host);
        world.server.signal(Signal::SIGSTOP);
        let playing = is_changekey.then(|| pbx.begins(&step));
        if !is_changekey {
            writes_key_file(&pbx, &number);
        }
        let is_under_way = || (host.state() == "registering").then_some(());
        waiting::until(is_under_way).expect("it is under way");
        host.licensectl(&["reset", "--yes"]).ended_with(0);
        if let Some(playing) = playing {
            let changed = playing.ends_anyhow().remove(0).only_call();
            assert_eq!(changed.status(), 409, "{changed:#?}");
        }
        world.server.signal(Signal::SIGCONT);
        // The PBX writes what was entered into its file, whatever came of it.
        writes_key_file(&pbx, &number);
        waiting::pass(2 * MORE_THAN_A_LOOK);
        is_unregistered(&host);
        assert!(pbx.gateway.log().contains("is given up"), "{}", pbx.gateway.log());
        assert_eq!(changes(&pbx, &number).status(), 200);
        is_bound(&host, &number);
    }
}

#[test]
fn a_number_is_taken_though_the_disk_cannot_be_written() {
    let (mut world, number) = World::registered();
    let (host, pbx) = fresh(&world);
    let folder = host.beside("gateway");
    let is_stored = || waiting::until(|| folder.join("number.json").exists().then_some(())).is_some();
    assert!(is_stored(), "what it saw of the daemon");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    world.server.kill();
    let changed = changes(&pbx, &number);
    let error = changed.error();
    assert!(error.starts_with("(1012) ") && error.contains("the disk cannot be written"), "{changed:#?}");
    world.server.start();
    is_bound(&host, &number);
    fs::remove_file(&folder).unwrap();
    assert!(is_stored(), "as soon as it can be");
}

#[test]
fn another_number_frees_the_seats_of_the_old_one() {
    let (world, number) = World::with_coupon();
    let other = of_another_company(&world);
    let pbx = Pbx::on(&world.host);
    assert_eq!(pbx.asks(45), "200");
    assert!(world.server.captured(&number, 45) == 1, "{:?}", world.server.bindings(&number));
    assert_eq!(changes(&pbx, &other).status(), 200);
    is_bound(&world.host, &other);
    assert_eq!(world.server.bindings(&number), [] as [serde_json::Value; 0]);
}

#[test]
fn a_refused_number_leaves_the_old_one() {
    let (world, number) = World::with_coupon();
    let mut pbx = Pbx::on(&world.host);
    let changed = changes(&pbx, UNKNOWN);
    assert!(changed.status() == 400 && changed.error().starts_with("(2026) "), "{changed:#?}");
    is_bound(&world.host, &number);
    assert_eq!(pbx.asks(45), "200");
    pbx.gateway.crash();
    assert_eq!(changes(&pbx, &number).status(), 200);
    assert!(!pbx.gateway.log().contains("(2026)"), "it is not tried again: {}", pbx.gateway.log());
}

#[test]
fn a_reset_is_made_when_the_daemon_is_back_and_told_when_the_license_server_is() {
    let (mut world, number) = World::with_coupon();
    let mut pbx = Pbx::on(&world.host);
    world.server.kill();
    world.host.kill();
    changes_without_daemon(&pbx, "");
    pbx.gateway.crash();
    world.host.start();
    is_unregistered(&world.host);
    world.server.start();
    let is_told = || world.server.bindings(&number).is_empty().then_some(());
    waiting::until(is_told).expect("the seats are given back");
}

#[test]
fn what_a_person_does_while_neither_gateway_nor_daemon_ran_is_not_undone() {
    let (mut world, number) = World::registered();
    let other = of_another_company(&world);
    let mut pbx = Pbx::on(&world.host);
    let stored = world.host.beside("gateway").join("number.json");
    let is_seen =
        || fs::read_to_string(&stored).is_ok_and(|text| text.contains("\"seen\":{\"bound\"")).then_some(());
    waiting::until(is_seen).expect("the gateway saw the number");
    world.host.kill();
    changes_without_daemon(&pbx, "");
    pbx.gateway.kill();
    world.host.start();
    is_bound(&world.host, &number);
    world.host.licensectl(&["activate", &other]).ended_with(0);
    pbx.gateway.start();
    pbx.gateway.process().wait_for_log("is given up");
    waiting::pass(MORE_THAN_A_LOOK);
    is_bound(&world.host, &other);
}

#[test]
fn a_fresh_host_adopts_the_number_in_the_key_file_and_a_reset_stands() {
    let (world, number) = World::registered();
    let (mut host, mut pbx) = fresh(&world);
    writes_key_file(&pbx, &number);
    is_bound(&host, &number);
    host.licensectl(&["reset", "--yes"]).ended_with(0);
    // Neither a restart of all, nor a boot that wipes the folder and writes the file again.
    pbx.gateway.kill();
    host.crash();
    fs::remove_dir_all(pbx.key_file().parent().unwrap()).unwrap();
    pbx.gateway.start();
    waiting::pass(MORE_THAN_A_LOOK);
    writes_key_file(&pbx, &number);
    waiting::pass(MORE_THAN_A_LOOK);
    assert_eq!(host.state(), "unregistered");
    // A person who enters it again has it.
    assert_eq!(changes(&pbx, &number).status(), 200);
    is_bound(&host, &number);
}

#[test]
fn a_reset_by_the_pbx_stands_when_a_key_file_can_be_used_again() {
    let (world, number) = World::registered();
    let mut pbx = Pbx::on(&world.host);
    writes_key_file(&pbx, &number);
    let file = pbx.key_file();
    let has_mode = |mode| fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    has_mode(0o666);
    pbx.gateway.process().wait_for_log("chmod o-w");
    assert_eq!(changes(&pbx, "").status(), 200);
    has_mode(0o644);
    waiting::pass(2 * MORE_THAN_A_LOOK);
    assert_eq!(world.host.state(), "unregistered");
}

#[test]
fn a_wrong_number_in_the_key_file_is_said_once() {
    let (world, number) = World::registered();
    let (host, mut pbx) = fresh(&world);
    writes_key_file(&pbx, UNKNOWN);
    let log = pbx.gateway.process().wait_for_log("was refused");
    assert!(log.contains("(2026) ") && !log.contains(UNKNOWN), "{log}");
    waiting::pass(MORE_THAN_A_LOOK);
    assert_eq!(pbx.gateway.log().matches("was refused").count(), 1, "{}", pbx.gateway.log());
    pbx.gateway.crash();
    waiting::pass(MORE_THAN_A_LOOK);
    writes_key_file(&pbx, &number);
    is_bound(&host, &number);
    assert!(!pbx.gateway.log().contains("refused"), "{}", pbx.gateway.log());
}

#[test]
fn a_number_in_the_key_file_waits_for_the_license_server() {
    let (mut world, number) = World::registered();
    let (host, mut pbx) = fresh(&world);
    world.server.kill();
    writes_key_file(&pbx, &number);
    pbx.gateway.process().wait_for_log("(1012)");
    pbx.gateway.crash();
    world.server.start();
    is_bound(&host, &number);
}

#[test]
fn another_number_in_the_key_file_is_said_and_changes_nothing() {
    let (world, number) = World::registered();
    let other = of_another_company(&world);
    let mut pbx = Pbx::on(&world.host);
    writes_key_file(&pbx, &other);
    let log = pbx.gateway.process().wait_for_log("which it stays");
    assert!(!log.contains(&number) && !log.contains(&other), "{log}");
    is_bound(&world.host, &number);
}

#[test]
fn a_number_that_comes_with_sendmetrics_is_adopted_once() {
    let (world, number) = World::registered();
    let (host, pbx) = fresh(&world);
    let sends = || pbx.calls("sendmetrics", &json!({ "key": number, "PBXname": "MikoPBX@2026.1.1" }));
    assert_eq!(sends().status(), 200);
    is_bound(&host, &number);
    host.licensectl(&["reset", "--yes"]).ended_with(0);
    sends();
    assert_eq!(host.state(), "unregistered");
}
