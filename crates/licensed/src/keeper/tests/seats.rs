//! Seats that are given back while the license server is away.

use super::*;

fn seat() -> SessionId {
    SessionId("s1".to_owned())
}

// The first retry comes after 5 s at most.
#[tokio::test]
async fn a_release_during_an_outage_is_over_at_once_and_told_later() {
    let world = World::bound().await;
    world.keeper.call(capture(), 1000).await.unwrap();
    world.mood(Mood::Down);
    let result = world.keeper.release(seat(), 1000).await;
    assert_eq!(failure(result), (ErrorKind::NoAnswer, Some(Code::CONNECTION_FAILED)));
    assert!(!world.keeper.snapshot().state.has(&seat()));
    assert!(
        world.store.load().unwrap().state.unwrap().released.contains(&seat()),
        "a crash does not revive it"
    );
    let paths = world.server.paths();
    world.mood(Mood::Good);
    let mut snapshots = world.keeper.snapshots.clone();
    snapshots.wait_for(|snapshot| snapshot.state.released.is_empty()).await.unwrap();
    assert_eq!(world.server.paths()[paths.len()..], ["/v1/release"]);
}

#[tokio::test]
async fn a_capture_cancels_a_release_that_was_not_told_yet() {
    let world = World::bound().await;
    world.keeper.call(capture(), 1000).await.unwrap();
    world.mood(Mood::Down);
    failure(world.keeper.release(seat(), 1000).await);
    let asked = world.server.paths().len();
    let again = world.keeper.call_automatically(capture(), 1001).await.unwrap();
    assert_eq!(again.session, Some(seat()));
    assert!(again.snapshot.state.has(&seat()));
    assert_eq!(again.snapshot.state.owners.get(&seat()), Some(&1001));
    assert_eq!(world.server.paths().len(), asked, "nobody was asked");
}

#[tokio::test]
async fn a_release_that_waits_for_its_turn_comes_to_nothing_by_a_new_capture() {
    let world = World::bound().await;
    world.keeper.call(capture(), 1000).await.unwrap();
    world.mood(Mood::Hangs);
    let under_way = world.call(Call::Trial { product: ProductId(81) });
    world.requests(3).await;
    let keeper = world.keeper.clone();
    let release = tokio::spawn(async move { keeper.release(seat(), 1000).await });
    while world.keeper.snapshot().state.released.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.keeper.call(capture(), 1000).await.unwrap().session, Some(seat()));
    assert_eq!(failure(release.await.unwrap()).0, ErrorKind::Overtaken);
    world.mood(Mood::Good);
    world.server.release.notify_one();
    under_way.await.unwrap().unwrap();
    assert!(!world.server.paths().contains(&"/v1/release"));
}

#[tokio::test]
async fn a_release_that_may_have_been_told_beside_another_unknown_outcome_is_not_sent() {
    let world = World::bound().await;
    world.keeper.call(capture(), 1000).await.unwrap();
    world.mood(Mood::LosesAnswers);
    failure(world.keeper.call(Call::Trial { product: ProductId(81) }, 0).await);
    failure(world.keeper.release(seat(), 1000).await);
    assert!(!world.server.paths().contains(&"/v1/release"), "{:?}", world.server.paths());
    let again = world.keeper.call(capture(), 1000).await.unwrap();
    assert_eq!(again.session, Some(seat()), "the license server never heard of it");
}
