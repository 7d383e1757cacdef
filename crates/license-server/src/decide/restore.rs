//! A database that is older than what hosts hold: the license server was restored from a backup.
//!
//! A host proves with its receipt what this server said later than the backup. That it was bound is
//! then our own word, and it is bound again, with what seats are still free.

use super::{Desk, log::Deed};

impl Desk<'_> {
    /// Takes up what the host proves, if it is newer than what is known here.
    pub(super) fn restore(&mut self) {
        let own = self.own_serial();
        let Some(proved) = self.asked.proved.as_ref().filter(|proved| proved.serial > own) else { return };
        if !proved.bound {
            return;
        }
        let Some(customer) = self.draft.rows.customer_by_number(&proved.number) else { return };
        let customer = customer.id.clone();
        let proved_serial = proved.serial;
        self.draft.note(&customer, Deed::Restored { own, proved: proved_serial });
        let binding = self.bind(&customer);
        for held in &proved.seats {
            let Some(pool) = self.draft.rows.pool(&customer, held.feature, self.now) else { continue };
            let is_held = |seat: &super::SeatRow| {
                seat.session == held.session || (seat.binding == binding.id && seat.holder == held.holder)
            };
            let slot = pool.free_slot().filter(|_| !pool.seats.iter().any(|seat| is_held(seat)));
            if let Some(slot) = slot {
                self.seat(&binding, held.feature, slot, held.holder.clone(), held.session.clone());
            }
        }
    }

    /// The serial of the next statement to this host.
    pub(super) fn next_serial(&self) -> u64 {
        self.issued_serial().saturating_add(1)
    }

    /// The highest serial that the host was ever given.
    pub(super) fn issued_serial(&self) -> u64 {
        let proved = self.asked.proved.as_ref().map_or(0, |proved| proved.serial);
        self.own_serial().max(proved)
    }

    /// The serial of the last statement to this host, as far as the database knows.
    pub(super) fn own_serial(&self) -> u64 {
        self.draft.rows.host(&self.asked.host).map_or(0, |host| host.serial)
    }
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, statement::Kind};

    use super::{
        super::{
            Refusal,
            testing::{World, capture, number, trial},
        },
        *,
    };

    #[test]
    fn a_host_that_was_bound_after_the_backup_is_bound_again() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.ok(1, &Call::Drop);
        let backup = world.clone();
        let mut held = world.ok(2, &Call::Activate { number: number('A') }).statement.unwrap();
        let session = world.ok(2, &capture(45)).session.unwrap();
        held = world.ok(2, &Call::CheckIn).statement.unwrap_or(held);

        let mut restored = backup.clone();
        let decision = restored.decide_holding(2, &held, &Call::CheckIn).unwrap();
        assert_eq!(decision.notable(), [Deed::Restored { own: 0, proved: held.serial }]);
        let statement = decision.answer.statement.unwrap();
        assert_eq!((statement.serial, &statement.number), (held.serial + 1, &number('A')));
        assert_eq!(restored.refusal_of(2, 45), None);
        assert_eq!(restored.ok(2, &capture(45)).session, Some(session), "with the session that it knows");
    }

    #[test]
    fn a_seat_that_was_taken_meanwhile_stays_with_its_holder() {
        let mut world = World::registered(1);
        world.ok(1, &Call::Drop);
        let backup = world.clone();
        let held = world.ok(2, &Call::Activate { number: number('A') }).statement.unwrap();

        let mut restored = backup;
        restored.ok(1, &Call::Activate { number: number('A') });
        restored.decide_holding(2, &held, &Call::CheckIn).unwrap();
        assert_eq!(restored.refusal_of(1, 33), None);
        assert_eq!(restored.refusal_of(2, 33), Some(license_types::Code::NO_LICENSE));
    }

    #[test]
    fn a_statement_that_the_database_knows_revives_nothing() {
        let mut world = World::registered(1);
        let held = world.ok(1, &Call::CheckIn).statement.unwrap();
        world.drop_all();
        let decision = world.decide_holding(1, &held, &Call::CheckIn).unwrap();
        assert_eq!(decision.notable(), []);
        assert!(matches!(decision.answer.statement.unwrap().kind, Kind::Refusal(_)));
    }

    #[test]
    fn a_host_of_a_customer_whom_the_backup_does_not_know_stays_unknown() {
        let held = World::registered(1).ok(1, &Call::CheckIn).statement.unwrap();
        let mut empty = World::new();
        let outcome = empty.decide_holding(1, &held, &Call::CheckIn);
        assert_eq!(outcome, Err(Refusal::UnknownHost));
        let again = empty.decide_holding(1, &held, &Call::Register(super::super::testing::company("B")));
        assert!(again.unwrap().answer.statement.unwrap().serial > held.serial, "serials go on");
    }
}
