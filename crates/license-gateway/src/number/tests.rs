//! The task against a daemon that does as it is told, over a real socket.

use std::fs;

use license_client::{Settings, types::Code};
use tokio::time;

use self::world::*;
use super::*;

mod world;

#[tokio::test]
async fn a_change_is_done_at_once_when_it_can_be() {
    let world = World::new(Server::Up, Some(A));
    let changed = world.change(Some(B)).await;
    assert!(matches!(&changed, Changed::Done(done) if done.message == "It is done."), "{changed:?}");
    assert_eq!(world.fake().bound, Some(number(B)));
    assert!(matches!(world.change(None).await, Changed::Done(_)));
    assert_eq!(world.fake().bound, None);
    world.until_settled().await;
    world.a_while().await;
    assert_eq!(world.fake().asked, [Some(number(B)), None], "nothing is asked twice");
}

#[tokio::test]
async fn a_change_is_carried_on_until_the_license_server_answers() {
    for server in [Server::Away, Server::Closes] {
        let world = World::new(server, None);
        let changed = world.change(Some(B)).await;
        assert!(matches!(changed, Changed::NotYet { is_stored: true, .. }), "{server:?}: {changed:?}");
        assert!(world.store().load().unwrap().wish.is_some(), "{server:?}: it is on the disk");
        world.until("asked again and again", |fake| fake.asked.len() > 3).await;
        world.fake().server = Server::Up;
        world.until_bound(Some(B)).await;
        world.until_settled().await;
    }
}

#[tokio::test]
async fn a_change_survives_a_kill_of_the_gateway() {
    let mut world = World::new(Server::Away, Some(A));
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet { is_stored: true, .. }));
    world.kill().await;
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().bound, Some(number(A)), "nobody is there to do it");
    world.start();
    world.until_bound(Some(B)).await;
    world.until_settled().await;
}

#[tokio::test]
async fn a_change_that_was_done_when_the_gateway_was_killed_is_not_done_twice() {
    let mut world = World::new(Server::Hangs, Some(A));
    let asking = world.number();
    let waiting = tokio::spawn(async move { asking.change(Some(number(B))).await });
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    world.kill().await;
    assert!(matches!(waiting.await.unwrap(), Changed::Stopping));
    world.fake().bound = Some(number(B));
    world.fake().server = Server::Up;
    world.start();
    world.until_settled().await;
    assert_eq!(world.fake().asked.len(), 1);
}

#[tokio::test]
async fn a_change_is_carried_on_when_the_daemon_comes_back() {
    let mut world = World::new(Server::Up, Some(A));
    world.stop_daemon().await;
    let changed = world.change(Some(B)).await;
    let Changed::NotYet { why, .. } = &changed else { panic!("{changed:?}") };
    assert!(crate::daemon::is_away(why), "{why}");
    world.start_daemon();
    world.until_bound(Some(B)).await;
    world.stop_daemon().await;
    assert!(matches!(world.change(None).await, Changed::NotYet { is_stored: true, .. }));
    world.start_daemon();
    world.until_bound(None).await;
}

#[tokio::test]
async fn a_change_is_tried_at_once_when_the_daemon_was_started_anew() {
    let world = World::at(SLOW, Server::Away, None);
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet { is_stored: true, .. }));
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1, "there is no reason yet");
    let _watch = world.daemon.watch().await.unwrap();
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn a_change_is_tried_at_once_when_the_daemon_reaches_the_license_server_again() {
    let world = World::at(SLOW, Server::Away, Some(A));
    world.fake().is_offline = true;
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet { is_stored: true, .. }));
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1, "there is no reason yet");
    world.fake().is_offline = false;
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn an_adoption_does_not_wait_for_what_was_wished_before() {
    let world = World::at(SLOW, Server::Away, None);
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet { is_stored: true, .. }));
    world.number().forget_wish().await;
    world.fake().server = Server::Up;
    world.write_key_file(A);
    world.until_bound(Some(A)).await;
}

