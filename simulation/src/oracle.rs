//! What must be so, told from what people did and never from what daemon and server think of it.
//!
//! The oracle keeps who has a *right* to which seat: it begins when the seat is given, and ends by a deed of a
//! person alone (a release, a reset, a drop, an activation elsewhere). No check-in, no crash and no restore ends
//! it. Whoever has a right and is told "no" was denied by a fault.
//!
//! A restored server cannot know all: `docs/decisions/0007-restore.md` says what it loses, and that is what
//! [`Oracle::restored`] lets pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use license_core::{
    api::{ApiAnswer, Call, HostCall},
    crypto::PublicKey,
    receipt::{Receipt, SignedReceipt},
    statement::{Kind, Lease, Statement},
};
use license_server::decide::{EndedBy, Rows, SeatRow, Write, ratchet::CopyStanding, vendor::Edit};
use license_types::{Code, FeatureId, UnixTime, Verdict};

/// An invariant that does not hold, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why rows change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    /// The vendor's word.
    Vendor,
    /// A person's word on that host, which may end what the host has.
    Person(PublicKey),
    /// A call that ends nobody's right.
    Rule,
}

impl Cause {
    pub(crate) const fn of(host: PublicKey, call: &Call) -> Self {
        match call {
            Call::Register(_) | Call::Activate { .. } | Call::Release { .. } | Call::Drop => {
                Self::Person(host)
            }
            Call::CheckIn
            | Call::Capture { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::LicenseInfo { .. }
            | Call::SendMetrics { .. }
            | Call::WouldCapture { .. } => Self::Rule,
        }
    }
}

type Key = [u8; 32];

/// A feature of a customer.
type Pool = (String, FeatureId);

/// What the oracle knows of the world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    /// Who has a right to a seat of which pool; whether the host has to prove it to a restored server.
    rights: BTreeMap<(Key, Pool), Right>,
    /// Keys that a person's word took from their number.
    ousted: BTreeSet<Key>,
    /// Customers that the vendor suspended.
    suspended: BTreeSet<String>,
    /// Seats of each grant, and when they end.
    grants: BTreeMap<String, Sold>,
    /// Keys that two machines have; whether these have the same hardware.
    copied: BTreeMap<Key, bool>,
    /// Keys of hosts that went on from an older state, since a full disk had not taken the last ones.
    went_back: BTreeSet<Key>,
    /// What each serial of a key granted.
    statements: BTreeMap<(Key, u64), BTreeSet<FeatureId>>,
    /// Pools in which a right ended since the backup: the restored server gives it back to whoever calls first.
    ended_since_backup: BTreeSet<Pool>,
    given_since_backup: BTreeSet<(Key, Pool)>,
    /// Pools of which a restored server cannot know whose the seats are.
    contested: BTreeSet<Pool>,
    grants_of_backup: BTreeMap<String, Sold>,
    suspended_at_backup: BTreeSet<String>,
    ousted_at_backup: BTreeSet<Key>,
    pub(crate) was_restored: bool,
}

/// A seat that is somebody's.
#[derive(Debug, Clone, Copy)]
struct Right {
    proof: Proof,
    since: UnixTime,
}

/// Whether the license server knows of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Known,
    /// It was given after the backup that was restored.
    Needed,
}

#[derive(Debug, Clone)]
struct Sold {
    customer: String,
    features: Vec<FeatureId>,
    seats: u32,
    ends_at: Option<UnixTime>,
}

impl Sold {
    fn gives(&self, pool: &Pool) -> bool {
        self.customer == pool.0 && self.features.contains(&pool.1)
    }

    fn is_over(&self, now: UnixTime) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }
}

fn pool_of(seat: &SeatRow) -> Pool {
    (seat.customer.0.clone(), seat.feature)
}

impl Oracle {
    /// From now on two machines have the key.
    pub(crate) fn copied(&mut self, key: &PublicKey, same_hardware: bool) {
        self.copied.insert(*key.as_bytes(), same_hardware);
    }

    pub(crate) fn went_back(&mut self, key: &PublicKey) {
        self.went_back.insert(*key.as_bytes());
    }

    pub(crate) fn is_copied(&self, key: &PublicKey) -> bool {
        self.copied.contains_key(key.as_bytes())
    }

