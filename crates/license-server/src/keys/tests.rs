//! Keys in a data folder.

use std::{fs, os::unix::fs::PermissionsExt};

use license_core::{
    crypto::Nonce,
    schema::SCHEMA,
    statement::{Kind, Refusal},
};
use license_types::{Code, UnixTime};

use super::{
    files::{KEY_SET, ONLINE_KEY, ROOT_KEY, ROOT_PUBLIC},
    *,
};
use crate::data_dir::DataDir;

fn dir() -> (tempfile::TempDir, DataDir) {
    let root = tempfile::tempdir().unwrap();
    let dir = DataDir::open(root.path()).unwrap();
    (root, dir)
}

fn key(host: u8) -> PublicKey {
    PublicKey::of(&SigningKey::from_bytes(&[host; 32]))
}

fn statement() -> Statement {
    let (reason, reason_ru) = (String::new(), String::new());
    Statement {
        schema: SCHEMA.to_owned(),
        serial: 7,
        number: "MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap(),
        binding: "b".to_owned(),
        host_key: key(1),
        nonce: Nonce([0; 32]),
        issued_at: UnixTime(1),
        refresh_after: 1,
        kind: Kind::Refusal(Refusal { code: Code::NO_LICENSE, reason, reason_ru, pending: false }),
    }
}

#[test]
fn keys_are_made_once() {
    let (_root, dir) = dir();
    let first = Keys::open(&dir).unwrap();
    let second = Keys::open(&dir).unwrap();
    assert_eq!(first.root_public(), second.root_public());
    assert_eq!(first.signed_set(), second.signed_set());
    assert_eq!(first.set.version, 1);
    assert!(first.signed_set().verify(&[first.root_public()]).is_ok());
}

#[test]
fn serving_needs_no_root_key() {
    let (_root, dir) = dir();
    let public = Keys::open(&dir).unwrap().root_public();
    fs::remove_file(dir.file(ROOT_KEY)).unwrap();
    assert_eq!(Keys::open(&dir).unwrap().root_public(), public);
    assert!(!dir.file(ROOT_KEY).exists(), "no new root is made in its place");
}

#[test]
fn a_first_start_that_was_cut_short_goes_on() {
    let (_root, dir) = dir();
    let public = Keys::open(&dir).unwrap().root_public();
    // The order in which they are made, backwards.
    for name in [KEY_SET, ONLINE_KEY, ROOT_PUBLIC] {
        fs::remove_file(dir.file(name)).unwrap();
        assert_eq!(Keys::open(&dir).unwrap().root_public(), public, "without {name}");
        fs::remove_file(dir.file(KEY_SET)).unwrap();
    }
}

#[test]
fn keys_that_are_lost_or_damaged_are_named_and_never_replaced() {
    let cases: [(&str, &[&str], Option<&str>); 6] = [
        (ONLINE_KEY, &[ONLINE_KEY], None),
        (ROOT_PUBLIC, &[ROOT_PUBLIC, ROOT_KEY], None),
        (KEY_SET, &[KEY_SET, ROOT_KEY], None),
        (ONLINE_KEY, &[], Some(ONLINE_KEY)),
        (ROOT_PUBLIC, &[], Some(ROOT_PUBLIC)),
        (KEY_SET, &[], Some(KEY_SET)),
    ];
    for (named, removed, damaged) in cases {
        let (_root, dir) = dir();
        Keys::open(&dir).unwrap();
        for name in removed {
            fs::remove_file(dir.file(name)).unwrap();
        }
        if let Some(name) = damaged {
            fs::write(dir.file(name), "damaged").unwrap();
        }
        let error = Keys::open(&dir).unwrap_err().to_string();
        assert!(error.contains(named), "{removed:?} {damaged:?}: {error}");
    }
}

#[test]
fn a_host_proves_by_its_own_receipt_of_this_server_alone() {
    let ((_a, one), (_b, other)) = (dir(), dir());
    let (one, other) = (Keys::open(&one).unwrap(), Keys::open(&other).unwrap());
    let statement = statement();
    let (ours, foreign) = (one.receipt(&statement).unwrap(), other.receipt(&statement).unwrap());
    assert_eq!(one.proved(&ours, &key(1)), Some(Receipt::of(&statement).unwrap()));
    assert_eq!(one.proved(&ours, &key(2)), None, "another host's");
    assert_eq!(one.proved(&foreign, &key(1)), None, "another server's");
}

