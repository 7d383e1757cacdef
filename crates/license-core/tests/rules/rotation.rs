//! Rotation and revocation of online keys, while a host is there and while it is away for 40 days.

use license_core::{
    api::ApiAnswer,
    crypto::{PublicKey, SigningKey},
    keys::{KeySet, OnlineKey},
    outcome::{HttpAnswer, Outcome},
    receipt::Receipt,
    state::{Phase, PreparedCall},
    statement::{Kind, Statement},
    time::Now,
};
use license_texts::Language;
use license_types::{Basis, UnixTime, Verdict};

use crate::world::{HELD, HONOURED, Host, ISSUED, at, lease, online, root, statement};

const DAY: u64 = 24 * 3600;

fn fresh_key() -> SigningKey {
    SigningKey::from_bytes(&[22; 32])
}

fn unix(seconds: u64) -> UnixTime {
    UnixTime(ISSUED.0 + i64::try_from(seconds).unwrap())
}

/// The key set on a day: the first key is rotated away on day 1 and revoked on day 10.
fn set_on(day: u64) -> KeySet {
    let key = |key: &SigningKey, valid_from, signs_until, revoked| OnlineKey {
        id: PublicKey::of(key).id(),
        public: PublicKey::of(key),
        valid_from,
        signs_until,
        revoked,
    };
    let rotated = unix(DAY);
    let (version, keys) = match day {
        0 => (1, vec![key(&online(), UnixTime(0), None, false)]),
        day => {
            let retired = key(&online(), UnixTime(0), Some(UnixTime(rotated.0 + 3600)), day >= 10);
            (if day < 10 { 2 } else { 3 }, vec![retired, key(&fresh_key(), rotated, None, false)])
        }
    };
    KeySet { schema: "1.0".to_owned(), version, keys }
}

/// A lease of a day, signed by a key of the server, with a set of the same or of another day.
fn answer(call: &PreparedCall, serial: u64, day: u64, key: &SigningKey, set: &KeySet) -> HttpAnswer {
    let mut lease = lease();
    let issued_at = unix(day * DAY);
    lease.honoured_until = issued_at.saturating_add(HONOURED);
    let statement = Statement { issued_at, ..statement(serial, call.nonce, Kind::Lease(lease)) };
    let answer = ApiAnswer {
        statement: Some(statement.sign(key).unwrap()),
        receipt: Some(Receipt::of(&statement).unwrap().sign(key).unwrap()),
        keys: set.sign(&root()).unwrap(),
        session: None,
        license: None,
        warnings: Vec::new(),
        warnings_ru: Vec::new(),
    };
    HttpAnswer { status: 200, body: serde_json::to_vec(&answer).unwrap(), ..HttpAnswer::default() }
}

fn on(day: u64) -> Now {
    at(day * DAY)
}

fn is_fresh(host: &Host, day: u64) -> bool {
    matches!(host.verdict(HELD, on(day)), Verdict::Granted { basis: Basis::Fresh, .. })
}

/// A check-in of a day that the server answers with the key that signs then.
fn check_in(host: &mut Host, serial: u64, day: u64) {
    let key = if day == 0 { online() } else { fresh_key() };
    host.check_in(on(day), |call| answer(call, serial, day, &key, &set_on(day)));
}

#[test]
fn a_host_that_is_there_follows_rotation_and_revocation() {
    let mut host = Host::bound();
    for (serial, day) in [(2, 0), (3, 1), (4, 5), (5, 10), (6, 20)] {
        check_in(&mut host, serial, day);
        assert!(is_fresh(&host, day), "day {day}");
    }
}

#[test]
fn a_host_that_was_away_for_40_days_accepts_what_it_should() {
    let mut host = Host::bound();
    assert!(is_fresh(&host, 29), "its lease outlives a rotation and a revocation that it did not hear of");
    assert_eq!(host.state.phase(on(40)), Phase::Lapsed);
    assert!(matches!(host.verdict(HELD, on(40)), Verdict::Indeterminate { may_run: false, .. }));

    // Of a thief of the revoked key, who also has the set of today.
    let call = host.call(license_core::api::Call::CheckIn, on(40));
    let stolen = answer(&call, 2, 40, &online(), &set_on(40));
    let Outcome::NoAnswer(why) = host.judge(&call, &stolen) else { panic!("a revoked key is believed") };
    assert!(why.message.to(Language::English).contains("revoked"), "{:?}", why.message);

    check_in(&mut host, 2, 40);
    assert!(is_fresh(&host, 40));
    // From now on an old set does not help the thief either.
    let call = host.call(license_core::api::Call::CheckIn, on(41));
    let replayed = answer(&call, 3, 41, &online(), &set_on(0));
    assert!(matches!(host.judge(&call, &replayed), Outcome::NoAnswer(_)));
}

#[test]
fn a_retired_key_signs_nothing_of_later_than_its_last_hour() {
    for (day, is_taken) in [(1, true), (2, false)] {
        let mut host = Host::bound();
        let call = host.call(license_core::api::Call::CheckIn, on(day));
        let outcome = host.judge(&call, &answer(&call, 2, day, &online(), &set_on(day)));
        assert_eq!(matches!(outcome, Outcome::Statement(_)), is_taken, "day {day}");
    }
}

#[test]
fn what_is_held_by_a_key_that_is_revoked_does_not_count_any_more() {
    let mut host = Host::bound();
    // The answer is no statement, but the set comes along: `license-info`, say, or `/v1/keys`.
    let call = host.call(license_core::api::Call::CheckIn, on(10));
    let outcome = host.judge(&call, &answer(&call, 2, 10, &fresh_key(), &set_on(10)));
    host.end(call, outcome, on(10));
    assert!(is_fresh(&host, 10), "replaced in the same answer");
    let held = host.state.held().unwrap();
    assert_eq!(held.statement().serial, 2);
}
