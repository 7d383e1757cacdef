//! Findings, and what they are called.

mod world;

use license_client::{
    ipc::State,
    types::{Code, Language, UnixTime},
};

use self::world::*;
use super::*;
use crate::{
    findings::*,
    report::{Cause::*, WouldBe},
};

/// What it is called, how the tool ends, and what makes it.
type World = (Option<Cause>, u8, fn(&mut Findings));

const WORLDS: &[World] = &[
    (None, 0, |_| {}),
    (Some(SocketNotPermitted), 5, |f| f.daemon = Daemon::NotPermitted),
    (Some(SocketNotPermitted), 5, |f| {
        f.daemon = Daemon::NotPermitted;
        f.socket.seen = None;
    }),
    (Some(DaemonNotRunning), 3, |f| f.daemon = Daemon::NoSocket),
    (Some(DaemonNotRunning), 3, |f| {
        f.daemon = Daemon::NobodyListens;
        lookup_only(f);
    }),
    (Some(DaemonNotAnswering), 3, |f| f.daemon = Daemon::Silent("late".to_owned())),
    (Some(StateUnreadable), 7, |f| {
        f.daemon = Daemon::NobodyListens;
        f.folder.content.as_mut().unwrap().faults.push("state: damaged".to_owned());
    }),
    (Some(StateUnreadable), 7, |f| {
        f.folder.content.as_mut().unwrap().set_aside.push("state.unreadable-1".into());
    }),
    (Some(StateUnreadable), 7, |f| with_status(f, |it| it.state = State::Recovering)),
    (Some(DiskFull), 7, |f| f.folder.room.as_mut().unwrap().bytes = 0),
    (Some(DiskFull), 7, |f| f.folder.room.as_mut().unwrap().has_inodes = false),
    (Some(NoServerConfigured), 4, |f| {
        f.servers.clear();
        f.ping = None;
        unregistered(f);
    }),
    (Some(NoRootKey), 4, |f| {
        f.settings.root_keys = Some(0);
        unregistered(f);
    }),
    (Some(DnsNoAnswer), 4, |f| lookup(f, ResolverSaid::Nothing)),
    (Some(DnsNoAnswer), 4, |f| lookup(f, ResolverSaid::Failure(2))),
    (Some(DnsNoAnswer), 4, |f| lookup(f, ResolverSaid::Unreachable("refused".to_owned()))),
    (Some(DnsNoAddress), 4, |f| lookup(f, ResolverSaid::NoSuchName)),
    (Some(DnsNoAddress), 4, |f| lookup(f, ResolverSaid::Addresses(Vec::new()))),
    (Some(DnsWrong), 4, |f| leads_to(f, "0.0.0.0", Connected::Refused)),
    (Some(DnsWrong), 4, |f| leads_to(f, "10.1.2.3", Connected::Dropped)),
    (Some(DnsWrong), 4, |f| {
        leads_to(f, "198.51.100.9", Connected::Refused);
        f.servers[0].lookup.as_mut().unwrap().hosts_entry = vec![ip("198.51.100.9")];
    }),
    (Some(NoRoute), 4, |f| connects(f, &[("203.0.113.7", Connected::NoRoute("no".to_owned()))])),
    (Some(ConnectionRefused), 4, |f| connects(f, &[("203.0.113.7", Connected::Refused)])),
    (Some(ConnectionDropped), 4, |f| connects(f, &[("203.0.113.7", Connected::Dropped)])),
    (Some(ConnectionDropped), 4, |f| {
        let no_route = Connected::NoRoute("no".to_owned());
        connects(f, &[("203.0.113.7", Connected::Dropped), ("2001:db8::7", no_route)]);
    }),
    (Some(CaptivePortal), 4, |f| {
        distrusted(f, Distrust::UnknownIssuer, |_| {});
        f.servers[0].plain = Some(away());
    }),
    (Some(CaptivePortal), 4, |f| {
        leads_to(f, "10.1.2.3", Connected::Dropped);
        f.servers[0].plain = Some(away());
    }),
    (Some(CertificateExpired), 4, expired),
    (Some(CertificateExpired), 4, |f| {
        expired(f);
        f.servers[0].plain = Some(away());
    }),
    (Some(CertificateNotYetValid), 4, |f| {
        distrusted(f, Distrust::NotYetValid, |it| it.not_before = UnixTime(NOW.0 + 86_400));
    }),
    (Some(CertificateSelfSigned), 4, |f| {
        distrusted(f, Distrust::UnknownIssuer, |it| it.issuer.clone_from(&it.subject));
    }),
    (Some(CertificateMiddlebox), 4, |f| distrusted(f, Distrust::UnknownIssuer, |_| {})),
    (Some(CertificateWrongHost), 4, |f| distrusted(f, Distrust::WrongHost, |_| {})),
    (Some(TlsFailed), 4, |f| distrusted(f, Distrust::NoRoots("none".to_owned()), |_| {})),
    (Some(TlsFailed), 4, |f| {
        no_answer(f);
        let tls = f.servers[0].sessions[0].tls.as_mut().unwrap();
        tls.chain.clear();
        tls.error = Some("handshake failure".to_owned());
    }),
    (Some(ClockWrong), 4, |f| f.wall = UnixTime(NOW.0 + 7200)),
    (Some(ClockWrong), 4, |f| f.wall = UnixTime(0)),
    (Some(ClockWrong), 4, |f| {
        f.wall = UnixTime(NOW.0 + 200 * 86_400);
        distrusted(f, Distrust::Expired, |_| {});
    }),
    (Some(CertificateExpired), 4, |f| {
        f.wall = UnixTime(NOW.0 + 600);
        expired(f);
    }),
    (Some(NotALicenseServer), 4, |f| answers(f, 404)),
    (Some(NotALicenseServer), 4, |f| answers(f, 200)),
    (Some(ServerError), 4, |f| answers(f, 502)),
    (Some(ProxyUnreachable), 4, |f| {
        connects(f, &[("192.0.2.9", Connected::Refused)]);
        by_proxy(f, None);
    }),
    (Some(ProxyCredentials), 4, |f| {
        no_answer(f);
        by_proxy(f, Some(ProxySaid::Status(407)));
    }),
    (None, 0, |f| by_proxy(f, Some(ProxySaid::Status(407)))),
    (Some(ProxyRefuses), 4, |f| {
        no_answer(f);
        by_proxy(f, Some(ProxySaid::Status(403)));
    }),
    (Some(NotRegistered), 4, unregistered),
    (Some(NumberUnknown), 1, |f| refusal(f, Code::KEY_UNKNOWN)),
    (Some(NumberUnknown), 1, |f| {
        unregistered(f);
        refused(f, "activate", Code::KEY_UNKNOWN);
    }),
    (Some(BoundElsewhere), 1, |f| refusal(f, Code::NO_LICENSE)),
    (Some(BoundElsewhere), 1, |f| f.features = Some(vec![denied(33, 1)])),
    (None, 0, |f| f.features.as_mut().unwrap().push(denied(45, 1))),
    (Some(LicenseExpired), 1, |f| refusal(f, Code::EXPIRED)),
    (Some(RegistrationRefused), 6, |f| {
        unregistered(f);
        refused(f, "register", Code::EMAIL_TAKEN);
    }),
    (Some(CouponUsed), 6, |f| refused(f, "activate_coupon", Code::COUPON_USED)),
    (Some(CouponUnknown), 6, |f| refused(f, "activate_coupon", Code::COUPON_UNKNOWN)),
    (Some(CouponBlocked), 6, |f| refused(f, "activate_coupon", Code::COUPON_BLOCKED)),
    (None, 0, |f| refused(f, "capture", Code::NO_LICENSE)),
    (Some(LeaseLapsed), 4, |f| with_status(f, |it| it.state = State::Lapsed)),
    (None, 0, |f| would(f, WouldBe::Granted, None)),
    (None, 4, |f| would(f, WouldBe::Indeterminate, Some(Code::NO_ANSWER))),
    (None, 0, |f| {
        refused(f, "activate_coupon", Code::COUPON_USED);
        would(f, WouldBe::Granted, None);
    }),
    (Some(FeatureUnknown), 1, |f| {
        refused(f, "activate_coupon", Code::COUPON_USED);
        would(f, WouldBe::Denied, Some(Code::NO_LICENSE));
    }),
    (Some(FeatureUnknown), 1, |f| would(f, WouldBe::Denied, Some(Code::NO_LICENSE))),
    (Some(LicenseExpired), 1, |f| would(f, WouldBe::Denied, Some(Code::EXPIRED))),
    (Some(BoundElsewhere), 1, |f| {
        f.features.as_mut().unwrap().push(denied(45, 1));
        would(f, WouldBe::Denied, Some(Code::NO_LICENSE));
    }),
    (None, 0, |f| {
        f.features = Some(vec![denied(33, 1)]);
        would(f, WouldBe::Granted, None);
    }),
];

