//! A host is cleared: that it once was on a number counts for nothing any more.
//!
//! For a machine that went to another company. A cleared host registers anew without 2051; it neither gets
//! the number of the old owner by a registration with the owner's data, nor comes back to it by a coupon, a
//! trial, or a reclaim. What it lost it is still told. The number itself, entered again, binds it again.

use license_core::crypto::KeyId;
use license_types::RegistrationNumber;
use serde::Serialize;

use super::{
    BindingRow, Draft, Write,
    vendor::{Edit, Unable, known},
};

/// What was cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// Hosts whose ended bindings count for nothing any more: those that were meant, and other keys of the
    /// same machine.
    pub hosts: Vec<KeyId>,
    /// Hosts that are meant, and are on the number still: they are dropped first. Nothing of them is cleared,
    /// also not that they were on it before.
    pub still_bound: Vec<KeyId>,
}

/// Clears the ended bindings of a host to a number, or of all its hosts. All of them are among the rows.
pub fn clear(
    draft: &mut Draft,
    number: &RegistrationNumber,
    host: Option<&KeyId>,
) -> Result<Cleared, Unable> {
    let (rows, now) = (&draft.rows, draft.now);
    let customer = known(rows, number)?.id.clone();
    let evidence =
        host.and_then(|id| rows.hosts.iter().find(|row| row.key.id() == *id)).map(|row| &row.evidence);
    let is_meant = |binding: &&BindingRow| {
        let is_it = host.is_none_or(|id| binding.host.id() == *id);
        let known = rows.host(&binding.host);
        let is_twin = evidence.zip(known).is_some_and(|(evidence, row)| row.evidence.matches(evidence));
        binding.customer == customer && (is_it || is_twin)
    };
    let meant: Vec<BindingRow> = rows.bindings.iter().filter(is_meant).cloned().collect();
    if meant.is_empty() {
        return Err(host.map_or(Unable::NothingToClear, |_| Unable::HostNotOnNumber));
    }
    let still_bound = meant.iter().filter(|row| row.ended.is_none()).map(|row| row.host.id()).collect();
    let mut cleared = Cleared { hosts: Vec::new(), still_bound };
    for binding in meant {
        let id = binding.host.id();
        if binding.cleared_at.is_none() && !cleared.still_bound.contains(&id) {
            cleared.hosts.push(id);
            let (host, customer, binding) = (binding.host, customer.clone(), binding.id);
            draft.write(Write::Edit(Edit::Clear { binding, host, customer, at: now }));
        }
    }
    cleared.hosts.sort_unstable();
    cleared.hosts.dedup();
    if cleared.hosts.is_empty() && !cleared.still_bound.is_empty() {
        let hosts: Vec<&str> = cleared.still_bound.iter().map(|host| host.0.as_str()).collect();
        return Err(Unable::StillBound { hosts: hosts.join(", ") });
    }
    Ok(cleared)
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, statement::Kind};

    use super::{
        super::{
            Refusal,
            testing::{World, capture, company, coupon, key, number, trial},
        },
        *,
    };

    fn clear_all(world: &mut World, host: Option<u8>) -> Result<Cleared, Unable> {
        let host = host.map(|host| key(host).id());
        world.change(|draft| clear(draft, &number('A'), host.as_ref()))
    }

    /// Host 1 was dropped from number A of Acme; host 11 is the same machine under another key.
    fn dropped() -> World {
        let mut world = World::registered(1);
        world.drop_all();
        world
    }

    #[test]
    fn a_cleared_host_and_its_twins_register_anew() {
        for (host, cleared) in [(1, Some(1)), (11, Some(1)), (1, None), (11, None)] {
            let mut world = dropped();
            world.next_number = 'B';
            assert_eq!(world.refused(host, &Call::Register(company("New"))), Refusal::HostRegistered);
            assert_eq!(clear_all(&mut world, cleared).unwrap().hosts, [key(1).id()]);
            let statement = world.ok(host, &Call::Register(company("New"))).statement.unwrap();
            assert_eq!(statement.number, number('B'), "host {host}");
        }
    }

    #[test]
    fn clearing_one_key_clears_the_others_of_its_machine() {
        let mut world = World::registered(1);
        world.ok(11, &Call::Activate { number: number('A') });
        world.drop_all();
        let mut both = [key(1).id(), key(11).id()];
        both.sort_unstable();
        assert_eq!(clear_all(&mut world, Some(11)).unwrap().hosts, both);
    }

    #[test]
    fn a_cleared_host_does_not_get_the_number_of_the_old_owner() {
        let mut world = dropped();
        world.issue('C', 81, 1, 30);
        clear_all(&mut world, Some(1)).unwrap();
        let cases = [
            (Call::Register(company("Acme")), Refusal::RegisteredOnAnotherHost),
            (Call::Coupon { coupon: coupon('C') }, Refusal::CouponWithoutNumber),
            (trial(81), Refusal::NoNumber),
            (capture(33), Refusal::NoNumber),
        ];
        for (call, refusal) in cases {
            assert_eq!(world.refused(1, &call), refusal, "{call:?}");
        }
        world.ok(1, &Call::Activate { number: number('A') });
        assert_eq!(world.refusal_of(1, 33), None, "who has the number may use it");
    }

    #[test]
    fn a_cleared_host_is_still_told_what_it_lost() {
        let mut world = dropped();
        clear_all(&mut world, Some(1)).unwrap();
        let statement = world.ok(1, &Call::CheckIn).statement.unwrap();
        assert!(matches!(statement.kind, Kind::Refusal(_)));
    }

    #[test]
    fn a_host_that_is_bound_is_dropped_first() {
        let mut world = World::registered(1);
        let still_bound = || Err(Unable::StillBound { hosts: key(1).id().0 });
        assert_eq!(clear_all(&mut world, Some(1)), still_bound());
        assert_eq!(clear_all(&mut world, None), still_bound());
        assert_eq!(clear_all(&mut world, Some(2)), Err(Unable::HostNotOnNumber));
        world.ok(2, &Call::Activate { number: number('A') });
        world.ok(2, &Call::Drop);
        let cleared = clear_all(&mut world, None).unwrap();
        assert_eq!(cleared, Cleared { hosts: vec![key(2).id()], still_bound: vec![key(1).id()] });
        assert_eq!(clear_all(&mut world, Some(2)).unwrap(), Cleared::default(), "it was cleared before");
    }

    #[test]
    fn of_a_host_that_came_back_nothing_is_cleared() {
        let mut world = dropped();
        world.ok(1, &Call::Activate { number: number('A') });
        let still_bound = Err(Unable::StillBound { hosts: key(1).id().0 });
        assert_eq!(clear_all(&mut world, None), still_bound, "it is on the number, and was on it before");
        assert!(world.rows.bindings.iter().all(|row| row.cleared_at.is_none()));
    }
}
