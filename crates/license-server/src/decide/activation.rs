//! Activation: this host on a number that exists.

use license_types::{FeatureId, ProductId, RegistrationNumber};

use super::{BindingRow, CustomerId, Desk, Event, GrantRow, Refusal, Standing, Write};

/// Seats of the free product 11 unless the vendor gives more.
const MIKOPBX_SEATS: u32 = 1;

impl Desk<'_> {
    pub(super) fn activate(&mut self, number: &RegistrationNumber) -> Result<BindingRow, Refusal> {
        let customer = self.rows.customer_by_number(number).ok_or(Refusal::UnknownNumber)?;
        let id = customer.id.clone();
        Ok(self.settle(&id))
    }

    /// Binds the host as a person wants it: bars are lifted, MikoPBX itself is there, its seat taken.
    pub(super) fn settle(&mut self, customer: &CustomerId) -> BindingRow {
        let binding = self.take_over(customer).unwrap_or_else(|| self.bind(customer));
        let barred: Vec<FeatureId> = self
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
        binding
    }

    /// Adds product 11 for ever, if the number does not have it so.
    pub(super) fn add_mikopbx(&mut self, customer: &CustomerId) {
        let for_ever = |grant: &GrantRow| {
            grant.customer == *customer && grant.product == ProductId::MIKOPBX && grant.ends_at.is_none()
        };
        if self.rows.grants.iter().any(for_ever) {
            return;
        }
        self.write(Write::AddGrant(GrantRow {
            id: self.drawn.id("mikopbx"),
            customer: customer.clone(),
            product: ProductId::MIKOPBX,
            seats: MIKOPBX_SEATS,
            trial: false,
            made_on: self.asked.host,
            made_at: self.now,
            ends_at: None,
        }));
    }

    /// The binding of the machine that this host is, under the key that it lost with its old system.
    fn take_over(&mut self, customer: &CustomerId) -> Option<BindingRow> {
        if self.standing() != Standing::Unknown {
            return None;
        }
        let is_live = |binding: &&BindingRow| binding.ended.is_none() && binding.customer == *customer;
        let mut bindings = self.rows.bindings.iter().filter(is_live);
        let old = bindings.find(|binding| self.is_same_host(&binding.host))?.clone();
        self.events.push(Event::Rekeyed { old: old.host });
        self.write(Write::Rekey { binding: old.id.clone(), host: self.asked.host });
        Some(BindingRow { host: self.asked.host, ..old })
    }
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;
    use license_types::Code;

    use super::{
        super::{
            Decision,
            testing::{FEATURE_33, World, capture, key, number, trial},
        },
        *,
    };

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
        assert_eq!(answer.warnings, Vec::<String>::new());
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
        let Decision { answer, events, .. } = world.decide(11, &activate('A')).unwrap();
        assert_eq!(events, [Event::Rekeyed { old: key(1) }]);
        assert_eq!(answer.statement.unwrap().host_key, key(11));
        assert_eq!(answer.warnings, Vec::<String>::new());
        assert_eq!(world.rows.seats, seats);
        assert_eq!(world.refused(1, &capture(33)), Refusal::NoNumber, "the old key is no host any more");
    }

    #[test]
    fn a_known_key_with_the_hardware_of_another_takes_nothing_over() {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        // Host 2 now reports the hardware of host 1: it is known, so it is not host 1 reinstalled.
        let decision = world.decide_with(2, 1, &activate('A')).unwrap();
        assert_eq!(decision.events, []);
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