#[tokio::test]
async fn a_refused_change_is_not_tried_again_even_after_a_restart() {
    let mut world = World::new(Server::Refuses, Some(A));
    let changed = world.change(Some(B)).await;
    assert!(
        matches!(&changed, Changed::Refused(failure) if failure.code == Some(Code::KEY_UNKNOWN)),
        "{changed:?}"
    );
    world.until_settled().await;
    world.kill().await;
    world.start();
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1);
}

#[tokio::test]
async fn a_change_that_a_reset_overtook_is_not_tried_again() {
    let mut world = World::new(Server::Overtakes, None);
    let changed = world.change(Some(B)).await;
    assert!(matches!(changed, Changed::Replaced), "{changed:?}");
    world.fake().server = Server::Up;
    world.write_key_file(B);
    world.a_while().await;
    world.kill().await;
    world.start();
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_carried_on_in_memory_and_stored_as_soon_as_it_can_be() {
    let world = World::new(Server::Away, Some(A));
    let blocked = world.folder.path().join("blocked");
    fs::write(&blocked, "").unwrap();
    let daemon = Arc::new(Daemon::new(Settings::new(world.socket())));
    let store = Store::new(blocked.join("state"));
    let (pursued, _task) = Number::start_at(FAST, daemon, store, None, world.stop.clone());
    let changed = pursued.change(Some(number(B))).await;
    assert!(matches!(changed, Changed::NotYet { is_stored: false, .. }), "{changed:?}");
    fs::remove_file(&blocked).unwrap();
    let file = blocked.join("state/number.json");
    let is_stored = |_: &Fake| fs::read_to_string(&file).is_ok_and(|text| text.contains(B));
    world.until("is stored", is_stored).await;
    let changed = pursued.change(Some(number(B))).await;
    assert!(matches!(changed, Changed::NotYet { is_stored: true, .. }), "{changed:?}");
    world.fake().server = Server::Up;
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn a_disk_that_stays_full_keeps_no_change_from_being_made() {
    let world = World::new(Server::Up, Some(A));
    fs::write(world.folder.path().join("blocked"), "").unwrap();
    let daemon = Arc::new(Daemon::new(Settings::new(world.socket())));
    let store = Store::new(world.folder.path().join("blocked/state"));
    let (pursued, _task) = Number::start_at(FAST, daemon, store, None, world.stop.clone());
    assert!(matches!(pursued.change(Some(number(B))).await, Changed::Done(_)));
    assert!(matches!(pursued.change(None).await, Changed::Done(_)));
    assert_eq!(world.fake().bound, None);
}

#[tokio::test]
async fn whoever_hangs_up_does_not_end_the_pursuit() {
    let world = World::new(Server::Hangs, Some(A));
    let cut = time::timeout(Duration::from_millis(300), world.number().change(Some(number(B)))).await;
    assert!(cut.is_err(), "{cut:?}");
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    world.fake().server = Server::Up;
    // The hanging call ends with its daemon's connection.
    let mut world = world;
    world.stop_daemon().await;
    world.start_daemon();
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn a_reset_does_not_wait_for_an_activation_that_hangs() {
    let world = World::new(Server::Hangs, Some(A));
    let asking = world.number();
    let waiting = tokio::spawn(async move { asking.change(Some(number(B))).await });
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    let changed = time::timeout(Duration::from_secs(5), world.number().change(None)).await.unwrap();
    assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
    assert!(matches!(waiting.await.unwrap(), Changed::Replaced));
    assert_eq!(world.fake().bound, None);
}

#[tokio::test]
async fn two_that_want_the_same_get_the_same_answer() {
    let world = World::new(Server::Hangs, Some(A));
    let asking = world.number();
    let first = tokio::spawn(async move { asking.change(Some(number(B))).await });
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    world.fake().server = Server::Up;
    assert!(matches!(world.change(Some(B)).await, Changed::Done(_)));
    assert!(matches!(first.await.unwrap(), Changed::Done(_)));
}

#[tokio::test]
async fn another_number_from_another_hand_ends_the_pursuit() {
    let world = World::new(Server::Away, Some(A));
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet { is_stored: true, .. }));
    let c = number("MIKO-CCCCC-CCCCC-CCCCC-CCCCC");
    world.fake().bound = Some(c.clone());
    world.until_settled().await;
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().bound, Some(c));
}

