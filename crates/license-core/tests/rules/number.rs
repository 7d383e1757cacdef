//! The number of a host: given, changed, forgotten.

use std::time::Duration;

use crate::world::{HELD, Host, ISSUED, answer, at, lease, no_answer, number, online, refusal, statement};
use license_core::{
    api::Call,
    outcome::Outcome,
    state::{Background, Effect, Event, Phase, State},
    statement::{Kind, Statement},
};
use license_types::Code;

#[test]
fn a_reset_forgets_at_once_and_tells_the_server_until_it_knows() {
    let mut host = Host::bound();
    host.step(Event::Reset, at(60));
    assert_eq!(host.effects, [Effect::SaveBoth]);
    assert_eq!(host.state.phase(at(60)), Phase::Unregistered);
    assert_eq!(host.state.due(), Some(at(60).age));

    let call = host.call(Call::Drop, at(60));
    host.step(Event::Sending(Box::new(call.clone())), at(60));
    host.end(call.clone(), no_answer(Code::NO_ANSWER), at(60));
    assert!(host.state.unbind);
    assert!(!host.verdict(HELD, at(60)).may_run(), "an unbind under way is no registration under way");

    let Background::Repeat(repeated) = host.state.background() else { panic!() };
    assert_eq!(repeated.request_id, call.request_id);
    host.end(*repeated, Outcome::Done(None), at(90));
    assert!(!host.state.unbind);
    assert_eq!(host.state.due(), None);
}

#[test]
fn a_reset_is_remembered_whatever_came_before_it() {
    assert!(Host::new().state.has_never_had_number());
    assert!(!Host::bound().state.has_never_had_number());
    let mut activating = Host::new();
    let call = activating.call(Call::Activate { number: number() }, at(60));
    activating.step(Event::Sending(Box::new(call.clone())), at(60));
    activating.end(call, no_answer(Code::NO_ANSWER), at(61));
    for mut host in [Host::new(), Host::bound(), activating] {
        host.step(Event::Reset, at(62));
        assert!(!host.state.has_never_had_number());
        let call = host.call(Call::Drop, at(63));
        host.end(call, Outcome::Done(None), at(64));
        assert!(!host.state.has_never_had_number(), "the license server knows of it, and so does this host");
    }
    let mut host = Host::bound();
    host.step(Event::Reset, at(62));
    let mut stored = serde_json::to_value(&host.state).unwrap();
    stored.as_object_mut().unwrap().remove("given_up").unwrap();
    let read: State = serde_json::from_value(stored).unwrap();
    assert!(!read.has_never_had_number(), "a state from before there was such a field");
}

#[test]
fn it_is_noted_since_when_this_host_is_bound_and_how_often_its_number_changed() {
    let noted = |host: &Host| (host.state.bound_since.map(|at| at.0 - ISSUED.0), host.state.number_changes);
    let said = |host: &mut Host, call, serial, kind, issued_at: u64| {
        let call = host.call(call, at(issued_at));
        let issued_at = ISSUED.saturating_add(Duration::from_secs(issued_at));
        let statement = Statement { issued_at, ..statement(serial, call.nonce, kind) };
        let outcome = host.judge(&call, &answer(&statement, &online()));
        host.end(call, outcome, at(90));
    };
    let activate = || Call::Activate { number: number() };
    let mut host = Host::new();
    assert_eq!(noted(&host), (None, 0));
    said(&mut host, activate(), 1, Kind::Lease(lease()), 5);
    assert_eq!(noted(&host), (Some(5), 1));
    said(&mut host, Call::CheckIn, 2, Kind::Lease(lease()), 10);
    assert_eq!(noted(&host), (Some(5), 1), "the same number");
    said(&mut host, activate(), 3, Kind::Lease(lease()), 15);
    assert_eq!(noted(&host), (Some(5), 1), "once more, and it was bound all the time");
    said(&mut host, Call::CheckIn, 4, refusal(), 20);
    said(&mut host, Call::CheckIn, 5, Kind::Lease(lease()), 25);
    assert_eq!(noted(&host), (Some(5), 1), "the license server changed its mind");
    said(&mut host, Call::CheckIn, 6, refusal(), 30);
    said(&mut host, activate(), 7, Kind::Lease(lease()), 35);
    assert_eq!(noted(&host), (Some(35), 1), "a person bound it anew");
    host.step(Event::Reset, at(100));
    assert_eq!(noted(&host), (None, 2));
    host.step(Event::Reset, at(101));
    assert_eq!(noted(&host), (None, 3), "whoever pursues a number is to know of it");

    let mut host = Host::bound();
    let mut stored = serde_json::to_value(&host.state).unwrap();
    for field in ["bound_since", "number_changes"] {
        stored.as_object_mut().unwrap().remove(field).unwrap();
    }
    host.state = serde_json::from_value(stored).unwrap();
    said(&mut host, Call::CheckIn, 2, Kind::Lease(lease()), 10);
    assert_eq!(noted(&host), (Some(10), 0), "a state of an older version has neither");
}

#[test]
fn a_host_that_lost_what_it_held_is_given_no_other_number_by_the_answer() {
    let mut host = Host::bound();
    host.state = State::lost(at(60));
    host.check_in(at(60), |call| answer(&statement(2, call.nonce, Kind::Lease(lease())), &online()));
    assert_eq!((host.state.number_changes, host.state.bound_since), (0, Some(ISSUED)));
}

#[test]
fn a_reset_of_an_unregistered_host_has_nobody_to_tell() {
    let mut host = Host::new();
    host.step(Event::Reset, at(60));
    assert_eq!(host.state.due(), None);
}

#[test]
fn an_activation_makes_the_server_know_more_than_an_unbind_that_still_waits() {
    let mut host = Host::bound();
    host.step(Event::Reset, at(60));
    let call = host.call(Call::Activate { number: number() }, at(70));
    let outcome = host.judge(&call, &answer(&statement(9, call.nonce, Kind::Lease(lease())), &online()));
    host.end(call, outcome, at(70));
    assert!(!host.state.unbind);
    assert_eq!(host.state.phase(at(70)), Phase::Fresh);
}
