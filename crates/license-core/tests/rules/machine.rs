//! The state machine as a table: what each event makes of each state, and what a query is answered in each.

use std::time::Duration;

use license_core::{
    api::Call,
    crypto::PublicKey,
    host::{Evidence, Fact, FactKind},
    outcome::{NoAnswer, Outcome},
    state::{Background, Event, Phase, PreparedCall, State},
    statement::{Kind, Refusal},
};
use license_texts::{Language, Text};
use license_types::{Basis, Code, SessionId, Verdict};

use crate::world::{HELD, Host, answer, at, lease, no_answer, number, online, problem, refusal, statement};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// When the events come: a lapsed lease has run out, and may still run on.
const NOW: u64 = 31 * DAY;

/// Each row is a state, each column an event, and the letter is the state after it.
///
/// U unregistered, G registering, F fresh, O offline, H host changed, L lapsed, R refused, P pending, V recovering,
/// D draining.
const TABLE: &str = "
               boot same moved resume net send lease refusal pending done refused unsent lost news release retake reset stop
unregistered   U    U    U     U      U   G    U     U       U       U    U       U      U    U    U       U      U     D
registering    G    G    G     G      G   G    F     R       P       U    U       U      G    G    G       G      U     D
fresh          F    F    H     F      F   F    F     R       P       F    F       O      O    F    F       F      U     D
offline        O    O    H     O      O   O    F     R       P       O    O       O      O    O    O       O      U     D
host_changed   F    F    H     H      H   H    F     R       P       H    H       H      H    H    H       H      U     D
lapsed         L    L    L     L      L   L    F     R       P       L    L       L      L    L    L       L      U     D
refused        R    R    R     R      R   R    F     R       P       R    R       R      R    R    R       R      U     D
pending        P    P    P     P      P   P    F     R       P       P    P       P      P    P    P       P      U     D
recovering     V    V    V     V      V   V    F     R       P       V    V       V      V    V    V       V      U     D
draining       D    D    D     D      D   D    D     D       D       D    D       D      D    D    D       D      D     D
";

/// What [`HELD`] comes to in each state; the letter of the phase before it.
const ANSWERS: &str = "
unregistered   U indeterminate 2009 stop
registering    G indeterminate 2009 run
fresh          F granted fresh
offline        O granted offline
host_changed   H granted fresh
lapsed         L indeterminate 1012 run
refused        R denied 2008
pending        P denied 2008
recovering     V indeterminate 1014 run
draining       D granted fresh
";

fn hardware(value: &str) -> Evidence {
    Evidence(vec![Fact::new(FactKind::ProductUuid, value)])
}

fn pending() -> Kind {
    let reason = "This host is a copy of another host.".to_owned();
    Kind::Refusal(Refusal { code: Code::NO_LICENSE, reason, reason_ru: String::new(), pending: true })
}

fn unsent() -> Outcome {
    Outcome::NoAnswer(NoAnswer {
        code: Code::CONNECTION_FAILED,
        message: Text::verbatim("down"),
        maybe_delivered: false,
        retry_after: None,
    })
}

fn seat() -> SessionId {
    SessionId(format!("s{HELD}"))
}

/// A host whose lease is an hour old, with what it is told next.
fn told(kind: Option<Kind>) -> Host {
    let mut host = Host::new();
    host.hardware = hardware("as bought");
    let outcome = |host: &Host, call: &PreparedCall, kind| {
        let mut said = statement(host.state.serial + 1, call.nonce, kind);
        // The leases of this table begin an hour before the events.
        said.issued_at = said.issued_at.saturating_add(Duration::from_secs(NOW - HOUR));
        if let Kind::Lease(lease) = &mut said.kind {
            lease.honoured_until = lease.honoured_until.saturating_add(Duration::from_secs(NOW - HOUR));
        }
        host.judge(call, &answer(&said, &online()))
    };
    let begun = at(NOW - HOUR);
    for kind in [Some(Kind::Lease(lease())), kind].into_iter().flatten() {
        let call = host.call(Call::Activate { number: number() }, begun);
        let said = outcome(&host, &call, kind);
        host.end(call, said, begun);
    }
    host
}

