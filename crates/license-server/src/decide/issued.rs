//! Coupons that were issued, by the vendor's word: shown, blocked, unblocked, their use taken back.

use license_core::crypto::KeyId;
use license_types::{Coupon, ProductId, RegistrationNumber, UnixTime};
use serde::Serialize;

use super::{
    CouponMode, CouponRow, Draft, GrantRow, Rows, UsedDays, Write, coupon_digest, term,
    vendor::{Edit, Unable},
};

/// What is shown of the digest of a coupon: what the log has of it.
pub(super) const DIGEST_SHOWN: usize = 16;

/// How a coupon stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It can be used.
    Unused,
    /// It was used, whether or not it was blocked later.
    Used,
    /// It cannot be used.
    Blocked,
}

impl Standing {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Used => "used",
            Self::Blocked => "blocked",
        }
    }
}

impl CouponRow {
    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (&self.used, self.blocked) {
            (Some(_), _) => Standing::Used,
            (None, true) => Standing::Blocked,
            (None, false) => Standing::Unused,
        }
    }
}

/// A coupon as the vendor sees it; it was shown when it was issued and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedCoupon {
    /// The start of its digest.
    pub digest: String,
    /// The product that it gives.
    pub product: ProductId,
    /// Its name.
    pub product_name: String,
    /// The seats.
    pub seats: u32,
    /// The days.
    pub days: u32,
    /// Whether its days are added to what the number has.
    pub extend: bool,
    /// What it was issued with.
    pub batch: Option<String>,
    /// When it was issued.
    pub issued_at: UnixTime,
    /// How it stands.
    pub state: Standing,
    /// Whether it was blocked; where it was used before, that changes nothing.
    pub blocked: bool,
    /// How it was used.
    pub used: Option<ListedUse>,
}

/// The use of a coupon as the vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedUse {
    /// When.
    pub at: UnixTime,
    /// The number, masked.
    pub number: String,
    /// The id of the host's key; `None` if it was used in another system.
    pub host: Option<KeyId>,
    /// The grant that it made or extended; `None` if it was used in another system.
    pub grant: Option<String>,
}

impl ListedCoupon {
    /// `number` is that of the customer who used it.
    #[must_use]
    pub fn of(row: &CouponRow, product_name: String, number: Option<&RegistrationNumber>) -> Self {
        Self {
            digest: shown(&row.digest).to_owned(),
            product: row.product,
            product_name,
            seats: row.seats,
            days: row.days,
            extend: row.mode == CouponMode::Extend,
            batch: row.batch.clone(),
            issued_at: row.issued_at,
            state: row.standing(),
            blocked: row.blocked,
            used: row.used.as_ref().map(|used| ListedUse {
                at: used.at,
                number: number.map(RegistrationNumber::masked).unwrap_or_default(),
                host: used.here.as_ref().map(|here| here.host.id()),
                grant: used.here.as_ref().map(|here| here.grant.clone()),
            }),
        }
    }
}

/// What is shown of a digest.
#[must_use]
pub fn shown(digest: &str) -> &str {
    digest.get(..DIGEST_SHOWN).unwrap_or(digest)
}

/// The coupon that was wanted.
fn found<'r>(rows: &'r Rows, coupon: &Coupon) -> Result<&'r CouponRow, Unable> {
    let row = rows.coupon.as_ref().filter(|row| row.digest == coupon_digest(coupon));
    row.ok_or_else(|| Unable::UnknownCoupon { masked: coupon.masked() })
}

/// One coupon.
pub fn show(rows: &Rows, coupon: &Coupon) -> Result<ListedCoupon, Unable> {
    let row = found(rows, coupon)?;
    let customer = row.used.as_ref().and_then(|used| rows.customer(&used.customer));
    let name = rows.catalogue.product_name(row.product);
    Ok(ListedCoupon::of(row, name, customer.map(|customer| &customer.number)))
}

/// Blocks a coupon or lets it be used again; `true` if it was used before, which goes on.
pub fn block(draft: &mut Draft, coupon: &Coupon, blocked: bool) -> Result<bool, Unable> {
    let row = found(&draft.rows, coupon)?;
    let (digest, is_used) = (row.digest.clone(), row.used.is_some());
    if row.blocked != blocked {
        draft.write(Write::Edit(Edit::SetBlocked { digest, blocked }));
    }
    Ok(is_used)
}

/// What blocking a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BlockedBatch {
    /// Coupons that are blocked now and were not before, or the other way round.
    pub changed: usize,
    /// Coupons that were used before: what they gave goes on.
    pub used: usize,
    /// All coupons of the batch.
    pub total: usize,
}

