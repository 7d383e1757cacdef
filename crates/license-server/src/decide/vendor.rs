//! What only the vendor changes, and why a change of the vendor's comes to nothing.

use license_types::{Registration, RegistrationNumber, SessionId, UnixTime};

use super::{CustomerId, CustomerRow, Rows, log::Deed};

/// One change that only the vendor makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A customer is called otherwise.
    SetRegistration {
        /// The customer.
        customer: CustomerId,
        /// What it is called now.
        registration: Registration,
        /// What its name is compared by.
        company_key: String,
        /// What its e-mail is compared by.
        email_key: String,
        /// The names of the fields that differ.
        fields: Vec<&'static str>,
    },
    /// A customer gets another number; nobody has the old one any more.
    SetNumber {
        /// The customer.
        customer: CustomerId,
        /// The number.
        number: RegistrationNumber,
    },
    /// A number is suspended, or in order again.
    SetSuspended {
        /// The customer.
        customer: CustomerId,
        /// Since when; `None` is in order.
        since: Option<UnixTime>,
    },
    /// A captured seat goes to another customer.
    MoveSeat {
        /// The seat.
        session: SessionId,
        /// Who gets it.
        customer: CustomerId,
        /// Which of the feature's seats it is there.
        slot: u32,
    },
    /// All that a customer has but its captured seats goes to another one: grants, bindings, bars, used
    /// coupons. Nobody has its number and its e-mail any more.
    Absorb {
        /// Who has it.
        from: CustomerId,
        /// Who gets it.
        into: CustomerId,
    },
}

impl Edit {
    /// What is logged for it; `None` for what is no deed of its own.
    pub(super) fn deed(&self) -> Option<(CustomerId, Deed)> {
        match self {
            Self::SetRegistration { customer, fields, .. } => {
                Some((customer.clone(), Deed::Edited { fields: fields.clone() }))
            }
            Self::SetNumber { customer, number: _ } => Some((customer.clone(), Deed::NumberReplaced)),
            Self::SetSuspended { customer, since } => {
                let deed = if since.is_some() { Deed::Suspended } else { Deed::Reinstated };
                Some((customer.clone(), deed))
            }
            Self::Absorb { from, into } => Some((from.clone(), Deed::MergedInto { into: into.clone() })),
            Self::MoveSeat { .. } => None,
        }
    }
}

impl Rows {
    /// Does what the store will do.
    pub(super) fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::SetRegistration { customer, registration, company_key, email_key, fields: _ } => {
                for row in self.customers.iter_mut().filter(|row| row.id == customer) {
                    row.registration = registration.clone();
                    (row.company_key, row.email_key) = (company_key.clone(), email_key.clone());
                }
            }
            Edit::SetNumber { customer, number } => {
                for row in self.customers.iter_mut().filter(|row| row.id == customer) {
                    row.number = number.clone();
                }
            }
            Edit::SetSuspended { customer, since } => {
                for row in self.customers.iter_mut().filter(|row| row.id == customer) {
                    row.suspended_at = since;
                }
            }
            Edit::MoveSeat { session, customer, slot } => {
                for seat in self.seats.iter_mut().filter(|seat| seat.session == session) {
                    (seat.customer, seat.slot) = (customer.clone(), slot);
                }
            }
            Edit::Absorb { from, into } => self.absorb(&from, &into),
        }
    }

    fn absorb(&mut self, from: &CustomerId, into: &CustomerId) {
        for grant in self.grants.iter_mut().chain(&mut self.trials).filter(|grant| grant.customer == *from) {
            grant.customer = into.clone();
        }
        for binding in self.bindings.iter_mut().filter(|binding| binding.customer == *from) {
            binding.customer = into.clone();
        }
        let is_there: Vec<_> = self.bars.iter().filter(|bar| bar.customer == *into).cloned().collect();
        self.bars.retain(|bar| {
            let is_it = |there: &super::BarRow| (there.host, there.feature) == (bar.host, bar.feature);
            bar.customer != *from || !is_there.iter().any(is_it)
        });
        for bar in self.bars.iter_mut().filter(|bar| bar.customer == *from) {
            bar.customer = into.clone();
        }
        let uses = self.coupon.iter_mut().chain(&mut self.batch).filter_map(|row| row.used.as_mut());
        for used in uses.filter(|used| used.customer == *from) {
            used.customer = into.clone();
        }
        for row in self.customers.iter_mut().filter(|row| row.id == *from) {
            row.email_key = free_email_key(from);
            row.merged_into = Some(into.clone());
        }
    }
}

/// What nobody's e-mail is compared by: an id is no address.
#[must_use]
pub fn free_email_key(customer: &CustomerId) -> String {
    customer.0.clone()
}

/// Why a change of the vendor's comes to nothing; what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unable {
    /// Nobody has the number.
    #[error("no customer has the number {masked}; check it for typing errors")]
    UnknownNumber {
        /// The number, masked.
        masked: String,
    },
    /// What was entered is not in order.
    #[error("{0}")]
    Field(String),
    /// Another customer has the e-mail.
    #[error("the e-mail is that of the number {masked}; merge the two numbers, or enter another e-mail")]
    EmailTaken {
        /// The other number, masked.
        masked: String,
    },
    /// Both numbers are the same.
    #[error("a number cannot be merged into itself; name two numbers")]
    SameNumber,
    /// The number is suspended.
    #[error("the number {masked} is suspended; reinstate it first")]
    IsSuspended {
        /// The number, masked.
        masked: String,
    },
}

/// The customer of that number.
pub(super) fn known<'r>(rows: &'r Rows, number: &RegistrationNumber) -> Result<&'r CustomerRow, Unable> {
    let masked = || Unable::UnknownNumber { masked: number.masked() };
    rows.customer_by_number(number).ok_or_else(masked)
}