    pub(crate) fn backed_up(&mut self) {
        self.ended_since_backup.clear();
        self.given_since_backup.clear();
        self.grants_of_backup.clone_from(&self.grants);
        self.suspended_at_backup.clone_from(&self.suspended);
        self.ousted_at_backup.clone_from(&self.ousted);
    }

    /// The license server knows as much as at the backup. Where a right ended since, nobody proves that it did;
    /// what was given since has to be proved by its host; what was sold since is lost.
    pub(crate) fn restored(&mut self) {
        self.was_restored = true;
        self.contested.append(&mut self.ended_since_backup.clone());
        for right in &self.given_since_backup {
            if let Some(right) = self.rights.get_mut(right) {
                right.proof = Proof::Needed;
            }
        }
        self.grants.clone_from(&self.grants_of_backup);
        self.suspended.clone_from(&self.suspended_at_backup);
        // That one came back since, it has to prove.
        self.ousted.extend(&self.ousted_at_backup);
        let grants = &self.grants;
        self.rights.retain(|(_, pool), _| grants.values().any(|sold| sold.gives(pool)));
    }

    /// Rights end before the rows forget whose they were.
    #[allow(clippy::wildcard_enum_match_arm, reason = "most writes are about no right")]
    pub(crate) fn before_write(&mut self, rows: &Rows, write: &Write, cause: Cause, now: UnixTime) {
        let host_of = |seat: &SeatRow| rows.binding_of(seat).map(|binding| binding.host);
        match write {
            Write::FreeSeat { session, .. } => {
                let seat = rows.seats.iter().find(|seat| seat.session == *session);
                if let Some((seat, host)) = seat.and_then(|seat| Some((seat, host_of(seat)?)))
                    && ends_right(cause, &host)
                {
                    self.end(&host, &pool_of(seat));
                }
            }
            Write::MoveSeats { from, to } => {
                let to = rows.bindings.iter().find(|binding| binding.id == *to);
                for seat in rows.seats.iter().filter(|seat| seat.binding == *from) {
                    if let (Some(host), Some(to)) = (host_of(seat), to) {
                        self.end(&host, &pool_of(seat));
                        self.give(&to.host, pool_of(seat), now);
                    }
                }
            }
            Write::Unbind { binding, host, ended, .. } => {
                let replaced = ended.by == EndedBy::Replaced && matches!(cause, Cause::Person(_));
                if ends_right(cause, host) || replaced {
                    for seat in rows.seats.iter().filter(|seat| seat.binding == *binding) {
                        self.end(host, &pool_of(seat));
                    }
                    self.ousted.insert(*host.as_bytes());
                }
            }
            _ => {}
        }
    }

    /// Rights begin with the seat.
    #[allow(clippy::wildcard_enum_match_arm, reason = "most writes are about no right")]
    pub(crate) fn after_write(&mut self, rows: &Rows, write: &Write, now: UnixTime) -> Result<(), Broken> {
        match write {
            Write::AddGrant(grant) => {
                let product = rows.catalogue.product(grant.product);
                let features = product.map(|product| product.features.clone()).unwrap_or_default();
                let customer = grant.customer.0.clone();
                let sold = Sold { customer, features, seats: grant.seats, ends_at: grant.ends_at };
                self.grants.insert(grant.id.clone(), sold);
            }
            Write::Bind(binding) => {
                self.ousted.remove(binding.host.as_bytes());
            }
            Write::TakeSeat(seat) => {
                let pool = pool_of(seat);
                let total = self.total(&pool, now);
                let taken = rows.seats.iter().filter(|row| pool_of(row) == pool).count();
                if taken > usize::try_from(total).unwrap_or(usize::MAX) {
                    return Err(Broken(format!(
                        "seat {} of feature {} is given, and only {total} are sold",
                        taken, seat.feature
                    )));
                }
                let Some(binding) = rows.binding_of(seat) else {
                    return Err(Broken(format!("a seat of feature {} is bound to nobody", seat.feature)));
                };
                // What is free by the backup may be somebody's who has not called yet.
                let unproved = self.rights.iter().any(|((key, other), right)| {
                    *other == pool && right.proof == Proof::Needed && key != binding.host.as_bytes()
                });
                if unproved {
                    self.contested.insert(pool.clone());
                }
                self.give(&binding.host, pool, now);
            }
            Write::Edit(Edit::SetSuspended { customer, since }) => {
                match since {
                    Some(_) => self.suspended.insert(customer.0.clone()),
                    None => self.suspended.remove(&customer.0),
                };
            }
            _ => {}
        }
        Ok(())
    }

