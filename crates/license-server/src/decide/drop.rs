//! Drop: a host loses its seats, by the word of the number's owner or by its own.

use license_core::crypto::KeyId;
use license_types::{RegistrationNumber, SessionId, UnixTime};
use serde::Serialize;

use super::{BarRow, BindingRow, Desk, Draft, Ended, EndedBy, Refusal, SeatRow, Standing, Write};

/// Which bindings are dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All hosts of the number.
    All,
    /// One host of the number, by the id of its key.
    Host(KeyId),
    /// One seat.
    Session(SessionId),
}

/// What a drop is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To use the license elsewhere: the host does not take its seat back by itself.
    Move,
    /// To free the seat: the host stays on the number and may take it again.
    FreeOnly,
}

/// What a drop did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The seats that are free now.
    pub sessions: Vec<SessionId>,
    /// The hosts that had them.
    pub hosts: Vec<DroppedHost>,
}

/// A host that lost seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DroppedHost {
    /// The id of its key.
    pub host: KeyId,
    /// To when it may run on if it cannot be reached.
    pub may_run_until: UnixTime,
    /// Whether it stays on the number and lost seats alone.
    pub stays: bool,
}

/// Why nothing can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropError {
    /// Nobody has the number.
    UnknownNumber,
    /// No such host is on the number.
    UnknownHost,
    /// The number has no such seat.
    UnknownSession,
}

/// Drops bindings of a number.
pub fn drop(
    draft: &mut Draft,
    number: &RegistrationNumber,
    which: &Which,
    purpose: Purpose,
) -> Result<Dropped, DropError> {
    let (rows, now) = (&draft.rows, draft.now);
    let customer = rows.customer_by_number(number).ok_or(DropError::UnknownNumber)?;
    let is_bound = |row: &&BindingRow| {
        let is_it = match which {
            Which::All => true,
            Which::Host(id) => row.host.id() == *id,
            Which::Session(_) => false,
        };
        is_it && row.ended.is_none() && row.customer == customer.id
    };
    let bound: Vec<&BindingRow> = rows.bindings.iter().filter(is_bound).collect();
    if bound.is_empty() && matches!(which, Which::Host(_)) {
        return Err(DropError::UnknownHost);
    }
    let is_meant = |seat: &&SeatRow| {
        let is_it = match which {
            Which::All => true,
            Which::Host(_) => bound.iter().any(|binding| binding.id == seat.binding),
            Which::Session(session) => seat.session == *session,
        };
        is_it && seat.customer == customer.id
    };
    let seats: Vec<&SeatRow> = rows.seats.iter().filter(is_meant).collect();
    if seats.is_empty() && matches!(which, Which::Session(_)) {
        return Err(DropError::UnknownSession);
    }
    let (hosts, stays) = match (which, purpose) {
        (Which::All | Which::Host(_), Purpose::Move) => (bound, false),
        (Which::Session(_), Purpose::Move | Purpose::FreeOnly)
        | (Which::All | Which::Host(_), Purpose::FreeOnly) => {
            let mut hosts: Vec<_> = seats.iter().filter_map(|seat| rows.binding_of(seat)).collect();
            hosts.sort_by(|one, other| one.id.cmp(&other.id));
            hosts.dedup();
            (hosts, true)
        }
    };

    let mut writes = Vec::new();
    for seat in &seats {
        if let (Purpose::Move, Some(binding)) = (purpose, rows.binding_of(seat)) {
            let (host, feature) = (binding.host, seat.feature);
            writes.push(Write::Bar(BarRow { host, customer: customer.id.clone(), feature, told_at: None }));
        }
        let (session, customer) = (seat.session.clone(), customer.id.clone());
        writes.push(Write::FreeSeat { session, customer, feature: seat.feature, at: now });
    }
    if !stays {
        let ended = Ended { at: now, by: EndedBy::Dropped, told_at: None };
        let unbind = |row: &&BindingRow| {
            let (binding, host, customer) = (row.id.clone(), row.host, row.customer.clone());
            Write::Unbind { binding, host, customer, ended }
        };
        writes.extend(hosts.iter().map(unbind));
    }
    let told = hosts.iter().filter_map(|row| rows.host(&row.host));
    let dropped = Dropped {
        sessions: seats.iter().map(|seat| seat.session.clone()).collect(),
        hosts: told
            .map(|host| DroppedHost { host: host.key.id(), may_run_until: host.may_run_until, stays })
            .collect(),
    };
    for write in writes {
        draft.write(write);
    }
    Ok(dropped)
}

