//! Which answers count as a statement, and which are weather.

use crate::world::{HELD, Host, answer, at, host, lease, number, online, problem, refusal, statement};
use license_core::{
    api::{ApiAnswer, Call, MAX_REQUEST_BODY},
    crypto::{self, ExactBytes, Nonce, PublicKey, Purpose, SigningKey},
    outcome::{HttpAnswer, Outcome},
    receipt::{MAX_PAYLOAD, Receipt, SignedReceipt},
    statement::{Kind, LeasedFeature, MAX_FEATURES, SignedStatement, Statement},
};
use license_texts::Language;
use license_types::{Code, FeatureId, Verdict};
use serde_json::Value;

/// Lets `tamper` at a perfect refusal; whatever it makes of it must be refused, and change nothing.
fn changes_nothing(name: &str, says: &str, tamper: impl FnOnce(&mut Host, Nonce) -> HttpAnswer) {
    let mut host = Host::bound();
    let call = host.call(Call::CheckIn, at(60));
    let forged = tamper(&mut host, call.nonce);
    let outcome = host.judge(&call, &forged);
    let Outcome::NoAnswer(why) = &outcome else { panic!("{name}: {outcome:?}") };
    assert!(why.message.to(Language::English).contains(says), "{name}: {:?}", why.message);
    let held = host.state.held().cloned();
    host.end(call, outcome, at(60));
    assert_eq!(host.state.held().cloned(), held, "{name}");
    assert!(matches!(host.verdict(HELD, at(60)), Verdict::Granted { .. }), "{name}");
}

#[test]
fn a_refusal_with_our_nonce_and_a_higher_serial_is_taken() {
    let mut host = Host::bound();
    host.check_in(at(60), |call| answer(&statement(2, call.nonce, refusal()), &online()));
    assert!(matches!(host.verdict(HELD, at(60)), Verdict::Denied { code: Code::NO_LICENSE, .. }));
}

#[test]
fn a_refusal_for_another_nonce_changes_nothing() {
    changes_nothing("nonce", "another request", |_, _| {
        answer(&statement(2, Nonce([0; 32]), refusal()), &online())
    });
}

#[test]
fn a_refusal_by_an_unknown_key_changes_nothing() {
    let stranger = SigningKey::from_bytes(&[9; 32]);
    changes_nothing("key", "no key set", |_, nonce| answer(&statement(2, nonce, refusal()), &stranger));
}

#[test]
fn a_refusal_of_another_host_changes_nothing() {
    let mut other = statement(2, Nonce([0; 32]), refusal());
    other.host_key = PublicKey::of(&SigningKey::from_bytes(&[4; 32]));
    changes_nothing("host", "another host", |_, nonce| {
        other.nonce = nonce;
        answer(&other, &online())
    });
}

#[test]
fn an_activation_is_answered_by_its_own_number_alone() {
    let mut host = Host::bound();
    let call = host.call(Call::Activate { number: number() }, at(60));
    let mut other = statement(2, call.nonce, Kind::Lease(lease()));
    other.number = "MIKO-ZZZZZ-BBBBB-CCCCC-DDDDD".parse().unwrap();
    let Outcome::NoAnswer(why) = host.judge(&call, &answer(&other, &online())) else { panic!("believed") };
    assert!(why.message.to(Language::English).contains("another registration number"), "{:?}", why.message);
}

#[test]
fn a_check_in_learns_the_number_that_a_lost_answer_brought() {
    let mut host = Host::bound();
    host.check_in(at(60), |call| {
        let mut moved = statement(2, call.nonce, Kind::Lease(lease()));
        moved.number = "MIKO-ZZZZZ-BBBBB-CCCCC-DDDDD".parse().unwrap();
        answer(&moved, &online())
    });
    assert_eq!(host.state.number().unwrap().as_str(), "MIKO-ZZZZZ-BBBBB-CCCCC-DDDDD");
}

