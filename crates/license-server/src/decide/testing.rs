//! A world without a store: rows that writes are applied to, and hosts that ask.

use std::{collections::BTreeMap, sync::Arc};

use license_core::{
    api::{Call, HostCall},
    crypto::{Nonce, PublicKey, RequestId, SigningKey},
    host::{Evidence, Fact, FactKind},
    receipt::Receipt,
    schema::SCHEMA,
    statement::{Kind, LeasedFeature, Statement},
};
use license_types::{Code, Coupon, FeatureId, ProductId, Registration, RegistrationNumber, UnixTime};

use super::{
    Answer, Asked, CouponMode, CouponRow, CustomerId, Decision, Draft, Drawn, Refusal, Rows, SeatRow, Wanted,
    Write, coupon_digest, decide,
    drop::{self, Dropped, Purpose, Which},
    log::{Actor, Deed, LogRow},
    mail::MailRow,
    registration,
};
use crate::catalogue::{Catalogue, Feature, Policy, Product};

/// The moment at which every test starts: 2026-11-24, 00:00 UTC.
pub(super) const NOW: UnixTime = UnixTime(1_795_478_400);

pub(super) const FEATURE_33: FeatureId = FeatureId::MIKOPBX;

/// The key of host `host`.
pub(super) fn key(host: u8) -> PublicKey {
    PublicKey::of(&SigningKey::from_bytes(&[host; 32]))
}

/// The number with that letter all over.
pub(super) fn number(letter: char) -> RegistrationNumber {
    format!("MIKO{}", format!("-{}", letter.to_string().repeat(5)).repeat(4)).parse().unwrap()
}

/// The coupon with that letter all over.
pub(super) fn coupon(letter: char) -> Coupon {
    number(letter).as_str().replace("MIKO", "MIKOUPD").parse().unwrap()
}

/// The nonce of a request.
pub(super) fn nonce(request: RequestId) -> Nonce {
    Nonce([request.0[0]; 32])
}

/// The registration of a company.
pub(super) fn company(name: &str) -> Registration {
    Registration {
        company: name.to_owned(),
        email: format!("{}@example.com", name.to_lowercase()),
        contact: "A person".to_owned(),
        phone: None,
        tax_id: None,
    }
}

pub(super) fn capture(feature: u32) -> Call {
    Call::Capture { feature: FeatureId(feature), holder: None, reclaim: false }
}

pub(super) fn trial(product: u32) -> Call {
    Call::Trial { product: ProductId(product) }
}

/// The receipt of a statement that is not newer than what is known here.
fn receipt(host: u8, serial: u64) -> Option<Receipt> {
    let (schema, number) = (SCHEMA.to_owned(), number('A'));
    let (host_key, seats) = (key(host), Vec::new());
    let receipt = Receipt { schema, serial, issued_at: NOW, number, host_key, bound: true, seats };
    (serial > 0).then_some(receipt)
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) rows: Rows,
    pub(super) now: UnixTime,
    pub(super) last_request: RequestId,
    pub(super) log: Vec<LogRow>,
    pub(super) mails: Vec<MailRow>,
    coupons: Vec<CouponRow>,
    freed: Vec<SeatRow>,
    serials: BTreeMap<u8, u64>,
    pub(super) next_number: char,
    /// What is known of every machine.
    pub(super) known_by: FactKind,
}

impl World {
    /// A new server.
    pub(super) fn new() -> Self {
        Self {
            rows: Rows { catalogue: Arc::new(Catalogue::initial()), ..Rows::default() },
            now: NOW,
            last_request: RequestId([0; 16]),
            log: Vec::new(),
            mails: Vec::new(),
            coupons: Vec::new(),
            freed: Vec::new(),
            serials: BTreeMap::new(),
            next_number: 'A',
            known_by: FactKind::ProductUuid,
        }
    }

    /// A server on which `host` registered the company Acme and got number A.
    pub(super) fn registered(host: u8) -> Self {
        let mut world = Self::new();
        world.register(host, "Acme", 'A');
        world
    }

    pub(super) fn register(&mut self, host: u8, name: &str, number: char) {
        self.next_number = number;
        self.ok(host, &Call::Register(company(name)));
    }

