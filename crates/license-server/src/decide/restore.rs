//! A database that is older than what hosts hold: the license server was restored from a backup.
//!
//! A host proves with its receipt what this server said later than the backup. That it was bound is
//! then our own word, and it is bound again, with what seats are still free. A seat that another host had
//! at the time of the backup is free for it until that host calls: both cannot have held it since.
//!
//! A host that is on another number in the backup goes to the one that it proves if it has its seats there.
//! Else the number took over the other one since, and what the host had is still there.

use license_core::receipt::ReceiptSeat;

use super::{BindingRow, Desk, Standing, Write, log::Deed};

impl Desk<'_> {
    /// Takes up what the host proves, if it is newer than what is known here.
    pub(super) fn restore(&mut self) {
        let own = self.own_serial();
        let Some(proved) = self.asked.proved.as_ref() else { return };
        if proved.serial <= own {
            self.prove_seats();
            return;
        }
        if !proved.bound {
            return;
        }
        let Some(customer) = self.draft.rows.customer_by_number(&proved.number) else { return };
        let customer = customer.id.clone();
        // What ended in the restored database already stays so.
        let ended_since = |row: &BindingRow| row.ended.is_some_and(|ended| ended.at > proved.issued_at);
        let mut mine = self.draft.rows.bindings.iter().filter(|row| row.host == self.asked.host);
        if mine.any(|row| row.customer == customer && ended_since(row)) {
            return;
        }
        let (proved_serial, seats) = (proved.serial, proved.seats.clone());
        let before = self.draft.clone();
        self.draft.note(&customer, Deed::Restored { own, proved: proved_serial });
        let has_all = {
            let binding = self.bind(&customer);
            // Each of them is tried.
            seats.iter().filter(|held| !self.has_back(&binding, held)).count() == 0
        };
        let live = before.rows.bindings.iter().find(|row| row.host == self.asked.host && row.ended.is_none());
        let other = live.map(|row| row.customer.clone()).filter(|live| *live != customer);
        if let Some(live) = other.filter(|_| !has_all) {
            self.draft = before;
            self.draft.note(&live, Deed::RestoredNotMoved { own, proved: proved_serial });
            self.prove_seats();
        }
    }

    /// Takes up a seat that the host proves; whether it has it then.
    fn has_back(&mut self, binding: &BindingRow, held: &ReceiptSeat) -> bool {
        let Some(pool) = self.draft.rows.pool(&binding.customer, held.feature, self.now) else {
            return false;
        };
        let mut seats = pool.seats.iter().copied();
        if let Some(mine) =
            seats.clone().find(|seat| seat.binding == binding.id && seat.holder == held.holder)
        {
            if mine.unproved {
                let session = mine.session.clone();
                self.write(Write::ProveSeat { session });
            }
            return true;
        }
        let same = seats.clone().find(|seat| seat.session == held.session);
        if same.is_some_and(|seat| !seat.unproved) {
            return false;
        }
        // Its holder of before the backup gave it up: the seat was given to this host since. Under the same
        // session it went to the new key of its machine.
        let given_up = same.or_else(|| seats.find(|seat| seat.unproved && seat.binding != binding.id));
        let free = pool.free_slot().filter(|_| same.is_none());
        let Some(slot) = free.or(given_up.map(|seat| seat.slot)) else { return false };
        if let Some(seat) = given_up.filter(|seat| seat.slot == slot) {
            let (session, customer, feature) = (seat.session.clone(), seat.customer.clone(), seat.feature);
            self.write(Write::FreeSeat { session, customer, feature, at: self.now });
        }
        self.seat(binding, held.feature, slot, held.holder.clone(), held.session.clone());
        true
    }

    /// What the database says of the seats of a host that knows nothing newer is how it is.
    fn prove_seats(&mut self) {
        let Standing::Bound(binding) = self.standing() else { return };
        let seats = self.draft.rows.seats.iter();
        let unproved = seats.filter(|seat| seat.unproved && seat.binding == binding.id);
        let sessions: Vec<_> = unproved.map(|seat| seat.session.clone()).collect();
        for session in sessions {
            self.write(Write::ProveSeat { session });
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
    use license_types::Code;

    use super::{
        super::{
            Refusal,
            customer::merge,
            testing::{World, capture, coupon, key, number, trial},
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

    /// The world as it is restored from a backup.
    fn restored(backup: &World) -> World {
        let mut world = backup.clone();
        for seat in &mut world.rows.seats {
            seat.unproved = true;
        }
        world
    }

    #[test]
    fn a_seat_that_changed_hands_since_the_backup_is_where_the_later_word_says() {
        let activate = Call::Activate { number: number('A') };
        // What host 1, which had the seat at the time of the backup, does before host 2 calls.
        for (before, has_it) in
            [("nothing", 2), ("calls with what the backup knows", 1), ("calls with the word of its drop", 2)]
        {
            let mut world = World::registered(1);
            world.ok(1, &Call::CheckIn);
            let (backup, serial) = (world.clone(), world.serial(1));
            world.drop_all();
            let told = world.ok(1, &Call::CheckIn).statement.unwrap();
            let held = world.ok(2, &activate).statement.unwrap();

            let mut world = restored(&backup);
            world.hold(1, serial);
            match before {
                "calls with what the backup knows" => drop(world.ok(1, &Call::CheckIn)),
                "calls with the word of its drop" => {
                    world.decide_holding(1, &told, &Call::CheckIn).unwrap();
                }
                _ => {}
            }
            world.decide_holding(2, &held, &Call::CheckIn).unwrap();
            for host in [1, 2] {
                let refusal = (host != has_it).then_some(Code::NO_LICENSE);
                assert_eq!(world.refusal_of(host, 33), refusal, "host 1 {before}: host {host}");
            }
            assert_eq!(world.rows.seats.len(), 1, "host 1 {before}");
        }
    }

    #[test]
    fn a_seat_that_is_free_is_taken_before_one_of_another_host() {
        let mut world = World::registered(1);
        world.issue('A', 11, 1, 30);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        let backup = world.clone();
        let held = world.ok(2, &Call::Activate { number: number('A') }).statement.unwrap();
        let mut world = restored(&backup);
        world.decide_holding(2, &held, &Call::CheckIn).unwrap();
        assert_eq!([1, 2].map(|host| world.refusal_of(host, 33)), [None; 2]);
    }

    #[test]
    fn a_drop_after_the_restore_counts() {
        for (later, bound) in [(0, true), (60, false)] {
            let mut world = World::registered(1);
            let backup = world.clone();
            let held = world.ok(1, &Call::CheckIn).statement.unwrap();
            let mut world = restored(&backup);
            world.now.0 += later;
            world.drop_all();
            let decision = world.decide_holding(1, &held, &Call::CheckIn).unwrap();
            let statement = decision.answer.statement.unwrap();
            assert_eq!(matches!(statement.kind, Kind::Lease(_)), bound, "{later} s after the statement");
            assert!(statement.serial > held.serial);
        }
    }

    #[test]
    fn a_host_that_calls_proves_its_seats() {
        for has_news in [false, true] {
            let mut world = World::registered(1);
            let backup = world.clone();
            let held = world.ok(1, &Call::CheckIn).statement.unwrap();
            let mut world = restored(&backup);
            if has_news {
                world.decide_holding(1, &held, &Call::CheckIn).unwrap();
            } else {
                world.hold(1, held.serial - 1);
                world.ok(1, &Call::CheckIn);
            }
            assert_eq!(world.rows.seats.iter().map(|seat| seat.unproved).collect::<Vec<_>>(), [false]);
        }
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
        assert_eq!(restored.refusal_of(2, 33), Some(Code::NO_LICENSE));
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

    #[test]
    fn a_host_that_was_reinstalled_after_the_backup_has_its_seat() {
        let activate = Call::Activate { number: number('A') };
        let mut world = World::registered(1);
        world.ok(1, &Call::CheckIn);
        let backup = world.clone();
        // Host 11 is the same machine under a new key.
        let held = world.ok(11, &activate).statement.unwrap();
        let mut world = restored(&backup);
        world.decide_holding(11, &held, &Call::CheckIn).unwrap();
        assert_eq!(world.refusal_of(11, 33), None);
        assert_eq!(world.ok(11, &activate).warnings, [], "a person enters the number again");
        assert_eq!(world.refusal_of(11, 33), None);
        assert_eq!(world.refusal_of(1, 33), Some(Code::NO_LICENSE), "the old key, if it were there still");
        assert_eq!(world.rows.seats.len(), 1);
    }

    #[test]
    fn a_host_whose_number_was_merged_after_the_backup_keeps_what_it_has_in_the_backup() {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        world.issue('C', 81, 1, 300);
        world.ok(1, &Call::Coupon { coupon: coupon('C') });
        let backup = world.clone();
        world.change(|draft| merge(draft, &number('A'), &number('B'))).unwrap();
        let held = world.ok(1, &Call::CheckIn).statement.unwrap();
        assert_eq!([33, 45].map(|feature| world.refusal_of(1, feature)), [None; 2], "before the restore");

        let mut world = restored(&backup);
        let own = world.rows.host(&key(1)).unwrap().serial;
        let decision = world.decide_holding(1, &held, &Call::CheckIn).unwrap();
        assert_eq!(decision.notable(), [Deed::RestoredNotMoved { own, proved: held.serial }]);
        let statement = decision.answer.statement.unwrap();
        assert_eq!((statement.serial, &statement.number), (held.serial + 1, &number('A')));
        assert_eq!([33, 45].map(|feature| world.refusal_of(1, feature)), [None; 2]);
        assert!(world.rows.seats.iter().filter(|seat| seat.feature.0 == 45).all(|seat| !seat.unproved));

        world.change(|draft| merge(draft, &number('A'), &number('B'))).unwrap();
        assert_eq!(world.ok(1, &Call::CheckIn).statement.unwrap().number, number('B'));
        assert_eq!([33, 45].map(|feature| world.refusal_of(1, feature)), [None; 2], "merged again");
    }

    #[test]
    fn a_host_that_went_to_another_number_after_the_backup_goes_there_again() {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        world.ok(2, &Call::Drop);
        let backup = world.clone();
        let held = world.ok(1, &Call::Activate { number: number('B') }).statement.unwrap();
        let mut world = restored(&backup);
        let statement = world.decide_holding(1, &held, &Call::CheckIn).unwrap().answer.statement.unwrap();
        assert_eq!((statement.number, world.refusal_of(1, 33)), (number('B'), None));
    }
}