/// Blocks what was not used of a batch, or unblocks all of it: a block on what was used would come into
/// force again with its use taken back.
pub fn block_batch(draft: &mut Draft, batch: &str, blocked: bool) -> Result<BlockedBatch, Unable> {
    let rows = draft.rows.batch.clone();
    if rows.is_empty() {
        return Err(Unable::UnknownBatch { batch: batch.to_owned() });
    }
    let changed: Vec<String> = rows
        .iter()
        .filter(|row| (row.used.is_none() || !blocked) && row.blocked != blocked)
        .map(|row| row.digest.clone())
        .collect();
    let outcome = BlockedBatch {
        changed: changed.len(),
        used: rows.iter().filter(|row| row.used.is_some()).count(),
        total: rows.len(),
    };
    for digest in changed {
        draft.write(Write::Edit(Edit::SetBlocked { digest, blocked }));
    }
    Ok(outcome)
}

/// What the use of a coupon gave, after it was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The number that used it, masked.
    pub number: String,
    /// The grant that it made or extended.
    pub grant: String,
    /// When that grant ends now; `None` is never.
    pub ends_at: Option<UnixTime>,
    /// Whether the coupon is blocked, and cannot be used before it is unblocked.
    pub blocked: bool,
}

/// Takes the use of a coupon back: its grant ends now, or is as much shorter as the coupon made it longer.
/// It can be used again then, unless it is blocked.
pub fn undo(draft: &mut Draft, coupon: &Coupon) -> Result<Undone, Unable> {
    let row = found(&draft.rows, coupon)?.clone();
    let used = row.used.as_ref().ok_or(Unable::CouponUnused)?;
    let rows = &draft.rows;
    let here = used.here.as_ref().ok_or(Unable::CouponUsedElsewhere)?;
    let grant = rows.grants.iter().find(|grant| grant.id == here.grant).ok_or(Unable::UnknownGrant)?.clone();
    let number = rows.customer(&used.customer).map(|customer| customer.number.masked()).unwrap_or_default();
    let (ends_at, used_days) = without(&grant, &row, draft.now);
    let (blocked, digest, customer) = (row.blocked, row.digest, used.customer.clone());
    draft.write(Write::Edit(Edit::UndoCoupon { digest, customer, grant: grant.id.clone() }));
    if (ends_at, used_days) != (grant.ends_at, grant.used_days) {
        let (grant, customer) = (grant.id.clone(), grant.customer);
        draft.write(Write::SetEnd { grant, customer, ends_at, used_days });
    }
    Ok(Undone { number, grant: grant.id, ends_at, blocked })
}

