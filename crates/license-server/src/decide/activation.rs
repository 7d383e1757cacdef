//! Activation: this host on a number that exists.

use std::time::Duration;

use license_types::{FeatureId, ProductId, RegistrationNumber};

use super::{
    BindingRow, CustomerId, Desk, EndedBy, GrantRow, Refusal, Standing, Write, log::Deed, mail::MailKind,
};

/// Seats of the free product 11 unless the vendor gives more.
const MIKOPBX_SEATS: u32 = 1;

/// How often a machine may change its key on a number within [`REKEYS_COUNTED`]. Each key that was
/// replaced may run on offline until its lease ends, so that without a limit one seat would serve any
/// number of copies.
const MAX_REKEYS: usize = 3;

/// How long a change of key is counted: as long as the lease of the replaced key counts.
const REKEYS_COUNTED: Duration = Duration::from_hours(30 * 24);

impl Desk<'_> {
    pub(super) fn activate(&mut self, number: &RegistrationNumber) -> Result<BindingRow, Refusal> {
        let customer = self.draft.rows.customer_by_number(number).ok_or(Refusal::UnknownNumber)?;
        let id = customer.id.clone();
        self.settle(&id)
    }

    /// Binds the host as a person wants it: bars are lifted, MikoPBX itself is there, its seat taken.
    pub(super) fn settle(&mut self, customer: &CustomerId) -> Result<BindingRow, Refusal> {
        self.require_in_order(customer)?;
        let binding = self.take_over(customer).unwrap_or_else(|| self.bind(customer));
        let barred: Vec<FeatureId> = self
            .draft
            .rows
            .bars
            .iter()
            .filter(|bar| bar.customer == *customer && bar.host == self.asked.host)
            .map(|bar| bar.feature)
            .collect();
        for feature in barred {
            self.lift_bar(customer, feature);
        }
        self.add_mikopbx(customer);
        self.take_or_warn(&binding, FeatureId::MIKOPBX);
        Ok(binding)
    }

    /// Adds product 11 for ever, if the number does not have it so.
    pub(super) fn add_mikopbx(&mut self, customer: &CustomerId) {
        let for_ever = |grant: &GrantRow| {
            grant.customer == *customer && grant.product == ProductId::MIKOPBX && grant.ends_at.is_none()
        };
        if self.draft.rows.grants.iter().any(for_ever) {
            return;
        }
        self.write(Write::AddGrant(GrantRow {
            id: self.drawn.id("mikopbx"),
            customer: customer.clone(),
            product: ProductId::MIKOPBX,
            seats: MIKOPBX_SEATS,
            trial: false,
            made_on: Some(self.asked.host),
            made_at: self.now,
            ends_at: None,
            used_days: None,
        }));
    }

    /// Goes on in the place of the key that this machine had before, with its seats. That key is told to
    /// stop, and may be the one that comes back.
    fn take_over(&mut self, customer: &CustomerId) -> Option<BindingRow> {
        match self.standing() {
            Standing::Unknown | Standing::Ousted { refusal: Refusal::Replaced, .. } => {}
            Standing::Bound(_) | Standing::Ousted { .. } | Standing::Unbound => return None,
        }
        let of_machine =
            |binding: &&BindingRow| binding.customer == *customer && self.is_machine(&binding.host);
        let mut bindings = self.draft.rows.bindings.iter().filter(of_machine);
        let old = bindings.find(|binding| binding.ended.is_none())?.clone();
        if self.replaced_of_late(customer) >= MAX_REKEYS {
            self.draft.note(customer, Deed::TooManyKeys { old: old.host.id() });
            return None;
        }
        self.draft.note(customer, Deed::Rekeyed { old: old.host.id() });
        self.draft.mail(customer, MailKind::Rekeyed, Some(self.asked.host.id()));
        let binding = self.bind(customer);
        self.write(Write::MoveSeats { from: old.id.clone(), to: binding.id.clone() });
        self.unbind(old, EndedBy::Replaced);
        Some(binding)
    }

    /// How many keys of this machine, its own among them, were replaced on the number of late.
    fn replaced_of_late(&self, customer: &CustomerId) -> usize {
        let is_counted = |binding: &&BindingRow| {
            let of_late = binding.ended.is_some_and(|ended| {
                ended.by == EndedBy::Replaced && self.now < ended.at.saturating_add(REKEYS_COUNTED)
            });
            of_late && binding.customer == *customer && self.is_same_host(&binding.host)
        };
        self.draft.rows.bindings.iter().filter(is_counted).count()
    }
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, host::FactKind, statement::Kind};
    use license_types::{Code, UnixTime};

    use super::{
        super::{
            Ended, SeatRow,
            testing::{FEATURE_33, NOW, World, capture, key, number, trial},
        },
        *,
    };

    const DAY: i64 = 24 * 3600;

    fn activate(letter: char) -> Call {
        Call::Activate { number: number(letter) }
    }

    #[test]
    fn another_host_gets_the_number_and_a_warning_when_no_seat_is_free() {
        let mut world = World::registered(1);
        let answer = world.ok(2, &activate('A'));
        assert_eq!(answer.statement.unwrap().number, number('A'));
        assert_eq!(answer.warnings.len(), 1, "{:?}", answer.warnings);
        assert_eq!(world.rows.seats.len(), 1, "host 1 keeps its seat");
    }

    #[test]
    fn another_number_frees_the_seats_of_the_old_one_and_takes_the_new_ones() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.register(2, "Other", 'B');
        world.ok(2, &Call::Drop);
        let answer = world.ok(1, &activate('B'));
        assert_eq!(answer.warnings, []);
        let [seat] = &world.rows.seats[..] else { panic!("one seat") };
        assert_eq!((seat.feature, world.number_of(&seat.customer)), (FEATURE_33, number('B')));
    }

    #[test]
    fn an_unknown_number_leaves_the_old_binding_as_it_is() {
        let mut world = World::registered(1);
        let before = world.clone();
        assert_eq!(world.refused(1, &activate('Z')).code(), Some(Code::KEY_UNKNOWN));
        assert_eq!(world.rows, before.rows);
    }

    #[test]
    fn the_same_number_again_changes_nothing_but_the_serial() {
        let mut world = World::registered(1);
        let before = world.clone();
        let first = world.ok(1, &activate('A')).statement.unwrap();
        assert_eq!((&world.rows.bindings, &world.rows.seats), (&before.rows.bindings, &before.rows.seats));
        assert_eq!(world.ok(1, &activate('A')).statement.unwrap().serial, first.serial + 1);
    }

    #[test]
    fn a_reinstalled_host_goes_on_with_its_binding() {
        let mut world = World::registered(1);
        let seats = world.rows.seats.clone();
        let decision = world.decide(11, &activate('A')).unwrap();
        assert_eq!(decision.notable(), [Deed::Rekeyed { old: key(1).id() }]);
        let answer = decision.answer;
        assert_eq!(answer.statement.unwrap().host_key, key(11));
        assert_eq!(answer.warnings, []);
        let places = |rows: &[SeatRow]| -> Vec<_> {
            rows.iter().map(|seat| (seat.session.clone(), seat.feature, seat.slot)).collect()
        };
        assert_eq!(places(&world.rows.seats), places(&seats));
        assert_eq!(world.refusal_of(11, 33), None);
    }

    #[test]
    fn the_key_that_was_replaced_is_told_to_stop() {
        let mut world = World::registered(1);
        world.ok(11, &activate('A'));
        assert_eq!(world.refused(1, &capture(33)), Refusal::Replaced);
        world.now.0 += 60;
        let statement = world.ok(1, &Call::CheckIn).statement.unwrap();
        let Kind::Refusal(refusal) = statement.kind else { panic!("two keys on one seat") };
        assert_eq!((refusal.code, statement.number), (Code::NO_LICENSE, number('A')));
        assert!(refusal.reason.contains("under a new host key"), "{}", refusal.reason);
        let old = world.rows.bindings.iter().find(|binding| binding.host == key(1)).unwrap();
        let told = Some(UnixTime(NOW.0 + 60));
        assert_eq!(old.ended, Some(Ended { at: NOW, by: EndedBy::Replaced, told_at: told }));
    }

    #[test]
    fn a_key_that_was_replaced_takes_its_place_back_by_activation() {
        let mut world = World::registered(1);
        world.ok(11, &activate('A'));
        let back = world.decide(1, &activate('A')).unwrap();
        assert_eq!(
            (back.notable(), back.answer.warnings),
            (vec![Deed::Rekeyed { old: key(11).id() }], Vec::new())
        );
        assert_eq!(world.refusal_of(1, 33), None);
        assert_eq!(world.refused(11, &capture(33)), Refusal::Replaced);
    }

    #[test]
    fn a_machine_that_has_new_keys_too_often_is_bound_like_another_host() {
        let mut world = World::registered(1);
        for host in [11, 21, 1] {
            world.ok(host, &activate('A'));
        }
        for host in [11, 31] {
            let decision = world.clone().decide(host, &activate('A')).unwrap();
            assert_eq!(decision.notable(), [Deed::TooManyKeys { old: key(1).id() }], "host {host}");
            assert_eq!(decision.answer.warnings.len(), 1, "no seat is free for host {host}");
        }
        world.register(2, "Other", 'B');
        let other = world.clone().decide(12, &activate('B')).unwrap();
        assert_eq!(other.notable(), [Deed::Rekeyed { old: key(2).id() }], "another machine is not concerned");
        world.now.0 += 30 * DAY;
        let later = world.decide(31, &activate('A')).unwrap();
        assert_eq!(later.notable(), [Deed::Rekeyed { old: key(1).id() }]);
    }

    #[test]
    fn evidence_that_copies_share_takes_nothing_over() {
        let cases = [(FactKind::MachineId, 1), (FactKind::ProductUuid, 0), (FactKind::Configured, 0)];
        for (known_by, warnings) in cases {
            let mut world = World::new();
            world.known_by = known_by;
            world.register(1, "Acme", 'A');
            assert_eq!(world.ok(11, &activate('A')).warnings.len(), warnings, "{known_by:?}");
            assert_eq!(world.decide(1, &capture(33)).is_ok(), warnings == 1, "{known_by:?}");
        }
    }

    #[test]
    fn a_dropped_host_is_not_bound_again_by_the_hardware_of_another() {
        let mut world = World::registered(1);
        world.drop_all();
        world.ok(11, &activate('A'));
        let back = world.decide(1, &activate('A')).unwrap();
        assert_eq!((back.notable(), back.answer.warnings.len()), (vec![], 1), "host 11 keeps the seat");
    }

    #[test]
    fn a_known_key_with_the_hardware_of_another_takes_nothing_over() {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        // Host 2 now reports the hardware of host 1: it is known, so it is not host 1 reinstalled.
        let decision = world.decide_with(2, 1, &activate('A')).unwrap();
        assert_eq!(decision.notable(), [Deed::Moved { host: key(2).id() }]);
        assert_eq!(decision.answer.warnings.len(), 1);
    }

    #[test]
    fn activation_lifts_the_bars_of_a_drop() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.drop_all();
        assert_eq!(world.rows.bars.len(), 2);
        world.ok(1, &activate('A'));
        assert_eq!(world.rows.bars, []);
        assert_eq!(world.rows.seats.len(), 1, "33 is taken at once");
        world.ok(1, &capture(45));
    }
}