    pub(super) fn apply(&mut self, writes: &[Write]) {
        for write in writes {
            let before = self.rows.seats.clone();
            if let Write::UseCoupon { digest, used } = write {
                let row = self.coupons.iter_mut().find(|row| row.digest == *digest).unwrap();
                row.used = Some(used.clone());
            }
            if let Write::AddCoupon(row) = write {
                self.coupons.push(row.clone());
            }
            if let Write::Mail(mail) = write {
                self.mails.push(mail.clone());
            }
            if let Write::Edit(_) = write {
                let mut known = Rows { batch: std::mem::take(&mut self.coupons), ..Rows::default() };
                known.apply(write);
                self.coupons = known.batch;
            }
            if let Write::Log(line) = write {
                self.log.push(line.clone());
            } else if let Some((customer, _)) = Deed::of(write) {
                assert!(self.rows.customer(&customer).is_some() || matches!(write, Write::AddCustomer(_)));
            }
            self.rows.apply(write);
            let gone = before.into_iter().filter(|seat| !self.rows.seats.contains(seat));
            self.freed.extend(gone.map(|seat| SeatRow { freed_at: Some(self.now), ..seat }));
        }
    }

    fn ask(
        &mut self,
        host: u8,
        hardware_of: u8,
        request: RequestId,
        proved: Option<Receipt>,
        call: &Call,
    ) -> Result<Decision, Refusal> {
        let mut rows = self.rows.clone();
        if let Call::Coupon { coupon } = call {
            let digest = coupon_digest(coupon);
            rows.coupon = self.coupons.iter().find(|row| row.digest == digest).cloned();
        }
        if let Call::Release { session } = call {
            let mut seats = self.rows.seats.iter().chain(&self.freed);
            rows.seat = seats.find(|seat| seat.session == *session).cloned();
        }
        // Hosts 1, 11 and 21 are the same machine.
        let machine = format!("machine {}", hardware_of % 10);
        let evidence = Evidence(vec![Fact::new(self.known_by, &machine)]);
        let held = proved.as_ref().map(|proved| proved.serial);
        let serial = held.unwrap_or_else(|| self.serial(host));
        let proved = proved.or_else(|| receipt(host, serial.min(self.issued(host))));
        let (nonce, evidence) = (nonce(request), &evidence);
        let sent = HostCall { nonce, evidence: evidence.clone(), receipt: None, call: call.clone() };
        let wanted = Wanted::of(key(host), &sent, proved.as_ref());
        let asked = Asked { host: key(host), request_id: request, serial, nonce, evidence, proved, call };
        let drawn = Drawn { number: number(self.next_number), seed: request.0 };
        self.last_request = request;
        let before = rows.clone();
        let decided = decide(rows, &asked, self.now, &drawn);
        if wanted.is_of_hosts() {
            let alike = decide(before.of_hosts(&wanted), &asked, self.now, &drawn);
            assert_eq!(alike, decided, "together with others it is decided as by itself");
        }
        let decision = match (decided, call) {
            (Err(refusal), Call::Register(entered)) => {
                let writes = registration::notice(before, entered, &refusal, key(host).id(), self.now);
                self.apply(&writes);
                return Err(refusal);
            }
            (outcome, _) => outcome?,
        };
        self.apply(&decision.writes);
        if let Some(statement) = &decision.answer.statement {
            self.hold(host, statement.serial);
        }
        Ok(decision)
    }

    /// The last serial that was issued to `host`.
    fn issued(&self, host: u8) -> u64 {
        self.rows.host(&key(host)).map_or(0, |row| row.serial)
    }

    /// `host` is in use on each of so many days from tomorrow on.
    pub(super) fn use_for(&mut self, host: u8, days: i64) {
        for _ in 0..days {
            self.now.0 += 24 * 3600;
            self.ok(host, &Call::CheckIn);
        }
    }

    /// The serial that `host` holds.
    pub(super) fn serial(&self, host: u8) -> u64 {
        self.serials.get(&host).copied().unwrap_or(0)
    }

    /// From now on `host` holds that serial, and not that of its last answer.
    pub(super) fn hold(&mut self, host: u8, serial: u64) {
        self.serials.insert(host, serial);
    }

    fn next_request(&self) -> RequestId {
        RequestId([self.last_request.0[0] + 1; 16])
    }

    pub(super) fn decide(&mut self, host: u8, call: &Call) -> Result<Decision, Refusal> {
        self.decide_with(host, host, call)
    }

    /// `host` reports the hardware of another one.
    pub(super) fn decide_with(&mut self, host: u8, hardware: u8, call: &Call) -> Result<Decision, Refusal> {
        self.ask(host, hardware, self.next_request(), None, call)
    }

    /// `host` proves that it holds a statement.
    pub(super) fn decide_holding(
        &mut self,
        host: u8,
        held: &Statement,
        call: &Call,
    ) -> Result<Decision, Refusal> {
        self.ask(host, host, self.next_request(), Some(Receipt::of(held).unwrap()), call)
    }

    pub(super) fn try_again(
        &mut self,
        host: u8,
        request: RequestId,
        call: &Call,
    ) -> Result<Decision, Refusal> {
        self.ask(host, host, request, None, call)
    }