    fn give(&mut self, host: &PublicKey, pool: Pool, since: UnixTime) {
        let right = (*host.as_bytes(), pool);
        self.given_since_backup.insert(right.clone());
        self.rights.entry(right).or_insert(Right { proof: Proof::Known, since });
    }

    fn end(&mut self, host: &PublicKey, pool: &Pool) {
        self.rights.remove(&(*host.as_bytes(), pool.clone()));
        self.ended_since_backup.insert(pool.clone());
    }

    fn total(&self, pool: &Pool, now: UnixTime) -> u32 {
        let live = self.grants.values().filter(|sold| sold.gives(pool) && !sold.is_over(now));
        live.map(|sold| sold.seats).sum()
    }

    /// Looks at a statement that was signed for a host: nobody is refused what is its right.
    pub(crate) fn issued(
        &mut self,
        rows: &Rows,
        host: &PublicKey,
        request: &HostCall,
        body: &[u8],
        now: UnixTime,
    ) -> Result<(), Broken> {
        let answer: ApiAnswer =
            serde_json::from_slice(body).map_err(|error| Broken(format!("an unreadable answer: {error}")))?;
        let Some(statement) = answer.statement.and_then(|signed| signed.read().ok()) else {
            return Err(Broken("an answer without a statement that can be read".to_owned()));
        };
        let customer = rows.customer_by_number(&statement.number).map(|customer| customer.id.0.clone());
        let customer = customer.ok_or_else(|| Broken("a statement about no number".to_owned()))?;
        let granted = granted(&statement);
        if self.statements.insert((*host.as_bytes(), statement.serial), granted.clone()).is_some()
            && !self.was_restored
        {
            return Err(Broken(format!("serial {} was issued twice", statement.serial)));
        }
        match &statement.kind {
            Kind::Refusal(refusal) => {
                let may_be = self.ousted.contains(host.as_bytes())
                    || self.suspended.contains(&customer)
                    || self.copied.get(host.as_bytes()) == Some(&false);
                if !may_be {
                    return Err(Broken(format!(
                        "a host is refused whom nobody dropped: ({}) {}",
                        refusal.code, refusal.reason
                    )));
                }
            }
            Kind::Lease(lease) => {
                let claim = request.receipt.as_ref().and_then(SignedReceipt::claim);
                self.leased(host, &customer, lease, &granted, claim.as_ref(), now)?;
            }
        }
        Ok(())
    }

    fn leased(
        &mut self,
        host: &PublicKey,
        customer: &str,
        lease: &Lease,
        granted: &BTreeSet<FeatureId>,
        claim: Option<&Receipt>,
        now: UnixTime,
    ) -> Result<(), Broken> {
        let key = *host.as_bytes();
        let mut refused = Vec::new();
        for ((owner, pool), right) in &mut self.rights {
            if *owner != key || pool.0 != customer {
                continue;
            }
            if granted.contains(&pool.1) {
                right.proof = Proof::Known;
                continue;
            }
            // A host that never heard of the seat proves an earlier one at best.
            let is_proved = claim.is_some_and(|claim| {
                claim.issued_at >= right.since && claim.seats.iter().any(|seat| seat.feature == pool.1)
            });
            let is_over = self.grants.values().any(|sold| sold.gives(pool) && sold.is_over(now));
            if (right.proof == Proof::Needed && !is_proved) || self.contested.contains(pool) {
                // Nobody can know; it is not this host's any more.
                refused.push((owner.to_owned(), pool.clone()));
            } else if !is_over {
                let row = lease.features.iter().find(|row| row.feature == pool.1);
                let code = row.map_or(Some(Code::NO_LICENSE), |row| row.refusal);
                return Err(Broken(format!(
                    "feature {} is refused ({code:?}) to a host whose right to it nobody ended",
                    pool.1
                )));
            }
        }
        for right in refused {
            self.rights.remove(&right);
        }
        if !self.was_restored && !self.copied.contains_key(&key) {
            for feature in granted {
                if !self.rights.contains_key(&(key, (customer.to_owned(), *feature))) {
                    return Err(Broken(format!("feature {feature} is granted to a host that has no seat")));
                }
            }
        }
        Ok(())
    }

