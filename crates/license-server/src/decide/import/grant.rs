//! Grants.

use license_core::crypto::sha256_hex;
use license_types::{ProductId, RegistrationNumber, UnixTime};

use super::{
    super::{
        Draft, GrantRow, UsedDays, Write, term,
        vendor::{heir, sold},
    },
    Misfit, Outcome, Reason, at,
};

/// What a number holds, as the other system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The number.
    pub number: RegistrationNumber,
    /// What the other system calls it.
    pub id: String,
    /// The product.
    pub product: ProductId,
    /// Seats of each feature of the product.
    pub seats: u32,
    /// Whether it is a trial.
    pub trial: bool,
    /// Until when.
    pub term: Term,
}

/// Until when a grant counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// For ever.
    Forever,
    /// To this time.
    Until(UnixTime),
    /// For so many days of use.
    DaysLeft(u32),
}

impl Grant {
    /// Its id here: the same for the same id there, so that a repeated import finds it wherever its customer
    /// went.
    #[must_use]
    pub fn id_here(&self) -> String {
        sha256_hex(format!("imported grant\0{}", self.id).as_bytes())[..32].to_owned()
    }
}

/// Takes a grant over, once, also where its number is a former one. One that ended is taken over too: its number is told that it expired, and a
/// trial is not given again.
pub fn grant(draft: &mut Draft, record: &Grant) -> Result<Outcome, Misfit> {
    let customer = heir(&draft.rows, &record.number).map_err(|unable| at("number", unable))?.id.clone();
    sold(&draft.rows, record.product).map_err(|unable| at("product", unable))?;
    let (ends_at, used_days) = match (record.term, record.trial) {
        (Term::Forever, false) => (None, None),
        (Term::Until(end), _) => (Some(end), None),
        (Term::DaysLeft(left), true) => {
            (Some(term::ends_after(left, draft.now)), Some(UsedDays { left, counted_at: draft.now }))
        }
        (Term::Forever, true) => return Err(at("ends", Reason::EndlessTrial)),
        (Term::DaysLeft(_), false) => return Err(at("days_left", Reason::CountedPaid)),
    };
    let id = record.id_here();
    if let Some(row) = draft.rows.grants.iter().find(|row| row.id == id) {
        if row.customer != customer {
            let owner = draft.rows.customer(&row.customer);
            let here = owner.map(|owner| owner.number.masked()).unwrap_or_default();
            return Err(at("number", Reason::OtherNumber { here }));
        }
        let (product, seats) = (row.product, row.seats);
        if (product, seats, row.trial) != (record.product, record.seats, record.trial) {
            return Err(at("id", Reason::OtherTerms { seats, product }));
        }
        let left = |rest: Option<UsedDays>| rest.map(|rest| rest.left);
        let is_same =
            left(row.used_days) == left(used_days) && (used_days.is_some() || row.ends_at == ends_at);
        return Ok(if is_same { Outcome::Same } else { Outcome::Kept });
    }
    draft.write(Write::AddGrant(GrantRow {
        id,
        customer,
        product: record.product,
        seats: record.seats,
        trial: record.trial,
        made_on: None,
        made_at: draft.now,
        ends_at,
        used_days,
    }));
    Ok(Outcome::Added)
}
