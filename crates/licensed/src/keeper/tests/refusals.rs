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
async fn that_the_license_server_does_not_know_of_a_reset_is_said_once_it_could_not_be_told() {
    let world = World::bound().await;
    let is_said = || {
        let status = status::report(&world.keeper.snapshot(), Language::English, world.keeper.now());
        status.warnings.iter().any(|warning| warning.contains("was reset"))
    };
    world.mood(Mood::Hangs);
    world.keeper.reset().await.unwrap();
    assert!(!is_said(), "it is being told");
    world.requests(2).await;
    world.mood(Mood::Down);
    world.keeper.reset().await.unwrap();
    let snapshots = &mut world.keeper.snapshots.clone();
    snapshots.wait_for(|snapshot| snapshot.state.contact.failures > 0).await.unwrap();
    assert!(is_said());
}