    /// A copy is found where one was made, and nowhere else.
    pub(crate) fn copies(&self, rows: &Rows, host: &PublicKey) -> Result<(), Broken> {
        let Some(row) = rows.host(host) else { return Ok(()) };
        // To and fro between two branches of its past is what two copies do (decision 0006).
        if self.copied.contains_key(host.as_bytes()) || self.went_back.contains(host.as_bytes()) {
            return Ok(());
        }
        match row.ratchet.copies.first().map(|copy| copy.standing) {
            Some(standing @ (CopyStanding::Pending | CopyStanding::Duplicate | CopyStanding::Refused)) => {
                Err(Broken(format!("a host that nobody copied is taken for two ({standing:?})")))
            }
            None if row.ratchet.waits_since.is_some() => {
                Err(Broken("a host waits for a person's word and did not move so often".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// No seat is bound twice, nor to somebody who is not on the number; no host is on two numbers.
    pub(crate) fn seats_are_bound_once(rows: &Rows) -> Result<(), Broken> {
        let (mut hosts, mut slots) = (BTreeSet::new(), BTreeSet::new());
        for binding in rows.bindings.iter().filter(|binding| binding.ended.is_none()) {
            if !hosts.insert(binding.host.as_bytes()) {
                return Err(Broken("a host is on two numbers".to_owned()));
            }
        }
        for seat in &rows.seats {
            let live = rows.binding_of(seat).filter(|binding| binding.ended.is_none());
            if live.is_none_or(|binding| binding.customer != seat.customer) {
                return Err(Broken(format!("a seat of feature {} is held by nobody", seat.feature)));
            }
            if !slots.insert((pool_of(seat), seat.slot)) {
                return Err(Broken(format!("seat {} of feature {} is bound twice", seat.slot, seat.feature)));
            }
        }
        Ok(())
    }

    /// A verdict of a host: "no" is the word of a statement that was issued to it.
    pub(crate) fn verdict(
        &self,
        host: &PublicKey,
        held: Option<&Statement>,
        feature: FeatureId,
        verdict: &Verdict,
    ) -> Result<(), Broken> {
        let Verdict::Denied { code, reason } = verdict else { return Ok(()) };
        let issued = held.and_then(|held| self.statements.get(&(*host.as_bytes(), held.serial)));
        match issued {
            Some(granted) if !granted.contains(&feature) => Ok(()),
            Some(_) => Err(Broken(format!(
                "feature {feature} is denied ({code}: {reason}), and the statement that is held grants it"
            ))),
            None => Err(Broken(format!("feature {feature} is denied ({code}: {reason}) by no statement"))),
        }
    }

    /// Whether the rows say that the host may use the feature, by the seats that are sold.
    pub(crate) fn is_granted(
        &self,
        rows: &Rows,
        host: &PublicKey,
        feature: FeatureId,
        now: UnixTime,
    ) -> bool {
        let live = rows.bindings.iter().find(|row| row.host == *host && row.ended.is_none());
        let Some(binding) = live else { return false };
        let pool = (binding.customer.0.clone(), feature);
        if self.suspended.contains(&pool.0) {
            return false;
        }
        let mut seats: Vec<&SeatRow> = rows.seats.iter().filter(|seat| pool_of(seat) == pool).collect();
        seats.sort_by_key(|seat| seat.slot);
        let counted = usize::try_from(self.total(&pool, now)).unwrap_or(usize::MAX);
        seats.iter().take(counted).any(|seat| seat.binding == binding.id)
    }
}

/// Whether the cause is one that may end what the host has.
fn ends_right(cause: Cause, host: &PublicKey) -> bool {
    match cause {
        Cause::Vendor => true,
        Cause::Person(caller) => caller == *host,
        Cause::Rule => false,
    }
}

/// The features that a statement grants.
fn granted(statement: &Statement) -> BTreeSet<FeatureId> {
    match &statement.kind {
        Kind::Refusal(_) => BTreeSet::new(),
        Kind::Lease(lease) => {
            lease.features.iter().filter(|row| row.refusal.is_none()).map(|row| row.feature).collect()
        }
    }
}
