//! The log of a number: who did what and when, in one hash chain for each number.
//!
//! A line is made from the write that it is about, so that nothing changes without one. It holds ids
//! alone: the customer behind them can be erased, and the chain still verifies.

use license_core::crypto::{KeyId, sha256_hex};
use license_types::{FeatureId, ProductId, SessionId, UnixTime};
use serde_json::{Value, json};

use super::{CustomerId, EndedBy, Write, issued};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A host.
    Host(KeyId),
    /// A user of the license server's machine, by name.
    Admin(String),
    /// The license server itself.
    Server,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(key) => write!(f, "host:{key}"),
            Self::Admin(user) => write!(f, "admin:{user}"),
            Self::Server => f.write_str("server"),
        }
    }
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// The number was given out.
    Registered,
    /// A host was bound.
    Bound {
        /// The host.
        host: KeyId,
    },
    /// A binding ended.
    Unbound {
        /// The host.
        host: KeyId,
        /// By whom.
        by: EndedBy,
    },
    /// A seat was taken.
    Captured {
        /// The seat.
        session: SessionId,
        /// The feature.
        feature: FeatureId,
    },
    /// A seat was given back.
    Freed {
        /// The seat.
        session: SessionId,
        /// The feature.
        feature: FeatureId,
    },
    /// The number got a product.
    Granted {
        /// The grant.
        grant: String,
        /// The product.
        product: ProductId,
        /// The seats.
        seats: u32,
        /// Whether it is a trial.
        trial: bool,
        /// When it ends.
        ends_at: Option<UnixTime>,
    },
    /// A grant ends at another time.
    EndChanged {
        /// The grant.
        grant: String,
        /// When it ends.
        ends_at: Option<UnixTime>,
    },
    /// A coupon was used.
    CouponUsed {
        /// The start of the coupon's digest.
        coupon: String,
        /// The grant that it made or extended; `None` if it was used in another system.
        grant: Option<String>,
    },
    /// A host proved a statement that the database does not know: the database is an older copy.
    Restored {
        /// The serial in the database.
        own: u64,
        /// The serial that the host proved.
        proved: u64,
    },
    /// As [`Restored`](Self::Restored), but the host does not have what it proves on the number that it
    /// proves: it stays on this one.
    RestoredNotMoved {
        /// The serial in the database.
        own: u64,
        /// The serial that the host proved.
        proved: u64,
    },
    /// A reinstalled host goes on under a new key.
    Rekeyed {
        /// The key it had.
        old: KeyId,
    },
    /// A host that looks reinstalled had new keys too often; it is bound like any other one.
    TooManyKeys {
        /// The key that keeps its place.
        old: KeyId,
    },
    /// A host goes on with other hardware.
    Moved {
        /// The host.
        host: KeyId,
    },
    /// A host changed its hardware too often; it waits for a person's word.
    TooManyMoves {
        /// The host.
        host: KeyId,
    },
    /// Two copies of one host are live.
    CopyFound {
        /// The key that both have.
        host: KeyId,
        /// The serial that the copy holds.
        serial: u64,
        /// Whether its hardware is another one, so that it has to wait for a person's word.
        differs: bool,
    },
    /// That the host was on the number counts for nothing any more.
    HostCleared {
        /// The host.
        host: KeyId,
    },
    /// A person lets a host go on with other hardware.
    MovesAccepted {
        /// The host.
        host: KeyId,
    },
    /// A person says that a copy is the host.
    CopyAccepted {
        /// The key that both have.
        host: KeyId,
        /// The serial that the copy holds.
        serial: u64,
    },
    /// A person lets a copy not go on.
    CopyRefused {
        /// The key that both have.
        host: KeyId,
        /// The serial that the copy holds.
        serial: u64,
    },
    /// The use of a coupon was taken back.
    CouponUndone {
        /// The start of the coupon's digest.
        coupon: String,
        /// The grant that it made or extended.
        grant: String,
    },
    /// The customer is called otherwise.
    Edited {
        /// The names of the fields that differ.
        fields: Vec<&'static str>,
    },
    /// The vendor suspended the number.
    Suspended,
    /// The vendor ended the suspension.
    Reinstated,
    /// The customer got another number.
    NumberReplaced,
    /// This number has everything of another one now.
    Merged {
        /// Who had it.
        from: CustomerId,
    },
    /// Another number has everything of this one now.
    MergedInto {
        /// Who has it.
        into: CustomerId,
    },
}