fn in_state(name: &str) -> Host {
    let mut host = told(None);
    match name {
        "unregistered" => host = Host::new(),
        "registering" => {
            host = Host::new();
            let call = host.call(Call::Activate { number: number() }, at(NOW - 60));
            host.step(Event::Sending(Box::new(call.clone())), at(NOW - 60));
            host.end(call, no_answer(Code::NO_ANSWER), at(NOW - 50));
        }
        "fresh" => {}
        "offline" => host.check_in_vain(Code::CONNECTION_FAILED, at(NOW - 60)),
        "host_changed" => {
            let evidence = hardware("another board");
            host.step(
                Event::Started { booted: true, off: Duration::ZERO, evidence, fraction: 0.5 },
                at(NOW - 60),
            );
        }
        "lapsed" => {
            host = Host::bound();
            host.check_in_vain(Code::CONNECTION_FAILED, at(DAY));
        }
        "refused" => host = told(Some(refusal())),
        "pending" => host = told(Some(pending())),
        "recovering" => host.state = State::lost(at(NOW - 60)),
        "draining" => host.step(Event::Stopping, at(NOW - 60)),
        other => panic!("no state is called {other}"),
    }
    host
}

/// The call that the host has in mind: the one that waits, or a check-in.
fn call_of(host: &mut Host) -> PreparedCall {
    match host.state.pending.clone() {
        Some(pending) => pending,
        None => host.call(Call::CheckIn, at(NOW)),
    }
}

fn happen(host: &mut Host, event: &str) {
    let (now, fraction) = (at(NOW), 0.5);
    let started = |booted, evidence| Event::Started {
        booted,
        off: Duration::ZERO,
        evidence: hardware(evidence),
        fraction,
    };
    let ended = |host: &mut Host, outcome| {
        let call = call_of(host);
        host.end(call, outcome, now);
    };
    let said = |host: &mut Host, kind| {
        let call = call_of(host);
        let mut said = statement(host.state.serial + 1, call.nonce, kind);
        if let Kind::Lease(lease) = &mut said.kind {
            lease.honoured_until = lease.honoured_until.saturating_add(Duration::from_secs(NOW));
        }
        let outcome = host.judge(&call, &answer(&said, &online()));
        assert!(matches!(outcome, Outcome::Statement(_)), "{outcome:?}");
        host.end(call, outcome, now);
    };
    match event {
        "boot" => host.step(started(true, "as bought"), now),
        "same" => host.step(started(false, "as bought"), now),
        "moved" => host.step(started(true, "another board"), now),
        "resume" => host.step(Event::Resumed { fraction }, now),
        "net" => host.step(Event::NetworkReturned { fraction }, now),
        "send" => {
            let call = host.call(Call::Activate { number: number() }, now);
            host.step(Event::Sending(Box::new(call)), now);
        }
        "lease" => said(host, Kind::Lease(lease())),
        "refusal" => said(host, refusal()),
        "pending" => said(host, pending()),
        "done" => ended(host, Outcome::Done(None)),
        "refused" => {
            // A check-in is always answered with a statement; what is refused is something else.
            let call = match host.state.pending.clone() {
                Some(pending) => pending,
                None => host.call(Call::LicenseInfo { number: number() }, now),
            };
            let outcome = host.judge(&call, &problem(404, Code::NO_LICENSE));
            host.end(call, outcome, now);
        }
        "unsent" => {
            if let Some(pending) = &mut host.state.pending {
                pending.maybe_delivered = false;
            }
            ended(host, unsent());
        }
        "lost" => ended(host, no_answer(Code::NO_ANSWER)),
        "news" => host.step(Event::News, now),
        "release" => host.step(Event::Release(seat()), now),
        "retake" => host.step(Event::Retake { session: seat(), asked_by: 0 }, now),
        "reset" => host.step(Event::Reset, now),
        "stop" => host.step(Event::Stopping, now),
        other => panic!("no event is called {other}"),
    }
}

const fn letter(phase: Phase) -> &'static str {
    match phase {
        Phase::Unregistered => "U",
        Phase::Registering => "G",
        Phase::Fresh => "F",
        Phase::Offline => "O",
        Phase::HostChanged => "H",
        Phase::Lapsed => "L",
        Phase::Refused => "R",
        Phase::Pending => "P",
        Phase::Recovering => "V",
        Phase::Draining => "D",
    }
}

