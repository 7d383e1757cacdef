//! What decisions write.
//!
//! A [`Write`] changes the [`Rows`] in memory exactly as the store changes its tables, so that what a
//! decision answers is computed from what will be stored.

use license_core::api::Metrics;
use license_core::crypto::PublicKey;
use license_types::{FeatureId, SessionId, UnixTime};

use super::{
    BarRow, BindingId, BindingRow, CouponRow, CouponUse, CustomerId, CustomerRow, Ended, GrantRow, HostRow,
    ReplyRow, Rows, SeatRow, UsedDays, log::LogRow, mail::MailRow, vendor::Edit,
};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A new customer.
    AddCustomer(CustomerRow),
    /// A new grant.
    AddGrant(GrantRow),
    /// A grant ends at another time.
    SetEnd {
        /// The grant.
        grant: String,
        /// The owner of the number.
        customer: CustomerId,
        /// When it ends.
        ends_at: Option<UnixTime>,
        /// What is left of a trial.
        used_days: Option<UsedDays>,
    },
    /// A day of a trial is used.
    CountDay {
        /// The grant.
        grant: String,
        /// What is left.
        used_days: UsedDays,
        /// When it ends, if it is used on every day from now on.
        ends_at: UnixTime,
    },
    /// A new or changed host.
    SaveHost(HostRow),
    /// A new, live binding.
    Bind(BindingRow),
    /// The end of a binding; its seats are freed.
    Unbind {
        /// The binding.
        binding: BindingId,
        /// Its host.
        host: PublicKey,
        /// The owner of the number.
        customer: CustomerId,
        /// How it ends.
        ended: Ended,
    },
    /// All seats of one binding go to another one of the same customer.
    MoveSeats {
        /// Who has them.
        from: BindingId,
        /// Who gets them.
        to: BindingId,
    },
    /// A seat is taken.
    TakeSeat(SeatRow),
    /// A seat is given back.
    FreeSeat {
        /// The seat.
        session: SessionId,
        /// The owner of the number.
        customer: CustomerId,
        /// The feature.
        feature: FeatureId,
        /// When.
        at: UnixTime,
    },
    /// The host of a seat that comes from a backup called.
    ProveSeat {
        /// The seat.
        session: SessionId,
    },
    /// A host may not take a seat back by itself.
    Bar(BarRow),
    /// It may again.
    LiftBar {
        /// The host.
        host: PublicKey,
        /// The owner of the number.
        customer: CustomerId,
        /// The feature.
        feature: FeatureId,
    },
    /// A host learned from a statement what it lost.
    MarkTold {
        /// The host.
        host: PublicKey,
        /// When.
        at: UnixTime,
    },
    /// A new coupon.
    AddCoupon(CouponRow),
    /// A coupon is used up.
    UseCoupon {
        /// The digest of the coupon.
        digest: String,
        /// Its use.
        used: CouponUse,
    },
    /// The answer to remember.
    KeepReply(ReplyRow),
    /// What a host says about itself; the latest replaces what it said before.
    SaveMetrics {
        /// The host.
        host: PublicKey,
        /// When.
        at: UnixTime,
        /// What it says.
        metrics: Metrics,
    },
    /// A mail into the outbox.
    Mail(MailRow),
    /// A line in the log of a number.
    Log(LogRow),
    /// What only the vendor changes.
    Edit(Edit),
}

impl Rows {
    /// Does what the store will do.
    pub fn apply(&mut self, write: &Write) {
        match write.clone() {
            Write::AddCustomer(customer) => self.customers.push(customer),
            Write::AddGrant(grant) => self.grants.push(grant),
            Write::SaveHost(host) => {
                self.hosts.retain(|known| known.key != host.key);
                self.hosts.push(host);
            }
            Write::Bind(binding) => self.bindings.push(binding),
            Write::SetEnd { grant, customer: _, ends_at, used_days } => {
                for row in self.grants.iter_mut().filter(|row| row.id == grant) {
                    (row.ends_at, row.used_days) = (ends_at, used_days);
                }
            }
            Write::CountDay { grant, used_days, ends_at } => {
                for row in self.grants.iter_mut().filter(|row| row.id == grant) {
                    (row.used_days, row.ends_at) = (Some(used_days), Some(ends_at));
                }
            }
            Write::Unbind { binding, host: _, customer: _, ended } => {
                self.seats.retain(|seat| seat.binding != binding);
                for row in self.bindings.iter_mut().filter(|row| row.id == binding) {
                    row.ended = Some(ended);
                }
            }
            Write::MoveSeats { from, to } => {
                for seat in self.seats.iter_mut().filter(|seat| seat.binding == from) {
                    seat.binding = to.clone();
                }
            }
            Write::TakeSeat(seat) => self.seats.push(seat),
            Write::FreeSeat { session, .. } => self.seats.retain(|seat| seat.session != session),
            Write::ProveSeat { session } => {
                for seat in self.seats.iter_mut().filter(|seat| seat.session == session) {
                    seat.unproved = false;
                }
            }
            Write::Bar(bar) => {
                self.lift(&bar.host, &bar.customer, bar.feature);
                self.bars.push(bar);
            }
            Write::LiftBar { host, customer, feature } => self.lift(&host, &customer, feature),
            Write::MarkTold { host, at } => {
                for bar in self.bars.iter_mut().filter(|bar| bar.host == host) {
                    bar.told_at.get_or_insert(at);
                }
                for binding in self.bindings.iter_mut().filter(|binding| binding.host == host) {
                    if let Some(ended) = binding.ended.as_mut().filter(|ended| ended.is_news()) {
                        ended.told_at = Some(at);
                    }
                }
            }
            Write::AddCoupon(coupon) => self.coupon = Some(coupon),
            Write::UseCoupon { digest, used } => {
                for coupon in self.coupon.iter_mut().filter(|coupon| coupon.digest == digest) {
                    coupon.used = Some(used.clone());
                }
            }
            Write::KeepReply(reply) => {
                self.replies.retain(|known| known.host != reply.host);
                self.replies.push(reply);
            }
            Write::SaveMetrics { .. } => {}
            Write::Mail(mail) => {
                for customer in self.customers.iter_mut().filter(|row| row.id == mail.customer) {
                    customer.mailed.insert(mail.kind, mail.made_at);
                }
            }
            Write::Edit(edit) => self.edit(edit),
            Write::Log(line) => {
                for customer in self.customers.iter_mut().filter(|row| row.id == line.customer) {
                    customer.log = line.end();
                }
            }
        }
    }

    fn lift(&mut self, host: &PublicKey, customer: &CustomerId, feature: FeatureId) {
        self.bars.retain(|bar| (&bar.host, &bar.customer, bar.feature) != (host, customer, feature));
    }
}