    pub(super) fn ok_again(&mut self, host: u8, request: RequestId, call: &Call) -> Answer {
        self.try_again(host, request, call).unwrap().answer
    }

    pub(super) fn ok(&mut self, host: u8, call: &Call) -> Answer {
        self.decide(host, call).unwrap().answer
    }

    pub(super) fn refused(&mut self, host: u8, call: &Call) -> Refusal {
        self.decide(host, call).unwrap_err()
    }

    /// What the next lease of `host` says about a feature.
    pub(super) fn leased(&mut self, host: u8, feature: u32) -> Option<LeasedFeature> {
        let Kind::Lease(lease) = self.ok(host, &Call::CheckIn).statement.unwrap().kind else {
            panic!("a refusal")
        };
        lease.features.into_iter().find(|leased| leased.feature.0 == feature)
    }

    pub(super) fn refusal_of(&mut self, host: u8, feature: u32) -> Option<Code> {
        self.leased(host, feature).unwrap().refusal
    }

    pub(super) fn number_of(&self, customer: &CustomerId) -> RegistrationNumber {
        self.rows.customer(customer).unwrap().number.clone()
    }

    pub(super) fn issue(&mut self, letter: char, product: u32, seats: u32, days: u32) {
        self.issue_as(letter, product, seats, days, CouponMode::Add);
    }

    pub(super) fn issue_as(&mut self, letter: char, product: u32, seats: u32, days: u32, mode: CouponMode) {
        self.coupons.push(CouponRow {
            digest: coupon_digest(&coupon(letter)),
            product: ProductId(product),
            seats,
            days,
            mode,
            issued_at: self.now,
            blocked: false,
            batch: None,
            used: None,
        });
    }

    pub(super) fn block(&mut self, letter: char) {
        let digest = coupon_digest(&coupon(letter));
        self.coupons.iter_mut().find(|row| row.digest == digest).unwrap().blocked = true;
    }

    /// The vendor changes something about a coupon.
    pub(super) fn change_coupon<T, E>(
        &mut self,
        letter: char,
        decide: impl FnOnce(&mut Draft) -> Result<T, E>,
    ) -> Result<T, E> {
        let digest = coupon_digest(&coupon(letter));
        self.rows.coupon = self.coupons.iter().find(|row| row.digest == digest).cloned();
        let outcome = self.change(decide);
        self.rows.coupon = None;
        outcome
    }

    /// The vendor changes something about all coupons, as if they were one batch.
    pub(super) fn change_batch<T, E>(
        &mut self,
        decide: impl FnOnce(&mut Draft) -> Result<T, E>,
    ) -> Result<T, E> {
        self.rows.batch = self.coupons.clone();
        let outcome = self.change(decide);
        (self.rows.batch, self.rows.coupon) = (Vec::new(), None);
        outcome
    }

    pub(super) fn drop(&mut self, which: &Which, purpose: Purpose) -> Dropped {
        self.change(|draft| drop::drop(draft, &number('A'), which, purpose)).unwrap()
    }

    /// The vendor changes something; on an error nothing is changed.
    pub(super) fn change<T, E>(&mut self, decide: impl FnOnce(&mut Draft) -> Result<T, E>) -> Result<T, E> {
        let mut draft = Draft::new(self.rows.clone(), Actor::Admin("root".to_owned()), self.now);
        let outcome = decide(&mut draft)?;
        self.apply(&draft.finish().0);
        Ok(outcome)
    }

    pub(super) fn drop_all(&mut self) {
        self.drop(&Which::All, Purpose::Move);
    }

    pub(super) fn drop_session(&mut self, index: usize) {
        let session = self.rows.seats[index].session.clone();
        self.drop(&Which::Session(session), Purpose::Move);
    }

    pub(super) fn drop_feature(&mut self, feature: u32) {
        let index = self.rows.seats.iter().position(|seat| seat.feature.0 == feature).unwrap();
        self.drop_session(index);
    }

    /// Product 1000 with so many features.
    pub(super) fn sell_many(&mut self, features: usize) {
        let ids: Vec<FeatureId> = (10_000..).take(features).map(FeatureId).collect();
        let feature = |id: &FeatureId| Feature { id: *id, name: id.to_string(), per_user: true };
        Arc::make_mut(&mut self.rows.catalogue).features.extend(ids.iter().map(feature));
        let product = Product {
            id: ProductId(1000),
            name: "Much".to_owned(),
            features: ids,
            policy: Policy::default(),
        };
        Arc::make_mut(&mut self.rows.catalogue).products.push(product);
    }
}
