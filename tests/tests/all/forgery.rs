//! A middlebox whose certificate the host trusts says what it likes. Only the license server's signed
//! word on the host's own question changes a verdict.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use end_to_end::{
    World,
    middlebox::{Middlebox, Reply},
};
use license_client::types::Code;
use license_core::{
    api::ApiAnswer,
    crypto::{Nonce, PublicKey, SigningKey},
    keys::{KeySet, OnlineKey},
    statement::{Kind, Refusal, SignedStatement, Statement},
};
use serde_json::json;

/// Both licenses hold, by the last lease, and the status tells what came instead of an answer.
fn is_honoured(world: &World, what: &str, because: &str) {
    for feature in [33, 45] {
        assert_eq!(world.host.check(feature), "granted offline", "{what}");
    }
    let status = world.host.status();
    assert_eq!(status["state"], "offline", "{what}");
    let told = status["last_failure"]["message"].as_str().unwrap();
    assert!(told.contains(because), "{what}: {told}");
}

/// The license server's own signing key. A forgery made with it is perfect but for what a case gets wrong.
fn online_key(data: &Path) -> SigningKey {
    let text = fs::read_to_string(data.join("online.key")).unwrap();
    let secret = BASE64.decode(text.trim().strip_prefix("ed25519-secret:").unwrap()).unwrap();
    SigningKey::from_bytes(&secret.try_into().unwrap())
}

fn read(reply: &Reply) -> ApiAnswer {
    serde_json::from_slice(&reply.body).unwrap()
}

fn with_statement(reply: &Reply, change: impl FnOnce(SignedStatement) -> SignedStatement) -> Reply {
    let mut answer = read(reply);
    answer.statement = answer.statement.map(change);
    Reply { body: serde_json::to_vec(&answer).unwrap(), ..reply.clone() }
}

/// The license server's statement as a refusal of everything, changed further, and signed with `key`.
fn refusal(reply: &Reply, key: &SigningKey, change: impl FnOnce(&mut Statement)) -> Reply {
    with_statement(reply, |signed| {
        let mut statement = signed.read().unwrap();
        statement.kind = Kind::Refusal(Refusal {
            code: Code::NO_LICENSE,
            reason: "Forged.".to_owned(),
            reason_ru: String::new(),
            pending: false,
        });
        change(&mut statement);
        statement.sign(key).unwrap()
    })
}

#[test]
fn a_forged_refusal_is_shown_to_who_asked_and_changes_no_verdict() {
    let (world, middlebox) = World::intercepted();
    for status in [400, 401, 403, 404, 409, 410, 422] {
        let problem = json!({
            "status": status, "code": 2008, "title": "No license", "detail": "There is no license.",
            "detail_ru": "Лицензии нет.", "feature": 45, "product": 81,
        });
        middlebox.now(move |_, _| Reply::problem(status, &problem));
        let what = format!("status {status}");
        assert_eq!(world.host.licensectl(&["recheck"]).ended_with(1).failure(), "refused 2008", "{what}");
        is_honoured(&world, &what, "does not answer a check-in: There is no license.");
    }
    middlebox.now(|request, upstream| upstream.ask(request));
    world.host.recheck();
    assert_eq!(world.host.check(45), "granted fresh", "the box is gone");
}

#[test]
fn an_answer_that_is_no_license_servers_changes_no_verdict() {
    let (world, middlebox) = World::intercepted();
    let problem = json!({ "status": 500, "code": 2008, "title": "", "detail": "No." }).to_string();
    let cases = [
        ("a captive portal", 200, "text/html", "<h1>Log in</h1>", "is it one?"),
        ("an empty answer", 200, "application/json", "", "is it one?"),
        ("an empty object", 200, "application/json", "{}", "is it one?"),
        ("a redirect", 302, "text/html", "", "status 302"),
        ("a proxy's refusal", 403, "text/html", "<h1>Blocked</h1>", "status 403 and no explanation"),
        ("a proxy's own problem", 407, "application/problem+json", "{}", "unreadable explanation"),
        ("a fault with a code", 500, "application/problem+json", &problem, "status 500"),
        ("a proxy without its server", 502, "text/html", "Bad Gateway", "status 502"),
        ("too many requests", 429, "application/problem+json", &problem, "status 429"),
    ];
    for (what, status, content_type, body, because) in cases {
        let reply = Reply { status, content_type: content_type.to_owned(), body: body.as_bytes().to_vec() };
        middlebox.now(move |_, _| reply.clone());
        assert_eq!(world.host.recheck_in_vain(), "no_answer 1014", "{what}");
        is_honoured(&world, what, because);
    }
}

