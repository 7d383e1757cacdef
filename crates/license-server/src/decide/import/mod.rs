//! What another system knows, taken over record by record, by the rules that hold for everybody else.
//!
//! Who the customers are and what is sold is as the record says, field by field; a field that it does not
//! have stays. What numbers hold — grants, coupons, hosts — is taken over once: from then on it lives here,
//! and a second import must not take back what happened since. So an import can be repeated at any time.

mod binding;
mod catalogue;
mod coupon;
mod customer;
mod grant;

#[cfg(test)]
mod tests;

use license_types::{ProductId, UnixTime};

pub use self::{
    binding::{Binding, binding, is_recognisable},
    catalogue::{Feature, Product, feature, product},
    coupon::{Coupon, State, coupon},
    customer::{Customer, customer},
    grant::{Grant, Term, grant},
};
use super::{Refusal, term, vendor::Unable};

/// What a record comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is new here.
    Added,
    /// These columns were otherwise here.
    Changed(Vec<&'static str>),
    /// It is here just so.
    Same,
    /// It is here, something happened to it since, and it stays as it is.
    Kept,
}

impl Outcome {
    /// What was changed; [`Same`](Self::Same) if nothing was.
    fn of(changed: Vec<&'static str>) -> Self {
        if changed.is_empty() { Self::Same } else { Self::Changed(changed) }
    }
}

/// Why a record cannot be taken over, and the column that says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Misfit {
    /// The column.
    pub column: &'static str,
    /// Why.
    pub reason: Reason,
}

/// Why a record cannot be taken over; what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The same as if it was done by hand.
    #[error(transparent)]
    Unable(#[from] Unable),
    /// The number has no owner any more.
    #[error("this number was merged into {into}; leave it out")]
    Merged {
        /// The number that has everything of it, masked.
        into: String,
    },
    /// What is new has to have it.
    #[error("it is new here and must have this column")]
    Required,
    /// What cannot be changed is another one here.
    #[error("here it is {here}, and hosts rely on it; take another id")]
    Fixed {
        /// What it is here.
        here: String,
    },
    /// A grant with these terms is another grant.
    #[error(
        "the grant of this id is {seats} × product {product} here; end it with `admin grant end` and take another id"
    )]
    OtherTerms {
        /// Its seats.
        seats: u32,
        /// Its product.
        product: ProductId,
    },
    /// A grant stays with its customer.
    #[error("the grant of this id is on the number {here} here; name that number, or take another id")]
    OtherNumber {
        /// The number, masked.
        here: String,
    },
    /// A coupon is issued once.
    #[error("the coupon is for {seats} × product {product} and {days} days here; issue another one")]
    OtherCoupon {
        /// Its seats.
        seats: u32,
        /// Its product.
        product: ProductId,
        /// Its days.
        days: u32,
    },
    /// A trial has to end.
    #[error("a trial needs days_left, or an end")]
    EndlessTrial,
    /// Days of use are counted for trials.
    #[error("days of use are counted for trials alone; give an end, or trial")]
    CountedPaid,
    /// Nobody could recognise the host.
    #[error(
        "the host could not be recognised: it needs product_uuid and machine_id or board_serial, or its \
         configured host_id. Without them it takes its seats by itself when the number is activated on it"
    )]
    Unrecognisable,
    /// The number has no seat for it.
    #[error("{} The number holds too little of the feature: import its grants first", .0.problem().detail)]
    NoSeat(Refusal),
}

/// The end of what lasts to the end of a day, wherever the customer is.
#[must_use]
pub fn end_of(day: UnixTime) -> UnixTime {
    term::ends_after(0, day)
}

/// A misfit of a column.
fn at(column: &'static str, reason: impl Into<Reason>) -> Misfit {
    Misfit { column, reason: reason.into() }
}
