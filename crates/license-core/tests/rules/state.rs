//! The state machine: what each event makes of each state, and what a query is answered then.

use std::time::Duration;

use crate::world::{
    ENDED, ENDING, HELD, HONOURED, Host, ISSUED, NOT_HELD, RUN_ON, UNLISTED, answer, at, lease, no_answer,
    number, online, problem, refusal, statement,
};
use license_core::{
    api::Call,
    host::Evidence,
    outcome::Outcome,
    schedule,
    state::{Background, Binding, Effect, Event, PENDING_RETRY, Phase, PreparedCall, State},
    statement::Kind,
};
use license_texts::{Language, Text};
use license_types::{Basis, Code, ProductId, UnixTime, Verdict};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

#[test]
fn a_new_host_is_unregistered_and_has_nobody_to_ask() {
    let host = Host::new();
    assert_eq!(host.state.phase(at(5)), Phase::Unregistered);
    assert_eq!(host.state.due(), None);
    let expected =
        Verdict::Indeterminate { code: Code::KEY_ERROR, since: UnixTime(1_000_000 - 5), may_run: false };
    assert_eq!(host.verdict(HELD, at(5)), expected);
}

#[test]
fn a_lease_answers_for_what_it_lists_and_denies_the_rest() {
    let host = Host::bound();
    let until = ISSUED.saturating_add(HONOURED);
    let cases = [
        (HELD, Verdict::Granted { until, basis: Basis::Fresh }),
        (ENDING, Verdict::Granted { until: UnixTime(ISSUED.0 + 864_000), basis: Basis::Fresh }),
        (NOT_HELD, seat_is_free()),
        (ENDED, denied(Code::EXPIRED)),
        (UNLISTED, denied(Code::NO_LICENSE)),
    ];
    for (feature, verdict) in cases {
        assert_eq!(host.verdict(feature, at(60)), verdict, "feature {feature}");
    }
    let entitlement = host.state.entitlement(NOT_HELD, None, Language::English, at(60));
    assert!(
        entitlement.message.contains("(2008) Bitrix24 (feature 41, product 81)"),
        "{}",
        entitlement.message
    );
    assert!(entitlement.message.contains("One is free"), "{}", entitlement.message);
}

#[test]
fn a_feature_whose_seats_others_have_says_so() {
    let mut host = Host::bound();
    let mut full = lease();
    full.features[1].seats.captured = full.features[1].seats.total;
    host.check_in(at(60), |call| answer(&statement(2, call.nonce, Kind::Lease(full)), &online()));
    let Verdict::Denied { code: Code::NO_LICENSE, reason } = host.verdict(NOT_HELD, at(60)) else { panic!() };
    assert!(reason.contains("taken by other hosts"), "{reason}");
}

fn seat_is_free() -> Verdict {
    let reason =
        "This host holds no seat of it. One is free: enable the module again, or run `licensectl capture`."
            .to_owned();
    Verdict::Denied { code: Code::NO_LICENSE, reason }
}

fn denied(code: Code) -> Verdict {
    Verdict::Denied { code, reason: Text::meaning(code).to(Language::English) }
}

#[test]
fn an_outage_is_honoured_to_the_end_of_the_lease_then_run_on_then_no_more() {
    let mut host = Host::bound();
    host.check_in_vain(Code::CONNECTION_FAILED, at(HOUR));
    let until = ISSUED.saturating_add(HONOURED);
    let offline = Verdict::Granted { until, basis: Basis::Offline { since: UnixTime(ISSUED.0 + 3600) } };
    for now in [HOUR, 10 * DAY - 1, 30 * DAY] {
        assert_eq!(host.verdict(HELD, at(now)), offline, "after {now} s");
        assert_eq!(host.verdict(NOT_HELD, at(now)), seat_is_free(), "after {now} s");
    }
    let lapsed = |may_run| Verdict::Indeterminate { code: Code::CONNECTION_FAILED, since: until, may_run };
    assert_eq!(host.verdict(HELD, at(30 * DAY + 1)), lapsed(true));
    assert_eq!(host.verdict(HELD, at(30 * DAY + RUN_ON.as_secs() - 1)), lapsed(true));
    assert_eq!(host.verdict(HELD, at(30 * DAY + RUN_ON.as_secs())), lapsed(false));
    assert_eq!(host.state.phase(at(30 * DAY + 1)), Phase::Lapsed);
    assert_eq!(host.verdict(NOT_HELD, at(30 * DAY + 1)), seat_is_free(), "a refusal outlives the lease");
}