#[test]
fn a_text_that_nobody_signed_is_cut_and_cannot_steer_anything() {
    let mut host = Host::bound();
    let call = host.call(Call::CheckIn, at(60));
    let mut hostile = problem(403, Code::NO_LICENSE);
    let long = format!("hello\nWATCHDOG=trigger\u{1b}[2J{}", "x".repeat(100_000));
    let text =
        String::from_utf8(hostile.body).unwrap().replace("\"no\"", &serde_json::to_string(&long).unwrap());
    hostile.body = text.into_bytes();
    let Outcome::Refused(problem) = host.judge(&call, &hostile) else { panic!("no problem") };
    assert_eq!(problem.detail.chars().count(), 500);
    assert!(!problem.detail.chars().any(char::is_control) && !problem.title.chars().any(char::is_control));
}

#[test]
fn an_older_or_equal_serial_changes_nothing() {
    for serial in [0, 1] {
        changes_nothing("serial", "the one that is held has 1", |_, nonce| {
            answer(&statement(serial, nonce, refusal()), &online())
        });
    }
}

#[test]
fn an_activation_begins_anew_whatever_serial_was_held() {
    let mut host = Host::bound();
    let call = host.call(Call::Activate { number: number() }, at(60));
    let outcome = host.judge(&call, &answer(&statement(1, call.nonce, Kind::Lease(lease())), &online()));
    assert!(matches!(outcome, Outcome::Statement(_)), "{outcome:?}");
}

#[test]
fn a_statement_of_another_schema_changes_nothing() {
    let mut newer = statement(2, Nonce([0; 32]), refusal());
    newer.schema = "2.0".to_owned();
    changes_nothing("schema", "schema 2.0", |_, nonce| {
        newer.nonce = nonce;
        answer(&newer, &online())
    });
}

#[test]
fn no_flipped_bit_gets_through() {
    let mut host = Host::bound();
    let call = host.call(Call::CheckIn, at(60));
    let good = statement(2, call.nonce, Kind::Lease(lease())).sign(&online()).unwrap();
    let set = crate::world::key_set(1);
    for byte in 0..good.payload.0.len() {
        let mut bad = good.clone();
        bad.payload.0[byte] ^= 1 << (byte % 8);
        assert!(bad.verify(&set).is_err(), "payload byte {byte}");
    }
    for byte in 0..64 {
        let mut bad = good.clone();
        bad.signature.0[byte] ^= 1 << (byte % 8);
        assert!(bad.verify(&set).is_err(), "signature byte {byte}");
    }
    assert!(good.verify(&set).is_ok());
}

/// What a license server of another schema signs: the JSON of a statement, changed.
fn signed_after(original: &Statement, change: impl FnOnce(&mut Value)) -> SignedStatement {
    let mut json = serde_json::to_value(original).unwrap();
    change(&mut json);
    let payload = serde_json::to_vec(&json).unwrap();
    let signature = crypto::sign(&online(), Purpose::Statement, &payload);
    SignedStatement { payload: ExactBytes(payload), signature, ..original.sign(&online()).unwrap() }
}

#[test]
fn an_unknown_field_of_a_higher_minor_schema_is_ignored() {
    let original = statement(2, Nonce([5; 32]), Kind::Lease(lease()));
    let signed = signed_after(&original, |json| {
        json["schema"] = "1.9".into();
        json["moon_phase"] = "full".into();
    });
    assert_eq!(signed.verify(&crate::world::key_set(1)).unwrap().serial, 2);
}

#[test]
fn a_refusal_from_before_schema_1_1_has_a_reason_in_english_alone() {
    let signed = signed_after(&statement(2, Nonce([5; 32]), refusal()), |json| {
        json["schema"] = "1.0".into();
        assert!(json["kind"]["refusal"].as_object_mut().unwrap().remove("reason_ru").is_some());
    });
    let old = signed.verify(&crate::world::key_set(1)).unwrap();
    let Kind::Refusal(told) = old.kind else { panic!("a lease") };
    assert_eq!((told.reason.as_str(), told.reason_ru.as_str()), ("dropped in the cabinet", ""));
}

