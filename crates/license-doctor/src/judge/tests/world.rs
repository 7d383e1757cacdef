//! A host on which all is well, and what may be broken there.

use std::net::IpAddr;

use license_client::{
    ipc::{NamedFeature, NoAnswer, Ping, PingFailure, RefusedCommand, Stage, State, Status},
    types::{Basis, Code, Entitlement, FeatureId, Seats, UnixTime, Verdict},
};

use super::*;
use crate::{findings::*, report::WouldBe};

pub(super) const NOW: UnixTime = UnixTime(1_800_000_000);
pub(super) const URL: &str = "https://lic.example.com";

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn certificate() -> Certificate {
    Certificate {
        subject: "CN=lic.example.com".to_owned(),
        issuer: "CN=Example CA".to_owned(),
        names: vec!["lic.example.com".to_owned()],
        not_before: UnixTime(NOW.0 - 30 * 86_400),
        not_after: UnixTime(NOW.0 + 60 * 86_400),
    }
}

pub(super) fn session(family: Family) -> Session {
    let tls = Tls { chain: vec![certificate()], distrust: None, error: None, checked_at: NOW };
    let http = Http::Answer {
        status: 200,
        is_license_server: true,
        content_type: "application/json".to_owned(),
        date: Some(NOW),
    };
    Session { family: Some(family), tls: Some(tls), http: Some(http) }
}

pub(super) fn server() -> Server {
    let address = ip("203.0.113.7");
    let resolver = Resolver { address: ip("192.0.2.53"), said: ResolverSaid::Addresses(vec![address]) };
    Server {
        url: URL.to_owned(),
        host: "lic.example.com".to_owned(),
        proxy: None,
        lookup: Some(Lookup {
            name: "lic.example.com".to_owned(),
            found: vec![address],
            resolvers: vec![resolver],
            ..Lookup::default()
        }),
        connects: vec![Connect { address, outcome: Connected::Yes }],
        sessions: vec![session(Family::V4)],
        plain: None,
    }
}

pub(super) fn status() -> Status {
    Status {
        version: "0.1.0".to_owned(),
        state: State::Fresh,
        number: Some("MIKO-•••••-KL4MN".to_owned()),
        company: Some("Roga".to_owned()),
        server: Some(URL.to_owned()),
        code: None,
        message: "Bound.".to_owned(),
        serial: Some(7),
        last_answer: Some(NOW),
        last_failure: None::<NoAnswer>,
        next_check: None,
        honoured_until: Some(UnixTime(NOW.0 + 86_400)),
        warnings: Vec::new(),
        protocol: 1,
        statement_schema: "1.0".to_owned(),
        bound_since: None,
        number_changes: 1,
        last_refusal: None,
    }
}

/// A host on which all is well.
pub(super) fn healthy() -> Findings {
    Findings {
        wall: NOW,
        known_time: NOW,
        has_systemd: true,
        daemon: Daemon::Answers(Box::new(status())),
        socket: SocketFile { path: "/run/licensed/licensed.sock".into(), seen: Some(ownership(0o660)) },
        caller: Caller { user: "anna".to_owned(), ..Caller::default() },
        unit: Some(Unit {
            load: "loaded".to_owned(),
            active: "active".to_owned(),
            sub: "running".to_owned(),
            result: "success".to_owned(),
            restarts: 0,
        }),
        settings: Settings {
            file: "/etc/licensed/licensed.toml".to_owned(),
            known_from: KnownFrom::Daemon,
            trust: vec!["/etc/licensed/trust.d".to_owned()],
            root_keys: Some(1),
        },
        folder: Folder {
            path: "/var/lib/licensed".into(),
            exists: Some(true),
            ownership: Some(ownership(0o700)),
            content: Some(Content::default()),
            room: Some(Room { bytes: 1 << 30, has_inodes: true, is_read_only: false }),
        },
        servers: vec![server()],
        ping: Some(Ping { server: URL.to_owned(), took_ms: 20, age: 0, failure: None }),
        features: Some(vec![feature(33, Verdict::Granted { until: NOW, basis: Basis::Fresh }, 1)]),
        would: None,
    }
}

pub(super) fn ownership(mode: u32) -> Ownership {
    Ownership { owner: "root".to_owned(), group: "licensed".to_owned(), mode, caller_in_group: true }
}