#[test]
fn the_first_answer_after_an_outage_makes_it_fresh() {
    let mut host = Host::bound();
    host.check_in_vain(Code::NO_ANSWER, at(HOUR));
    host.check_in_vain(Code::LOOKUP_FAILED, at(2 * HOUR));
    assert_eq!((host.state.contact.failures, host.state.phase(at(2 * HOUR))), (2, Phase::Offline));
    host.check_in(at(3 * HOUR), |call| answer(&statement(2, call.nonce, Kind::Lease(lease())), &online()));
    assert_eq!((host.state.contact.failures, host.state.phase(at(3 * HOUR))), (0, Phase::Fresh));
    assert_eq!(host.state.contact.last_failure, None);
}

#[test]
fn an_expiry_that_nobody_confirmed_is_asked_about_at_once_and_stops_nothing() {
    let mut host = Host::bound();
    let expiry = at(10 * DAY);
    host.check_in_vain(Code::NO_ANSWER, at(10 * DAY - 60));
    assert!(host.state.due().unwrap() <= expiry.age);
    let unconfirmed =
        Verdict::Indeterminate { code: Code::EXPIRED, since: UnixTime(ISSUED.0 + 864_000), may_run: true };
    assert_eq!(host.verdict(ENDING, expiry), unconfirmed);
    assert!(matches!(host.verdict(HELD, expiry), Verdict::Granted { .. }));
    host.check_in_vain(Code::NO_ANSWER, at(10 * DAY + 1));
    assert!(host.state.due().unwrap() > at(10 * DAY + 1).age, "asked once, it waits for the schedule");
}

#[test]
fn a_refusal_stays_a_refusal_in_any_weather() {
    let mut host = Host::bound();
    host.check_in(at(60), |call| answer(&statement(2, call.nonce, refusal()), &online()));
    assert_eq!(host.effects, [Effect::SaveBoth], "nothing may revive the dropped lease");
    host.check_in_vain(Code::NO_ANSWER, at(120));
    host.step(
        Event::Started {
            booted: true,
            off: Duration::from_hours(9999),
            evidence: Evidence::default(),
            fraction: 0.5,
        },
        at(DAY),
    );
    for feature in [HELD, UNLISTED] {
        let expected =
            Verdict::Denied { code: Code::NO_LICENSE, reason: "dropped in the cabinet".to_owned() };
        assert_eq!(host.verdict(feature, at(99 * DAY)), expected);
    }
    assert_eq!(host.state.phase(at(99 * DAY)), Phase::Refused);
}

#[test]
fn a_call_with_an_unknown_outcome_is_kept_to_the_letter() {
    let mut host = Host::bound();
    let call = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    assert_eq!(host.effects, [Effect::Save], "stored before it is sent");
    host.end(call.clone(), no_answer(Code::NO_ANSWER), at(61));
    let pending = host.state.pending.clone().unwrap();
    assert_eq!((&pending.body, pending.request_id, pending.nonce), (&call.body, call.request_id, call.nonce));

    let outcome = host.judge(&call, &answer(&statement(2, call.nonce, Kind::Lease(lease())), &online()));
    host.end(call, outcome, at(90));
    assert_eq!(host.state.pending, None);
    assert_eq!(
        host.state.held().unwrap().unix_at(at(90).age),
        UnixTime(ISSUED.0 + 30),
        "from the first sending on"
    );
}

