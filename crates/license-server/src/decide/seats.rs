//! Seats: how many a feature has, who holds them, capture and release.

use std::{cmp::Reverse, time::Duration};

use license_core::api::MAX_ANSWER_BODY;
use license_texts::text;
use license_types::{Code, FeatureId, Holder, Seats, SessionId, UnixTime};

use super::{BindingId, BindingRow, CustomerId, Desk, GrantRow, Refusal, Rows, SeatRow, Write};

/// How long a dropped host that was told stays barred from the seat, so that its hourly check does not
/// take back what a person is about to use elsewhere (design, section 7).
const BARRED_AFTER_TOLD: Duration = Duration::from_hours(24);

/// The most bytes that seats of users take in one host's statement: half of what a statement may have, which is
/// three quarters of [`MAX_ANSWER_BODY`] in base64. Some 20,000 seats with names of 20 letters. The other half is
/// for the features.
const MAX_USERS_LEN: usize = MAX_ANSWER_BODY / 4 * 3 / 2;

/// A user's seat in a statement as JSON: its names, its session, and the holder with what is escaped.
fn seat_len(holder: &Holder) -> usize {
    const WITHOUT_HOLDER: usize = r#"{"session":"0123456789abcdef0123456789abcdef","holder":""},"#.len();
    WITHOUT_HOLDER
        + holder.as_str().bytes().map(|byte| 1 + usize::from(matches!(byte, b'"' | b'\\'))).sum::<usize>()
}

/// One feature of a number: its grants and its seats.
pub(super) struct Pool<'r> {
    /// In the order in which their seats are used: live, paid before trial, latest end first.
    pub(super) grants: Vec<&'r GrantRow>,
    /// Seats of all live grants.
    pub(super) total: u32,
    /// Captured ones, by slot.
    pub(super) seats: Vec<&'r SeatRow>,
    live: usize,
}

impl Rows {
    /// The feature of a customer; `None` if no grant ever gave it.
    pub(super) fn pool(&self, customer: &CustomerId, feature: FeatureId, now: UnixTime) -> Option<Pool<'_>> {
        let gives = |grant: &&GrantRow| {
            let product = self.catalogue.product(grant.product);
            grant.customer == *customer && product.is_some_and(|product| product.features.contains(&feature))
        };
        let mut grants: Vec<&GrantRow> = self.grants.iter().filter(gives).collect();
        if grants.is_empty() {
            return None;
        }
        grants.sort_by_key(|grant| (!grant.is_live(now), grant.trial, Reverse(end(grant))));
        let live = grants.iter().take_while(|grant| grant.is_live(now)).count();
        let total = grants[..live].iter().fold(0_u32, |sum, grant| sum.saturating_add(grant.seats));
        let is_mine = |seat: &&SeatRow| seat.customer == *customer && seat.feature == feature;
        let mut seats: Vec<&SeatRow> = self.seats.iter().filter(is_mine).collect();
        seats.sort_by_key(|seat| seat.slot);
        Some(Pool { grants, total, seats, live })
    }

    /// The first slot of a customer's feature that nobody holds, whether or not a grant pays for it.
    pub(super) fn first_gap(&self, customer: &CustomerId, feature: FeatureId) -> u32 {
        let is_it = |seat: &&SeatRow| seat.customer == *customer && seat.feature == feature;
        let mut seats: Vec<&SeatRow> = self.seats.iter().filter(is_it).collect();
        seats.sort_by_key(|seat| seat.slot);
        gap(&seats)
    }

    /// Whether users take the feature's seats, and not hosts.
    pub(super) fn is_per_user(&self, feature: FeatureId) -> bool {
        self.catalogue.feature(feature).is_some_and(|feature| feature.per_user)
    }
}

/// The first slot that is free among seats in their order.
fn gap(seats: &[&SeatRow]) -> u32 {
    let gap = seats.iter().zip(0..).find(|(seat, slot)| seat.slot != *slot);
    gap.map_or_else(|| u32::try_from(seats.len()).unwrap_or(u32::MAX), |(_, slot)| slot)
}

