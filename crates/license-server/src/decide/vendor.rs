//! What only the vendor changes, and why a change of the vendor's comes to nothing.

use std::sync::Arc;

use license_core::crypto::PublicKey;
use license_types::{FeatureId, ProductId, Registration, RegistrationNumber, SessionId, UnixTime};

use super::{BindingId, CouponRow, CustomerId, CustomerRow, FormerNumber, Rows, issued, log::Deed};
use crate::catalogue::{Catalogue, Feature, Policy, Product};

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
        /// When.
        at: UnixTime,
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
    /// That a host was on a number counts for nothing any more.
    Clear {
        /// The ended binding.
        binding: BindingId,
        /// Its host.
        host: PublicKey,
        /// The owner of the number.
        customer: CustomerId,
        /// When.
        at: UnixTime,
    },
    /// A coupon is blocked, or can be used again.
    SetBlocked {
        /// The digest of the coupon.
        digest: String,
        /// Whether it is blocked.
        blocked: bool,
    },
    /// The use of a coupon is taken back.
    UndoCoupon {
        /// The digest of the coupon.
        digest: String,
        /// Who used it.
        customer: CustomerId,
        /// The grant that it made or extended.
        grant: String,
    },
    /// The licenses of a product are handled otherwise.
    SetPolicy {
        /// The product.
        product: ProductId,
        /// How they are handled.
        policy: Policy,
    },
    /// A product is called otherwise.
    NameProduct {
        /// The product.
        product: ProductId,
        /// Its name.
        name: String,
    },
    /// A feature is called otherwise.
    NameFeature {
        /// The feature.
        feature: FeatureId,
        /// Its name.
        name: String,
    },
    /// A product more is sold.
    AddProduct(Product),
    /// A feature more can be in products.
    AddFeature(Feature),
}

impl Edit {
    /// What is logged for it; `None` for what is no deed of its own.
    pub(super) fn deed(&self) -> Option<(CustomerId, Deed)> {
        match self {
            Self::SetRegistration { customer, fields, .. } => {
                Some((customer.clone(), Deed::Edited { fields: fields.clone() }))
            }
            Self::SetNumber { customer, number: _, at: _ } => Some((customer.clone(), Deed::NumberReplaced)),
            Self::SetSuspended { customer, since } => {
                let deed = if since.is_some() { Deed::Suspended } else { Deed::Reinstated };
                Some((customer.clone(), deed))
            }
            Self::Absorb { from, into } => Some((from.clone(), Deed::MergedInto { into: into.clone() })),
            Self::Clear { binding: _, host, customer, at: _ } => {
                Some((customer.clone(), Deed::HostCleared { host: host.id() }))
            }
            Self::UndoCoupon { digest, customer, grant } => {
                let (coupon, grant) = (issued::shown(digest).to_owned(), grant.clone());
                Some((customer.clone(), Deed::CouponUndone { coupon, grant }))
            }
            Self::MoveSeat { .. }
            | Self::SetBlocked { .. }
            | Self::SetPolicy { .. }
            | Self::NameProduct { .. }
            | Self::NameFeature { .. }
            | Self::AddProduct(_)
            | Self::AddFeature(_) => None,
        }
    }

