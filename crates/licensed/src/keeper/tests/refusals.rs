//! What the license server refused, and what it was not told, as `status` tells it.

use license_texts::Language;
use license_types::ProductId;

use super::{
    super::*,
    activate, capture,
    world::{Mood, World},
};
use crate::status;

#[tokio::test]
async fn the_last_refusal_of_a_person_is_told_until_one_of_its_kind_succeeds() {
    let world = World::new();
    let last = || world.keeper.snapshot().last_refusal.map(|last| (last.request, last.code));
    let coupon = || Call::Coupon { coupon: "MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap() };
    world.mood(Mood::Refuses(Code::KEY_UNKNOWN));
    world.keeper.call(activate(), 0).await.unwrap_err();
    assert_eq!(last(), Some(("activate", Code::KEY_UNKNOWN)));
    world.mood(Mood::Good);
    world.keeper.call(activate(), 0).await.unwrap();
    assert_eq!(last(), None);

    world.mood(Mood::Refuses(Code::NO_LICENSE));
    world.keeper.call_automatically(capture(), 1000).await.unwrap_err();
    assert_eq!(last(), None, "a module asks by itself");
    world.mood(Mood::Refuses(Code::COUPON_USED));
    world.keeper.call(coupon(), 0).await.unwrap_err();
    world.mood(Mood::Down);
    world.keeper.call(coupon(), 0).await.unwrap_err();
    assert_eq!(last(), Some(("activate_coupon", Code::COUPON_USED)), "no answer is no refusal");
    world.mood(Mood::Good);
    world.keeper.call(Call::Trial { product: ProductId(81) }, 0).await.unwrap();
    assert_eq!(last(), Some(("activate_coupon", Code::COUPON_USED)), "another kind");
    world.keeper.call(coupon(), 0).await.unwrap();
    assert_eq!(last(), None);

    world.mood(Mood::Refuses(Code::EXPIRED));
    world.keeper.call(Call::Trial { product: ProductId(81) }, 0).await.unwrap_err();
    assert_eq!(last(), Some(("add_trial", Code::EXPIRED)));
    let status = status::report(&world.keeper.snapshot(), Language::English, world.keeper.now());
    let told = status.last_refusal.unwrap();
    assert_eq!((told.request.as_str(), told.code), ("add_trial", Some(Code::EXPIRED)));
    world.keeper.reset().await.unwrap();
    assert_eq!(last(), None);
}

#[tokio::test]
async fn a_reset_waits_a_moment_for_the_license_server_to_hear_of_it() {
    let world = World::bound().await;
    let is_said = || {
        let status = status::report(&world.keeper.snapshot(), Language::English, world.keeper.now());
        status.warnings.iter().any(|warning| warning.contains("was reset"))
    };
    world.keeper.reset().await.unwrap();
    assert!(world.keeper.is_reset_told().await && !is_said());
    world.keeper.reset().await.unwrap();
    assert!(world.keeper.is_reset_told().await, "there is nothing to tell");
    for mood in [Mood::Down, Mood::Hangs] {
        let world = World::bound().await;
        world.mood(mood);
        world.keeper.reset().await.unwrap();
        let patience = Duration::from_secs(10);
        assert!(!time::timeout(patience, world.keeper.is_reset_told()).await.unwrap(), "{mood:?}");
    }
}