#[test]
fn each_event_makes_of_each_state_what_the_table_says() {
    let mut rows = TABLE.lines().filter(|line| !line.is_empty());
    let events: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
    let mut wrong = Vec::new();
    let mut pairs = 0;
    for row in rows {
        let mut words = row.split_whitespace();
        let name = words.next().unwrap();
        let expected: Vec<&str> = words.collect();
        assert_eq!(expected.len(), events.len(), "{name}");
        for (event, expected) in events.iter().zip(expected) {
            let mut host = in_state(name);
            happen(&mut host, event);
            let found = letter(host.state.phase(at(NOW)));
            if found != expected {
                wrong.push(format!("{name}, {event}: {found} and not {expected}"));
            }
            pairs += 1;
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(pairs, 10 * 18);
}

#[test]
fn each_state_answers_a_query_as_the_table_says() {
    for row in ANSWERS.lines().filter(|line| !line.is_empty()) {
        let (name, expected) = row.split_once(char::is_whitespace).unwrap();
        let host = in_state(name);
        let verdict = match host.verdict(HELD, at(NOW)) {
            Verdict::Granted { basis: Basis::Fresh, .. } => "granted fresh".to_owned(),
            Verdict::Granted { basis: Basis::Offline { .. }, .. } => "granted offline".to_owned(),
            Verdict::Denied { code, .. } => format!("denied {code}"),
            Verdict::Indeterminate { code, may_run, .. } => {
                format!("indeterminate {code} {}", if may_run { "run" } else { "stop" })
            }
        };
        let found = format!("{} {verdict}", letter(host.state.phase(at(NOW))));
        assert_eq!(found, expected.trim(), "{name}");
    }
}

#[test]
fn other_hardware_is_told_at_once_and_stops_nothing() {
    let host = in_state("host_changed");
    assert_eq!(host.state.due(), Some(at(NOW - 60).age));
    assert!(host.verdict(HELD, at(NOW)).may_run());
    let less =
        Event::Started { booted: true, off: Duration::ZERO, evidence: Evidence::default(), fraction: 0.5 };
    let mut host = told(None);
    host.step(less, at(NOW));
    assert_eq!(host.state.phase(at(NOW)), Phase::Fresh, "what cannot be read now says nothing");
}

#[test]
fn a_way_into_the_network_is_tried_soon_and_at_once_when_it_is_urgent() {
    for (event, name) in [
        (Event::Resumed { fraction: 0.5 }, "resumed"),
        (Event::NetworkReturned { fraction: 0.5 }, "the network is back"),
    ] {
        let wait = |host: &mut Host, now: u64| {
            host.step(event.clone(), at(now));
            host.state.due().unwrap().saturating_since(at(now).age)
        };
        let spread = Duration::from_mins(75) / 2;
        assert_eq!(wait(&mut in_state("lapsed"), NOW), Duration::ZERO, "{name}: the lease is over");
        assert_eq!(wait(&mut in_state("recovering"), NOW), Duration::ZERO, "{name}: nobody knows");
        let mut fresh = Host::bound();
        assert_eq!(wait(&mut fresh, DAY), spread, "{name}: overdue, and spread like after a boot");
        assert_eq!(
            wait(&mut fresh, DAY + 60) + Duration::from_mins(1),
            spread,
            "{name}: again, and not later"
        );
        let mut half = Host::bound();
        half.check_in_vain(Code::NO_ANSWER, at(16 * DAY));
        assert_eq!(wait(&mut half, 16 * DAY + 1), Duration::ZERO, "{name}: half of the lease is over");
        assert_eq!(in_state("unregistered").state.due(), None, "{name}: there is nobody to ask");
    }
}

#[test]
fn a_lease_that_runs_out_offline_is_warned_of_three_times() {
    let mut host = Host::bound();
    let percent = |host: &Host, now| host.state.lease_warning(at(now)).map(|warning| warning.percent);
    assert_eq!(percent(&host, 20 * DAY), None, "the license server answers as far as anybody knows");
    host.check_in_vain(Code::NO_ANSWER, at(DAY));
    let cases = [
        (15 * DAY - 1, None),
        (15 * DAY, Some(50)),
        (24 * DAY - 1, Some(50)),
        (24 * DAY, Some(80)),
        (28 * DAY + 12 * HOUR, Some(95)),
        (30 * DAY - 1, Some(95)),
        (30 * DAY, None),
    ];
    for (now, expected) in cases {
        assert_eq!(percent(&host, now), expected, "after {now} s");
        assert!(host.verdict(HELD, at(now)).may_run(), "after {now} s");
    }
    assert_eq!(host.state.lease_warning(at(24 * DAY)).unwrap().left, Duration::from_hours(6 * 24));
}

#[test]
fn a_product_with_a_shorter_lease_is_warned_of_by_its_own_end() {
    let mut host = Host::new();
    let call = host.call(Call::Activate { number: number() }, at(0));
    let mut short = lease();
    short.features[0].honoured_until = Some(crate::world::ISSUED.saturating_add(Duration::from_hours(240)));
    let outcome = host.judge(&call, &answer(&statement(1, call.nonce, Kind::Lease(short)), &online()));
    host.end(call, outcome, at(0));
    host.check_in_vain(Code::NO_ANSWER, at(60));
    assert_eq!(host.state.lease_warning(at(5 * DAY)).map(|warning| warning.percent), Some(50));
}

#[test]
fn what_was_still_to_be_told_ends_with_a_new_binding() {
    let mut host = Host::bound();
    host.step(Event::Reset, at(60));
    let drop = host.call(Call::Drop, at(60));
    host.step(Event::Sending(Box::new(drop.clone())), at(60));
    host.end(drop, no_answer(Code::NO_ANSWER), at(61));
    let call = host.call(Call::Activate { number: number() }, at(70));
    let outcome = host.judge(&call, &answer(&statement(2, call.nonce, Kind::Lease(lease())), &online()));
    host.end(call, outcome, at(70));
    assert_eq!((host.state.unbind, host.state.pending.is_some()), (false, false));
    assert_eq!(host.state.background(), Background::Make(Call::CheckIn), "a drop would undo it");
}

#[test]
fn a_drop_that_nobody_with_a_code_refuses_is_told_again() {
    let mut host = Host::bound();
    host.step(Event::Reset, at(60));
    let call = host.call(Call::Drop, at(60));
    let mut refused = problem(404, Code::NO_LICENSE);
    refused.body = br#"{"status":404,"title":"Not Found","detail":"no such page"}"#.to_vec();
    let outcome = host.judge(&call, &refused);
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    host.end(call, outcome, at(61));
    assert!(host.state.unbind && host.state.due() > Some(at(61).age));
}

#[test]
fn a_seat_that_is_given_back_is_over_at_once_and_told_until_the_license_server_knows() {
    let mut host = Host::bound();
    host.check_in_vain(Code::CONNECTION_FAILED, at(60));
    host.step(Event::Release(seat()), at(70));
    assert!(matches!(host.verdict(HELD, at(70)), Verdict::Denied { code: Code::NO_LICENSE, .. }));
    let given_back = host.state.entitlement(HELD, None, Language::English, at(70));
    assert!(given_back.session.is_none() && !host.state.has(&seat()));
    assert_eq!(given_back.seats.unwrap().captured, 0, "it may be taken again");
    let release = Call::Release { session: seat() };
    assert_eq!(host.state.background(), Background::Make(release.clone()));

    let stored = serde_json::to_vec(&host.state).unwrap();
    host.state = serde_json::from_slice(&stored).unwrap();
    let call = host.call(release, at(80));
    host.end(call, unsent(), at(80));
    assert!(!host.verdict(HELD, at(80)).may_run(), "an answer that did not come brings nothing back");

    let call = host.call(Call::Release { session: seat() }, at(90));
    let mut without = lease();
    without.features[0].held.clear();
    without.features[0].refusal = Some(Code::NO_LICENSE);
    let outcome = host.judge(&call, &answer(&statement(2, call.nonce, Kind::Lease(without)), &online()));
    host.end(call, outcome, at(90));
    assert!(host.state.released.is_empty());
}

#[test]
fn a_seat_that_was_given_back_is_told_at_once_and_before_anything_else() {
    let mut host = Host::bound();
    host.step(Event::Release(seat()), at(60));
    assert_eq!(host.state.due(), Some(at(60).age), "also if the daemon is killed before");
    let release = Background::Make(Call::Release { session: seat() });
    assert_eq!(host.state.comes_before(&Call::CheckIn), Some(release.clone()));
    assert_eq!(host.state.comes_before(&Call::Release { session: seat() }), None);

    host.check_in_vain(Code::NO_ANSWER, at(61));
    assert!(host.state.due().unwrap() > at(61).age, "while the license server is away, as the schedule says");
    host.check_in(at(70), |call| answer(&statement(2, call.nonce, Kind::Lease(lease())), &online()));
    assert_eq!((host.state.due(), host.state.background()), (Some(at(70).age), release));

    // Done by its answer, whatever that lists.
    let call = host.call(Call::Release { session: seat() }, at(71));
    let outcome = host.judge(&call, &answer(&statement(3, call.nonce, Kind::Lease(lease())), &online()));
    host.end(call, outcome, at(71));
    assert_eq!(host.state.comes_before(&Call::CheckIn), None);
    assert!(host.state.due().unwrap() > at(DAY / 24 + 71).age);
}

#[test]
fn a_new_capture_cancels_a_release_that_the_license_server_does_not_know_of() {
    let mut host = Host::bound();
    host.step(Event::Release(seat()), at(60));
    assert_eq!(host.state.released_seat(HELD, None), Some(&seat()));
    host.step(Event::Retake { session: seat(), asked_by: 7 }, at(61));
    assert!(host.verdict(HELD, at(61)).may_run());
    assert_eq!(host.state.owners.get(&seat()), Some(&7));

    host.step(Event::Release(seat()), at(70));
    let call = host.call(Call::Release { session: seat() }, at(70));
    host.step(Event::Sending(Box::new(call.clone())), at(70));
    host.end(call, no_answer(Code::NO_ANSWER), at(71));
    assert_eq!(host.state.released_seat(HELD, None), None, "it may know by now");
}

#[test]
fn a_release_that_the_license_server_stumbles_over_does_not_keep_check_ins_away_for_ever() {
    let mut host = Host::bound();
    host.step(Event::Release(seat()), at(60));
    let call = host.call(Call::Release { session: seat() }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    host.end(call.clone(), no_answer(Code::NO_ANSWER), at(DAY));
    assert!(host.state.released.contains(&seat()));
    host.end(call, no_answer(Code::NO_ANSWER), at(61 + DAY));
    assert_eq!(host.state.background(), Background::Make(Call::CheckIn));

    let mut host = Host::bound();
    host.step(Event::Release(seat()), at(60));
    let call = host.call(Call::Release { session: seat() }, at(60));
    let outcome = host.judge(&call, &problem(409, Code::NO_LICENSE));
    host.end(call, outcome, at(61));
    assert!(host.state.released.is_empty());
    assert_eq!(host.state.due(), Some(at(61).age), "and the next statement says what holds");
}

#[test]
fn what_a_later_version_wrote_survives_this_one() {
    let mut stored = serde_json::to_value(&Host::bound().state).unwrap();
    stored["of_tomorrow"] = serde_json::json!({ "deep": [1, 2.5, null, u64::MAX] });
    let mut host = Host::bound();
    host.state = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(serde_json::to_value(&host.state).unwrap(), stored);
    host.check_in_vain(Code::NO_ANSWER, at(60));
    let kept = serde_json::to_value(&host.state).unwrap();
    assert_eq!(kept["of_tomorrow"], stored["of_tomorrow"]);
}

#[test]
fn a_state_of_before_a_field_is_read() {
    let mut stored = serde_json::to_value(&Host::bound().state).unwrap();
    for field in ["released", "evidence", "host_changed"] {
        assert!(stored.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    let state: State = serde_json::from_value(stored).unwrap();
    let key = PublicKey::of(&crate::world::host());
    let keys = crate::world::key_set(1);
    assert_eq!(state.clone().verified(&key, Some(&keys), at(60)), state);
}
