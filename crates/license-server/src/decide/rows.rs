//! What decisions read: the rows of the store as plain values.

use std::{collections::BTreeMap, sync::Arc};

use license_core::{
    crypto::{KeyId, PublicKey, RequestId},
    host::Evidence,
};
use license_types::{FeatureId, Holder, ProductId, Registration, RegistrationNumber, SessionId, UnixTime};

use super::{Refusal, log::Chain, mail::MailKind, ratchet::Ratchet};
use crate::catalogue::Catalogue;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);
    };
}

text_id! {
    /// The id of a customer. The number may be replaced one day, this never is.
    CustomerId
}

text_id! {
    /// The id of a host's binding to a number.
    BindingId
}

/// A company with its registration number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    /// Its id.
    pub id: CustomerId,
    /// Its number.
    pub number: RegistrationNumber,
    /// What it entered, trimmed.
    pub registration: Registration,
    /// What its name is compared by.
    pub company_key: String,
    /// What its e-mail is compared by; no two customers have the same.
    pub email_key: String,
    /// When it registered.
    pub created_at: UnixTime,
    /// Since when the vendor lets nobody use the number; `None` is in order.
    pub suspended_at: Option<UnixTime>,
    /// When it last got a mail of each kind.
    pub mailed: BTreeMap<MailKind, UnixTime>,
    /// Whose number holds everything of this one; nobody has this number any more.
    pub merged_into: Option<CustomerId>,
    /// Where the log of the number ends.
    pub log: Chain,
}

/// A host key that got a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRow {
    /// The key.
    pub key: PublicKey,
    /// What it last said about its hardware.
    pub evidence: Evidence,
    /// The serial of the last statement to that key.
    pub serial: u64,
    /// The highest serial that the host itself said it holds. What it signed before is out of date.
    pub acknowledged: u64,
    /// Which serials the copies of the host hold, if there are any.
    pub ratchet: Ratchet,
    /// The length of the log of its number at its last statement: what came later it does not know.
    pub seen: u64,
    /// Its last call.
    pub last_seen: UnixTime,
    /// To when its last statement lets it run without another answer.
    pub may_run_until: UnixTime,
}

/// A host on a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRow {
    /// Its id.
    pub id: BindingId,
    /// The host.
    pub host: PublicKey,
    /// The owner of the number.
    pub customer: CustomerId,
    /// Since when.
    pub bound_at: UnixTime,
    /// How it ended; `None` while it is live.
    pub ended: Option<Ended>,
    /// When the vendor said that it counts for nothing any more. Only what ended can be cleared.
    pub cleared_at: Option<UnixTime>,
}

/// The end of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: UnixTime,
    /// By whom.
    pub by: EndedBy,
    /// When the host was told; only of interest where it has to be.
    pub told_at: Option<UnixTime>,
}

impl Ended {
    /// Whether the host still has to be told.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.by.refusal().is_some() && self.told_at.is_none()
    }
}

/// Who ended a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The host went to another number.
    Left,
    /// The host reset its number.
    Reset,
    /// The owner dropped the host.
    Dropped,
    /// The machine goes on under another key.
    Replaced,
}

impl EndedBy {
    /// Its name in tables and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Reset => "reset",
            Self::Dropped => "dropped",
            Self::Replaced => "replaced",
        }
    }

    /// What the host is told, if the binding did not end by its own wish.
    #[must_use]
    pub fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Left | Self::Reset => None,
            Self::Dropped => Some(Refusal::Dropped),
            Self::Replaced => Some(Refusal::Replaced),
        }
    }
}

/// A product that a number holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub id: String,
    /// The owner of the number.
    pub customer: CustomerId,
    /// The product.
    pub product: ProductId,
    /// Seats of each feature of the product.
    pub seats: u32,
    /// Whether it is a trial.
    pub trial: bool,
    /// The host that asked for it; `None` is the vendor.
    pub made_on: Option<PublicKey>,
    /// When.
    pub made_at: UnixTime,
    /// When it ends; `None` is never. For a trial, if it is used on every day from now on.
    pub ends_at: Option<UnixTime>,
    /// What is left of a trial; `None` for what ends on a date.
    pub used_days: Option<UsedDays>,
}

/// A trial counts the days on which it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedDays {
    /// The days that are left after the last one that was counted.
    pub left: u32,
    /// When the last day was counted.
    pub counted_at: UnixTime,
}

impl GrantRow {
    /// Whether it counts at `now`.
    #[must_use]
    pub fn is_live(&self, now: UnixTime) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }
}

/// A captured seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatRow {
    /// Its id.
    pub session: SessionId,
    /// The owner of the number.
    pub customer: CustomerId,
    /// The feature.
    pub feature: FeatureId,
    /// Which of the feature's seats it is, from 0. Where grants end, the highest ones stop counting.
    pub slot: u32,
    /// Who holds it.
    pub binding: BindingId,
    /// The user, for a per-user feature.
    pub holder: Option<Holder>,
    /// Since when.
    pub captured_at: UnixTime,
    /// When it was given back.
    pub freed_at: Option<UnixTime>,
    /// Whether it comes from a backup and its host did not call since: a host that proves a later word of
    /// this server may have it.
    pub unproved: bool,
}

/// A host that was dropped from a seat does not take it back by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarRow {
    /// The host.
    pub host: PublicKey,
    /// The owner of the number.
    pub customer: CustomerId,
    /// The feature.
    pub feature: FeatureId,
    /// When the host was told.
    pub told_at: Option<UnixTime>,
}

