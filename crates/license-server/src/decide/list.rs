//! The list of bindings: who holds which seat of a number.

use license_core::crypto::KeyId;
use license_types::{FeatureId, Holder, ProductId, RegistrationNumber, SessionId, UnixTime};
use serde::Serialize;

use super::{Rows, SeatRow};

/// A captured seat as the vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The seat.
    pub session: SessionId,
    /// The feature.
    pub feature: FeatureId,
    /// Its name.
    pub feature_name: String,
    /// The product that gives it.
    pub product: Option<ProductId>,
    /// The user, for a per-user feature.
    pub holder: Option<Holder>,
    /// The id of the host's key.
    pub host: KeyId,
    /// The serial of the host's last statement.
    pub serial: u64,
    /// Since when.
    pub captured_at: UnixTime,
    /// The host's last call.
    pub last_seen: UnixTime,
    /// Whether the license pays for it.
    pub state: State,
}

/// Whether a captured seat counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A live grant pays for it.
    Live,
    /// Every grant ended.
    Expired,
    /// Some grants ended, and the seats that are left are taken by others.
    Surplus,
}

/// The captured seats of a number, in an order that stays; `None` if nobody has the number.
#[must_use]
pub fn list(rows: &Rows, number: &RegistrationNumber, now: UnixTime) -> Option<Vec<Listed>> {
    let customer = rows.customer_by_number(number)?;
    let mut seats: Vec<&SeatRow> = rows.seats.iter().filter(|seat| seat.customer == customer.id).collect();
    seats.sort_by_key(|seat| (seat.captured_at, seat.feature, seat.slot));
    let listed = seats.into_iter().filter_map(|seat| {
        let host = rows.host(&rows.binding_of(seat)?.host)?;
        let pool = rows.pool(&customer.id, seat.feature, now);
        let state = match &pool {
            Some(pool) if pool.counts(seat) => State::Live,
            Some(pool) if !pool.is_over() => State::Surplus,
            Some(_) | None => State::Expired,
        };
        Some(Listed {
            session: seat.session.clone(),
            feature: seat.feature,
            feature_name: rows.catalogue.feature_name(seat.feature),
            product: pool.and_then(|pool| Some(pool.grants.first()?.product)),
            holder: seat.holder.clone(),
            host: host.key.id(),
            serial: host.serial,
            captured_at: seat.captured_at,
            last_seen: host.last_seen,
            state,
        })
    });
    Some(listed.collect())
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;

    use super::{
        super::testing::{NOW, World, coupon, key, number, trial},
        *,
    };

    #[test]
    fn the_list_says_which_seats_the_license_pays_for() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.issue('A', 96, 1, 100);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        world.now.0 += 50 * 24 * 3600;
        let listed = list(&world.rows, &number('A'), world.now).unwrap();
        let states: Vec<_> = listed.iter().map(|seat| (seat.feature.0, seat.product, seat.state)).collect();
        let expected = [
            (33, Some(ProductId(11)), State::Live),
            (45, Some(ProductId(81)), State::Expired),
            (50, Some(ProductId(96)), State::Live),
        ];
        assert_eq!(states, expected);
        assert!(listed.iter().all(|seat| seat.host == key(1).id() && seat.last_seen == NOW));
    }
}