pub(super) fn feature(id: u32, verdict: Verdict, captured: u32) -> NamedFeature {
    let entitlement = Entitlement {
        feature: FeatureId(id),
        product: None,
        verdict,
        message: "(2008) dropped".to_owned(),
        session: None,
        seats: Some(Seats { total: 1, captured }),
        last_answer: None,
        next_check: None,
    };
    NamedFeature { name: "MikoPBX".to_owned(), entitlement }
}

pub(super) fn denied(id: u32, captured: u32) -> NamedFeature {
    feature(id, Verdict::Denied { code: Code::NO_LICENSE, reason: String::new() }, captured)
}

pub(super) fn with_status(f: &mut Findings, change: impl FnOnce(&mut Status)) {
    let Daemon::Answers(status) = &mut f.daemon else { panic!("the daemon answers") };
    change(status);
}

pub(super) fn no_answer(f: &mut Findings) {
    with_status(f, |it| it.state = State::Offline);
    let failure = PingFailure { stage: Stage::Answer, code: Code::NO_ANSWER, message: "no".to_owned() };
    f.ping = Some(Ping { server: URL.to_owned(), took_ms: 1, age: 0, failure: Some(failure) });
}

/// No look-up came to anything.
pub(super) fn lookup(f: &mut Findings, said: ResolverSaid) {
    no_answer(f);
    let server = &mut f.servers[0];
    let lookup = server.lookup.as_mut().unwrap();
    lookup.found.clear();
    lookup.error = Some("failure in name resolution".to_owned());
    lookup.resolvers[0].said = said;
    server.connects.clear();
    server.sessions.clear();
}

pub(super) fn connects(f: &mut Findings, all: &[(&str, Connected)]) {
    no_answer(f);
    let connect =
        |(address, outcome): &(&str, Connected)| Connect { address: ip(address), outcome: outcome.clone() };
    f.servers[0].connects = all.iter().map(connect).collect();
    f.servers[0].sessions.clear();
}

pub(super) fn leads_to(f: &mut Findings, address: &str, outcome: Connected) {
    connects(f, &[(address, outcome)]);
    f.servers[0].lookup.as_mut().unwrap().found = vec![ip(address)];
}

pub(super) fn distrusted(f: &mut Findings, distrust: Distrust, change: impl FnOnce(&mut Certificate)) {
    no_answer(f);
    let tls = f.servers[0].sessions[0].tls.as_mut().unwrap();
    tls.distrust = Some(distrust);
    change(&mut tls.chain[0]);
}

pub(super) fn expired(f: &mut Findings) {
    distrusted(f, Distrust::Expired, |it| it.not_after = UnixTime(NOW.0 - 86_400));
}

pub(super) fn answers(f: &mut Findings, status: u16) {
    no_answer(f);
    let kind = "text/html".to_owned();
    let http = Http::Answer { status, is_license_server: false, content_type: kind, date: Some(NOW) };
    f.servers[0].sessions[0].http = Some(http);
}

pub(super) fn by_proxy(f: &mut Findings, said: Option<ProxySaid>) {
    let server = &mut f.servers[0];
    server.proxy =
        Some(ProxyWay { url: "http://proxy:3128".to_owned(), from: "HTTPS_PROXY".to_owned(), said });
    server.sessions.clear();
}

pub(super) fn refused(f: &mut Findings, request: &str, code: Code) {
    let (request, message) = (request.to_owned(), "no".to_owned());
    with_status(f, |it| {
        it.last_refusal = Some(RefusedCommand { request, code: Some(code), message, at: NOW });
    });
}

pub(super) fn unregistered(f: &mut Findings) {
    with_status(f, |it| {
        it.state = State::Unregistered;
        it.code = Some(Code::KEY_ERROR);
    });
    f.features = None;
}

pub(super) fn refusal(f: &mut Findings, code: Code) {
    with_status(f, |it| {
        it.state = State::Refused;
        it.code = Some(code);
    });
    f.features = None;
}

pub(super) fn would(f: &mut Findings, would_be: WouldBe, code: Option<Code>) {
    f.would = Some(Would { feature: FeatureId(45), would_be, code, message: "so".to_owned() });
}

/// The name has an address, and nobody got further.
pub(super) fn lookup_only(f: &mut Findings) {
    f.servers[0].connects.clear();
    f.servers[0].sessions.clear();
}

pub(super) fn away() -> Plain {
    Plain { status: 302, redirect_host: Some("portal.example.net".to_owned()), is_page: true }
}