#[test]
fn a_perfect_problem_is_for_the_person_who_asked_alone() {
    let mut host = Host::bound();
    let held = host.state.held().cloned();
    for call in [Call::CheckIn, Call::Capture { feature: HELD, holder: None, reclaim: true }] {
        let call = host.call(call, at(60));
        let outcome = host.judge(&call, &problem(403, Code::NO_LICENSE));
        assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
        host.end(call, outcome, at(60));
        assert_eq!(host.state.held().cloned(), held);
        assert!(matches!(host.verdict(HELD, at(60)), Verdict::Granted { .. }));
    }
}

#[test]
fn whatever_else_comes_back_is_no_answer() {
    let html = HttpAnswer {
        content_type: Some("text/html".to_owned()),
        body: b"<html>".to_vec(),
        ..HttpAnswer::default()
    };
    for status in [200, 204, 302, 400, 403, 404, 408, 425, 429, 500, 502, 503] {
        let mut host = Host::bound();
        let call = host.call(Call::CheckIn, at(60));
        for answer in [HttpAnswer { status, ..html.clone() }, HttpAnswer { status, ..HttpAnswer::default() }]
        {
            let outcome = host.judge(&call, &answer);
            let Outcome::NoAnswer(why) = outcome else { panic!("{status}: {outcome:?}") };
            assert_eq!(why.code, Code::NO_ANSWER);
            assert!(why.message.to(Language::English).contains("http://127.0.0.1:1"), "{:?}", why.message);
        }
    }
}

#[test]
fn without_a_root_key_nothing_is_believed_and_the_message_names_the_way_out() {
    let mut host = Host::new();
    let call = host.call(Call::CheckIn, at(0));
    let host_key = PublicKey::of(&self::host());
    let judge = license_core::outcome::Judge {
        roots: &[],
        keys: None,
        host_key: &host_key,
        above_serial: None,
        url: "http://127.0.0.1:1",
    };
    let good = answer(&statement(1, call.nonce, Kind::Lease(lease())), &online());
    let Outcome::NoAnswer(why) = judge.classify(&call.call, &call.nonce, &good) else { panic!("believed") };
    assert!(why.message.to(Language::English).contains("trust folder"), "{:?}", why.message);
}

#[test]
fn a_key_set_is_replaced_by_a_higher_version_alone() {
    let mut host = Host::bound();
    let mut revoked = crate::world::key_set(2);
    revoked.keys[0].revoked = true;
    let call = host.call(Call::CheckIn, at(60));
    let mut body = serde_json::to_value(ApiAnswer {
        statement: Some(statement(2, call.nonce, refusal()).sign(&online()).unwrap()),
        receipt: None,
        keys: revoked.sign(&crate::world::root()).unwrap(),
        session: None,
        license: None,
        warnings: Vec::new(),
        warnings_ru: Vec::new(),
    })
    .unwrap();
    let newer = HttpAnswer { status: 200, body: serde_json::to_vec(&body).unwrap(), ..HttpAnswer::default() };
    let Outcome::NoAnswer(why) = host.judge(&call, &newer) else { panic!("a revoked key was believed") };
    assert!(why.message.to(Language::English).contains("revoked"), "{:?}", why.message);

    revoked.version = 0;
    body["keys"] = serde_json::to_value(revoked.sign(&crate::world::root()).unwrap()).unwrap();
    let older = HttpAnswer { status: 200, body: serde_json::to_vec(&body).unwrap(), ..HttpAnswer::default() };
    assert!(matches!(host.judge(&call, &older), Outcome::Statement(_)), "an older set revokes nothing");
}

