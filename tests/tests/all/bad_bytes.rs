//! Garbage on the socket: that connection ends with the error answer that docs/protocol.md names, the
//! daemon lives, and nobody else notices.

use std::time::Duration;

use end_to_end::{
    Host, World,
    waiting::{self, Stopwatch},
    wire::Wire,
};
use license_client::types::FeatureId;
use license_core::crypto::hex;
use license_ipc::{
    Answer, Encoding, ErrorKind, Request,
    frame::{PREFIX, decode_answer},
};

use crate::chance;

/// From docs/protocol.md: the answer to what the daemon does not speak. It never changes.
const UNSUPPORTED: &str = "0000004300017b226572726f72223a7b226b696e64223a22756e737570706f72\
                           746564222c2276657273696f6e73223a5b315d2c22656e636f64696e6773223a\
                           5b302c315d7d7d";

fn check(feature: u32) -> Request {
    Request::Check { feature: FeatureId(feature), holder: None }
}

/// A client that behaves, with one connection for the whole test.
struct Bystander(Wire);

impl Bystander {
    fn of(host: &Host) -> Self {
        Self(Wire::to(host))
    }

    /// Asks again, and must be answered at once: 1 s is what clients wait.
    fn is_served(&mut self) {
        let asked = Stopwatch::start();
        for encoding in [Encoding::Binary, Encoding::Json] {
            let answer = self.0.ask(&check(33), encoding).answer();
            assert!(matches!(&answer, Answer::Entitlement(it) if it.feature == FeatureId(33)), "{answer:?}");
        }
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    }
}

/// What is sent, and the failure that it is answered with before the connection ends.
type Case = (&'static str, Vec<u8>, &'static str);

fn frame(len: u32, rest: &[u8]) -> Vec<u8> {
    [&len.to_be_bytes(), rest].concat()
}

/// A bincode request with that number, and those bytes as its fields.
fn bincode(number: u32, fields: &[u8]) -> Vec<u8> {
    let payload = [&number.to_le_bytes(), fields].concat();
    frame(u32::try_from(payload.len() + 2).unwrap(), &[&[1, 0], &payload[..]].concat())
}

fn json(text: &str) -> Vec<u8> {
    frame(u32::try_from(text.len() + 2).unwrap(), &[&[1, 1], text.as_bytes()].concat())
}

