//! An explanation says what the verdict says, whatever the state.

use std::time::Duration;

use license_core::{
    api::Call,
    host::Evidence,
    state::{Event, State},
    statement::Kind,
    time::{Age, Now},
};
use license_texts::{Language, Text};
use license_types::{Basis, Code, Entitlement, Fact, FactKind, FeatureId, Registration, UnixTime, Verdict};

use crate::world::{self, ENDED, ENDING, HELD, Host, NOT_HELD, UNLISTED, at};

const DAY: u64 = 24 * 3_600;

fn moment(seconds: u64) -> Now {
    let wall = UnixTime(1_790_000_000).saturating_add(Duration::from_secs(seconds));
    Now { wall, ..at(seconds) }
}

fn registering() -> State {
    let mut host = Host::new();
    let company = Registration {
        company: "C".to_owned(),
        email: "e@example.com".to_owned(),
        contact: "N".to_owned(),
        phone: None,
        tax_id: None,
    };
    let call = host.call(Call::Register(company), at(0));
    host.step(Event::Sending(Box::new(call.clone())), at(0));
    host.end(call, world::no_answer(Code::NO_ANSWER), at(0));
    host.state
}

fn offline() -> State {
    let mut host = Host::bound();
    host.check_in_vain(Code::CONNECTION_FAILED, at(100));
    host.check_in_vain(Code::LOOKUP_FAILED, at(200));
    host.state
}

fn refused() -> State {
    let mut host = Host::bound();
    host.check_in(at(10), |call| {
        world::answer(&world::statement(2, call.nonce, world::refusal()), &world::online())
    });
    host.state
}

/// A lease with a seat for users, a shorter term, and a feature of which a seat is free.
fn rich() -> State {
    let mut host = Host::bound();
    host.check_in(at(10), |call| {
        let mut lease = world::lease();
        lease.features[0].honoured_until = Some(world::ISSUED.saturating_add(Duration::from_hours(50)));
        lease.features[0].run_on = Some(1_800);
        lease.features[3].per_user = true;
        lease.features[1].seats.captured = 2;
        world::answer(&world::statement(2, call.nonce, Kind::Lease(lease)), &world::online())
    });
    host.state
}

/// A machine that was off when the lease seemed to end.
fn graced() -> State {
    let mut host = Host::bound();
    let off = Duration::from_hours(24 * 60);
    host.step(
        Event::Started { booted: true, off, evidence: Evidence::default(), fraction: 0.5 },
        moment(60 * DAY),
    );
    host.state
}

fn states() -> Vec<(&'static str, State)> {
    vec![
        ("unregistered", State::unregistered(at(0))),
        ("registering", registering()),
        ("lost", State::lost(at(0))),
        ("bound", Host::bound().state),
        ("offline", offline()),
        ("refused", refused()),
        ("rich", rich()),
        ("graced", graced()),
    ]
}

/// Every feature of every state at many moments, with what was explained and what is so.
fn everywhere(mut look: impl FnMut(&str, &State, Now, &[Fact], &Verdict)) {
    let moments = (0..120).map(|half_days| half_days * DAY / 2 + 300);
    for (name, state) in states() {
        for now in moments.clone().map(moment) {
            for feature in [HELD, NOT_HELD, ENDED, ENDING, UNLISTED] {
                let facts = state.explain(feature, Language::English, now);
                let verdict = state.entitlement(feature, None, Language::English, now).verdict;
                let name = format!("{name}, feature {feature}, at {now:?}: {facts:#?}");
                look(&name, &state, now, &facts, &verdict);
            }
        }
    }
}

fn of(facts: &[Fact], kind: FactKind) -> Option<&Fact> {
    facts.iter().find(|fact| fact.kind == kind)
}

#[test]
fn the_last_fact_is_the_verdict_and_one_before_it_bears_its_code() {
    let mut codes = std::collections::BTreeSet::new();
    everywhere(|name, _, _, facts, verdict| {
        let (last, reasons) = facts.split_last().unwrap();
        assert_eq!((last.kind, last.code), (FactKind::Verdict, verdict.code()), "{name}");
        let decided: Vec<Code> = reasons
            .iter()
            .filter(|fact| fact.kind != FactKind::Failure)
            .filter_map(|fact| fact.code)
            .collect();
        assert_eq!(decided, Vec::from_iter(verdict.code()), "{name}");
        codes.insert(verdict.code());
    });
    let expected = [
        None,
        Some(Code::LOOKUP_FAILED),
        Some(Code::NO_ANSWER),
        Some(Code::NO_LICENSE),
        Some(Code::KEY_ERROR),
        Some(Code::EXPIRED),
    ];
    assert_eq!(codes, expected.into(), "all kinds of verdict came up");
}