#[test]
fn an_online_key_of_another_server_is_refused() {
    let ((_a, one), (_b, other)) = (dir(), dir());
    Keys::open(&one).unwrap();
    Keys::open(&other).unwrap();
    fs::copy(other.file(ONLINE_KEY), one.file(ONLINE_KEY)).unwrap();
    assert!(matches!(Keys::open(&one), Err(KeysError::NotListed { .. })));
}

const NOW: UnixTime = UnixTime(1_000_000);

/// What hosts accept of what these keys sign now.
fn accepted(keys: &Keys, by: &Keys) -> bool {
    let mut signed = statement();
    signed.issued_at = NOW;
    keys.sign(&signed).unwrap().verify(&by.signed_set().verify(&[by.root_public()]).unwrap()).is_ok()
}

#[test]
fn a_rotated_key_signs_at_once_and_after_a_restart() {
    let (_root, dir) = dir();
    let before = Keys::open(&dir).unwrap();
    let after = before.rotate(&dir, &RootKey::Here, NOW).unwrap();
    assert_ne!(after.signing_id(), before.signing_id());
    assert!(accepted(&after, &after) && accepted(&before, &after), "the one from before for an hour");
    assert!(!accepted(&after, &before), "the old set does not know the new key");
    assert_eq!(Keys::open(&dir).unwrap().signing_id(), after.signing_id());
    assert_eq!(Keys::open(&dir).unwrap().version(), 2);
}

#[test]
fn what_a_revoked_key_signed_counts_no_more() {
    let (_root, dir) = dir();
    let before = Keys::open(&dir).unwrap();
    let receipt = before.receipt(&statement()).unwrap();
    let rotated = before.rotate(&dir, &RootKey::Here, NOW).unwrap();
    assert!(rotated.proved(&receipt, &key(1)).is_some(), "a retired key proves");
    let revoked = rotated.revoke(&dir, &before.signing_id(), &RootKey::Here, NOW).unwrap();
    assert_eq!(revoked.signing_id(), rotated.signing_id(), "another one signs");
    assert!(!accepted(&before, &revoked) && accepted(&rotated, &revoked));
    assert_eq!(revoked.proved(&receipt, &key(1)), None);
    let again = revoked.revoke(&dir, &revoked.signing_id(), &RootKey::Here, NOW).unwrap();
    assert!(!accepted(&revoked, &again) && accepted(&again, &again), "the one that signs is replaced");
}

#[test]
fn the_root_key_can_be_kept_elsewhere() {
    let (elsewhere, (_root, dir)) = (tempfile::tempdir().unwrap(), dir());
    let keys = Keys::open(&dir).unwrap();
    let file = elsewhere.path().join("root.key");
    keys.export_root(&dir, &file, true).unwrap();
    assert!(!Keys::root_is_here(&dir));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let error = keys.rotate(&dir, &RootKey::Here, NOW).unwrap_err().to_string();
    assert!(error.contains("--root-key"), "{error}");
    let foreign = elsewhere.path().join("foreign.key");
    fs::write(&foreign, format!("ed25519-secret:{}=\n", "A".repeat(43))).unwrap();
    let error = keys.rotate(&dir, &RootKey::File(foreign), NOW).unwrap_err();
    assert!(matches!(error, KeysError::OtherRoot { .. }), "{error}");
    keys.rotate(&dir, &RootKey::File(file.clone()), NOW).unwrap();
    assert_eq!(Keys::open(&dir).unwrap().version(), 2);
    let again = keys.export_root(&dir, &file, false).unwrap_err().to_string();
    assert!(again.contains("root.key"), "nothing is there to be exported: {again}");
}

#[test]
fn a_rotation_that_is_cut_short_leaves_keys_that_work() {
    let (_root, dir) = dir();
    let before = Keys::open(&dir).unwrap();
    let (online, set) = (dir.read(ONLINE_KEY).unwrap().unwrap(), dir.read(KEY_SET).unwrap().unwrap());
    let after = before.rotate(&dir, &RootKey::Here, NOW).unwrap();
    let (fresh, next) = (dir.read(ONLINE_KEY).unwrap().unwrap(), dir.read(KEY_SET).unwrap().unwrap());
    // After each of its three steps.
    let both = format!("{online}{fresh}");
    for (secrets, set, signs) in [(&both, &set, &before), (&both, &next, &after), (&fresh, &next, &after)] {
        dir.replace(ONLINE_KEY, secrets).unwrap();
        dir.replace(KEY_SET, set).unwrap();
        let keys = Keys::open(&dir).unwrap();
        assert_eq!(keys.signing_id(), signs.signing_id());
        keys.rotate(&dir, &RootKey::Here, NOW).unwrap();
    }
}
