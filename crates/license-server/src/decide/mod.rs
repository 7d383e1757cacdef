//! The rules of licensing, pure: rows and a request in, writes and an answer out.
//!
//! No I/O, no clock, no randomness: `now` and what was drawn are parameters. One file for each rule.
//! A refused request writes nothing, so on any failure the old binding stays.

pub mod accept;
mod activation;
pub mod changed;
pub mod clear;
mod copies;
mod coupon;
pub mod customer;
mod draft;
pub mod drop;
pub mod grants;
pub mod import;
pub mod issued;
mod lease;
pub mod list;
pub mod log;
pub mod mail;
pub mod overview;
pub mod product;
pub mod ratchet;
mod refusal;
pub mod registration;
pub mod replay;
mod restore;
mod rows;
mod seats;
mod term;
mod together;
mod trial;
pub mod vendor;
pub mod verify;
mod write;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

use license_core::{
    api::{Call, HostCall, License, MAX_METRIC_LEN, MAX_METRICS, Metrics},
    crypto::{Nonce, PublicKey, RequestId, sha256_hex},
    host::Evidence,
    receipt::Receipt,
    statement::Statement,
};
use license_texts::Text;
use license_types::{RegistrationNumber, SessionId, UnixTime};

pub(crate) use self::refusal::problem;
pub use self::{
    coupon::coupon_digest,
    draft::Draft,
    refusal::Refusal,
    registration::comparable,
    rows::{
        BarRow, BindingId, BindingRow, CouponMode, CouponRow, CouponUse, CustomerId, CustomerRow, Ended,
        EndedBy, FormerNumber, GrantRow, HostRow, ReplyRow, Rows, SeatRow, UsedDays, UsedHere, Wanted,
    },
    write::Write,
};
use self::{
    log::{Actor, Deed},
    ratchet::Caller,
};

/// A verified request of a host.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The host.
    pub host: PublicKey,
    /// The id under which it is repeated.
    pub request_id: RequestId,
    /// The serial that the host says it holds.
    pub serial: u64,
    /// What the statement has to repeat.
    pub nonce: Nonce,
    /// What is known of the host's hardware.
    pub evidence: &'a Evidence,
    /// The receipt of the statement that the host holds, if it is ours and about this host.
    pub proved: Option<Receipt>,
    /// What it wants.
    pub call: &'a Call,
}

/// What chance decides, drawn for each request.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The number of a new customer.
    pub number: RegistrationNumber,
    /// What the ids of everything new are made from.
    pub seed: [u8; 16],
}

impl Drawn {
    /// The id of the new row that `what` describes, different for each description and each draw.
    fn id(&self, what: &str) -> String {
        sha256_hex(&[self.seed.as_slice(), what.as_bytes()].concat())[..32].to_owned()
    }
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What changes.
    pub writes: Vec<Write>,
    /// What the host is told.
    pub answer: Answer,
    /// What was done.
    pub deeds: Vec<Deed>,
}

/// What the host is told; still to be signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// What holds now.
    pub statement: Option<Statement>,
    /// The seat that was captured.
    pub session: Option<SessionId>,
    /// The license that was asked for.
    pub license: Option<License>,
    /// What did not go quite as wanted.
    pub warnings: Vec<Text>,
}

impl Decision {
    /// What the vendor wants to see among the warnings of the running server.
    #[must_use]
    pub fn notable(&self) -> Vec<Deed> {
        self.deeds.iter().filter(|deed| deed.is_notable()).cloned().collect()
    }
}

impl Wanted {
    /// What [`decide`] needs for a request of a host, which may prove what is claimed.
    #[must_use]
    pub fn of(host: PublicKey, request: &HostCall, claim: Option<&Receipt>) -> Self {
        let mut wanted = Self { hosts: vec![host], ..Self::default() };
        wanted.numbers.extend(claim.map(|claim| claim.number.clone()));
        match &request.call {
            Call::Register(registration) => {
                wanted.email_keys = vec![comparable(&registration.email)];
                wanted.evidence.clone_from(&request.evidence);
            }
            Call::Activate { number } => {
                wanted.numbers.push(number.clone());
                wanted.evidence.clone_from(&request.evidence);
            }
            Call::Release { session } => wanted.session = Some(session.clone()),
            Call::Coupon { coupon } => wanted.coupon = Some(coupon_digest(coupon)),
            Call::Trial { product } => {
                wanted.trials = Some(*product);
                wanted.evidence.clone_from(&request.evidence);
            }
            Call::LicenseInfo { number } => wanted.numbers.push(number.clone()),
            Call::CheckIn
            | Call::Capture { .. }
            | Call::SendMetrics { .. }
            | Call::Drop
            | Call::WouldCapture { .. } => {}
        }
        wanted
    }
}