/// The end of a grant, in an order in which "never" is the last.
pub(super) fn end(grant: &GrantRow) -> UnixTime {
    grant.ends_at.unwrap_or(UnixTime(i64::MAX))
}

impl<'r> Pool<'r> {
    /// The grants that count.
    pub(super) fn live(&self) -> &[&'r GrantRow] {
        &self.grants[..self.live]
    }

    /// Whether every grant ended.
    pub(super) fn is_over(&self) -> bool {
        self.live == 0
    }

    /// Total and captured.
    pub(super) fn counted(&self) -> Seats {
        Seats { total: self.total, captured: u32::try_from(self.seats.len()).unwrap_or(u32::MAX) }
    }

    /// The first slot that is free, if a seat is: where grants ended, more may be captured than there are.
    pub(super) fn free_slot(&self) -> Option<u32> {
        if !self.counted().is_free() {
            return None;
        }
        Some(gap(&self.seats))
    }

    /// Whether a captured seat is one of those that live grants pay for.
    pub(super) fn counts(&self, seat: &SeatRow) -> bool {
        self.seats.iter().zip(0..self.total).any(|(counted, _)| counted.session == seat.session)
    }

    /// The seats of a binding.
    pub(super) fn held_by(&self, binding: &BindingId) -> impl Iterator<Item = &'r SeatRow> {
        self.seats.iter().copied().filter(move |seat| seat.binding == *binding)
    }

    /// How many of a grant's seats are taken, if the grants are used up one after the other.
    pub(super) fn captured_of(&self, grant: &GrantRow) -> u32 {
        let mut rest = self.counted().captured;
        for used in self.live() {
            let taken = rest.min(used.seats);
            if used.id == grant.id {
                return taken;
            }
            rest -= taken;
        }
        0
    }

    /// Why a host with that binding may not use the feature; `None` if it may. A per-user feature is
    /// open to the host as long as there are seats: its users hold them.
    pub(super) fn refusal(&self, binding: &BindingId, per_user: bool) -> Option<Code> {
        if self.is_over() {
            Some(Code::EXPIRED)
        } else if per_user || self.held_by(binding).any(|seat| self.counts(seat)) {
            None
        } else {
            Some(Code::NO_LICENSE)
        }
    }
}