#[test]
fn what_may_run_and_to_when_is_as_in_the_verdict() {
    everywhere(|name, state, now, facts, verdict| {
        let here = state.unix_at(now.age, now);
        let runs_on = of(facts, FactKind::RunOn).is_some_and(|fact| fact.at.unwrap() > here);
        let expired = of(facts, FactKind::Expiry).is_some_and(|fact| fact.code.is_some());
        match verdict {
            Verdict::Granted { until, basis } => {
                let ends =
                    [FactKind::Lease, FactKind::Expiry].map(|kind| of(facts, kind).and_then(|it| it.at));
                assert_eq!(ends.into_iter().flatten().min(), Some(*until), "{name}");
                let away = of(facts, FactKind::Offline).map(|fact| fact.at.unwrap());
                match basis {
                    Basis::Fresh => assert_eq!(away, None, "{name}"),
                    Basis::Offline { since } => assert_eq!(away, Some(*since), "{name}"),
                }
            }
            Verdict::Denied { .. } => assert!(!runs_on && !expired, "{name}"),
            Verdict::Indeterminate { may_run, .. } => {
                let registers = of(facts, FactKind::Registration).is_some();
                assert_eq!(runs_on || expired || registers, *may_run, "{name}");
            }
        }
    });
}

#[test]
fn a_number_is_masked_and_no_sentence_is_empty() {
    let number = world::number();
    everywhere(|name, _, _, facts, _| {
        assert!(facts.iter().all(|fact| !fact.message.is_empty()), "{name}");
        assert!(!facts.iter().any(|fact| fact.message.contains(number.as_str())), "{name}");
    });
    let bound = Host::bound().state.explain(FeatureId(1), Language::English, at(0));
    assert!(bound[0].message.contains(&number.masked()), "{bound:?}");
}

/// The same without its sentences.
fn unspoken(entitlement: Entitlement) -> Entitlement {
    let verdict = match entitlement.verdict {
        Verdict::Denied { code, .. } => Verdict::Denied { code, reason: String::new() },
        verdict @ (Verdict::Granted { .. } | Verdict::Indeterminate { .. }) => verdict,
    };
    Entitlement { verdict, message: String::new(), ..entitlement }
}

fn is_russian(sentence: &str) -> bool {
    sentence.chars().any(|c| ('а'..='я').contains(&c.to_ascii_lowercase()))
}

#[test]
fn every_fact_and_verdict_is_told_in_both_languages_and_is_the_same_in_each() {
    let mut kinds = std::collections::BTreeSet::new();
    everywhere(|name, state, now, facts, _| {
        for feature in [HELD, NOT_HELD, ENDED, ENDING, UNLISTED] {
            let facts = state.explain(feature, Language::English, now);
            let told = state.explain(feature, Language::Russian, now);
            assert_eq!(facts.len(), told.len(), "{name}");
            for (one, other) in facts.iter().zip(&told) {
                assert_eq!((one.kind, one.at, one.code), (other.kind, other.at, other.code), "{name}");
                assert!(is_russian(&other.message) && !is_russian(&one.message), "{one:?} {other:?}");
            }
            let [english, russian] =
                Language::ALL.map(|language| state.entitlement(feature, None, language, now));
            assert!(is_russian(&russian.message) && !is_russian(&english.message), "{russian:?}");
            assert_eq!(unspoken(english), unspoken(russian), "{name}");
        }
        kinds.extend(facts.iter().map(|fact| format!("{:?}", fact.kind)));
    });
    assert_eq!(kinds.len(), 15, "every kind came up: {kinds:?}");
}

#[test]
fn a_failure_that_an_older_version_stored_is_told_as_it_was_written() {
    let state = offline();
    let mut stored = serde_json::to_value(&state).unwrap();
    let failure = stored["contact"]["last_failure"].as_object_mut().unwrap();
    assert_eq!(failure["message"], "down", "an older version reads this");
    assert!(failure.remove("text").is_some());
    let old: State = serde_json::from_value(stored).unwrap();
    assert_eq!(old.contact.last_failure.unwrap().said(), Text::verbatim("down"));
}

#[test]
fn the_grace_after_a_power_cut_is_said() {
    let now = moment(60 * DAY + 100);
    let facts = graced().explain(HELD, Language::English, now);
    assert!(of(&facts, FactKind::Grace).is_some(), "{facts:#?}");
    assert_eq!(of(&Host::bound().state.explain(HELD, Language::English, now), FactKind::Grace), None);
    assert!(now.age > Age(0));
}

#[test]
fn a_host_that_is_refused_is_not_called_bound() {
    let facts = refused().explain(HELD, Language::English, at(20));
    assert_eq!(facts[0].message, format!("This host uses the number {}.", world::number().masked()));
    assert!(!facts.iter().any(|fact| fact.message.contains("is bound to")), "{facts:?}");
}