/// What a request comes to.
pub fn decide(rows: Rows, asked: &Asked<'_>, now: UnixTime, drawn: &Drawn) -> Result<Decision, Refusal> {
    let mut desk = Desk::new(rows, asked, now, drawn);
    let mut answer = Answer::default();
    desk.turn_ratchet(asked.call)?;
    let subject = match asked.call {
        Call::Register(registration) => Some(desk.register(registration)?),
        Call::Activate { number } => Some(desk.activate(number)?),
        Call::CheckIn => Some(desk.check_in()?),
        Call::Capture { feature, holder, reclaim } => {
            let (binding, session) = desk.capture(*feature, holder.as_ref(), *reclaim)?;
            answer.session = Some(session);
            Some(binding)
        }
        Call::Release { session } => Some(desk.release(session)?),
        Call::Coupon { coupon } => Some(desk.use_coupon(coupon)?),
        Call::Trial { product } => Some(desk.add_trial(*product)?),
        Call::LicenseInfo { number } => {
            answer.license = Some(desk.license_info(number)?);
            None
        }
        Call::SendMetrics { metrics } => {
            desk.take_metrics(metrics)?;
            None
        }
        Call::Drop => {
            desk.reset()?;
            None
        }
        Call::WouldCapture { feature, holder } => {
            desk.capture(*feature, holder.as_ref(), false)?;
            // It was only asked about: what the capture would change is dropped, the serial of an answer too.
            answer.warnings = desk.warnings;
            return Ok(Decision { writes: Vec::new(), answer, deeds: Vec::new() });
        }
    };
    if let Some(binding) = subject {
        answer.statement = Some(desk.statement(&binding)?);
    }
    answer.warnings = desk.warnings;
    let (writes, deeds) = desk.draft.finish();
    Ok(Decision { writes, answer, deeds })
}

/// How a host stands to numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// On a number.
    Bound(BindingRow),
    /// It lost its number against its wish, and has not come back since.
    Ousted {
        /// The binding that it had.
        binding: BindingRow,
        /// What it is told.
        refusal: Refusal,
    },
    /// It had a number and left it by itself.
    Unbound,
    /// Nobody knows its key.
    Unknown,
}

/// A request being decided.
struct Desk<'a> {
    draft: Draft,
    asked: &'a Asked<'a>,
    now: UnixTime,
    drawn: &'a Drawn,
    /// Who asks, what is known of its hardware and of its copies from now on.
    turned: copies::Turned,
    warnings: Vec<Text>,
}

impl<'a> Desk<'a> {
    fn new(rows: Rows, asked: &'a Asked<'a>, now: UnixTime, drawn: &'a Drawn) -> Self {
        let draft = Draft::new(rows, Actor::Host(asked.host.id()), now);
        let turned = copies::Turned::of(draft.rows.host(&asked.host));
        Self { draft, asked, now, drawn, turned, warnings: Vec::new() }
    }

    fn write(&mut self, write: Write) {
        self.draft.write(write);
    }

    fn standing(&self) -> Standing {
        let mine = || self.draft.rows.bindings.iter().filter(|binding| binding.host == self.asked.host);
        if let Some(live) = mine().find(|binding| binding.ended.is_none()) {
            return Standing::Bound(live.clone());
        }
        let counting = mine().filter(|binding| binding.cleared_at.is_none());
        let ended = counting.filter_map(|binding| Some((binding.ended?, binding)));
        match ended.max_by_key(|(ended, binding)| (ended.at, binding.bound_at)) {
            Some((ended, binding)) => match ended.by.refusal() {
                Some(refusal) => Standing::Ousted { binding: binding.clone(), refusal },
                None => Standing::Unbound,
            },
            None if self.draft.rows.host(&self.asked.host).is_some() => Standing::Unbound,
            None => Standing::Unknown,
        }
    }

    /// Whether the number of the customer can be used.
    fn require_in_order(&self, customer: &CustomerId) -> Result<(), Refusal> {
        let row = self.draft.rows.customer(customer);
        if row.is_some_and(|row| row.suspended_at.is_some()) { Err(Refusal::Suspended) } else { Ok(()) }
    }