#[test]
fn a_repetition_that_did_not_go_out_leaves_the_outcome_unknown() {
    type Before = fn(&mut Host, PreparedCall);
    let Outcome::NoAnswer(mut unsent) = no_answer(Code::CONNECTION_FAILED) else { panic!() };
    unsent.maybe_delivered = false;
    let cases: [(&str, Before); 2] = [
        ("after a lost answer", |host, call| host.end(call, no_answer(Code::NO_ANSWER), at(61))),
        ("after a stop in the middle", |host, _| {
            host.step(
                Event::Started {
                    booted: false,
                    off: Duration::ZERO,
                    evidence: Evidence::default(),
                    fraction: 0.5,
                },
                at(61),
            );
        }),
    ];
    for (name, before) in cases {
        let mut host = Host::bound();
        let call = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
        host.step(Event::Sending(Box::new(call.clone())), at(60));
        before(&mut host, call);
        let Background::Repeat(repeated) = host.state.background() else { panic!("{name}: forgotten") };
        host.end(*repeated, Outcome::NoAnswer(unsent.clone()), at(70));
        assert!(host.state.pending.is_some(), "{name}");
    }
}

#[test]
fn a_later_call_never_pushes_an_unknown_outcome_out() {
    let mut host = Host::bound();
    let unknown = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
    host.step(Event::Sending(Box::new(unknown.clone())), at(60));
    host.end(unknown.clone(), no_answer(Code::NO_ANSWER), at(61));
    let later = host.call(Call::Trial { product: ProductId(81) }, at(62));
    assert_eq!(host.state.unknown_outcome_beside(&later.call).unwrap().request_id, unknown.request_id);
    host.step(Event::Sending(Box::new(later.clone())), at(62));
    let outcome = host.judge(&later, &answer(&statement(2, later.nonce, Kind::Lease(lease())), &online()));
    host.end(later, outcome, at(63));
    assert_eq!(host.state.pending.as_ref().unwrap().request_id, unknown.request_id);
    assert_eq!(host.state.due(), Some(at(63).age.saturating_add(PENDING_RETRY)));
}

#[test]
fn what_came_late_of_a_repeated_call_is_soon_checked() {
    let mut host = Host::bound();
    let call = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    host.end(call.clone(), no_answer(Code::NO_ANSWER), at(61));
    let repeated = host.state.pending.clone().unwrap();
    let outcome = host.judge(&call, &answer(&statement(2, call.nonce, Kind::Lease(lease())), &online()));
    host.end(repeated, outcome, at(20 * 3600));
    // By now the daemon takes it to be 20 hours later than it is.
    assert_eq!(host.state.due(), Some(at(20 * 3600).age.saturating_add(PENDING_RETRY)));
    host.check_in(at(20 * 3600 + 600), |call| {
        answer(&statement(3, call.nonce, Kind::Lease(lease())), &online())
    });
    assert!(host.state.due() > Some(at(23 * 3600).age), "and then as the license server wants it");
}

