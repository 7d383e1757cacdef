//! The largest license, page by page.

use license_ipc::{Answer, Encoding, frame};

use super::*;
use crate::features;

const ALL: u32 = 2_000;

async fn largest() -> World {
    assert_eq!(ALL as usize, license_core::statement::MAX_FEATURES);
    let world = World::new();
    *lock(&world.server.features) = (1..=ALL).rev().map(FeatureId).collect();
    world.keeper.call(activate(), 0).await.unwrap();
    world
}

#[tokio::test]
async fn every_feature_is_listed_once_and_each_page_fits_a_frame() {
    let world = largest().await;
    let (snapshot, now) = (world.keeper.snapshot(), world.keeper.now());
    let (mut listed, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = features::page(&snapshot, cursor, Language::English, now).unwrap();
        listed.extend(page.features.iter().map(|it| (it.entitlement.feature.0, it.name.clone())));
        cursor = page.next;
        pages += 1;
        for encoding in [Encoding::Json, Encoding::Binary] {
            frame::encode_answer(&Answer::Features(page.clone()), encoding).unwrap();
        }
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, 8);
    assert_eq!(listed, (1..=ALL).map(|feature| (feature, "amoCRM".to_owned())).collect::<Vec<_>>());
    let beyond = features::page(&snapshot, Some(FeatureId(ALL)), Language::English, now).unwrap();
    assert_eq!((beyond.features.len(), beyond.next), (0, None));
}

#[tokio::test]
async fn a_watcher_is_told_all_of_it() {
    let world = largest().await;
    let changes = world.keeper.watch(Language::English).next().await.unwrap();
    assert_eq!(changes.iter().map(|change| change.entitlements.len()).sum::<usize>(), ALL as usize);
    assert!(changes.iter().all(|change| change.entitlements.len() <= license_ipc::Change::MOST_ENTITLEMENTS));
}

#[tokio::test]
async fn without_a_lease_there_is_the_reason() {
    let world = World::new();
    let refused =
        features::page(&world.keeper.snapshot(), None, Language::English, world.keeper.now()).unwrap_err();
    assert_eq!((refused.kind, refused.code), (ErrorKind::Refused, Some(Code::KEY_ERROR)));
}