/// The end of a grant without the days of a coupon. What is over stays as it is.
fn without(grant: &GrantRow, coupon: &CouponRow, now: UnixTime) -> (Option<UnixTime>, Option<UsedDays>) {
    let here = coupon.used.as_ref().and_then(|used| used.here.as_ref());
    let made = here.is_some_and(|here| here.made);
    // Once it was extended, other days than the coupon's are left.
    let is_all_of_it = made && grant.ends_at == Some(term::ends_after(coupon.days, grant.made_at));
    match (grant.ends_at, grant.used_days) {
        (None, _) => (None, grant.used_days),
        (Some(_), _) if !grant.is_live(now) => (grant.ends_at, grant.used_days),
        (Some(_), _) if is_all_of_it => (Some(now), None),
        (Some(_), Some(rest)) => {
            let left = rest.left.saturating_sub(coupon.days);
            (Some(term::ends_after(left, rest.counted_at)), Some(UsedDays { left, ..rest }))
        }
        (Some(end), None) => (Some(term::shortened(end, coupon.days)), None),
    }
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;
    use license_types::Code;

    use super::{
        super::testing::{NOW, World, coupon, number, trial},
        *,
    };

    const DAY: i64 = 24 * 3600;

    fn use_coupon(letter: char) -> Call {
        Call::Coupon { coupon: coupon(letter) }
    }

    #[test]
    fn a_coupon_shows_how_it_stands() {
        let mut world = World::registered(1);
        for letter in ['U', 'B', 'N'] {
            world.issue(letter, 81, 2, 10);
        }
        world.ok(1, &use_coupon('U'));
        for letter in ['U', 'B'] {
            world.change_coupon(letter, |draft| block(draft, &coupon(letter), true)).unwrap();
        }
        let cases = [('U', Standing::Used), ('B', Standing::Blocked), ('N', Standing::Unused)];
        for (letter, state) in cases {
            let shown = world.change_coupon(letter, |draft| show(&draft.rows, &coupon(letter))).unwrap();
            assert_eq!((shown.state, shown.seats, shown.days), (state, 2, 10), "{letter}");
            let used = shown.used.map(|used| (used.at, used.number));
            assert_eq!(used, (letter == 'U').then(|| (NOW, number('A').masked())), "{letter}");
        }
        let unknown = world.change_coupon('Z', |draft| show(&draft.rows, &coupon('Z')));
        assert_eq!(unknown, Err(Unable::UnknownCoupon { masked: coupon('Z').masked() }));
    }

    #[test]
    fn a_blocked_coupon_can_be_used_when_it_is_unblocked() {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 10);
        world.change_coupon('A', |draft| block(draft, &coupon('A'), true)).unwrap();
        assert_eq!(world.refused(1, &use_coupon('A')).code(), Some(Code::COUPON_BLOCKED));
        let was_used = world.change_coupon('A', |draft| block(draft, &coupon('A'), false)).unwrap();
        assert!(!was_used);
        world.ok(1, &use_coupon('A'));
    }

    #[test]
    fn of_a_batch_what_was_not_used_is_blocked() {
        let mut world = World::registered(1);
        for letter in ['A', 'B', 'C'] {
            world.issue(letter, 81, 1, 10);
        }
        world.ok(1, &use_coupon('A'));
        let cases = [(true, 2), (true, 0), (false, 2)];
        for (blocked, changed) in cases {
            let outcome = world.change_batch(|draft| block_batch(draft, "b", blocked)).unwrap();
            assert_eq!(outcome, BlockedBatch { changed, used: 1, total: 3 }, "{blocked}");
        }
        // One that was used and blocked by itself: with its use taken back it would stay blocked.
        world.change_coupon('A', |draft| block(draft, &coupon('A'), true)).unwrap();
        let outcome = world.change_batch(|draft| block_batch(draft, "b", false)).unwrap();
        assert_eq!(outcome, BlockedBatch { changed: 1, used: 1, total: 3 });
        world.ok(1, &use_coupon('B'));
        let none = world.change(|draft| block_batch(draft, "b", true));
        assert_eq!(none, Err(Unable::UnknownBatch { batch: "b".to_owned() }));
    }

    #[test]
    fn the_use_of_a_coupon_is_taken_back() {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 10);
        world.ok(1, &use_coupon('A'));
        let undone = world.change_coupon('A', |draft| undo(draft, &coupon('A'))).unwrap();
        assert_eq!((undone.number, undone.ends_at), (number('A').masked(), Some(NOW)));
        assert_eq!(world.refusal_of(1, 45), Some(Code::EXPIRED));
        let last: Vec<_> = world.log.iter().rev().take(2).map(|line| line.deed.as_str()).collect();
        assert_eq!(last, ["end_changed", "coupon_undone"]);
        let again = world.change_coupon('A', |draft| undo(draft, &coupon('A')));
        assert_eq!(again, Err(Unable::CouponUnused));
        world.ok(1, &use_coupon('A'));
        assert_eq!(world.refusal_of(1, 45), None, "it can be used again");
    }

    #[test]
    fn a_coupon_that_was_blocked_after_its_use_stays_blocked_without_it() {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 10);
        world.ok(1, &use_coupon('A'));
        world.change_coupon('A', |draft| block(draft, &coupon('A'), true)).unwrap();
        assert!(world.change_coupon('A', |draft| undo(draft, &coupon('A'))).unwrap().blocked);
        assert_eq!(world.refused(1, &use_coupon('A')).code(), Some(Code::COUPON_BLOCKED));
        world.change_coupon('A', |draft| block(draft, &coupon('A'), false)).unwrap();
        world.ok(1, &use_coupon('A'));
        assert!(!world.change_coupon('A', |draft| undo(draft, &coupon('A'))).unwrap().blocked);
    }

    /// Host 1 uses coupons one after the other; the last end is what undoing the named one leaves.
    #[test]
    fn the_days_of_a_coupon_are_what_is_taken_back() {
        // Coupons with their days and whether they extend, days that pass, which one is undone, the end.
        type Case = (&'static str, &'static [(char, u32, bool)], i64, char, UnixTime);

        let paid = |days: u32| term::ends_after(days, NOW);
        let cases: [Case; 4] = [
            ("an extension", &[('A', 10, false), ('B', 5, true)], 2, 'B', paid(10)),
            ("what was extended", &[('A', 10, false), ('B', 5, true)], 2, 'A', paid(5)),
            ("an extension without anything to extend", &[('B', 5, true)], 2, 'B', UnixTime(NOW.0 + 2 * DAY)),
            ("what is over already", &[('A', 10, false)], 20, 'A', paid(10)),
        ];
        for (name, coupons, days, undone, end) in cases {
            let mut world = World::registered(1);
            for (letter, days, extends) in coupons {
                let mode = if *extends { CouponMode::Extend } else { CouponMode::Add };
                world.issue_as(*letter, 81, 1, *days, mode);
                world.ok(1, &use_coupon(*letter));
            }
            world.now.0 += days * DAY;
            let outcome = world.change_coupon(undone, |draft| undo(draft, &coupon(undone))).unwrap();
            assert_eq!(outcome.ends_at, Some(end), "{name}");
            assert_eq!(world.rows.grants.last().unwrap().ends_at, Some(end), "{name}");
        }
    }

    #[test]
    fn of_a_trial_the_days_that_were_added_are_taken_back() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.issue_as('A', 81, 1, 15, CouponMode::Extend);
        world.ok(1, &use_coupon('A'));
        assert_eq!(world.rows.grants.last().unwrap().used_days.unwrap().left, 45);
        world.change_coupon('A', |draft| undo(draft, &coupon('A'))).unwrap();
        assert_eq!(world.rows.grants.last().unwrap().used_days.unwrap().left, 30);
    }
}