#[test]
fn a_reset_while_a_registration_has_an_unknown_outcome_is_told_to_the_server() {
    let mut host = Host::new();
    let call = host.call(Call::Activate { number: number() }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    host.end(call, no_answer(Code::NO_ANSWER), at(61));
    host.step(Event::Reset, at(62));
    assert_eq!(host.state.background(), Background::Make(Call::Drop));
    assert!(host.state.due().is_some());
}

#[test]
fn only_what_a_person_wants_ends_an_unregistered_state() {
    let mut host = Host::bound();
    let late = host.call(Call::Coupon { coupon: "MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap() }, at(60));
    let outcome = host.judge(&late, &answer(&statement(2, late.nonce, Kind::Lease(lease())), &online()));
    host.step(Event::Reset, at(61));
    host.end(late, outcome, at(62));
    assert_eq!(host.state.phase(at(62)), Phase::Unregistered);
    assert!(host.state.unbind, "the server is still to be told");
    assert_eq!(host.state.serial, 1, "and by a request that is newer than what was held");
}

#[test]
fn an_unsigned_success_does_not_end_an_outage() {
    let mut host = Host::bound();
    host.check_in_vain(Code::NO_ANSWER, at(60));
    let call = host.call(Call::LicenseInfo { number: number() }, at(70));
    host.end(call, Outcome::Done(None), at(70));
    assert_eq!(host.state.phase(at(70)), Phase::Offline);
}

#[test]
fn a_call_with_an_unknown_outcome_is_not_repeated_for_ever() {
    let mut host = Host::bound();
    let call = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    host.end(call.clone(), no_answer(Code::NO_ANSWER), at(60 + DAY));
    assert!(host.state.pending.is_some());
    host.end(call, no_answer(Code::NO_ANSWER), at(61 + DAY));
    assert_eq!(host.state.pending, None);
}

#[test]
fn a_call_that_never_went_out_is_forgotten() {
    let mut host = Host::bound();
    let call = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    let Outcome::NoAnswer(mut why) = no_answer(Code::LOOKUP_FAILED) else { panic!() };
    why.maybe_delivered = false;
    host.end(call, Outcome::NoAnswer(why), at(61));
    assert_eq!(host.state.pending, None);
}

#[test]
fn a_registration_with_an_unknown_outcome_stops_nothing() {
    let mut host = Host::new();
    let call = host.call(Call::Activate { number: number() }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    host.end(call, no_answer(Code::NO_ANSWER), at(61));
    assert!(host.verdict(HELD, at(61)).may_run());
    assert!(host.state.due().is_some(), "it is repeated");
}

#[test]
fn a_problem_in_answer_to_a_check_in_is_a_failed_attempt() {
    let mut host = Host::bound();
    host.check_in(at(60), |_| problem(404, Code::NO_LICENSE));
    assert_eq!(host.state.contact.last_failure.as_ref().unwrap().code, Code::NO_ANSWER);
    assert_eq!(host.state.phase(at(60)), Phase::Offline);
}

#[test]
fn after_a_restart_within_a_boot_the_schedule_goes_on() {
    let mut host = Host::bound();
    let due = host.state.due();
    host.step(
        Event::Started { booted: false, off: Duration::ZERO, evidence: Evidence::default(), fraction: 0.9 },
        at(120),
    );
    assert_eq!(host.state.due(), due);
}

#[test]
fn a_call_that_was_cut_off_by_a_stop_is_repeated_at_once() {
    let mut host = Host::bound();
    let call = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    host.step(
        Event::Started { booted: false, off: Duration::ZERO, evidence: Evidence::default(), fraction: 0.5 },
        at(61),
    );
    assert_eq!(host.state.due(), Some(at(61).age));

    host.end(call, no_answer(Code::NO_ANSWER), at(62));
    let due = host.state.due();
    host.step(
        Event::Started { booted: false, off: Duration::ZERO, evidence: Evidence::default(), fraction: 0.5 },
        at(63),
    );
    assert_eq!(host.state.due(), due, "what failed before the stop waits for its turn");
}

#[test]
fn after_a_boot_a_good_lease_is_checked_some_time_and_a_doubtful_one_at_once() {
    let boot = |now| {
        let mut host = Host::bound();
        host.step(
            Event::Started {
                booted: true,
                off: Duration::ZERO,
                evidence: Evidence::default(),
                fraction: 0.5,
            },
            now,
        );
        host.state.due().unwrap().saturating_since(now.age)
    };
    assert_eq!(boot(at(DAY)), schedule::START_SPREAD / 2);
    assert_eq!(boot(at(11 * DAY)), Duration::ZERO, "a feature has expired");
    assert_eq!(boot(at(16 * DAY)), Duration::ZERO, "past half of its life");
}

#[test]
fn a_lease_that_ended_while_the_machine_was_off_has_a_day_of_grace_once() {
    let mut host = Host::bound();
    let years = Duration::from_hours(10 * 365 * 24);
    let started = Event::Started { booted: true, off: years, evidence: Evidence::default(), fraction: 0.5 };
    let now = at(DAY + years.as_secs());
    host.step(started.clone(), now);
    assert_eq!(host.effects, [Effect::Save], "stored before it is used");
    assert_eq!(host.state.phase(now), Phase::Fresh);
    let after_grace = at(2 * DAY + years.as_secs() + 1);
    assert_eq!(host.state.phase(after_grace), Phase::Lapsed);
    host.step(started, at(4 * DAY + 2 * years.as_secs()));
    assert_eq!(host.state.phase(at(4 * DAY + 2 * years.as_secs())), Phase::Lapsed, "once for a serial");
}

#[test]
fn a_lease_that_ended_while_the_machine_ran_has_no_grace() {
    let mut host = Host::bound();
    host.step(
        Event::Started {
            booted: true,
            off: Duration::from_hours(1),
            evidence: Evidence::default(),
            fraction: 0.5,
        },
        at(31 * DAY),
    );
    assert_eq!(host.state.phase(at(31 * DAY)), Phase::Lapsed);
}

#[test]
fn what_is_lost_is_asked_for_and_stops_nothing_for_a_week() {
    let mut host = Host::new();
    host.state = State::lost(at(0));
    assert_eq!(host.state.phase(at(0)), Phase::Recovering);
    assert!(host.state.due().is_some());
    assert!(host.verdict(HELD, at(7 * DAY - 1)).may_run());
    assert!(!host.verdict(HELD, at(7 * DAY)).may_run());
    host.check_in(at(60), |call| answer(&statement(8, call.nonce, Kind::Lease(lease())), &online()));
    assert_eq!(host.state.phase(at(60)), Phase::Fresh);
}

#[test]
fn a_state_of_another_host_key_is_lost_and_keeps_its_number() {
    let host = Host::bound();
    let keys = crate::world::key_set(1);
    let ours = license_core::crypto::PublicKey::of(&crate::world::host());
    assert_eq!(host.state.clone().verified(&ours, Some(&keys), at(60)), host.state);
    let other = license_core::crypto::PublicKey::of(&online());
    let lost = host.state.verified(&other, Some(&keys), at(60));
    assert!(matches!(&lost.binding, Binding::Lost { number: Some(kept), .. } if *kept == number()));
}

#[test]
fn a_state_survives_its_stored_form() {
    let mut host = Host::bound();
    let call = host.call(Call::Capture { feature: NOT_HELD, holder: None, reclaim: false }, at(60));
    host.step(Event::Sending(Box::new(call)), at(60));
    host.check_in_vain(Code::TLS_FAILED, at(70));
    let stored = serde_json::to_vec(&host.state).unwrap();
    assert_eq!(serde_json::from_slice::<State>(&stored).unwrap(), host.state);
}

#[test]
fn a_sentence_that_a_later_version_stored_costs_nothing_but_its_translation() {
    let mut host = Host::bound();
    host.check_in_vain(Code::TLS_FAILED, at(70));
    let mut stored = serde_json::to_value(&host.state).unwrap();
    for later in [serde_json::json!({ "later": { "en": "No." } }), serde_json::json!(5)] {
        stored["contact"]["last_failure"]["text"] = later;
        let read: State = serde_json::from_value(stored.clone()).unwrap();
        let english = host.state.contact.last_failure.as_ref().unwrap().said().to(Language::English);
        let [en, ru] = Language::ALL.map(|it| read.contact.last_failure.as_ref().unwrap().said().to(it));
        assert_eq!((&en, &ru), (&english, &english));
        assert_eq!(read.binding, host.state.binding);
    }
}

#[test]
fn an_answer_from_right_before_an_expiry_does_not_confirm_it() {
    let mut host = Host::bound();
    let expiry = 240 * 3600;
    // The request is on its way for two seconds, and the license server's clock has not got there.
    let call = host.call(Call::CheckIn, at(expiry - 1));
    let mut early = statement(2, call.nonce, Kind::Lease(lease()));
    early.issued_at = UnixTime(early.issued_at.0 + i64::try_from(expiry).unwrap() - 1);
    let outcome = host.judge(&call, &answer(&early, &online()));
    host.end(call, outcome, at(expiry + 2));
    assert!(host.state.due() <= Some(at(expiry + 2).age), "asked again at once: {:?}", host.state.due());
    host.check_in_vain(Code::NO_ANSWER, at(expiry + 2));
    assert!(host.state.due() > Some(at(expiry + 2).age), "and after a failure by the ladder");
}