    /// The live binding of the host, or why there is none; `without` is for a host without a number.
    fn bound(&self, without: Refusal) -> Result<BindingRow, Refusal> {
        match self.standing() {
            Standing::Bound(binding) => self.require_in_order(&binding.customer).map(|()| binding),
            Standing::Ousted { refusal, .. } => Err(refusal),
            Standing::Unbound | Standing::Unknown => Err(without),
        }
    }

    /// The number that the host is on or lost: for what a person does to come back.
    fn bound_or_ousted(&self, without: Refusal) -> Result<CustomerId, Refusal> {
        match self.standing() {
            Standing::Bound(BindingRow { customer, .. })
            | Standing::Ousted { binding: BindingRow { customer, .. }, .. } => {
                self.require_in_order(&customer).map(|()| customer)
            }
            Standing::Unbound | Standing::Unknown => Err(without),
        }
    }

    /// Binds the host to the customer's number; a binding to another number ends.
    fn bind(&mut self, customer: &CustomerId) -> BindingRow {
        if let Standing::Bound(binding) = self.standing() {
            if binding.customer == *customer {
                return binding;
            }
            self.unbind(binding, EndedBy::Left);
        }
        let binding = BindingRow {
            id: BindingId(self.drawn.id("binding")),
            host: self.asked.host,
            customer: customer.clone(),
            bound_at: self.now,
            ended: None,
            cleared_at: None,
        };
        self.write(Write::Bind(binding.clone()));
        binding
    }

    fn unbind(&mut self, binding: BindingRow, by: EndedBy) {
        let BindingRow { id, host, customer, .. } = binding;
        let ended = Ended { at: self.now, by, told_at: None };
        self.write(Write::Unbind { binding: id, host, customer, ended });
    }

    /// Known hosts that are the same machine under another key.
    fn twins(&self) -> impl Iterator<Item = &HostRow> {
        let others = self.draft.rows.hosts.iter().filter(|host| host.key != self.asked.host);
        others.filter(|host| host.evidence.matches(self.asked.evidence))
    }

    /// Whether the key is this host's or that of a twin.
    fn is_same_host(&self, key: &PublicKey) -> bool {
        *key == self.asked.host || self.twins().any(|twin| twin.key == *key)
    }

    /// Whether the key is that of a twin by so much that this host may go on in its place.
    fn is_machine(&self, key: &PublicKey) -> bool {
        self.twins().any(|twin| twin.key == *key && twin.evidence.identifies(self.asked.evidence))
    }

    /// The binding that a check-in is about: the live one, or the one that the host is told it lost.
    fn check_in(&mut self) -> Result<BindingRow, Refusal> {
        self.restore();
        match self.standing() {
            Standing::Bound(binding) | Standing::Ousted { binding, .. } => Ok(binding),
            Standing::Unbound => self.left_behind().ok_or(Refusal::NoNumber),
            Standing::Unknown => Err(Refusal::UnknownHost),
        }
    }