/// A coupon. The coupon itself is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponRow {
    /// The SHA-256 of the coupon; its 103 bits of chance need no salt.
    pub digest: String,
    /// The product that it gives.
    pub product: ProductId,
    /// The seats.
    pub seats: u32,
    /// The days.
    pub days: u32,
    /// What its days are added to.
    pub mode: CouponMode,
    /// When it was issued.
    pub issued_at: UnixTime,
    /// Whether it was blocked.
    pub blocked: bool,
    /// What the vendor calls the coupons that were issued together.
    pub batch: Option<String>,
    /// How it was used.
    pub used: Option<CouponUse>,
}

/// What the days of a coupon are added to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CouponMode {
    /// To today: it makes a grant of its own.
    #[default]
    Add,
    /// To the end of what the number has of the product; without any, as [`Add`](Self::Add).
    Extend,
}

/// The one use of a coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponUse {
    /// When.
    pub at: UnixTime,
    /// By whom.
    pub customer: CustomerId,
    /// How; `None` if it was used in another system, before it was imported.
    pub here: Option<UsedHere>,
}

/// How a coupon was used on this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedHere {
    /// On which host.
    pub host: PublicKey,
    /// By which request: a late repetition of it is no second use.
    pub request_id: RequestId,
    /// The grant that it made or extended.
    pub grant: String,
    /// Whether that grant is its own.
    pub made: bool,
}

/// The last answer to a host key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyRow {
    /// The host key.
    pub host: PublicKey,
    /// The request.
    pub request_id: RequestId,
    /// The SHA-256 of the request's method, path and body.
    pub digest: String,
    /// The HTTP status.
    pub status: u16,
    /// The exact body.
    pub body: Vec<u8>,
}

/// Which rows a decision needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// These hosts, their bindings, their last answers and the licenses of their numbers.
    pub hosts: Vec<PublicKey>,
    /// Hosts that may be the machine that it is of, with their bindings; of many, the latest.
    pub evidence: Evidence,
    /// The licenses of these numbers.
    pub numbers: Vec<RegistrationNumber>,
    /// The licenses of the customers that are compared by these e-mails.
    pub email_keys: Vec<String>,
    /// The coupon of this digest.
    pub coupon: Option<String>,
    /// This seat, even if it was given back.
    pub session: Option<SessionId>,
    /// Trials of this product on any of the hosts.
    pub trials: Option<ProductId>,
    /// All hosts that are or were bound to the numbers, with their bindings to them.
    pub every_host: bool,
    /// The license of the customer who has this grant.
    pub grant: Option<String>,
    /// The host with this id, its bindings and the licenses of its numbers.
    pub host_id: Option<KeyId>,
    /// The coupons of this batch.
    pub batch: Option<String>,
    /// The coupons of these digests, as if they were a batch.
    pub coupons: Vec<String>,
    /// The licenses of the customers who have any of these grants.
    pub grants: Vec<String>,
    /// Whether the numbers may be former ones: then also the licenses of those who had them, and of those
    /// into whom these were merged.
    pub former: bool,
}

/// A number that a customer had before it was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerNumber {
    /// The number.
    pub number: RegistrationNumber,
    /// Who had it.
    pub customer: CustomerId,
}

/// Rows as they are in the store before a decision, and as they will be after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// What is sold.
    pub catalogue: Arc<Catalogue>,
    /// The hosts that were wanted.
    pub hosts: Vec<HostRow>,
    /// Their bindings, live and ended; of a host that had many, the last ones: those that it lost, and
    /// those to each of the customers, go further back than the others.
    pub bindings: Vec<BindingRow>,
    /// The customers that were wanted.
    pub customers: Vec<CustomerRow>,
    /// All their grants, live and ended.
    pub grants: Vec<GrantRow>,
    /// All their captured seats.
    pub seats: Vec<SeatRow>,
    /// The bars on their seats.
    pub bars: Vec<BarRow>,
    /// The coupon that was wanted.
    pub coupon: Option<CouponRow>,
    /// The batch that was wanted, or the coupons that were wanted together.
    pub batch: Vec<CouponRow>,
    /// The seat that was wanted, live or given back.
    pub seat: Option<SeatRow>,
    /// The trials that were wanted.
    pub trials: Vec<GrantRow>,
    /// The last answers to the hosts.
    pub replies: Vec<ReplyRow>,
    /// The former numbers among those that were wanted.
    pub former: Vec<FormerNumber>,
}

impl Rows {
    /// The host of that key.
    #[must_use]
    pub fn host(&self, key: &PublicKey) -> Option<&HostRow> {
        self.hosts.iter().find(|host| host.key == *key)
    }

    /// The customer of that id.
    #[must_use]
    pub fn customer(&self, id: &CustomerId) -> Option<&CustomerRow> {
        self.customers.iter().find(|customer| customer.id == *id)
    }

    /// The customer of that number; `None` if it was merged into another one.
    #[must_use]
    pub fn customer_by_number(&self, number: &RegistrationNumber) -> Option<&CustomerRow> {
        self.customers.iter().find(|customer| customer.number == *number && customer.merged_into.is_none())
    }

    /// The customer that has, today, what was once on that number: it may have been replaced, and its owner
    /// merged into another one.
    #[must_use]
    pub fn heir_of_number(&self, number: &RegistrationNumber) -> Option<&CustomerRow> {
        let owner = self.customers.iter().find(|customer| customer.number == *number).or_else(|| {
            let former = self.former.iter().find(|former| former.number == *number)?;
            self.customer(&former.customer)
        })?;
        owner.merged_into.as_ref().map_or(Some(owner), |heir| self.customer(heir))
    }

    /// The binding that holds a seat.
    #[must_use]
    pub fn binding_of(&self, seat: &SeatRow) -> Option<&BindingRow> {
        self.bindings.iter().find(|binding| binding.id == seat.binding)
    }
}