#[test]
fn a_receipt_proves_the_serial_to_its_server_and_for_its_host_alone() {
    let statement = statement(7, Nonce([0; 32]), Kind::Lease(lease()));
    let receipt = Receipt::of(&statement).unwrap();
    assert_eq!((receipt.serial, receipt.bound, receipt.seats.len()), (7, true, 2));
    let signed = receipt.sign(&online()).unwrap();
    let ours = PublicKey::of(&host());
    let keys = crate::world::key_set(1);
    assert_eq!(signed.verify(&keys, &ours), Some(receipt.clone()));
    assert_eq!(signed.verify(&keys, &PublicKey::of(&online())), None, "another host's");
    assert_eq!(receipt.sign(&host()).unwrap().verify(&keys, &ours), None, "another server's");
    let mut changed = signed;
    changed.payload.0[20] ^= 1;
    assert_eq!(changed.verify(&keys, &ours), None, "changed");
}

#[test]
fn a_call_of_the_largest_license_fits_its_limit() {
    let mut lease = lease();
    let row = lease.features[0].clone();
    lease.features = (0..u32::try_from(MAX_FEATURES).unwrap())
        .map(|id| LeasedFeature { feature: FeatureId(id), ..row.clone() })
        .collect();
    let mut world = Host::bound();
    world.check_in(at(60), |call| answer(&statement(2, call.nonce, Kind::Lease(lease)), &online()));
    assert_eq!(world.state.held().unwrap().lease().unwrap().features.len(), MAX_FEATURES);
    let call = world.call(Call::CheckIn, at(120));
    assert!(call.body.0.len() > MAX_PAYLOAD, "the receipt is sent along");
    assert!(call.body.0.len() < MAX_REQUEST_BODY, "{}", call.body.0.len());
}

#[test]
fn key_sets_of_two_pinned_roots_do_not_outvote_each_other() {
    let mut host = Host::bound();
    let (other_root, other_online) = (SigningKey::from_bytes(&[21; 32]), SigningKey::from_bytes(&[22; 32]));
    let mut set = crate::world::key_set(1);
    set.keys[0].id = PublicKey::of(&other_online).id();
    set.keys[0].public = PublicKey::of(&other_online);
    let call = host.call(Call::Activate { number: number() }, at(60));
    let answer = ApiAnswer {
        statement: Some(statement(1, call.nonce, Kind::Lease(lease())).sign(&other_online).unwrap()),
        receipt: None,
        keys: set.sign(&other_root).unwrap(),
        session: None,
        license: None,
        warnings: Vec::new(),
        warnings_ru: Vec::new(),
    };
    let answer =
        HttpAnswer { status: 200, body: serde_json::to_vec(&answer).unwrap(), ..HttpAnswer::default() };
    let (roots, host_key) =
        ([PublicKey::of(&crate::world::root()), PublicKey::of(&other_root)], PublicKey::of(&self::host()));
    let judge = license_core::outcome::Judge {
        roots: &roots,
        keys: host.state.keys.as_ref(),
        host_key: &host_key,
        above_serial: Some(1),
        url: "http://127.0.0.1:1",
    };
    assert!(matches!(judge.classify(&call.call, &call.nonce, &answer), Outcome::Statement(_)));
}

#[test]
fn an_answer_with_a_damaged_receipt_is_no_answer() {
    let damaged = |nonce, damage: fn(&mut SignedReceipt)| {
        let mut answer = answer(&statement(2, nonce, Kind::Lease(lease())), &online());
        let mut body: ApiAnswer = serde_json::from_slice(&answer.body).unwrap();
        damage(body.receipt.as_mut().unwrap());
        answer.body = serde_json::to_vec(&body).unwrap();
        answer
    };
    changes_nothing("payload", "receipt", |_, nonce| {
        damaged(nonce, |receipt| *receipt.payload.0.last_mut().unwrap() ^= 1)
    });
    changes_nothing("signature", "receipt", |_, nonce| damaged(nonce, |receipt| receipt.signature.0[0] ^= 1));
    changes_nothing("serial", "receipt", |_, nonce| {
        damaged(nonce, |receipt| {
            let other = statement(1, Nonce([0; 32]), Kind::Lease(lease()));
            *receipt = Receipt::of(&other).unwrap().sign(&online()).unwrap();
        })
    });
}