impl Deed {
    /// What is logged for a write; `None` for what is no deed of its own.
    #[must_use]
    pub fn of(write: &Write) -> Option<(CustomerId, Self)> {
        match write {
            Write::AddCustomer(row) => Some((row.id.clone(), Self::Registered)),
            Write::AddGrant(row) => {
                let (grant, product, seats) = (row.id.clone(), row.product, row.seats);
                let (trial, ends_at) = (row.trial, row.ends_at);
                Some((row.customer.clone(), Self::Granted { grant, product, seats, trial, ends_at }))
            }
            Write::SetEnd { grant, customer, ends_at, used_days: _ } => {
                Some((customer.clone(), Self::EndChanged { grant: grant.clone(), ends_at: *ends_at }))
            }
            Write::Bind(row) => Some((row.customer.clone(), Self::Bound { host: row.host.id() })),
            Write::Unbind { binding: _, host, customer, ended } => {
                Some((customer.clone(), Self::Unbound { host: host.id(), by: ended.by }))
            }
            Write::TakeSeat(row) => {
                let (session, feature) = (row.session.clone(), row.feature);
                Some((row.customer.clone(), Self::Captured { session, feature }))
            }
            Write::FreeSeat { session, customer, feature, at: _ } => {
                Some((customer.clone(), Self::Freed { session: session.clone(), feature: *feature }))
            }
            Write::UseCoupon { digest, used } => {
                let coupon = issued::shown(digest).to_owned();
                let grant = used.here.as_ref().map(|here| here.grant.clone());
                Some((used.customer.clone(), Self::CouponUsed { coupon, grant }))
            }
            Write::Edit(edit) => edit.deed(),
            Write::SaveHost(_)
            | Write::CountDay { .. }
            | Write::MoveSeats { .. }
            | Write::ProveSeat { .. }
            | Write::Bar(_)
            | Write::LiftBar { .. }
            | Write::MarkTold { .. }
            | Write::AddCoupon(_)
            | Write::KeepReply(_)
            | Write::SaveMetrics { .. }
            | Write::Mail(_)
            | Write::Log(_) => None,
        }
    }

    /// Whether the vendor wants to see it among the warnings of the running server.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        match self {
            Self::Restored { .. }
            | Self::RestoredNotMoved { .. }
            | Self::Rekeyed { .. }
            | Self::TooManyKeys { .. }
            | Self::Moved { .. }
            | Self::TooManyMoves { .. }
            | Self::CopyFound { .. } => true,
            Self::Registered
            | Self::Bound { .. }
            | Self::Unbound { .. }
            | Self::Captured { .. }
            | Self::Freed { .. }
            | Self::Granted { .. }
            | Self::EndChanged { .. }
            | Self::CouponUsed { .. }
            | Self::HostCleared { .. }
            | Self::MovesAccepted { .. }
            | Self::CopyAccepted { .. }
            | Self::CopyRefused { .. }
            | Self::CouponUndone { .. }
            | Self::Edited { .. }
            | Self::Suspended
            | Self::Reinstated
            | Self::NumberReplaced
            | Self::Merged { .. }
            | Self::MergedInto { .. } => false,
        }
    }

    /// Its name in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Bound { .. } => "bound",
            Self::Unbound { .. } => "unbound",
            Self::Captured { .. } => "captured",
            Self::Freed { .. } => "freed",
            Self::Granted { .. } => "granted",
            Self::EndChanged { .. } => "end_changed",
            Self::CouponUsed { .. } => "coupon_used",
            Self::Restored { .. } => "restored",
            Self::RestoredNotMoved { .. } => "restored_not_moved",
            Self::Rekeyed { .. } => "rekeyed",
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::Moved { .. } => "moved",
            Self::TooManyMoves { .. } => "too_many_moves",
            Self::CopyFound { .. } => "copy_found",
            Self::HostCleared { .. } => "host_cleared",
            Self::MovesAccepted { .. } => "moves_accepted",
            Self::CopyAccepted { .. } => "copy_accepted",
            Self::CopyRefused { .. } => "copy_refused",
            Self::CouponUndone { .. } => "coupon_undone",
            Self::Edited { .. } => "edited",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::NumberReplaced => "number_replaced",
            Self::Merged { .. } => "merged",
            Self::MergedInto { .. } => "merged_into",
        }
    }

    /// What it was done to.
    #[must_use]
    pub fn details(&self) -> Value {
        match self {
            Self::Registered | Self::Suspended | Self::Reinstated | Self::NumberReplaced => json!({}),
            Self::Bound { host }
            | Self::Moved { host }
            | Self::TooManyMoves { host }
            | Self::HostCleared { host }
            | Self::MovesAccepted { host } => json!({ "host": host.0 }),
            Self::Unbound { host, by } => json!({ "host": host.0, "by": by.as_str() }),
            Self::Captured { session, feature } | Self::Freed { session, feature } => {
                json!({ "session": session.0, "feature": feature.0 })
            }
            Self::Granted { grant, product, seats, trial, ends_at } => json!({
                "grant": grant,
                "product": product.0,
                "seats": seats,
                "trial": trial,
                "ends_at": ends_at.map(|end| end.0),
            }),
            Self::EndChanged { grant, ends_at } => {
                json!({ "grant": grant, "ends_at": ends_at.map(|end| end.0) })
            }
            Self::CouponUsed { coupon, grant } => json!({ "coupon": coupon, "grant": grant }),
            Self::CouponUndone { coupon, grant } => json!({ "coupon": coupon, "grant": grant }),
            Self::Restored { own, proved } | Self::RestoredNotMoved { own, proved } => {
                json!({ "own": own, "proved": proved })
            }
            Self::Rekeyed { old } | Self::TooManyKeys { old } => json!({ "old": old.0 }),
            Self::CopyFound { host, serial, differs } => {
                json!({ "host": host.0, "serial": serial, "differs": differs })
            }
            Self::CopyAccepted { host, serial } | Self::CopyRefused { host, serial } => {
                json!({ "host": host.0, "serial": serial })
            }
            Self::Edited { fields } => json!({ "fields": fields }),
            Self::Merged { from } => json!({ "from": from.0 }),
            Self::MergedInto { into } => json!({ "into": into.0 }),
        }
    }
}

