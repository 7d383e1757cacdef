//! The statement: everything that a bound host has, or that it is bound no more.

use std::{cmp::Reverse, collections::BTreeSet, time::Duration};

use license_core::{
    api::License,
    schema::SCHEMA,
    statement::{HeldSeat, Kind, Lease, LeasedFeature, MAX_FEATURES, Refusal as RefusedStatement, Statement},
};
use license_texts::Language;
use license_types::{
    Code, Customer, FeatureId, LicensedProduct, ProductFeature, ProductId, RegistrationNumber, Seats,
    UnixTime,
};

use crate::catalogue::Policy;

use super::{
    BindingRow, CustomerId, CustomerRow, Desk, GrantRow, HostRow, Refusal, Rows, Write,
    seats::{Pool, end},
};

/// How long a product stays in the list after its end: long enough to see what there is to renew.
const SHOWN_AFTER_END: Duration = Duration::from_hours(90 * 24);

/// The most products in the list. Each trial and each coupon adds one for ever, and a statement has to
/// fit [`MAX_ANSWER_BODY`](license_core::api::MAX_ANSWER_BODY) with its features. Verdicts do not depend
/// on this list.
const MAX_PRODUCTS: usize = 500;

/// The owner of a number, as far as a license shows it.
pub(super) fn shown(customer: &CustomerRow) -> Customer {
    let registration = &customer.registration;
    Customer {
        company: registration.company.clone(),
        contact: registration.contact.clone(),
        email: registration.email.clone(),
        phone: registration.phone.clone().unwrap_or_default(),
    }
}

/// The grants of a customer, for people. Where there are too many, those that end last are shown.
pub(super) fn products(rows: &Rows, customer: &CustomerId, now: UnixTime) -> Vec<LicensedProduct> {
    let is_shown =
        |grant: &&GrantRow| grant.customer == *customer && now < end(grant).saturating_add(SHOWN_AFTER_END);
    let mut grants: Vec<&GrantRow> = rows.grants.iter().filter(is_shown).collect();
    grants.sort_by_key(|grant| (Reverse(end(grant)), &grant.id));
    grants.truncate(MAX_PRODUCTS);
    grants.sort_by_key(|grant| (grant.product, grant.trial, end(grant), &grant.id));
    grants
        .into_iter()
        .map(|grant| LicensedProduct {
            product: grant.product,
            name: rows.catalogue.product_name(grant.product),
            trial: grant.trial,
            expires_at: grant.ends_at,
            features: granted(rows, grant)
                .map(|feature| ProductFeature {
                    feature,
                    name: rows.catalogue.feature_name(feature),
                    seats: Seats {
                        total: grant.seats,
                        captured: rows.pool(customer, feature, now).map_or(0, |pool| pool.captured_of(grant)),
                    },
                })
                .collect(),
        })
        .collect()
}

fn granted(rows: &Rows, grant: &GrantRow) -> impl Iterator<Item = FeatureId> {
    rows.catalogue.product(grant.product).into_iter().flat_map(|product| product.features.iter().copied())
}

fn leased(
    rows: &Rows,
    binding: &BindingRow,
    feature: FeatureId,
    pool: &Pool<'_>,
    lease: Policy,
    now: UnixTime,
) -> LeasedFeature {
    let per_user = rows.is_per_user(feature);
    let terms = terms(rows, pool.live().iter().copied());
    let longest = pool.grants.iter().max_by_key(|grant| (end(grant), !grant.trial));
    LeasedFeature {
        feature,
        name: rows.catalogue.feature_name(feature),
        product: longest.map_or(ProductId::MIKOPBX, |grant| grant.product),
        seats: pool.counted(),
        per_user,
        expires_at: longest.and_then(|grant| grant.ends_at),
        held: pool
            .held_by(&binding.id)
            .map(|seat| HeldSeat { session: seat.session.clone(), holder: seat.holder.clone() })
            .collect(),
        refusal: pool.refusal(&binding.id, per_user),
        honoured_until: (terms.honoured < lease.honoured)
            .then(|| now.saturating_add(Duration::from_secs(terms.honoured))),
        run_on: (terms.run_on != lease.run_on).then_some(terms.run_on),
    }
}

/// The terms of a lease: those of its products, and of these the most patient for what does not say
/// otherwise.
fn terms<'r>(rows: &Rows, grants: impl Iterator<Item = &'r GrantRow>) -> Policy {
    let policies =
        grants.filter_map(|grant| rows.catalogue.product(grant.product)).map(|product| product.policy);
    let both = |one: Policy, other: Policy| Policy {
        refresh: one.refresh.min(other.refresh),
        honoured: one.honoured.max(other.honoured),
        run_on: one.run_on.max(other.run_on),
        ..one
    };
    policies.reduce(both).unwrap_or_default()
}

