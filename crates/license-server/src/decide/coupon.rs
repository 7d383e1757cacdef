//! Coupons: single use, each a grant of its own.

use license_core::crypto::sha256_hex;
use license_types::{Coupon, FeatureId, ProductId};

use super::{
    BindingRow, CouponMode, CouponUse, CustomerId, Desk, GrantRow, Refusal, UsedDays, UsedHere, Write,
    seats::end, term,
};

/// The digest that a coupon is stored under.
#[must_use]
pub fn coupon_digest(coupon: &Coupon) -> String {
    sha256_hex(coupon.as_str().as_bytes())
}

impl Desk<'_> {
    /// A coupon that was used *and* blocked was used: blocking it later ended nothing.
    pub(super) fn use_coupon(&mut self, coupon: &Coupon) -> Result<BindingRow, Refusal> {
        self.restore();
        let customer = self.bound_or_ousted(Refusal::CouponWithoutNumber)?;
        let digest = coupon_digest(coupon);
        let row = self.draft.rows.coupon.clone().filter(|row| row.digest == digest);
        let row = row.ok_or(Refusal::CouponUnknown)?;
        if let Some(used) = row.used {
            // The host's last answer may be another one by now; the coupon still knows the request.
            let asked = (self.asked.host, self.asked.request_id);
            let repeated = used.here.is_some_and(|here| (here.host, here.request_id) == asked);
            return if repeated { self.bound(Refusal::CouponUsed) } else { Err(Refusal::CouponUsed) };
        }
        self.require_current()?;
        if row.blocked {
            return Err(Refusal::CouponBlocked);
        }
        let extended = match row.mode {
            CouponMode::Add => None,
            CouponMode::Extend => self.extend(&customer, row.product, row.days),
        };
        let made = extended.is_none();
        let grant =
            extended.unwrap_or_else(|| self.grant(&customer, row.product, row.seats, row.days, false));
        let used = CouponUse {
            at: self.now,
            customer: customer.clone(),
            here: Some(UsedHere { host: self.asked.host, request_id: self.asked.request_id, grant, made }),
        };
        self.write(Write::UseCoupon { digest, used });
        let binding = self.bind(&customer);
        self.take_product(&binding, row.product);
        Ok(binding)
    }

    /// Adds days to what the number has of the product: what was paid for before a trial, and of several
    /// the one that ends last. What ended goes on from today. `None` if there is nothing to extend.
    fn extend(&mut self, customer: &CustomerId, product: ProductId, days: u32) -> Option<String> {
        let of_product = |grant: &&GrantRow| grant.customer == *customer && grant.product == product;
        let grants = self.draft.rows.grants.iter().filter(of_product);
        let dated = grants.filter(|grant| grant.ends_at.is_some());
        let grant = dated.max_by_key(|grant| (!grant.trial, end(grant)))?.clone();
        let (used_days, ends_at) = match grant.used_days {
            Some(rest) => {
                let left = rest.left.saturating_add(days);
                let rest = UsedDays { left, ..rest };
                (Some(rest), term::ends_after(left, rest.counted_at.max(self.now)))
            }
            None => (None, term::extended(end(&grant), days, self.now)),
        };
        let id = grant.id.clone();
        self.write(Write::SetEnd {
            grant: grant.id,
            customer: grant.customer,
            ends_at: Some(ends_at),
            used_days,
        });
        Some(id)
    }

    /// Adds a grant that starts now.
    pub(super) fn grant(
        &mut self,
        customer: &CustomerId,
        product: ProductId,
        seats: u32,
        days: u32,
        trial: bool,
    ) -> String {
        let id = self.drawn.id("grant");
        self.write(Write::AddGrant(GrantRow {
            id: id.clone(),
            customer: customer.clone(),
            product,
            seats,
            trial,
            made_on: Some(self.asked.host),
            made_at: self.now,
            ends_at: Some(term::ends_after(days, self.now)),
            used_days: trial.then_some(UsedDays { left: days, counted_at: self.now }),
        }));
        id
    }

    /// Takes a seat of each of the product's host features for this host, where one is free.
    pub(super) fn take_product(&mut self, binding: &BindingRow, product: ProductId) {
        let features = self.draft.rows.catalogue.product(product).map(|product| product.features.clone());
        let by_host = |feature: &FeatureId| !self.draft.rows.is_per_user(*feature);
        let features: Vec<FeatureId> = features.unwrap_or_default().into_iter().filter(by_host).collect();
        for feature in features {
            self.lift_bar(&binding.customer, feature);
            self.take_or_warn(binding, feature);
        }
    }
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;
    use license_types::Code;

    use super::{
        super::testing::{World, coupon, number},
        *,
    };

    fn use_coupon(letter: char) -> Call {
        Call::Coupon { coupon: coupon(letter) }
    }

    #[test]
    fn a_coupon_makes_a_grant_of_its_own_and_takes_the_seats_of_its_host() {
        let mut world = World::registered(1);
        world.issue('A', 85, 3, 365);
        let answer = world.ok(1, &use_coupon('A'));
        assert_eq!(answer.warnings, []);
        let grant = world.rows.grants.last().unwrap();
        assert_eq!((grant.product.0, grant.seats, grant.trial), (85, 3, false));
        let held: Vec<u32> = world.rows.seats.iter().map(|seat| seat.feature.0).collect();
        assert_eq!(held, [33, 43], "46 to 49 are taken by users");
    }

    #[test]
    fn a_coupon_is_refused_by_what_is_wrong_with_it() {
        let cases = [
            ("unknown", 'Z', Code::COUPON_UNKNOWN),
            ("used", 'U', Code::COUPON_USED),
            ("used, then blocked", 'V', Code::COUPON_USED),
            ("blocked", 'B', Code::COUPON_BLOCKED),
        ];
        for (name, letter, code) in cases {
            let mut world = World::registered(1);
            for used in ['U', 'V'] {
                world.issue(used, 81, 1, 10);
                world.ok(1, &use_coupon(used));
            }
            world.issue('B', 81, 1, 10);
            world.block('B');
            world.block('V');
            let grants = world.rows.grants.len();
            assert_eq!(world.refused(1, &use_coupon(letter)).code(), Some(code), "{name}");
            assert_eq!(world.rows.grants.len(), grants, "{name}");
        }
    }

    #[test]
    fn a_coupon_is_used_once_across_numbers() {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        world.issue('A', 81, 1, 10);
        world.ok(1, &use_coupon('A'));
        assert_eq!(world.refused(2, &use_coupon('A')), Refusal::CouponUsed);
    }

    #[test]
    fn a_late_repetition_of_the_request_that_used_it_is_no_second_use() {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 10);
        world.ok(1, &use_coupon('A'));
        let request = world.last_request;
        let before = world.clone();
        world.ok_again(1, request, &use_coupon('A'));
        assert_eq!(world.rows.grants, before.rows.grants);
        let other_host = world.clone().try_again(2, request, &use_coupon('A'));
        assert_eq!(other_host, Err(Refusal::CouponWithoutNumber));
        world.ok(2, &Call::Activate { number: number('A') });
        assert_eq!(world.try_again(2, request, &use_coupon('A')), Err(Refusal::CouponUsed));
    }

    #[test]
    fn a_coupon_brings_the_seat_for_its_host_where_all_others_are_taken() {
        let mut world = World::registered(1);
        assert_eq!(world.ok(2, &Call::Activate { number: number('A') }).warnings.len(), 1);
        world.issue('A', 11, 1, 10);
        assert_eq!(world.ok(2, &use_coupon('A')).warnings, []);
        assert_eq!(world.rows.seats.len(), 2);
    }
}
