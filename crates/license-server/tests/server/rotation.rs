//! Online keys that change while daemons are bound, one of which is away for 40 days. The daemon's state
//! machine and judge, against this server's decisions and signatures; the clocks are parameters.

use std::time::Duration;

use license_core::{
    api::Call,
    crypto::{Nonce, PublicKey, RequestId, SigningKey},
    envelope::Envelope,
    host::{Evidence, Fact, FactKind},
    outcome::{HttpAnswer, Judge, Outcome},
    schedule,
    state::{Event, Phase, PreparedCall, State},
    time::{Age, Now},
};
use license_server::{LicenseServer, backup::restore, keys::RootKey};
use license_texts::Language;
use license_types::{Basis, FeatureId, UnixTime, Verdict};

use crate::running::company;

/// 2026-11-24, 00:00 UTC.
const FIRST_DAY: UnixTime = UnixTime(1_795_478_400);

fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// That day on the clock of the server.
fn unix(day: u64) -> UnixTime {
    FIRST_DAY.saturating_add(days(day))
}

/// That day on the clock of a host, which stands still on the first one: it counts what passed.
fn now(day: u64) -> Now {
    Now { age: Age::default().saturating_add(days(day)), wall: FIRST_DAY }
}

struct Daemon {
    key: SigningKey,
    root: PublicKey,
    state: State,
    calls: u8,
}

impl Daemon {
    fn new(id: u8, root: PublicKey) -> Self {
        let state = State::unregistered(now(0));
        Self { key: SigningKey::from_bytes(&[id; 32]), root, state, calls: 0 }
    }

    fn prepare(&mut self, call: Call, day: u64) -> PreparedCall {
        self.calls += 1;
        let (id, nonce) = (RequestId([self.calls; 16]), Nonce([self.calls; 32]));
        let evidence =
            Evidence(vec![Fact::new(FactKind::ProductUuid, &format!("{:?}", self.key.to_bytes()))]);
        PreparedCall::new(call, id, nonce, evidence, &self.state, 0, now(day)).unwrap()
    }

    /// What the daemon makes of the answer of that server.
    async fn ask(&self, server: &LicenseServer, call: &PreparedCall, day: u64) -> Outcome {
        let (path, id) = (call.call.path(), call.request_id);
        let envelope = Envelope::seal(&self.key, "POST", path, &call.body.0, id, call.serial);
        let body = serde_json::from_slice(&call.body.0).unwrap();
        let reply = server.answer(&envelope, &call.body.0, body, unix(day)).await.unwrap();
        let content_type = Some(reply.media_type().to_owned());
        let answer =
            HttpAnswer { status: reply.status, content_type, body: reply.body, ..HttpAnswer::default() };
        let judge = Judge {
            roots: &[self.root],
            keys: self.state.keys.as_ref(),
            host_key: &PublicKey::of(&self.key),
            above_serial: self.state.held().map(|held| held.statement().serial),
            url: "http://127.0.0.1:1",
        };
        judge.classify(&call.call, &call.nonce, &answer)
    }

    fn end(&mut self, call: PreparedCall, outcome: Outcome, day: u64) {
        let (call, retry_step) = (Box::new(call), schedule::FIRST_RETRY);
        let event = Event::Ended { call, outcome, retry_step, fraction: 0.5 };
        self.state = self.state.clone().step(event, now(day)).0;
    }

    async fn call(&mut self, server: &LicenseServer, call: Call, day: u64) {
        let call = self.prepare(call, day);
        let outcome = self.ask(server, &call, day).await;
        assert!(matches!(outcome, Outcome::Statement(_)), "day {day}: {outcome:?}");
        self.end(call, outcome, day);
    }

    fn verdict(&self, day: u64) -> Verdict {
        self.state.entitlement(FeatureId::MIKOPBX, None, Language::English, now(day)).verdict
    }

    fn is_fresh(&self, day: u64) -> bool {
        matches!(self.verdict(day), Verdict::Granted { basis: Basis::Fresh, .. })
    }
}

#[tokio::test]
async fn each_host_accepts_what_it_should_also_one_that_was_away_for_40_days() {
    let (ours, stolen) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = LicenseServer::open(ours.path()).await.unwrap();
    let root = server.keys().root_public();
    let (mut there, mut away) = (Daemon::new(1, root), Daemon::new(2, root));
    there.call(&server, company("There"), 0).await;
    away.call(&server, company("Away"), 0).await;

    // A thief has all but the root key, and hears of no change.
    let first = server.keys().signing_id();
    for name in ["root.pub", "online.key", "key-set.json"] {
        std::fs::copy(ours.path().join(name), stolen.path().join(name)).unwrap();
    }
    let backup = ours.path().join("backup");
    server.back_up(&backup, false).await.unwrap();
    restore(stolen.path(), &backup, unix(0)).await.unwrap();
    let thief = LicenseServer::open(stolen.path()).await.unwrap();

    server.change_keys(|keys, dir| keys.rotate(dir, &RootKey::Here, unix(1))).await.unwrap();
    for day in [1, 5] {
        there.call(&server, Call::CheckIn, day).await;
        assert!(there.is_fresh(day), "day {day}");
    }
    let revoke = server.change_keys(|keys, dir| keys.revoke(dir, &first, &RootKey::Here, unix(10)));
    let second = revoke.await.unwrap().signing_id();
    for day in [10, 20, 40] {
        there.call(&server, Call::CheckIn, day).await;
        assert!(there.is_fresh(day), "day {day}");
    }
    assert_eq!((server.keys().version(), server.keys().signing_id()), (3, second));

    let granted = matches!(away.verdict(29), Verdict::Granted { .. });
    assert!(granted, "what it holds outlives what it did not hear of");
    assert_eq!(away.state.phase(now(40)), Phase::Lapsed);
    assert!(matches!(away.verdict(40), Verdict::Indeterminate { may_run: false, .. }));
    away.call(&server, Call::CheckIn, 40).await;
    assert!(away.is_fresh(40));

    // Both have heard of the revocation now.
    for daemon in [&mut there, &mut away] {
        let call = daemon.prepare(Call::CheckIn, 41);
        let outcome = daemon.ask(&thief, &call, 41).await;
        let Outcome::NoAnswer(why) = &outcome else { panic!("a thief is believed: {outcome:?}") };
        assert!(why.message.to(Language::English).contains("revoked"), "{:?}", why.message);
        daemon.end(call, outcome, 41);
        assert!(matches!(daemon.verdict(41), Verdict::Granted { .. }), "and it does no harm");
    }
}