#[test]
fn each_world_has_its_one_name() {
    for (index, (expected, exit, make)) in WORLDS.iter().enumerate() {
        let mut findings = healthy();
        make(&mut findings);
        let report = judge(&findings, 1);
        let cause = report.cause().and_then(|check| check.cause);
        assert_eq!((cause, report.exit_code()), (*expected, *exit), "world {index}: {:#?}", report.checks);
        for check in &report.checks {
            assert!(check.cause.is_none() || check.cause == *expected, "world {index}: {check:?}");
        }
        if let Some(check) = report.cause() {
            assert!(check.next.is_some(), "world {index}");
        }
    }
    let named: Vec<_> = WORLDS.iter().filter_map(|(cause, ..)| *cause).collect();
    let missing: Vec<_> = Cause::ALL.iter().filter(|it| !named.contains(it)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn one_family_that_works_is_enough() {
    let mut findings = healthy();
    findings.servers[0].connects.push(Connect { address: ip("2001:db8::7"), outcome: Connected::Dropped });
    let mut broken = session(Family::V6);
    broken.tls.as_mut().unwrap().distrust = Some(Distrust::WrongHost);
    findings.servers[0].sessions.push(broken);
    let report = judge(&findings, 1);
    assert!(report.is_healthy());
    assert!(report.checks.iter().any(|it| it.family == Some(Family::V6) && it.result == Outcome::Warning));
}

#[test]
fn a_server_that_stands_by_may_be_down() {
    let mut findings = healthy();
    connects(&mut findings, &[("203.0.113.7", Connected::Refused)]);
    findings.servers.push(server());
    findings.ping = None;
    with_status(&mut findings, |it| it.state = State::Fresh);
    assert!(judge(&findings, 1).is_healthy());
}

#[test]
fn a_private_address_is_wrong_only_where_nobody_answers_and_the_name_is_public() {
    let mut findings = healthy();
    findings.servers[0].lookup.as_mut().unwrap().found = vec![ip("10.1.2.3")];
    assert!(judge(&findings, 1).is_healthy(), "a company's own license server");

    leads_to(&mut findings, "10.1.2.3", Connected::Refused);
    findings.servers[0].lookup.as_mut().unwrap().name = "lic.company.lan".to_owned();
    assert_eq!(judge(&findings, 1).cause().unwrap().cause, Some(ConnectionRefused));
}

#[test]
fn nothing_is_held_against_a_user_who_may_not_look() {
    let mut findings = healthy();
    findings.folder.content = None;
    findings.folder.exists = None;
    findings.folder.room = None;
    findings.settings.root_keys = None;
    let report = judge(&findings, 1);
    assert!(report.is_healthy(), "{:#?}", report.checks);
}

#[test]
fn the_daemon_may_fail_where_its_doctor_does_not() {
    let mut findings = healthy();
    no_answer(&mut findings);
    let report = judge(&findings, 1);
    assert_eq!(report.cause().unwrap().id, "ping");
}

#[test]
fn the_json_has_the_form_that_is_documented() {
    let mut findings = healthy();
    lookup(&mut findings, ResolverSaid::Nothing);
    would(&mut findings, WouldBe::Indeterminate, Some(Code::LOOKUP_FAILED));
    let json = judge(&findings, 640).to_json();
    assert_eq!((json["schema"].as_str(), json["healthy"].as_bool()), (Some("1.0"), Some(false)));
    assert_eq!(json["took_ms"], 640);
    assert_eq!(json["cause"]["cause"], "dns-no-answer");
    assert_eq!(json["cause"]["id"], "dns");
    assert_eq!(json["cause"]["subject"], URL);
    assert_eq!(json["cause"]["code"], 1011);
    assert!(json["cause"]["message"].as_str().unwrap().contains("192.0.2.53: timeout"));
    assert_eq!(
        (&json["feature"]["feature"], &json["feature"]["would_be"]),
        (&45.into(), &"indeterminate".into())
    );
    assert!(json["checks"].as_array().unwrap().contains(&json["cause"]));
}

#[test]
fn every_cause_has_its_section_and_its_words_in_both_languages() {
    let page = include_str!("../../../../docs/doctor.md");
    let sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let (_, causes) = page.split_once("\n# The causes\n").unwrap();
    for cause in Cause::ALL {
        assert!(sections.contains(&cause.id()), "docs/doctor.md has no section {}", cause.id());
        let [en, ru] = Language::ALL.map(|language| next(*cause).to(language));
        assert!(en != ru && !ru.is_empty(), "{}", cause.id());
    }
    for section in causes.lines().filter_map(|line| line.strip_prefix("## ")) {
        assert!(Cause::ALL.iter().any(|cause| cause.id() == section), "there is no cause {section}");
    }
}