    /// Whether it changes what is sold.
    pub(crate) fn is_of_catalogue(&self) -> bool {
        matches!(
            self,
            Self::SetPolicy { .. }
                | Self::NameProduct { .. }
                | Self::NameFeature { .. }
                | Self::AddProduct(_)
                | Self::AddFeature(_)
        )
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
            Edit::SetNumber { customer, number, at: _ } => {
                for row in self.customers.iter_mut().filter(|row| row.id == customer) {
                    let number = std::mem::replace(&mut row.number, number.clone());
                    self.former.push(FormerNumber { number, customer: customer.clone() });
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
            Edit::Clear { binding, host: _, customer: _, at } => {
                for row in self.bindings.iter_mut().filter(|row| row.id == binding) {
                    row.cleared_at = Some(at);
                }
            }
            Edit::SetBlocked { digest, blocked } => {
                for coupon in self.coupons_of(&digest) {
                    coupon.blocked = blocked;
                }
            }
            Edit::UndoCoupon { digest, .. } => {
                for coupon in self.coupons_of(&digest) {
                    coupon.used = None;
                }
            }
            Edit::SetPolicy { product, policy } => {
                for row in self.sold().products.iter_mut().filter(|row| row.id == product) {
                    row.policy = policy;
                }
            }
            Edit::NameProduct { product, name } => {
                for row in self.sold().products.iter_mut().filter(|row| row.id == product) {
                    row.name.clone_from(&name);
                }
            }
            Edit::NameFeature { feature, name } => {
                for row in self.sold().features.iter_mut().filter(|row| row.id == feature) {
                    row.name.clone_from(&name);
                }
            }
            Edit::AddProduct(product) => {
                let sold = self.sold();
                sold.products.push(product);
                sold.products.sort_by_key(|product| product.id);
            }
            Edit::AddFeature(feature) => {
                let sold = self.sold();
                sold.features.push(feature);
                sold.features.sort_by_key(|feature| feature.id);
            }
        }
    }

    fn sold(&mut self) -> &mut Catalogue {
        Arc::make_mut(&mut self.catalogue)
    }

    /// The coupon, wherever it is among the rows.
    fn coupons_of(&mut self, digest: &str) -> impl Iterator<Item = &mut CouponRow> {
        self.coupon.iter_mut().chain(&mut self.batch).filter(move |row| row.digest == digest)
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
        for row in &mut self.customers {
            let is_heir_gone = row.merged_into.as_ref() == Some(from);
            if row.id == *from {
                row.email_key = free_email_key(from);
            } else if !is_heir_gone {
                continue;
            }
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
    /// Its owner has another number now.
    #[error("the number {masked} is {now} now; `admin customer find` shows that whole")]
    FormerNumber {
        /// The number, masked.
        masked: String,
        /// The number of today, masked.
        now: String,
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
    /// There is no such grant.
    #[error("there is no grant of that id; `admin grant list` shows those of a number")]
    UnknownGrant,
    /// The grant ended before.
    #[error("the grant ended already; `admin grant list` shows which ones count")]
    GrantOver,
    /// There is no such coupon.
    #[error("there is no coupon {masked}; check it for typing errors")]
    UnknownCoupon {
        /// The coupon, masked.
        masked: String,
    },
    /// There is no such batch.
    #[error("there is no coupon of the batch {batch}; `admin coupon list` shows the batches")]
    UnknownBatch {
        /// Its name.
        batch: String,
    },
    /// The coupon was not used.
    #[error("the coupon was not used, so there is nothing to take back; to stop it, block it")]
    CouponUnused,
    /// The coupon was used before it was imported.
    #[error(
        "the coupon was used in another system, which alone knows what it gave; end that grant with `admin grant \
         end` and issue another coupon"
    )]
    CouponUsedElsewhere,
    /// Nobody knows the host.
    #[error("no host has that id; `admin customer show` lists the hosts of a number")]
    UnknownHost,
    /// The host is not on the number.
    #[error("that host is not on the number; `admin customer show` lists those that are")]
    HostNotOnNumber,
    /// No host was ever on the number.
    #[error("no host was ever on the number, so there is nothing to clear")]
    NothingToClear,
    /// The hosts that are meant are on the number still.
    #[error(
        "nothing was cleared: still on the number is {hosts}; drop it first with `admin binding drop --host`"
    )]
    StillBound {
        /// The ids of their keys.
        hosts: String,
    },
    /// The host waits for nothing.
    #[error(
        "the host does not wait for that; to accept or refuse a copy of it give --serial, as `admin binding \
         copies` shows it"
    )]
    NotWaiting,
    /// There is no such copy.
    #[error(
        "there is no copy with the serial {serial}; it changes with each call, look again with `admin binding \
         copies`"
    )]
    NoCopy {
        /// The serial that was given.
        serial: u64,
    },
    /// Nobody sells the product.
    #[error("there is no product {product} in the catalogue; `admin product list` shows those that are sold")]
    UnknownProduct {
        /// The product.
        product: ProductId,
    },
    /// Nobody knows the feature.
    #[error("there is no feature {feature} in the catalogue; add it with `admin feature add`")]
    UnknownFeature {
        /// The feature.
        feature: FeatureId,
    },
    /// There is such a product.
    #[error("the product {product} exists, it is {name}; take another id")]
    ProductKnown {
        /// Its id.
        product: ProductId,
        /// Its name.
        name: String,
    },
    /// There is such a feature.
    #[error("the feature {feature} exists, it is {name}; take another id")]
    FeatureKnown {
        /// Its id.
        feature: FeatureId,
        /// Its name.
        name: String,
    },
    /// There are as many as there can be.
    #[error("the catalogue has {limit} {what}, and no more fit; use those that are there")]
    CatalogueFull {
        /// Products or features.
        what: &'static str,
        /// How many there can be.
        limit: usize,
    },
    /// A part of a policy that would hurt.
    #[error("{name} must be {least} to {most}")]
    OutsideBounds {
        /// Its name.
        name: &'static str,
        /// The least value.
        least: &'static str,
        /// The greatest value.
        most: &'static str,
    },
    /// A lease that ends after too few checks.
    #[error("a lease must last for 4 checks at least; lengthen honoured or shorten refresh")]
    LeaseTooShort,
}

/// The product of that id.
pub(super) fn sold(rows: &Rows, product: ProductId) -> Result<&Product, Unable> {
    rows.catalogue.product(product).ok_or(Unable::UnknownProduct { product })
}

/// The customer of that number.
pub(super) fn known<'r>(rows: &'r Rows, number: &RegistrationNumber) -> Result<&'r CustomerRow, Unable> {
    rows.customer_by_number(number).ok_or_else(|| unknown(rows, number))
}

/// Why the number has no customer.
#[must_use]
pub fn unknown(rows: &Rows, number: &RegistrationNumber) -> Unable {
    let masked = number.masked();
    match rows.heir_of_number(number) {
        Some(heir) => Unable::FormerNumber { masked, now: heir.number.masked() },
        None => Unable::UnknownNumber { masked },
    }
}

/// The customer of today of a number that may be a former one.
pub(super) fn heir<'r>(rows: &'r Rows, number: &RegistrationNumber) -> Result<&'r CustomerRow, Unable> {
    rows.heir_of_number(number).ok_or_else(|| unknown(rows, number))
}