fn lease(rows: &Rows, binding: &BindingRow, customer: &CustomerRow, terms: Policy, now: UnixTime) -> Lease {
    let grants = rows.grants.iter().filter(|grant| grant.customer == customer.id);
    let features: BTreeSet<FeatureId> = grants.flat_map(|grant| granted(rows, grant)).collect();
    Lease {
        honoured_until: now.saturating_add(Duration::from_secs(terms.honoured)),
        run_on: terms.run_on,
        customer: shown(customer),
        products: products(rows, &customer.id, now),
        features: features
            .into_iter()
            .filter_map(|feature| {
                let pool = rows.pool(&customer.id, feature, now)?;
                Some(leased(rows, binding, feature, &pool, terms, now))
            })
            .take(MAX_FEATURES)
            .collect(),
    }
}

impl Desk<'_> {
    /// The statement about a binding. What the host lost, it is told by this.
    pub(super) fn statement(&mut self, binding: &BindingRow) -> Result<Statement, Refusal> {
        let customer = self.draft.rows.customer(&binding.customer).ok_or(Refusal::UnknownNumber)?.clone();
        let number = customer.number.clone();
        let suspended = customer.suspended_at.map(|_| Refusal::Suspended);
        let ended = binding.ended.map(|ended| ended.by.refusal().unwrap_or(Refusal::NoNumber));
        let for_all = ended.or(suspended);
        let pending = for_all.is_none() && self.turned.caller.is_pending();
        let refusal = for_all.or_else(|| self.turned.caller.refusal());
        self.tell_of_finding(&binding.customer);
        self.count_days(binding);
        let live = self.draft.rows.grants.iter();
        let live = live.filter(|grant| grant.customer == customer.id && grant.is_live(self.now));
        let terms = terms(&self.draft.rows, live);
        let (kind, may_run_until) = if let Some(refusal) = refusal {
            let [reason, reason_ru] = Language::ALL.map(|language| refusal.text().to(language));
            let code = refusal.code().unwrap_or(Code::NO_LICENSE);
            (Kind::Refusal(RefusedStatement { code, reason, reason_ru, pending }), self.now)
        } else {
            let lease = lease(&self.draft.rows, binding, &customer, terms, self.now);
            let may_run_until = lease.honoured_until.saturating_add(Duration::from_secs(lease.run_on));
            (Kind::Lease(lease), may_run_until)
        };
        let serial = self.next_serial();
        let may_run_until = match self.draft.rows.host(&self.asked.host) {
            // The host itself runs on, whatever its copy is told.
            Some(known) if self.is_refused_copy() => known.may_run_until,
            Some(_) | None => may_run_until,
        };
        let log = self.draft.rows.customer(&binding.customer).map_or(0, |customer| customer.log.length);
        self.write(Write::SaveHost(HostRow {
            key: self.asked.host,
            evidence: self.turned.evidence.clone(),
            serial,
            // Nobody holds what was never issued.
            acknowledged: self.acknowledged().max(self.asked.serial.min(self.issued_serial())),
            ratchet: self.turned.ratchet.clone(),
            seen: log,
            last_seen: self.now,
            may_run_until,
        }));
        if self.has_news() {
            self.write(Write::MarkTold { host: self.asked.host, at: self.now });
        }
        Ok(Statement {
            schema: SCHEMA.to_owned(),
            serial,
            number,
            binding: binding.id.0.clone(),
            host_key: self.asked.host,
            nonce: self.asked.nonce,
            issued_at: self.now,
            refresh_after: terms.refresh,
            kind,
        })
    }

    /// What a number holds, for somebody who has it. It binds nothing.
    pub(super) fn license_info(&self, number: &RegistrationNumber) -> Result<License, Refusal> {
        let customer = self.draft.rows.customer_by_number(number).ok_or(Refusal::UnknownNumber)?;
        self.require_in_order(&customer.id)?;
        Ok(License {
            number: number.clone(),
            customer: shown(customer),
            products: products(&self.draft.rows, &customer.id, self.now),
        })
    }

    /// Whether this host lost something and was not told yet.
    fn has_news(&self) -> bool {
        let host = self.asked.host;
        let mut bars = self.draft.rows.bars.iter();
        let mut bindings = self.draft.rows.bindings.iter();
        bars.any(|bar| bar.host == host && bar.told_at.is_none())
            || bindings.any(|row| row.host == host && row.ended.is_some_and(|ended| ended.is_news()))
    }
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;

    use super::{
        super::testing::{NOW, World, capture, coupon, nonce, number, trial},
        *,
    };

    const DAY: i64 = 24 * 3600;

    #[test]
    fn a_statement_answers_its_request_with_the_next_serial() {
        let mut world = World::registered(1);
        let first = world.ok(1, &Call::CheckIn).statement.unwrap();
        let second = world.ok(1, &Call::CheckIn).statement.unwrap();
        assert_eq!(second.serial, first.serial + 1);
        assert_eq!(second.nonce, nonce(world.last_request));
        assert_eq!((second.number, second.issued_at), (number('A'), NOW));
        let Kind::Lease(lease) = second.kind else { panic!("no lease") };
        assert_eq!(lease.honoured_until.0, NOW.0 + 30 * DAY);
        assert_eq!((lease.run_on, second.refresh_after), (7 * 24 * 3600, 4 * 3600));
    }

    #[test]
    fn a_lease_lists_every_feature_with_what_this_host_has_of_it() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.issue('A', 85, 2, 365);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        world.ok(2, &Call::Activate { number: number('A') });
        world.ok(2, &capture(43));
        world.use_for(1, 100);
        let rows = [
            // Feature, host 1, host 2, seats in all.
            (33, None, Some(Code::NO_LICENSE), Seats { total: 1, captured: 1 }),
            (43, None, None, Seats { total: 2, captured: 2 }),
            (45, Some(Code::EXPIRED), Some(Code::EXPIRED), Seats { total: 0, captured: 1 }),
            (48, None, None, Seats { total: 2, captured: 0 }),
        ];
        for (feature, first, second, seats) in rows {
            assert_eq!(world.refusal_of(1, feature), first, "feature {feature} on host 1");
            assert_eq!(world.refusal_of(2, feature), second, "feature {feature} on host 2");
            assert_eq!(world.leased(1, feature).unwrap().seats, seats, "feature {feature}");
        }
        assert_eq!(world.leased(1, 41), None);
    }

    #[test]
    fn paid_seats_are_used_before_those_of_a_trial() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.issue('A', 81, 2, 10);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        let info = world.ok(1, &Call::LicenseInfo { number: number('A') }).license.unwrap();
        let shown: Vec<_> = info
            .products
            .iter()
            .filter(|product| product.product.0 == 81)
            .map(|product| {
                (product.trial, product.features[0].seats.total, product.features[0].seats.captured)
            })
            .collect();
        assert_eq!(shown, [(false, 2, 1), (true, 1, 0)]);
        let lease = world.leased(1, 45).unwrap();
        assert_eq!(lease.seats, Seats { total: 3, captured: 1 });
        assert_eq!(lease.expires_at, info.products.last().unwrap().expires_at, "the trial lasts longer");
    }

    #[test]
    fn a_product_is_listed_for_90_days_after_its_end_and_its_features_for_ever() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.use_for(1, 30);
        let end = world.rows.grants.last().unwrap().ends_at.unwrap().0;
        for (after, listed) in [(-1, true), (0, true), (90 * DAY - 1, true), (90 * DAY, false)] {
            world.now = UnixTime(end + after);
            let info = world.ok(1, &Call::LicenseInfo { number: number('A') }).license.unwrap();
            let is_listed = |products: &[LicensedProduct]| products.iter().any(|p| p.product.0 == 81);
            assert_eq!(is_listed(&info.products), listed, "{after} s after its end");
            let Kind::Lease(lease) = world.ok(1, &Call::CheckIn).statement.unwrap().kind else {
                panic!("no lease")
            };
            assert_eq!(is_listed(&lease.products), listed, "{after} s after its end");
            let refusal = (after >= 0).then_some(Code::EXPIRED);
            assert_eq!(world.refusal_of(1, 45), refusal, "{after} s after its end");
        }
        assert_eq!(world.refused(1, &capture(45)).code(), Some(Code::EXPIRED));
    }

    #[test]
    fn of_too_many_products_those_that_end_last_are_listed() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        let trial = world.rows.grants.pop().unwrap();
        let dated = |days: i64| GrantRow {
            id: format!("grant {days}"),
            ends_at: Some(UnixTime(NOW.0 + days * DAY)),
            ..trial.clone()
        };
        let most = i64::try_from(MAX_PRODUCTS).unwrap();
        world.rows.grants.extend((1..=most).rev().map(dated));
        let listed = products(&world.rows, &trial.customer, NOW);
        assert_eq!(listed.len(), MAX_PRODUCTS);
        assert_eq!((listed[0].product, listed[0].expires_at), (ProductId::MIKOPBX, None));
        let days: Vec<i64> =
            listed[1..].iter().map(|product| (product.expires_at.unwrap().0 - NOW.0) / DAY).collect();
        assert_eq!(days, (2..=most).collect::<Vec<_>>(), "in order, without the one that ends first");
    }

    #[test]
    fn a_lease_is_never_larger_than_a_host_takes() {
        let mut world = World::registered(1);
        world.sell_many(MAX_FEATURES + 5);
        world.issue('A', 1000, 1, 10);
        let statement = world.ok(1, &Call::Coupon { coupon: coupon('A') }).statement.unwrap();
        let Kind::Lease(lease) = statement.kind else { panic!("no lease") };
        assert_eq!(lease.features.len(), MAX_FEATURES);
    }
}
