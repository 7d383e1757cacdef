//! Whatever turns by time turns at the moment that was announced.

use std::time::Duration;

use license_core::{
    state::{Phase, State},
    statement::Kind,
    time::{Age, Now},
};
use license_texts::Language;
use license_types::{Code, FeatureId, UnixTime, Verdict};

use crate::world::{self, ENDED, ENDING, HELD, Host, NOT_HELD, UNLISTED, at};

const FEATURES: [FeatureId; 5] = [HELD, NOT_HELD, ENDED, ENDING, UNLISTED];

/// Further than anything in these leases.
const FAR: Age = Age(400 * 24 * 3_600_000);

fn moment(age: Age) -> Now {
    Now { age, wall: UnixTime(1_790_000_000).saturating_add(Duration::from_millis(age.0)) }
}

fn answers(state: &State, age: Age) -> (Phase, Vec<Verdict>) {
    let now = moment(age);
    let verdicts = FEATURES.map(|feature| state.entitlement(feature, None, Language::English, now).verdict);
    (state.phase(now), verdicts.to_vec())
}

/// The moments at which an answer turns, found by asking at every hour and then by halving.
fn found(state: &State) -> Vec<Age> {
    let mut turns = Vec::new();
    let mut from = Age(0);
    while from < FAR {
        let to = Age(from.0 + 3_600_000);
        let (mut before, mut after) = (from.0, to.0);
        if answers(state, from) != answers(state, to) {
            while after - before > 1 {
                let middle = u64::midpoint(before, after);
                if answers(state, Age(middle)) == answers(state, from) {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            turns.push(Age(after));
        }
        from = to;
    }
    turns
}

/// The moments that are announced, one after the other.
fn announced(state: &State) -> Vec<Age> {
    let mut turns = Vec::new();
    while let Some(next) = state.turns_at(moment(turns.last().copied().unwrap_or_default())) {
        turns.push(next);
    }
    turns
}

#[test]
fn every_turn_of_a_lease_is_announced_to_the_millisecond() {
    let mut host = Host::bound();
    let expected = found(&host.state);
    // An expiry, the end of the lease, the end of what may run on.
    assert_eq!(expected.len(), 3, "{expected:?}");
    assert_eq!(announced(&host.state), expected);
    host.check_in_vain(Code::NO_ANSWER, at(100));
    assert_eq!(announced(&host.state), expected);
}

#[test]
fn a_feature_with_a_shorter_term_turns_by_its_own() {
    let mut host = Host::bound();
    host.check_in(at(10), |call| {
        let mut lease = world::lease();
        let own = &mut lease.features[0];
        own.honoured_until = Some(world::ISSUED.saturating_add(Duration::from_hours(50)));
        own.run_on = Some(1_800);
        world::answer(&world::statement(2, call.nonce, Kind::Lease(lease)), &world::online())
    });
    let expected = found(&host.state);
    assert!(expected.len() > 3, "{expected:?}");
    let announced = announced(&host.state);
    assert!(expected.iter().all(|turn| announced.contains(turn)), "{expected:?} in {announced:?}");
}

#[test]
fn what_was_lost_turns_when_nothing_may_run_on() {
    let state = State::lost(at(0));
    assert_eq!(announced(&state), found(&state));
    assert_eq!(announced(&state).len(), 1);
}

#[test]
fn without_a_lease_nothing_turns_by_time() {
    assert_eq!(State::unregistered(at(0)).turns_at(at(0)), None);
    let mut host = Host::bound();
    host.check_in(at(10), |call| {
        world::answer(&world::statement(2, call.nonce, world::refusal()), &world::online())
    });
    assert_eq!(host.state.turns_at(at(10)), None);
}
