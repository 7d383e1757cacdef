//! Trials: a product for some days of use, once for each number and once for each machine.
//!
//! A day counts if a host that holds a seat of the product calls the license server on it (UTC).

use license_types::{ProductId, UnixTime};

use super::{BindingRow, Desk, GrantRow, Refusal, UsedDays, Write, term};

/// Sets the ends of trials as if they were used on every day from now on.
pub(super) fn project(grants: &mut [GrantRow], now: UnixTime) {
    for grant in grants {
        if let Some(rest) = grant.used_days {
            let from = if rest.left > 0 { rest.counted_at.max(now) } else { rest.counted_at };
            grant.ends_at = Some(term::ends_after(rest.left, from));
        }
    }
}

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
            let sold = self.draft.rows.catalogue.product(product);
            let days =
                sold.filter(|product| !product.features.is_empty()).map(|product| product.policy.trial_days);
            let days = days.ok_or(Refusal::NotSold { product })?;
            let mut grants = self.draft.rows.grants.iter();
            let has = grants.any(|grant| {
                grant.customer == customer && grant.product == product && grant.is_live(self.now)
            });
            if !has {
                let mut trials = self.draft.rows.grants.iter().chain(&self.draft.rows.trials);
                let spent = trials.any(|grant| {
                    let is_here = grant.made_on.is_some_and(|host| self.is_same_host(&host));
                    let ours = grant.customer == customer || is_here;
                    grant.trial && grant.product == product && ours
                });
                if spent {
                    return Err(Refusal::TrialSpent { product });
                }
                self.grant(&customer, product, SEATS, days, true);
            }
        }
        let binding = self.bind(&customer);
        self.take_product(&binding, product);
        Ok(binding)
    }

    /// Counts this day for the trials whose seats this host holds.
    pub(super) fn count_days(&mut self, binding: &BindingRow) {
        let now = self.now;
        let rows = &self.draft.rows;
        let is_used = |grant: &GrantRow| {
            let product = rows.catalogue.product(grant.product);
            rows.seats.iter().any(|seat| {
                seat.binding == binding.id
                    && product.is_some_and(|product| product.features.contains(&seat.feature))
            })
        };
        let counted = rows.grants.iter().filter_map(|grant| {
            let rest = grant.used_days.filter(|rest| rest.left > 0 && rest.counted_at < now)?;
            let is_new = !term::is_same_day(rest.counted_at, now) && grant.customer == binding.customer;
            let used_days = UsedDays { left: rest.left - 1, counted_at: now };
            let ends_at = term::ends_after(used_days.left, now);
            (is_new && is_used(grant)).then(|| Write::CountDay {
                grant: grant.id.clone(),
                used_days,
                ends_at,
            })
        });
        for write in counted.collect::<Vec<_>>() {
            self.write(write);
        }
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
        // Days of use, days without, what a trial comes to then.
        let cases = [
            ("at first", 0, 0, Ok(2)),
            ("again while it is live", 29, 0, Ok(2)),
            ("again on its last day", 30, 0, Ok(2)),
            ("on the morning after", 30, 1, Ok(2)),
            ("after it ended", 30, 2, Err(Code::EXPIRED)),
            ("after a year in which it was not used", 10, 365, Ok(2)),
        ];
        for (name, used, unused, outcome) in cases {
            let mut world = World::registered(1);
            world.ok(1, &trial(81));
            world.use_for(1, used);
            world.now.0 += unused * DAY;
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
    fn only_days_on_which_it_is_used_count() {
        let left = |world: &World| world.rows.grants.last().unwrap().used_days.unwrap().left;
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.ok(1, &Call::CheckIn);
        assert_eq!(left(&world), 30, "the day on which it is made is free");
        world.use_for(1, 3);
        world.now.0 += 3600;
        world.ok(1, &Call::CheckIn);
        assert_eq!(left(&world), 27, "each day once");
        world.now.0 += 50 * DAY;
        world.ok(2, &Call::Activate { number: number('A') });
        assert_eq!(left(&world), 27, "host 2 holds no seat of it");
        world.now.0 -= 80 * DAY;
        world.ok(1, &Call::CheckIn);
        assert_eq!(left(&world), 27, "a clock that was set back counts no day twice");
    }

    #[test]
    fn a_trial_in_daily_use_ends_on_the_day_that_it_named_at_first() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        let end = world.leased(1, 45).unwrap().expires_at;
        assert!(end.is_some());
        for _ in 0..30 {
            world.use_for(1, 1);
            assert_eq!(world.leased(1, 45).unwrap().expires_at, end);
        }
        world.now.0 += 2 * DAY;
        assert_eq!(world.refusal_of(1, 45), Some(Code::EXPIRED));
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
