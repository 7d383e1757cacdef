//! What a number holds, by the vendor's word: grants listed, added, ended.

use license_core::crypto::KeyId;
use license_types::{ProductId, RegistrationNumber, UnixTime};
use serde::Serialize;

use super::{
    Draft, Drawn, GrantRow, Rows, Write,
    seats::end as end_of,
    term,
    vendor::{Unable, known, sold},
};

/// A grant as the vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedGrant {
    /// Its id.
    pub id: String,
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub product_name: String,
    /// Seats of each feature of the product.
    pub seats: u32,
    /// Whether it is a trial.
    pub trial: bool,
    /// When it was made.
    pub made_at: UnixTime,
    /// The host that asked for it; `None` is the vendor.
    pub made_on: Option<KeyId>,
    /// When it ends; `None` is never.
    pub ends_at: Option<UnixTime>,
    /// The days of use that are left of a trial.
    pub days_left: Option<u32>,
    /// Whether it counts.
    pub live: bool,
}

impl ListedGrant {
    fn of(rows: &Rows, grant: &GrantRow, now: UnixTime) -> Self {
        Self {
            id: grant.id.clone(),
            product: grant.product,
            product_name: rows.catalogue.product_name(grant.product),
            seats: grant.seats,
            trial: grant.trial,
            made_at: grant.made_at,
            made_on: grant.made_on.map(|host| host.id()),
            ends_at: grant.ends_at,
            days_left: grant.used_days.map(|rest| rest.left),
            live: grant.is_live(now),
        }
    }
}

/// The grants of a number: those that count first, and of them what ends last.
pub fn list(rows: &Rows, number: &RegistrationNumber, now: UnixTime) -> Result<Vec<ListedGrant>, Unable> {
    let customer = known(rows, number)?;
    let mut grants: Vec<&GrantRow> =
        rows.grants.iter().filter(|grant| grant.customer == customer.id).collect();
    grants.sort_by_key(|grant| {
        (!grant.is_live(now), std::cmp::Reverse(end_of(grant)), grant.product, &grant.id)
    });
    Ok(grants.into_iter().map(|grant| ListedGrant::of(rows, grant, now)).collect())
}

/// Gives a number seats of a product for so many days, or for ever.
pub fn add(
    draft: &mut Draft,
    number: &RegistrationNumber,
    product: ProductId,
    seats: u32,
    days: Option<u32>,
    drawn: &Drawn,
) -> Result<ListedGrant, Unable> {
    let customer = known(&draft.rows, number)?.id.clone();
    sold(&draft.rows, product)?;
    let grant = GrantRow {
        id: drawn.id("grant"),
        customer,
        product,
        seats,
        trial: false,
        made_on: None,
        made_at: draft.now,
        ends_at: days.map(|days| term::ends_after(days, draft.now)),
        used_days: None,
    };
    let listed = ListedGrant::of(&draft.rows, &grant, draft.now);
    draft.write(Write::AddGrant(grant));
    Ok(listed)
}

/// Ends a grant now. Of the seats that were taken, those above what is left stop counting.
pub fn end(draft: &mut Draft, id: &str) -> Result<ListedGrant, Unable> {
    let now = draft.now;
    let grant = draft.rows.grants.iter().find(|grant| grant.id == id).ok_or(Unable::UnknownGrant)?;
    if !grant.is_live(now) {
        return Err(Unable::GrantOver);
    }
    let grant = GrantRow { ends_at: Some(now), used_days: None, ..grant.clone() };
    let listed = ListedGrant::of(&draft.rows, &grant, now);
    let GrantRow { id, customer, ends_at, used_days, .. } = grant;
    draft.write(Write::SetEnd { grant: id, customer, ends_at, used_days });
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;
    use license_types::Code;

    use super::{
        super::testing::{NOW, World, capture, number, trial},
        *,
    };

    const DAY: i64 = 24 * 3600;

    fn drawn(seed: u8) -> Drawn {
        Drawn { number: number('Z'), seed: [seed; 16] }
    }

    fn granted(world: &mut World, seats: u32, days: Option<u32>) -> ListedGrant {
        let seed = u8::try_from(world.rows.grants.len()).unwrap();
        world.change(|draft| add(draft, &number('A'), ProductId(81), seats, days, &drawn(seed))).unwrap()
    }

    #[test]
    fn a_grant_counts_from_the_moment_that_it_is_made() {
        let cases = [(Some(1), Some(NOW.0 + 2 * DAY + DAY / 2)), (None, None)];
        for (days, ends_at) in cases {
            let mut world = World::registered(1);
            let grant = granted(&mut world, 3, days);
            assert_eq!((grant.seats, grant.ends_at.map(|end| end.0), grant.live), (3, ends_at, true));
            assert_eq!(grant.made_on, None, "by the vendor");
            world.ok(1, &capture(45));
            assert_eq!(world.leased(1, 45).unwrap().seats.total, 3);
        }
    }

    #[test]
    fn what_nobody_sells_or_nobody_has_is_not_granted() {
        let cases = [('A', 999, "999"), ('Z', 81, "MIKO-*****")];
        for (letter, product, says) in cases {
            let mut world = World::registered(1);
            let before = world.rows.clone();
            let outcome =
                world.change(|draft| add(draft, &number(letter), ProductId(product), 1, None, &drawn(1)));
            assert!(outcome.unwrap_err().to_string().contains(says));
            assert_eq!(world.rows, before);
        }
    }

    #[test]
    fn when_a_grant_is_ended_the_seats_above_what_is_left_stop_counting() {
        let mut world = World::registered(1);
        granted(&mut world, 1, None);
        let second = granted(&mut world, 1, Some(30));
        world.ok(2, &Call::Activate { number: number('A') });
        for host in [1, 2] {
            world.ok(host, &capture(45));
        }
        let ended = world.change(|draft| end(draft, &second.id)).unwrap();
        assert_eq!((ended.live, ended.ends_at), (false, Some(NOW)));
        assert_eq!(world.refusal_of(1, 45), None);
        assert_eq!(world.refusal_of(2, 45), Some(Code::NO_LICENSE));
        assert_eq!(world.change(|draft| end(draft, &second.id)), Err(Unable::GrantOver));
        assert_eq!(world.change(|draft| end(draft, "nothing")), Err(Unable::UnknownGrant));
    }

    #[test]
    fn a_trial_can_be_ended_and_is_spent_then() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        let id = world.rows.grants.last().unwrap().id.clone();
        assert_eq!(list(&world.rows, &number('A'), NOW).unwrap()[1].days_left, Some(30));
        world.change(|draft| end(draft, &id)).unwrap();
        assert_eq!(world.refusal_of(1, 45), Some(Code::EXPIRED));
        assert_eq!(world.refused(1, &trial(81)).code(), Some(Code::EXPIRED));
    }

    #[test]
    fn the_list_begins_with_what_counts_longest() {
        let mut world = World::registered(1);
        let ended = granted(&mut world, 1, Some(1));
        world.now.0 += 10 * DAY;
        granted(&mut world, 2, Some(5));
        let listed = list(&world.rows, &number('A'), world.now).unwrap();
        let shown: Vec<_> = listed.iter().map(|grant| (grant.product.0, grant.seats, grant.live)).collect();
        assert_eq!(shown, [(11, 1, true), (81, 2, true), (81, 1, false)]);
        assert_eq!(listed[2].id, ended.id);
        assert!(list(&world.rows, &number('Z'), world.now).is_err());
    }
}