    fn take_metrics(&mut self, metrics: &Metrics) -> Result<(), Refusal> {
        if self.is_refused_copy() {
            return Ok(());
        }
        let fits = |text: &String| text.len() <= MAX_METRIC_LEN;
        if metrics.len() > MAX_METRICS || !metrics.iter().all(|(name, value)| fits(name) && fits(value)) {
            return Err(Refusal::TooManyMetrics);
        }
        self.bound(Refusal::NoNumber)?;
        self.write(Write::SaveMetrics { host: self.asked.host, at: self.now, metrics: metrics.clone() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use license_core::statement::Kind;
    use license_types::{Code, FeatureId};

    use super::{testing::*, *};

    #[test]
    fn a_host_without_a_number_is_told_so_by_the_code_of_its_call() {
        let cases = [
            (Call::CheckIn, Code::NO_LICENSE),
            (capture(45), Code::KEY_ERROR),
            (Call::Release { session: SessionId("s".to_owned()) }, Code::KEY_ERROR),
            (trial(81), Code::KEY_ERROR),
            (trial(11), Code::KEY_ERROR),
            (Call::Coupon { coupon: coupon('A') }, Code::COUPON_NUMBER),
            (Call::LicenseInfo { number: number('Z') }, Code::KEY_UNKNOWN),
            (Call::Activate { number: number('Z') }, Code::KEY_UNKNOWN),
        ];
        for (call, code) in cases {
            let mut world = World::new();
            assert_eq!(world.refused(1, &call).code(), Some(code), "{call:?}");
            assert_eq!(world.rows, World::new().rows, "{call:?} changes nothing");
        }
    }

    #[test]
    fn a_dropped_host_is_told_by_a_signed_refusal() {
        let mut world = World::registered(1);
        world.drop_all();
        let statement = world.ok(1, &Call::CheckIn).statement.unwrap();
        let Kind::Refusal(refusal) = statement.kind else { panic!("a lease after the drop") };
        assert_eq!(refusal.code, Code::NO_LICENSE);
        assert!(world.rows.bindings.iter().all(|b| b.ended.is_some_and(|ended| ended.told_at == Some(NOW))));
    }

    #[test]
    fn a_host_that_lost_its_number_comes_back_by_what_a_person_does_alone() {
        let activate = Call::Activate { number: number('A') };
        let session = SessionId("s".to_owned());
        let reclaim = Call::Capture { feature: FEATURE_33, holder: None, reclaim: true };
        let cases = [
            (capture(33), false),
            (Call::Release { session }, false),
            (reclaim, true),
            (trial(11), true),
            (trial(81), true),
            (Call::Coupon { coupon: coupon('A') }, true),
            (Call::Register(company("Acme")), true),
            (activate.clone(), true),
        ];
        for why in [Refusal::Dropped, Refusal::Replaced] {
            for (call, comes_back) in &cases {
                let mut world = World::registered(1);
                world.issue('A', 81, 1, 30);
                world.issue('B', 11, 1, 30);
                world.ok(1, &Call::Coupon { coupon: coupon('B') });
                if why == Refusal::Dropped {
                    world.drop_all();
                } else {
                    world.ok(11, &activate);
                }
                if *comes_back {
                    let kind = world.ok(1, call).statement.unwrap().kind;
                    assert!(matches!(kind, Kind::Lease(_)), "{why:?}, {call:?}");
                } else {
                    assert_eq!(world.refused(1, call), why, "{call:?}");
                }
            }
        }
    }

    #[test]
    fn a_capture_that_is_only_asked_about_ends_as_it_would_and_changes_nothing() {
        let with_seats = |seats| {
            let mut world = World::registered(1);
            world.issue('A', 81, seats, 10);
            world.ok(1, &Call::Coupon { coupon: coupon('A') });
            world.ok(2, &Call::Activate { number: number('A') });
            world
        };
        let (mut dropped, mut barred) = (World::registered(1), World::registered(1));
        dropped.drop_all();
        barred.drop_session(0);
        let mut expired = with_seats(1);
        expired.now.0 += 30 * 24 * 3600;
        let cases = [
            ("a free seat", with_seats(2), 2, 45, None),
            ("a seat that it has", with_seats(1), 1, 45, None),
            ("the last seat taken", with_seats(1), 2, 45, Some(Code::NO_LICENSE)),
            ("a feature that nobody sells", with_seats(1), 1, 99, Some(Code::NO_LICENSE)),
            ("an expired one", expired, 2, 45, Some(Code::EXPIRED)),
            ("an unknown host", World::new(), 1, 45, Some(Code::KEY_ERROR)),
            ("a dropped host", dropped, 1, 33, Some(Code::NO_LICENSE)),
            ("a barred host", barred, 1, 33, Some(Code::NO_LICENSE)),
        ];
        for (name, mut world, host, feature, code) in cases {
            let (before, serial) = (world.rows.clone(), world.serial(host));
            let would = Call::WouldCapture { feature: FeatureId(feature), holder: None };
            let asked = world.decide(host, &would);
            assert_eq!((&world.rows, world.serial(host)), (&before, serial), "{name}");
            let asked = asked
                .map(|decision| assert_eq!((decision.writes, decision.deeds), (vec![], vec![]), "{name}"));
            assert_eq!(asked.as_ref().err().and_then(Refusal::code), code, "{name}");
            let captured = world.decide(host, &capture(feature)).map(drop);
            assert_eq!(asked, captured, "{name}");
        }
    }

    #[test]
    fn license_info_of_another_number_binds_nothing() {
        let mut world = World::registered(1);
        let before = world.clone();
        let answer = world.ok(2, &Call::LicenseInfo { number: number('A') });
        assert_eq!(answer.statement, None);
        assert_eq!(answer.license.unwrap().customer.company, "Acme");
        assert_eq!(world.rows, before.rows);
    }
}