impl Desk<'_> {
    /// The host's own reset: no bar, and it is no fault if there is nothing to reset.
    pub(super) fn reset(&mut self) -> Result<(), Refusal> {
        if self.is_refused_copy() {
            return Ok(());
        }
        self.require_current()?;
        match self.standing() {
            Standing::Bound(binding) | Standing::Ousted { binding, .. } => {
                self.unbind(binding, EndedBy::Reset);
            }
            Standing::Unbound | Standing::Unknown => {}
        }
        Ok(())
    }

    /// The binding that this host gave up, if the caller proves that it does not know of that: a copy, or
    /// a snapshot from before. A signed "no" stops it, where an unsigned one would let its lease run out.
    pub(super) fn left_behind(&self) -> Option<BindingRow> {
        let proved = self.asked.proved.as_ref().filter(|proved| proved.bound)?;
        let customer = &self.draft.rows.customer_by_number(&proved.number)?.id;
        let bindings = self.draft.rows.bindings.iter();
        let mine = bindings.filter(|row| row.host == self.asked.host && row.customer == *customer);
        mine.max_by_key(|row| row.bound_at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, statement::Kind};
    use license_types::Code;

    use super::{
        super::{
            Answer,
            log::Actor,
            testing::{NOW, World, capture, coupon, key, number, trial},
        },
        *,
    };

    #[test]
    fn a_drop_does_what_it_is_for() {
        let session = |world: &World| Which::Session(world.rows.seats[0].session.clone());
        // Which, purpose, seats left, bars, whether the host stays bound, whether it may take 33 again.
        let cases = [
            (true, Purpose::Move, 0, 2, false, false),
            (true, Purpose::FreeOnly, 0, 0, true, true),
            (false, Purpose::Move, 1, 1, true, false),
            (false, Purpose::FreeOnly, 1, 0, true, true),
        ];
        for (all, purpose, seats, bars, bound, again) in cases {
            let mut world = World::registered(1);
            world.ok(1, &trial(81));
            let which = if all { Which::All } else { session(&world) };
            let dropped = world.drop(&which, purpose);
            let name = format!("{which:?}, {purpose:?}");
            assert_eq!((world.rows.seats.len(), world.rows.bars.len()), (seats, bars), "{name}");
            assert_eq!(world.rows.bindings.iter().all(|row| row.ended.is_none()), bound, "{name}");
            assert_eq!(dropped.hosts.len(), 1, "{name}");
            assert_eq!(dropped.hosts[0].host, key(1).id(), "{name}");
            assert_eq!(dropped.hosts[0].may_run_until.0, NOW.0 + 37 * 24 * 3600, "{name}");
            assert_eq!(world.decide(1, &capture(33)).is_ok(), again, "{name}");
        }
    }

    #[test]
    fn a_host_without_a_seat_is_dropped_too() {
        let mut world = World::registered(1);
        world.ok(2, &Call::Activate { number: number('A') });
        assert_eq!(world.drop(&Which::All, Purpose::Move).hosts.len(), 2);
        assert_eq!(world.refused(2, &capture(33)), Refusal::Dropped);
    }

    #[test]
    fn one_host_is_dropped_and_the_others_work_on() {
        let cases = [(Purpose::Move, Some(Refusal::Dropped)), (Purpose::FreeOnly, None)];
        for (purpose, refusal) in cases {
            let mut world = World::registered(1);
            world.issue('A', 11, 1, 30);
            world.ok(1, &Call::Coupon { coupon: coupon('A') });
            world.ok(2, &Call::Activate { number: number('A') });
            assert_eq!(world.rows.seats.len(), 2);
            let dropped = world.drop(&Which::Host(key(1).id()), purpose);
            assert_eq!(dropped.sessions.len(), 1, "{purpose:?}");
            let hosts: Vec<_> = dropped.hosts.iter().map(|host| (host.host.clone(), host.stays)).collect();
            assert_eq!(hosts, [(key(1).id(), purpose == Purpose::FreeOnly)]);
            assert_eq!(world.decide(1, &capture(33)).err(), refusal, "{purpose:?}");
            assert_eq!(world.refusal_of(2, 33), None, "{purpose:?}: the other one works on");
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_dropped() {
        let world = World::registered(1);
        let one = Which::Session(SessionId("nothing".to_owned()));
        let mut draft = Draft::new(world.rows, Actor::Server, NOW);
        let outcome = drop(&mut draft, &number('A'), &one, Purpose::Move);
        assert_eq!(outcome.unwrap_err(), DropError::UnknownSession);
        let outcome = drop(&mut draft, &number('A'), &Which::Host(key(2).id()), Purpose::Move);
        assert_eq!(outcome.unwrap_err(), DropError::UnknownHost);
        let outcome = drop(&mut draft, &number('Z'), &Which::All, Purpose::Move);
        assert_eq!(outcome.unwrap_err(), DropError::UnknownNumber);
        assert_eq!(draft.finish(), (vec![], vec![]));
    }

    #[test]
    fn a_reset_frees_everything_and_can_be_repeated() {
        let mut world = World::registered(1);
        for _ in 0..2 {
            assert_eq!(world.ok(1, &Call::Drop), Answer::default());
            assert!(world.rows.seats.is_empty() && world.rows.bars.is_empty());
        }
        world.hold(1, 0);
        assert_eq!(world.refused(1, &Call::CheckIn), Refusal::NoNumber);
    }

    #[test]
    fn a_dropped_host_that_resets_is_free_of_the_number() {
        let mut world = World::registered(1);
        world.drop_all();
        world.ok(1, &Call::Drop);
        assert_eq!(world.refused(1, &trial(81)), Refusal::NoNumber);
    }

    #[test]
    fn a_copy_that_does_not_know_of_the_reset_is_told_by_a_signed_refusal() {
        let mut world = World::registered(1);
        world.ok(1, &Call::Drop);
        let statement = world.ok(1, &Call::CheckIn).statement.unwrap();
        let Kind::Refusal(refusal) = statement.kind else { panic!("a lease after the reset") };
        assert_eq!((refusal.code, statement.number), (Code::KEY_ERROR, number('A')));
        world.ok(1, &Call::Activate { number: number('A') });
        assert_eq!(world.refusal_of(1, 33), None);
    }
}