/// The end of a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// How many lines it has.
    pub length: u64,
    /// The hash of the last one; empty before the first.
    pub hash: String,
}

/// A line of the log, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The owner of the number.
    pub customer: CustomerId,
    /// Which line of the chain it is, from 1.
    pub seq: u64,
    /// When.
    pub at: UnixTime,
    /// Who.
    pub actor: String,
    /// What.
    pub deed: String,
    /// To what, as JSON.
    pub details: String,
    /// The SHA-256 of the hash before it and of all of the above.
    pub hash: String,
}

impl LogRow {
    /// The line that follows the end of a chain.
    #[must_use]
    pub fn after(chain: &Chain, customer: &CustomerId, at: UnixTime, actor: &Actor, deed: &Deed) -> Self {
        let mut row = Self {
            customer: customer.clone(),
            seq: chain.length.saturating_add(1),
            at,
            actor: actor.to_string(),
            deed: deed.name().to_owned(),
            details: deed.details().to_string(),
            hash: String::new(),
        };
        row.hash = row.hashed(&chain.hash);
        row
    }

    /// The chain up to this line.
    #[must_use]
    pub fn end(&self) -> Chain {
        Chain { length: self.seq, hash: self.hash.clone() }
    }

    /// Whether the line follows the end of a chain and is as it was written.
    #[must_use]
    pub fn follows(&self, chain: &Chain) -> bool {
        self.seq == chain.length.saturating_add(1) && self.hash == self.hashed(&chain.hash)
    }

    /// No field can hold a line break: they are ids, names of ours, a user's name without control
    /// characters, and JSON.
    fn hashed(&self, before: &str) -> String {
        let Self { customer, seq, at, actor, deed, details, hash: _ } = self;
        let lines = format!("{before}\n{}\n{seq}\n{}\n{actor}\n{deed}\n{details}", customer.0, at.0);
        sha256_hex(lines.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<LogRow> {
        let (customer, actor) = (CustomerId("c".to_owned()), Actor::Admin("root".to_owned()));
        let mut chain = Chain::default();
        let deeds = [
            Deed::Registered,
            Deed::Bound { host: KeyId("k".to_owned()) },
            Deed::Unbound { host: KeyId("k".to_owned()), by: EndedBy::Dropped },
        ];
        let line = |deed| {
            let row = LogRow::after(&chain, &customer, UnixTime(7), &actor, deed);
            chain = row.end();
            row
        };
        deeds.iter().map(line).collect()
    }

    /// The first line that does not follow, from 1.
    fn broken(lines: &[LogRow]) -> Option<usize> {
        let mut chain = Chain::default();
        let breaks = |line: &LogRow| {
            let follows = line.follows(&chain);
            chain = line.end();
            !follows
        };
        lines.iter().position(breaks).map(|index| index + 1)
    }

    #[test]
    fn a_chain_of_lines_verifies() {
        assert_eq!(broken(&lines()), None);
        assert_eq!(lines()[2].actor, "admin:root");
        assert_eq!(lines()[2].details, r#"{"by":"dropped","host":"k"}"#);
    }

    #[test]
    fn whatever_is_changed_breaks_the_chain() {
        type Change = fn(&mut Vec<LogRow>);
        let changes: [(&str, Change, usize); 7] = [
            ("the time", |lines| lines[1].at.0 += 1, 2),
            ("who", |lines| lines[1].actor = "server".to_owned(), 2),
            ("what", |lines| lines[1].deed = "unbound".to_owned(), 2),
            ("to what", |lines| lines[1].details = "{}".to_owned(), 2),
            ("whose", |lines| lines[0].customer = CustomerId("d".to_owned()), 1),
            ("a line is gone", |lines| drop(lines.remove(1)), 2),
            ("lines change places", |lines| lines.swap(1, 2), 2),
        ];
        for (name, change, at) in changes {
            let mut lines = lines();
            change(&mut lines);
            assert_eq!(broken(&lines), Some(at), "{name}");
        }
    }
}
