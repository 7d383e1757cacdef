//! Coupons of which nobody heard what came of them.

use license_types::Coupon;

use super::*;

fn coupon() -> Coupon {
    "MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap()
}

fn use_it() -> Call {
    Call::Coupon { coupon: coupon() }
}

/// How often the license server was asked for a coupon.
fn asked(world: &World) -> usize {
    world.server.paths().iter().filter(|path| path.contains("coupon")).count()
}

/// The coupon is activated, and who asked for it was gone by then.
async fn used_unheard() -> World {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let call = world.call(use_it());
    world.requests(2).await;
    call.abort();
    call.await.unwrap_err();
    world.mood(Mood::Good);
    world.server.release.notify_one();
    // This one waits until that has ended.
    world.keeper.call(Call::CheckIn, 0).await.unwrap();
    world
}

#[tokio::test]
async fn whoever_asks_again_is_told_once_what_nobody_heard() {
    let world = used_unheard().await;
    world.mood(Mood::Refuses(Code::COUPON_USED));
    world.keeper.call(use_it(), 0).await.unwrap();
    assert_eq!(asked(&world), 1);
    assert_eq!(failure(world.keeper.call(use_it(), 0).await).1, Some(Code::COUPON_USED));
}

#[tokio::test]
async fn what_was_heard_is_asked_anew() {
    let world = World::bound().await;
    world.keeper.call(use_it(), 0).await.unwrap();
    world.mood(Mood::Refuses(Code::COUPON_USED));
    assert_eq!(failure(world.keeper.call(use_it(), 0).await).1, Some(Code::COUPON_USED));
    // Its client was gone when the answer was written.
    world.keeper.not_told(coupon()).await;
    world.keeper.call(use_it(), 0).await.unwrap();
    assert_eq!(asked(&world), 2);
}

#[tokio::test]
async fn a_coupon_whose_outcome_was_unknown_at_a_kill_is_one_of_which_nobody_heard() {
    let world = World::bound().await;
    world.mood(Mood::LosesAnswers);
    world.keeper.call(use_it(), 0).await.unwrap_err();
    world.mood(Mood::Good);
    // What is unknown is cleared up before this one, by itself.
    world.keeper.call(Call::Trial { product: ProductId(1) }, 0).await.unwrap();
    world.mood(Mood::Refuses(Code::COUPON_USED));
    world.keeper.call(use_it(), 0).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_not_kept_and_without_a_number_nothing_is_told() {
    let world = World::bound().await;
    world.mood(Mood::LosesAnswers);
    world.keeper.call(use_it(), 0).await.unwrap_err();
    world.mood(Mood::Refuses(Code::COUPON_UNKNOWN));
    world.keeper.call(Call::Trial { product: ProductId(1) }, 0).await.unwrap_err();
    assert_eq!(failure(world.keeper.call(use_it(), 0).await).1, Some(Code::COUPON_UNKNOWN));

    let world = used_unheard().await;
    world.keeper.reset().await.unwrap();
    assert_eq!(failure(world.keeper.call(use_it(), 0).await).1, Some(Code::COUPON_NUMBER));
}