#[test]
fn what_is_no_request_is_answered_with_what_is_wrong_and_the_connection_ends() {
    let world = World::new();
    let mut bystander = Bystander::of(&world.host);
    let cases: [Case; 16] = [
        (
            "an HTTP request",
            b"GET /license.api/ping HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            "too_large json",
        ),
        ("a length over the limit, bincode", frame(65_537, &[1, 0]), "too_large bincode"),
        ("a length over the limit, JSON", frame(65_537, &[1, 1]), "too_large json"),
        ("the longest length", frame(u32::MAX, &[1, 0, 0, 0]), "too_large bincode"),
        ("another version and over the limit", frame(65_537, &[9, 0]), "too_large json"),
        ("a length of zero", frame(0, &[]), "malformed json"),
        ("a length of one", frame(1, &[1]), "malformed json"),
        ("no payload, bincode", frame(2, &[1, 0]), "malformed bincode"),
        ("no payload, JSON", frame(2, &[1, 1]), "malformed json"),
        ("an unknown request, bincode", bincode(999, &[]), "malformed bincode"),
        ("an unknown request, JSON", json(r#"{"fly":{"feature":45}}"#), "malformed json"),
        ("a request without its field", json(r#"{"check":{}}"#), "malformed json"),
        ("bytes after the request", bincode(5, &[0]), "malformed bincode"),
        (
            "a list of 2^60 features in 12 bytes",
            bincode(1, &(1_u64 << 60).to_le_bytes()),
            "malformed bincode",
        ),
        ("JSON that nests deeply", json(&"[".repeat(60_000)), "malformed json"),
        ("bytes that are no UTF-8", frame(6, &[1, 1, b'"', 0xff, 0xfe, b'"']), "malformed json"),
    ];
    for (what, bytes, failure) in cases {
        let mut wire = Wire::to(&world.host);
        assert_eq!(wire.send(&bytes).failure(), failure, "{what}");
        wire.is_closed();
        bystander.is_served();
    }
}

#[test]
fn a_version_or_encoding_that_is_not_spoken_gets_the_frame_that_never_changes() {
    let world = World::new();
    let mut bystander = Bystander::of(&world.host);
    for (version, encoding) in [(0, 1), (2, 0), (2, 1), (255, 255), (1, 2), (1, 255)] {
        let mut wire = Wire::to(&world.host);
        let answer = wire.send_frame(version, encoding, b"\"status\"").frame();
        assert_eq!(hex(&answer), UNSUPPORTED, "version {version}, encoding {encoding}");
        wire.is_closed();
    }
    bystander.is_served();
}

#[test]
fn a_frame_that_the_end_cuts_off_is_malformed_and_what_came_before_it_is_answered() {
    let world = World::new();
    let whole = bincode(0, &[33, 0, 0, 0, 0]);
    for cut in 1..whole.len() {
        let mut wire = Wire::to(&world.host);
        wire.send(&whole).send(&whole[..cut]).end();
        assert!(matches!(wire.answer(), Answer::Entitlement(_)), "cut after {cut}");
        // Where the cut hides the encoding, the answer is JSON.
        let encoding = if cut < 6 { "json" } else { "bincode" };
        assert_eq!(wire.failure(), format!("malformed {encoding}"), "cut after {cut}");
        wire.is_closed();
    }
}

#[test]
fn nobody_waits_for_a_client_that_stops_inside_a_frame() {
    let world = World::new();
    let mut bystander = Bystander::of(&world.host);
    let mut silent: Vec<Wire> = (0..50).map(|_| Wire::to(&world.host)).collect();
    for (at, wire) in silent.iter_mut().enumerate() {
        wire.send(&bincode(0, &[33, 0, 0, 0, 0])[..at % 11]);
    }
    for _ in 0..100 {
        bystander.is_served();
    }
    // They are only slow: one that goes on is answered.
    let answer = silent[10].send(&bincode(0, &[33, 0, 0, 0, 0])[10..]).answer();
    assert!(matches!(answer, Answer::Entitlement(_)), "{answer:?}");
}

#[test]
fn random_bytes_end_with_an_error_answer_and_change_nothing() {
    let (mut world, _number) = World::with_coupon();
    let before = world.host.checked(45);
    let mut bystander = Bystander::of(&world.host);
    let mut random = chance::generator();
    for round in 0..300 {
        let mut bytes = vec![0; random.usize(1..200)];
        random.fill(&mut bytes);
        // Half of them look like frames, so that what is behind the header is reached too.
        if round % 2 == 0 {
            let body = bytes.len().max(6) - 4;
            bytes.resize(body + 4, 0);
            bytes[..4].copy_from_slice(&u32::try_from(body).unwrap().to_be_bytes());
            bytes[4] = 1;
            bytes[5] &= 1;
        }
        let mut wire = Wire::to(&world.host);
        let failure = wire.send(&bytes).end().frame();
        let text = String::from_utf8_lossy(&failure);
        let is_error = failure[5] == 0 && failure[6] == 7 || text.contains(r#"{"error":{"kind":""#);
        assert!(is_error, "round {round}: {text}");
        wire.is_closed();
    }
    bystander.is_served();
    assert_eq!(world.host.checked(45), before);
    assert!(!world.host.daemon().log().contains("panicked"));
}

#[test]
fn more_features_than_an_answer_can_hold_are_refused_and_a_thousand_are_answered() {
    let world = World::new();
    let mut wire = Wire::to(&world.host);
    let ask = |count| Request::CheckMany { features: (0..count).map(FeatureId).collect() };
    for (encoding, name) in [(Encoding::Binary, "bincode"), (Encoding::Json, "json")] {
        // A request of the longest length there is, or nearly.
        let most = if encoding == Encoding::Binary { 16_000 } else { 11_000 };
        assert_eq!(wire.ask(&ask(most), encoding).failure(), format!("too_large {name}"));
        // The same connection goes on.
        let answer = wire.ask(&ask(1_000), encoding).answer();
        assert!(matches!(&answer, Answer::Entitlements(all) if all.len() == 1_000), "{name}");
    }
}

#[test]
fn what_was_sent_behind_a_bad_frame_is_not_looked_at() {
    let (world, number) = World::with_coupon();
    let mut wire = Wire::to(&world.host);
    let (bad, reset) = (json("{}"), json("\"reset\""));
    assert_eq!(wire.send(&[bad, reset].concat()).failure(), "malformed json");
    wire.is_closed();
    world.host.recheck();
    assert_eq!(world.host.check(45), "granted fresh");
    assert_eq!(world.server.captured(&number, 45), 1);
}

#[test]
fn six_hundred_connections_are_served_or_turned_away() {
    let world = World::new();
    let mut bystander = Bystander::of(&world.host);
    let mut crowd: Vec<Wire> = (0..600).map(|_| Wire::to(&world.host)).collect();
    for wire in &mut crowd {
        wire.ask(&check(33), Encoding::Json);
    }
    bystander.is_served();
    let (mut served, mut told) = (0, 0);
    for wire in &mut crowd {
        // The last are closed at once: who has so many does not read what it is told.
        let Some(frame) = wire.frame_or_end() else { continue };
        let answer = decode_answer(&frame[PREFIX..]).unwrap();
        if matches!(answer, Answer::Entitlement(_)) {
            served += 1;
        } else {
            assert!(matches!(&answer, Answer::Error(it) if it.kind == ErrorKind::Busy), "{answer:?}");
            wire.is_closed();
            told += 1;
        }
    }
    // One user may have 256 connections, and the bystander has one of them.
    assert_eq!(served, 255);
    assert!(told >= 64, "{told}");
    bystander.is_served();

    drop(crowd);
    let answered = waiting::until(|| {
        let answer = Wire::to(&world.host).ask(&check(33), Encoding::Json).answer();
        matches!(answer, Answer::Entitlement(_)).then_some(())
    });
    assert!(answered.is_some(), "there is room again");
}
