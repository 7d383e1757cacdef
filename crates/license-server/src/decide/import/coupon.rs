//! Coupons.

use license_types::{ProductId, RegistrationNumber, UnixTime};

use super::{
    super::{
        CouponMode, CouponRow, CouponUse, Draft, Write,
        issued::Standing,
        vendor::{heir, sold},
    },
    Misfit, Outcome, Reason, at,
};

/// A coupon as the other system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Its digest.
    pub digest: String,
    /// The product that it gives.
    pub product: ProductId,
    /// The seats.
    pub seats: u32,
    /// The days.
    pub days: u32,
    /// What its days are added to.
    pub mode: CouponMode,
    /// What it was issued with.
    pub batch: Option<String>,
    /// When it was issued.
    pub issued_at: Option<UnixTime>,
    /// How it stands there.
    pub state: State,
}

/// How a coupon stands in the other system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It can be used.
    Unused,
    /// It cannot be used.
    Blocked,
    /// It was used. What it gave is a grant of the number, and imported as one.
    Used {
        /// By whom.
        number: RegistrationNumber,
        /// When.
        at: Option<UnixTime>,
    },
}

impl State {
    fn standing(&self) -> Standing {
        match self {
            Self::Unused => Standing::Unused,
            Self::Blocked => Standing::Blocked,
            Self::Used { .. } => Standing::Used,
        }
    }
}

/// Takes a coupon over, once. The coupon and its user are among the rows, if they are known.
pub fn coupon(draft: &mut Draft, record: &Coupon) -> Result<Outcome, Misfit> {
    sold(&draft.rows, record.product).map_err(|unable| at("product", unable))?;
    let used = match &record.state {
        State::Unused | State::Blocked => None,
        State::Used { number, at: when } => {
            let customer = heir(&draft.rows, number).map_err(|unable| at("number", unable))?.id.clone();
            Some(CouponUse { at: when.unwrap_or(draft.now), customer, here: None })
        }
    };
    if let Some(row) = draft.rows.batch.iter().find(|row| row.digest == record.digest) {
        let (product, seats, days) = (row.product, row.seats, row.days);
        if (product, seats, days, row.mode) != (record.product, record.seats, record.days, record.mode) {
            return Err(at("coupon", Reason::OtherCoupon { seats, product, days }));
        }
        let is_same = row.standing() == record.state.standing();
        return Ok(if is_same { Outcome::Same } else { Outcome::Kept });
    }
    draft.write(Write::AddCoupon(CouponRow {
        digest: record.digest.clone(),
        product: record.product,
        seats: record.seats,
        days: record.days,
        mode: record.mode,
        issued_at: record.issued_at.unwrap_or(draft.now),
        blocked: record.state == State::Blocked,
        batch: record.batch.clone(),
        used: None,
    }));
    if let Some(used) = used {
        draft.write(Write::UseCoupon { digest: record.digest.clone(), used });
    }
    Ok(Outcome::Added)
}