impl Desk<'_> {
    /// `reclaim` is a person's word: it brings a host that lost its number back and lifts the bar.
    pub(super) fn capture(
        &mut self,
        feature: FeatureId,
        holder: Option<&Holder>,
        reclaim: bool,
    ) -> Result<(BindingRow, SessionId), Refusal> {
        self.require_current()?;
        self.restore();
        let binding = if reclaim {
            let customer = self.bound_or_ousted(Refusal::NoNumber)?;
            self.bind(&customer)
        } else {
            self.bound(Refusal::NoNumber)?
        };
        if reclaim {
            self.lift_bar(&binding.customer, feature);
        } else if self.is_barred(&binding.customer, feature) {
            return Err(Refusal::Barred { feature });
        }
        let session = self.take(&binding, feature, holder)?;
        Ok((binding, session))
    }

    /// A seat that this host gave back already is no fault: the answer may have been lost.
    pub(super) fn release(&mut self, session: &SessionId) -> Result<BindingRow, Refusal> {
        self.require_current()?;
        self.restore();
        let binding = self.bound(Refusal::NoNumber)?;
        let seat = self.draft.rows.seat.as_ref().filter(|seat| seat.session == *session);
        let was_mine = |seat: &SeatRow| {
            let mut bindings = self.draft.rows.bindings.iter();
            bindings.any(|row| row.host == self.asked.host && row.id == seat.binding)
        };
        let restored = self.draft.rows.seats.iter().find(|seat| seat.session == *session);
        let seat = restored.or(seat).filter(|seat| was_mine(seat)).ok_or(Refusal::UnknownSeat)?;
        if seat.freed_at.is_none() {
            let (customer, feature) = (seat.customer.clone(), seat.feature);
            let (session, at) = (session.clone(), self.now);
            self.write(Write::FreeSeat { session, customer, feature, at });
        }
        Ok(binding)
    }

    /// The seat of this binding: the one that it holds, else a free one.
    pub(super) fn take(
        &mut self,
        binding: &BindingRow,
        feature: FeatureId,
        holder: Option<&Holder>,
    ) -> Result<SessionId, Refusal> {
        let product = self.draft.rows.catalogue.product_with(feature);
        // Of a feature that is counted by host, the seat is the host's, whoever asks for it.
        let holder = holder.filter(|_| self.draft.rows.is_per_user(feature));
        let pool = self.draft.rows.pool(&binding.customer, feature, self.now);
        let pool = pool.ok_or(Refusal::NotLicensed { feature, product })?;
        let product = pool.grants.first().map(|grant| grant.product);
        if pool.is_over() {
            return Err(Refusal::Expired { feature, product });
        }
        let held = pool.held_by(&binding.id).find(|seat| seat.holder.as_ref() == holder);
        if let Some(seat) = held.filter(|seat| pool.counts(seat)) {
            return Ok(seat.session.clone());
        }
        let free = pool.free_slot().filter(|_| held.is_none());
        let slot = free.ok_or(Refusal::NoSeatFree { feature, product })?;
        if holder.is_some_and(|holder| self.users_len(binding) + seat_len(holder) > MAX_USERS_LEN) {
            return Err(Refusal::TooManyUsers { feature });
        }
        let session = SessionId(self.drawn.id(&format!("seat {feature} {holder:?}")));
        self.seat(binding, feature, slot, holder.cloned(), session.clone());
        Ok(session)
    }

    /// The length in a statement of all seats that the binding holds for users.
    fn users_len(&self, binding: &BindingRow) -> usize {
        let mine = self.draft.rows.seats.iter().filter(|seat| seat.binding == binding.id);
        mine.filter_map(|seat| seat.holder.as_ref()).map(seat_len).sum()
    }

    /// Takes a free slot. Whoever was dropped from this feature may compete for its seats again.
    pub(super) fn seat(
        &mut self,
        binding: &BindingRow,
        feature: FeatureId,
        slot: u32,
        holder: Option<Holder>,
        session: SessionId,
    ) {
        self.write(Write::TakeSeat(SeatRow {
            session,
            customer: binding.customer.clone(),
            feature,
            slot,
            binding: binding.id.clone(),
            holder,
            captured_at: self.now,
            freed_at: None,
            unproved: false,
        }));
        let is_about = |bar: &&super::BarRow| bar.customer == binding.customer && bar.feature == feature;
        let dropped: Vec<_> = self.draft.rows.bars.iter().filter(is_about).map(|bar| bar.host).collect();
        for host in dropped {
            self.write(Write::LiftBar { host, customer: binding.customer.clone(), feature });
        }
    }

    /// Takes the host's own seat where one is free, and says so where none is.
    pub(super) fn take_or_warn(&mut self, binding: &BindingRow, feature: FeatureId) {
        if self.take(binding, feature, None).is_err() {
            let name = self.draft.rows.catalogue.feature_name(feature);
            self.warnings.push(text!("server-warning-no-seat", name = name, feature = feature));
        }
    }

    pub(super) fn lift_bar(&mut self, customer: &CustomerId, feature: FeatureId) {
        let host = self.asked.host;
        let is_it = |bar: &super::BarRow| (&bar.customer, bar.host, bar.feature) == (customer, host, feature);
        if self.draft.rows.bars.iter().any(is_it) {
            self.write(Write::LiftBar { host, customer: customer.clone(), feature });
        }
    }

    fn is_barred(&self, customer: &CustomerId, feature: FeatureId) -> bool {
        self.draft.rows.bars.iter().any(|bar| {
            let over = bar.told_at.is_some_and(|told| self.now >= told.saturating_add(BARRED_AFTER_TOLD));
            bar.customer == *customer && bar.host == self.asked.host && bar.feature == feature && !over
        })
    }
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;

    use super::{
        super::testing::{NOW, World, capture, coupon, number},
        *,
    };

    const DAY: i64 = 24 * 3600;

    fn reclaim(feature: u32) -> Call {
        Call::Capture { feature: FeatureId(feature), holder: None, reclaim: true }
    }

    fn capture_for(feature: u32, holder: &str) -> Call {
        Call::Capture { feature: FeatureId(feature), holder: holder.parse().ok(), reclaim: false }
    }

    /// Hosts 1 to `hosts` on number A, which has `seats` of product 81 from a coupon that host 1 used.
    fn with_seats(seats: u32, hosts: u8) -> World {
        let mut world = World::registered(1);
        world.issue('A', 81, seats, 10);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        for host in 2..=hosts {
            world.ok(host, &Call::Activate { number: number('A') });
        }
        world
    }

    #[test]
    fn a_seat_is_given_while_one_is_free_and_the_same_one_again() {
        let mut world = with_seats(2, 3);
        let second = world.ok(2, &capture(45)).session.unwrap();
        assert_eq!(
            world.refused(3, &capture(45)),
            Refusal::NoSeatFree { feature: FeatureId(45), product: Some(license_types::ProductId(81)) }
        );
        assert_eq!(world.ok(2, &capture(45)).session, Some(second.clone()));
        world.ok(2, &Call::Release { session: second.clone() });
        let third = world.ok(3, &capture(45)).session.unwrap();
        assert_ne!(third, second);
    }

    #[test]
    fn a_feature_is_refused_by_what_is_wrong_with_it() {
        let cases = [
            ("sold by nobody", 99, 0, Code::NO_LICENSE),
            ("sold, but not to this number", 41, 0, Code::NO_LICENSE),
            ("expired", 45, 30 * DAY, Code::EXPIRED),
        ];
        for (name, feature, later, code) in cases {
            let mut world = with_seats(1, 1);
            world.now.0 += later;
            assert_eq!(world.refused(1, &capture(feature)).code(), Some(code), "{name}");
        }
    }

    #[test]
    fn users_share_the_seats_of_a_per_user_feature() {
        let mut world = World::registered(1);
        world.issue('A', 85, 2, 10);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        assert!(world.rows.seats.iter().all(|seat| seat.holder.is_none() && seat.feature.0 != 48));
        let first = world.ok(1, &capture_for(48, "иванов")).session;
        assert_eq!(world.ok(1, &capture_for(48, "иванов")).session, first);
        world.ok(1, &capture(48));
        assert!(matches!(world.refused(1, &capture_for(48, "петров")), Refusal::NoSeatFree { .. }));
        let by_host = world.ok(1, &capture_for(43, "иванов")).session;
        assert_eq!(world.ok(1, &capture(43)).session, by_host, "43 is counted by host");
    }

    #[test]
    fn a_host_holds_seats_for_no_more_users_than_a_statement_can_tell() {
        let mut world = World::registered(1);
        world.issue('A', 85, 100_000, 365);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        let first = world.rows.seats[0].clone();
        let holder = |user: usize| format!("{}{user:06}", "\\".repeat(Holder::MAX_BYTES - 6));
        let fit = MAX_USERS_LEN / seat_len(&holder(0).parse().unwrap());
        for user in 1..fit {
            world.rows.seats.push(SeatRow {
                session: SessionId(format!("{user:032}")),
                feature: FeatureId(48),
                slot: u32::try_from(user).unwrap(),
                holder: holder(user).parse().ok(),
                ..first.clone()
            });
        }
        let answer = world.ok(1, &capture_for(48, &holder(0)));
        let payload = serde_json::to_vec(&answer.statement.unwrap()).unwrap().len();
        assert!((MAX_USERS_LEN - 1024..MAX_USERS_LEN + 10_000).contains(&payload), "{payload}");
        let refused = world.refused(1, &capture_for(48, &holder(fit)));
        assert_eq!(refused, Refusal::TooManyUsers { feature: FeatureId(48) });
        assert_eq!(world.ok(1, &capture_for(48, &holder(0))).session, answer.session, "what it has it keeps");
        world.ok(1, &Call::Release { session: SessionId(format!("{:032}", 1)) });
        world.ok(1, &capture_for(48, &holder(fit)));
    }

    #[test]
    fn when_a_grant_ends_the_last_seats_stop_counting() {
        let mut world = with_seats(1, 3);
        world.issue('B', 81, 1, 5);
        world.ok(1, &Call::Coupon { coupon: coupon('B') });
        let first = world.ok(1, &capture(45)).session.unwrap();
        world.ok(2, &capture(45));
        world.now.0 += 7 * DAY;
        assert_eq!(world.refusal_of(2, 45), Some(Code::NO_LICENSE));
        assert_eq!(world.refusal_of(1, 45), None);
        assert!(matches!(world.refused(2, &capture(45)), Refusal::NoSeatFree { .. }));
        world.ok(1, &Call::Release { session: first });
        assert_eq!(world.refusal_of(2, 45), None, "the seat that is left counts now");
        assert!(matches!(world.refused(3, &capture(45)), Refusal::NoSeatFree { .. }));
    }

    #[test]
    fn only_ones_own_seats_can_be_released() {
        let mut world = with_seats(2, 2);
        let foreign = world.ok(1, &capture(45)).session.unwrap();
        let own = world.ok(2, &capture(45)).session.unwrap();
        assert_eq!(world.refused(2, &Call::Release { session: foreign }), Refusal::UnknownSeat);
        let unknown = SessionId("nothing".to_owned());
        assert_eq!(world.refused(2, &Call::Release { session: unknown }), Refusal::UnknownSeat);
        for _ in 0..2 {
            world.ok(2, &Call::Release { session: own.clone() });
            assert_eq!(world.rows.seats.iter().filter(|seat| seat.session == own).count(), 0);
        }
    }

    #[test]
    fn a_bar_holds_until_the_host_was_told_and_a_day_has_passed() {
        let cases = [
            ("not told, for ever so long", None, 100 * DAY, false),
            ("told just now", Some(0), 0, false),
            ("told a day ago, less a second", Some(0), DAY - 1, false),
            ("told a day ago", Some(0), DAY, true),
        ];
        for (name, told, later, free) in cases {
            let mut world = World::registered(1);
            world.drop_session(0);
            world.rows.bars[0].told_at = told.map(|after: i64| UnixTime(NOW.0 + after));
            world.now.0 += later;
            if free {
                world.ok(1, &capture(33));
            } else {
                let feature = FeatureId(33);
                assert_eq!(world.refused(1, &capture(33)), Refusal::Barred { feature }, "{name}");
                world.ok(1, &reclaim(33));
                assert_eq!(world.rows.bars, [], "{name}: a person lifts it");
            }
        }
    }

    #[test]
    fn a_host_is_told_by_any_statement_after_the_drop() {
        let mut world = World::registered(1);
        world.drop_session(0);
        world.ok(1, &Call::CheckIn);
        assert_eq!(world.rows.bars[0].told_at, Some(NOW));
        world.now.0 += DAY / 2;
        world.ok(1, &Call::CheckIn);
        assert_eq!(world.rows.bars[0].told_at, Some(NOW), "the first time counts");
    }

    #[test]
    fn when_another_host_took_the_seat_the_bar_has_done_its_work() {
        let mut world = with_seats(1, 2);
        world.drop_feature(45);
        world.ok(2, &capture(45));
        assert_eq!(world.rows.bars, []);
        assert!(matches!(world.refused(1, &capture(45)), Refusal::NoSeatFree { .. }));
    }
}
