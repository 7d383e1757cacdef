//! Trials: a product for 30 days, once for each number and once for each machine.

use license_types::ProductId;

use super::{BindingRow, Desk, Refusal};

/// How long a trial lasts.
const DAYS: u32 = 30;

/// Seats of each feature of a trial.
const SEATS: u32 = 1;

impl Desk<'_> {
    /// MikoPBX asks for a trial at each module install, so a product that the number has already is a
    /// success, and no trial is spent on it.
    pub(super) fn add_trial(&mut self, product: ProductId) -> Result<BindingRow, Refusal> {
        self.require_current()?;
        self.restore();
        let customer = self.bound_or_ousted(Refusal::NoNumber)?;
        if product == ProductId::MIKOPBX {
            self.add_mikopbx(&customer);
        } else {
            let sold = self.rows.catalogue.product(product);
            if sold.is_none_or(|product| product.features.is_empty()) {
                return Err(Refusal::NotSold { product });
            }
            let mut grants = self.rows.grants.iter();
            let has = grants.any(|grant| {
                grant.customer == customer && grant.product == product && grant.is_live(self.now)
            });
            if !has {
                let mut trials = self.rows.grants.iter().chain(&self.rows.trials);
                let spent = trials.any(|grant| {
                    let ours = grant.customer == customer || self.is_same_host(&grant.made_on);
                    grant.trial && grant.product == product && ours
                });
                if spent {
                    return Err(Refusal::TrialSpent { product });
                }
                self.grant(&customer, product, SEATS, DAYS, true);
            }
        }
        let binding = self.bind(&customer);
        self.take_product(&binding, product);
        Ok(binding)
    }
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;
    use license_types::Code;

    use super::{
        super::testing::{World, coupon, number, trial},
        *,
    };

    const DAY: i64 = 24 * 3600;

    #[test]
    fn a_trial_is_given_once() {
        let cases = [
            ("at first", 0, Ok(2)),
            ("again while it is live", 29 * DAY, Ok(2)),
            ("again on its last day", 31 * DAY, Ok(2)),
            ("after it ended", 33 * DAY, Err(Code::EXPIRED)),
        ];
        for (name, later, outcome) in cases {
            let mut world = World::registered(1);
            world.ok(1, &trial(81));
            world.now.0 += later;
            match outcome {
                Ok(grants) => {
                    world.ok(1, &trial(81));
                    assert_eq!(world.rows.grants.len(), grants, "{name}");
                }
                Err(code) => assert_eq!(world.refused(1, &trial(81)).code(), Some(code), "{name}"),
            }
        }
    }

    #[test]
    fn a_trial_is_a_grant_of_30_days_with_the_seat_of_its_host() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        let grant = world.rows.grants.last().unwrap();
        assert_eq!((grant.product.0, grant.seats, grant.trial), (81, 1, true));
        assert_eq!(world.refusal_of(1, 45), None);
    }

    #[test]
    fn a_machine_has_one_trial_of_a_product_whatever_its_key_and_number() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.register(2, "Other", 'B');
        world.ok(1, &Call::Activate { number: number('B') });
        assert_eq!(world.refused(1, &trial(81)), Refusal::TrialSpent { product: ProductId(81) });
        world.ok(11, &Call::Activate { number: number('B') });
        assert_eq!(world.refused(11, &trial(81)), Refusal::TrialSpent { product: ProductId(81) });
        world.ok(2, &trial(81));
    }

    #[test]
    fn mikopbx_itself_always_succeeds_and_nothing_unsold_does() {
        let mut world = World::registered(1);
        let grants = world.rows.grants.len();
        world.ok(1, &trial(11));
        assert_eq!(world.rows.grants.len(), grants);
        assert_eq!(world.refused(1, &trial(99)), Refusal::NotSold { product: ProductId(99) });
    }

    #[test]
    fn no_trial_is_spent_on_a_product_that_was_paid_for() {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 10);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        world.ok(1, &trial(81));
        assert!(world.rows.grants.iter().all(|grant| !grant.trial));
        world.now.0 += 20 * DAY;
        world.ok(1, &trial(81));
        assert!(world.rows.grants.iter().any(|grant| grant.trial), "it is still there afterwards");
    }
}