#[test]
fn a_genuine_answer_to_an_earlier_question_changes_nothing() {
    let (world, middlebox) = World::intercepted();
    let recorded = Arc::new(Mutex::new(None));
    let tape = Arc::clone(&recorded);
    middlebox.now(move |request, upstream| {
        let reply = upstream.ask(request);
        *tape.lock().unwrap() = Some(reply.clone());
        reply
    });
    world.host.recheck();
    let genuine = recorded.lock().unwrap().take().unwrap();
    middlebox.now(move |_, _| genuine.clone());
    assert_eq!(world.host.recheck_in_vain(), "no_answer 1014");
    is_honoured(&world, "a replay", "answers another request");
}

#[test]
fn a_genuine_refusal_of_another_host_changes_nothing() {
    let (world, middlebox) = World::intercepted();
    let mut other = world.another_host("other");
    other.kill();
    let recorded = Arc::new(Mutex::new(None));
    let tape = Arc::clone(&recorded);
    middlebox.now(move |request, upstream| {
        let reply = upstream.ask(request);
        *tape.lock().unwrap() = Some(reply.clone());
        reply
    });
    other = other.flag("--server", middlebox.url()).flag("--ca-file", middlebox.ca_file());
    other.start();
    let number = other.register_as("ООО «Василёк»", "office@vasilek.example").ended_with(0).json();
    world.server.drop_all(number["number"].as_str().unwrap());
    other.recheck();
    assert_eq!(other.check(33), "denied 2008", "the other host was refused in earnest");

    let genuine = recorded.lock().unwrap().take().unwrap();
    middlebox.now(move |_, _| genuine.clone());
    assert_eq!(world.host.recheck_in_vain(), "no_answer 1014");
    is_honoured(&world, "another host's refusal", "for another host");
}

#[test]
fn a_statement_with_a_flipped_bit_changes_nothing() {
    let (world, middlebox) = World::intercepted();
    for eighth in 0..8 {
        middlebox.now(move |request, upstream| {
            with_statement(&upstream.ask(request), |mut signed| {
                let at = signed.payload.0.len() * eighth / 8;
                signed.payload.0[at] ^= 1 << eighth;
                signed
            })
        });
        assert_eq!(world.host.recheck_in_vain(), "no_answer 1014");
        is_honoured(&world, "the payload", "signature");
    }
    for byte in [0, 31, 32, 63] {
        middlebox.now(move |request, upstream| {
            with_statement(&upstream.ask(request), |mut signed| {
                signed.signature.0[byte] ^= 1;
                signed
            })
        });
        assert_eq!(world.host.recheck_in_vain(), "no_answer 1014");
        is_honoured(&world, "the signature", "signature");
    }
}

#[test]
fn a_statement_by_a_key_that_no_pinned_root_has_signed_for_changes_nothing() {
    let (world, middlebox) = World::intercepted();
    let (root, online) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    middlebox.now(move |request, upstream| {
        let reply = refusal(&upstream.ask(request), &online, |_| {});
        let mut answer = read(&reply);
        let genuine = answer.keys.read().unwrap();
        let key = OnlineKey {
            public: PublicKey::of(&online),
            id: PublicKey::of(&online).id(),
            ..genuine.keys[0].clone()
        };
        let forged = KeySet { version: genuine.version + 1, keys: vec![key], ..genuine };
        answer.keys = forged.sign(&root).unwrap();
        Reply { body: serde_json::to_vec(&answer).unwrap(), ..reply }
    });
    assert_eq!(world.host.recheck_in_vain(), "no_answer 1014");
    is_honoured(&world, "an unknown key", "no key set of the license server lists");
}

#[test]
fn a_refusal_counts_only_as_the_newest_answer_to_this_host() {
    type Change = fn(&mut Statement);
    let wrong: [(&str, Change); 3] = [
        ("for another host", |it| it.host_key = PublicKey::of(&SigningKey::from_bytes(&[3; 32]))),
        ("answers another request", |it| it.nonce = Nonce([0; 32])),
        ("has serial 1", |it| it.serial = 1),
    ];
    let (world, middlebox) = World::intercepted();
    for (because, change) in wrong {
        let key = online_key(world.server.data());
        middlebox.now(move |request, upstream| refusal(&upstream.ask(request), &key, change));
        assert_eq!(world.host.recheck_in_vain(), "no_answer 1014", "{because}");
        is_honoured(&world, because, because);
    }
    let key = online_key(world.server.data());
    middlebox.now(move |request, upstream| refusal(&upstream.ask(request), &key, |_| {}));
    world.host.recheck();
    assert_eq!(world.host.check(45), "denied 2008", "with nothing wrong about it, it is the server's word");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_no_answer_and_names_the_server() {
    let (mut world, middlebox) = World::intercepted();
    let stranger = Middlebox::new(world.folder.path(), world.server.address());
    world.host.kill();
    world.host = world.host.flag("--ca-file", stranger.ca_file());
    world.host.start();
    assert_eq!(world.host.recheck_in_vain(), "no_answer 1013");
    is_honoured(&world, "an untrusted certificate", &middlebox.url());
}
