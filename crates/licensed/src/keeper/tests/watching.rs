//! What a watcher hears.

use std::task::{Context, Poll, Waker};

use license_ipc::{Change, State as Word};
use license_types::{Entitlement, UnixTime};

use super::*;
use crate::watcher::Watcher;

async fn told(watcher: &mut Watcher) -> Change {
    let changes = watcher.next().await.unwrap();
    assert_eq!(changes.len(), 1);
    changes.into_iter().next().unwrap()
}

fn hears_nothing(watcher: &mut Watcher) -> bool {
    let next = std::pin::pin!(watcher.next());
    matches!(next.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

fn only(change: &Change) -> &Entitlement {
    let [entitlement] = change.entitlements.as_slice() else { panic!("{change:?}") };
    assert_eq!(entitlement.feature, FEATURE);
    entitlement
}

#[tokio::test]
async fn everything_is_told_first_and_then_what_changes() {
    let world = World::bound().await;
    let mut watcher = world.keeper.watch(Language::English);
    let first = told(&mut watcher).await;
    assert!(first.whole && !first.missed && !first.more);
    assert_eq!((first.state, first.code), (Word::Fresh, None));
    assert_eq!(only(&first).verdict.code(), Some(Code::NO_LICENSE));
    assert!(hears_nothing(&mut watcher));

    world.keeper.call(capture(), 0).await.unwrap();
    let captured = told(&mut watcher).await;
    assert!(!captured.whole && !captured.missed);
    assert!(matches!(only(&captured).verdict, Verdict::Granted { .. }));
}

#[tokio::test]
async fn a_check_that_finds_everything_as_it_was_is_no_change() {
    let world = World::bound().await;
    let mut watcher = world.keeper.watch(Language::English);
    let first = told(&mut watcher).await;
    *lock(&world.server.issued_later) += 3_600;
    world.keeper.call(Call::CheckIn, 0).await.unwrap();
    assert!(hears_nothing(&mut watcher));
    let again = told(&mut world.keeper.watch(Language::English)).await;
    assert_ne!(only(&again).last_answer, only(&first).last_answer, "though the times have moved");
}

#[tokio::test]
async fn an_outage_is_told_once_and_so_is_its_end() {
    let world = World::bound().await;
    world.keeper.call(capture(), 0).await.unwrap();
    let mut watcher = world.keeper.watch(Language::English);
    told(&mut watcher).await;
    world.mood(Mood::Down);
    world.keeper.call(Call::CheckIn, 0).await.unwrap_err();
    let offline = told(&mut watcher).await;
    assert_eq!((offline.state, offline.code), (Word::Offline, Some(Code::CONNECTION_FAILED)));
    only(&offline);
    world.keeper.call(Call::CheckIn, 0).await.unwrap_err();
    assert!(hears_nothing(&mut watcher), "it is as away as before");
    world.mood(Mood::Good);
    world.keeper.call(capture(), 0).await.unwrap();
    assert_eq!(told(&mut watcher).await.state, Word::Fresh);
}

#[tokio::test]
async fn who_did_not_listen_is_told_so_and_gets_everything_anew() {
    let world = World::bound().await;
    let mut watcher = world.keeper.watch(Language::English);
    told(&mut watcher).await;
    world.keeper.call(capture(), 0).await.unwrap();
    world.keeper.call(Call::CheckIn, 0).await.unwrap();
    let missed = told(&mut watcher).await;
    assert!(missed.missed && missed.whole);
    assert_eq!(only(&missed).verdict.code(), Some(Code::NO_LICENSE));
    world.keeper.call(capture(), 0).await.unwrap();
    assert!(!told(&mut watcher).await.whole, "from there on it goes on");
}

#[tokio::test]
async fn a_feature_that_is_gone_is_told_once_more() {
    let world = World::bound().await;
    let mut watcher = world.keeper.watch(Language::English);
    told(&mut watcher).await;
    world.keeper.reset().await.unwrap();
    let change = told(&mut watcher).await;
    assert_eq!((change.state, change.code), (Word::Unregistered, Some(Code::KEY_ERROR)));
    let gone = only(&change);
    assert_eq!((gone.verdict.code(), gone.seats), (Some(Code::KEY_ERROR), None));
}

#[tokio::test]
async fn a_feature_that_a_lease_does_not_list_any_more_is_told_and_forgotten() {
    let world = World::bound().await;
    let mut watcher = world.keeper.watch(Language::English);
    told(&mut watcher).await;
    *lock(&world.server.features) = vec![FeatureId(46)];
    world.keeper.call(Call::CheckIn, 0).await.unwrap();
    let change = told(&mut watcher).await;
    let [came, went] = change.entitlements.as_slice() else { panic!("{change:?}") };
    assert_eq!((came.feature, came.seats.is_some()), (FeatureId(46), true));
    assert_eq!((went.feature, went.seats), (FEATURE, None));
    assert!(matches!(&went.verdict, Verdict::Denied { code: Code::NO_LICENSE, .. }));
    let anew = told(&mut world.keeper.watch(Language::English)).await;
    assert_eq!(anew.entitlements.len(), 1);
}

#[tokio::test]
async fn what_turns_by_time_is_told_without_a_question() {
    let world = World::new();
    *lock(&world.server.honoured) = 1;
    world.keeper.call(activate(), 0).await.unwrap();
    world.keeper.call(capture(), 0).await.unwrap();
    let mut watcher = world.keeper.watch(Language::English);
    assert_eq!(told(&mut watcher).await.state, Word::Fresh);
    let asked = world.server.paths().len();
    let lapsed = time::timeout(Duration::from_secs(20), told(&mut watcher)).await.unwrap();
    assert_eq!((lapsed.state, lapsed.code), (Word::Lapsed, Some(Code::NO_ANSWER)));
    let verdict = &only(&lapsed).verdict;
    assert!(
        matches!(verdict, Verdict::Indeterminate { may_run: true, since: UnixTime(_), .. }),
        "{verdict:?}"
    );
    assert_eq!(world.server.paths().len(), asked);
}

#[tokio::test]
async fn a_stop_ends_the_watch() {
    let world = World::bound().await;
    let mut watcher = world.keeper.watch(Language::English);
    told(&mut watcher).await;
    world.stop.cancel();
    world.task.await.unwrap();
    assert!(watcher.next().await.is_none());
}