#[tokio::test]
async fn another_number_from_another_hand_ends_what_came_while_the_daemon_was_away() {
    let mut world = World::new(Server::Up, Some(A));
    world.until_kept(&number(A).masked()).await;
    world.stop_daemon().await;
    assert!(matches!(world.change(None).await, Changed::NotYet { is_stored: true, .. }));
    world.kill().await;
    world.fake().bound = Some(number(B));
    world.start_daemon();
    world.start();
    world.until_settled().await;
    world.a_while().await;
    assert!(world.fake().asked.is_empty());
}

#[tokio::test]
async fn a_reset_between_two_attempts_ends_the_pursuit_of_a_host_without_a_number() {
    let world = World::new(Server::Away, None);
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet { is_stored: true, .. }));
    world.fake().resets += 1;
    world.until_settled().await;
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().bound, None);
}

#[tokio::test]
async fn a_wish_that_is_forgotten_is_not_pursued() {
    let world = World::new(Server::Away, None);
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet { is_stored: true, .. }));
    world.number().forget_wish().await;
    assert_eq!(world.store().load().unwrap().wish, None);
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().bound, None);
}

#[tokio::test]
async fn the_number_in_the_key_file_is_adopted_and_a_reset_is_not_undone() {
    let mut world = World::new(Server::Away, None);
    world.write_key_file(A);
    world.until("is tried", |fake| fake.asked.len() > 1).await;
    world.fake().server = Server::Up;
    world.until_bound(Some(A)).await;
    world.until_settled().await;
    world.fake().bound = None;
    world.a_while().await;
    world.kill().await;
    world.start();
    world.a_while().await;
    assert_eq!(world.fake().bound, None, "the reset stands");
    world.write_key_file(B);
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn a_refused_number_in_the_key_file_is_tried_once() {
    let mut world = World::new(Server::Refuses, None);
    world.write_key_file(A);
    world.until("is tried", |fake| !fake.asked.is_empty()).await;
    world.until_settled().await;
    world.kill().await;
    world.start();
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1);
}

#[tokio::test]
async fn a_bound_host_takes_no_number_from_the_key_file() {
    let world = World::new(Server::Up, Some(A));
    world.write_key_file(B);
    world.a_while().await;
    let fake = world.fake();
    assert_eq!((&fake.bound, fake.asked.len()), (&Some(number(A)), 0));
}

#[tokio::test]
async fn a_number_by_sendmetrics_is_adopted_once() {
    let world = World::new(Server::Up, None);
    assert!(matches!(world.number().adopt(number(A)).await, Some(Changed::Done(_))));
    assert!(world.number().adopt(number(B)).await.is_none(), "it has one");
    world.fake().bound = None;
    assert!(world.number().adopt(number(A)).await.is_none(), "the reset stands");
    assert!(matches!(world.number().adopt(number(B)).await, Some(Changed::Done(_))));
}

#[test]
fn the_pauses_double_up_to_the_longest_and_are_spread() {
    let pace = Pace::default();
    let seconds = |failures, fraction| pace.pause(failures, fraction).as_secs_f64();
    let steps: Vec<f64> = [1, 2, 3, 7, 8, 9, u32::MAX].map(|failures| 2.0 * seconds(failures, 0.0)).to_vec();
    assert_eq!(steps, [5.0, 10.0, 20.0, 320.0, 600.0, 600.0, 600.0]);
    assert!((seconds(1, 0.999) - 5.0).abs() < 0.01);
}
