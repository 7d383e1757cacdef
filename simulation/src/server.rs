//! The license server: its real exchange, over rows in memory.

use std::sync::Arc;

use license_core::{
    api::HostCall,
    crypto::{PublicKey, SigningKey},
    envelope::Envelope,
    outcome::HttpAnswer,
    state::PreparedCall,
};
use license_server::{
    catalogue::Catalogue,
    decide::{CouponMode, CouponRow, Draft, Drawn, Rows, SeatRow, Wanted, Write, coupon_digest, log::Actor},
    exchange::{Decided, Exchange},
    keys::Keys,
};
use license_types::{Coupon, ProductId, RegistrationNumber, UnixTime};

use crate::oracle::{Broken, Cause, Oracle};

/// What the store would hold.
#[derive(Debug, Clone, Default)]
struct Database {
    rows: Rows,
    coupons: Vec<CouponRow>,
    /// Seats that were given back.
    freed: Vec<SeatRow>,
}

/// A call on the wire: what was stored before it was sent, and the key that signs it.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) key: SigningKey,
    pub(crate) prepared: PreparedCall,
}

/// The license server.
pub(crate) struct Server {
    pub(crate) root: PublicKey,
    keys: Arc<Keys>,
    database: Database,
    backup: Option<Database>,
}

impl Server {
    /// A new server.
    pub(crate) fn new(chance: &mut fastrand::Rng) -> Result<Self, Broken> {
        let (root, online) = (signing_key(chance), signing_key(chance));
        let keys = Keys::in_memory(&root, online, UnixTime(0));
        let rows = Rows { catalogue: Arc::new(Catalogue::initial()), ..Rows::default() };
        Ok(Self {
            root: PublicKey::of(&root),
            keys: Arc::new(keys.map_err(|error| Broken(error.to_string()))?),
            database: Database { rows, ..Database::default() },
            backup: None,
        })
    }

    pub(crate) fn rows(&self) -> &Rows {
        &self.database.rows
    }

    /// Answers a call, as `license_server::http` and the store do.
    pub(crate) fn answer(
        &mut self,
        Parcel { key, prepared }: &Parcel,
        oracle: &mut Oracle,
        now: UnixTime,
        chance: &mut fastrand::Rng,
    ) -> Result<HttpAnswer, Broken> {
        let (path, body) = (prepared.call.path(), &prepared.body.0);
        let headers = Envelope::seal(key, "POST", path, body, prepared.request_id, prepared.serial).headers();
        let header = |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value);
        let envelope = Envelope::open(header, "POST", path, body);
        let envelope = envelope.map_err(|error| Broken(format!("an envelope does not open: {error}")))?;
        let request: HostCall = serde_json::from_slice(body)
            .map_err(|error| Broken(format!("the bytes of a request are no request: {error}")))?;
        let drawn = drawn(chance)?;
        let exchange =
            Exchange::new(envelope.clone(), body, request.clone(), Arc::clone(&self.keys), drawn, now);
        let decided = exchange.decide(self.load(&exchange.wanted()));
        let Decided { writes, reply, .. } = decided.map_err(|error| Broken(error.to_string()))?;
        let cause = Cause::of(envelope.host_key, &request.call);
        self.apply(&writes, cause, oracle, now)?;
        if reply.signed {
            oracle.issued(self.rows(), &envelope.host_key, &request, &reply.body, now)?;
        }
        oracle.copies(self.rows(), &envelope.host_key)?;
        Ok(HttpAnswer {
            status: reply.status,
            content_type: Some(reply.media_type().to_owned()),
            retry_after: None,
            body: reply.body,
        })
    }

    /// The rows that a decision gets. Whoever looks for strangers gets all of them.
    fn load(&self, wanted: &Wanted) -> Rows {
        let all = &self.database.rows;
        if wanted.is_of_hosts() {
            return all.of_hosts(wanted);
        }
        let mut rows = all.clone();
        rows.coupon = wanted
            .coupon
            .as_ref()
            .and_then(|digest| self.database.coupons.iter().find(|row| row.digest == *digest).cloned());
        rows.seat = wanted.session.as_ref().and_then(|session| {
            all.seats.iter().chain(&self.database.freed).find(|seat| seat.session == *session).cloned()
        });
        rows.trials = wanted.trials.map_or_else(Vec::new, |product| {
            all.grants.iter().filter(|grant| grant.trial && grant.product == product).cloned().collect()
        });
        rows
    }

    fn apply(
        &mut self,
        writes: &[Write],
        cause: Cause,
        oracle: &mut Oracle,
        now: UnixTime,
    ) -> Result<(), Broken> {
        for write in writes {
            oracle.before_write(&self.database.rows, write, cause, now);
            let before = std::mem::take(&mut self.database.rows.seats);
            self.database.rows.seats.clone_from(&before);
            self.database.rows.apply(write);
            let Database { rows, coupons, freed } = &mut self.database;
            let gone =
                before.into_iter().filter(|seat| rows.seats.iter().all(|row| row.session != seat.session));
            freed.extend(gone.map(|seat| SeatRow { freed_at: Some(now), ..seat }));
            if let Write::UseCoupon { digest, used } = write {
                for coupon in coupons.iter_mut().filter(|coupon| coupon.digest == *digest) {
                    coupon.used = Some(used.clone());
                }
            }
            oracle.after_write(rows, write, now)?;
        }
        Oracle::seats_are_bound_once(&self.database.rows)
    }

    /// The vendor changes something.
    pub(crate) fn change<T, E>(
        &mut self,
        decide: impl FnOnce(&mut Draft) -> Result<T, E>,
        oracle: &mut Oracle,
        now: UnixTime,
    ) -> Result<Option<T>, Broken> {
        let mut draft = Draft::new(self.database.rows.clone(), Actor::Admin("root".to_owned()), now);
        let Ok(done) = decide(&mut draft) else { return Ok(None) };
        self.apply(&draft.finish().0, Cause::Vendor, oracle, now)?;
        Ok(Some(done))
    }

    pub(crate) fn issue_coupon(&mut self, coupon: &Coupon, product: ProductId, now: UnixTime) {
        self.database.coupons.push(CouponRow {
            digest: coupon_digest(coupon),
            product,
            seats: 1,
            days: 365,
            mode: CouponMode::Add,
            issued_at: now,
            blocked: false,
            batch: None,
            used: None,
        });
    }

    pub(crate) fn back_up(&mut self, oracle: &mut Oracle) {
        self.backup = Some(self.database.clone());
        oracle.backed_up();
    }

    /// The database is as it was at the backup, and no seat in it is proved. `false` without a backup.
    pub(crate) fn restore(&mut self, oracle: &mut Oracle) -> bool {
        let Some(backup) = &self.backup else { return false };
        self.database.clone_from(backup);
        self.database.rows.seats.iter_mut().for_each(|seat| seat.unproved = true);
        oracle.restored();
        true
    }
}

/// Draws a key pair.
pub(crate) fn signing_key(chance: &mut fastrand::Rng) -> SigningKey {
    let mut seed = [0; 32];
    chance.fill(&mut seed);
    SigningKey::from_bytes(&seed)
}

/// What the license server draws for a request.
pub(crate) fn drawn(chance: &mut fastrand::Rng) -> Result<Drawn, Broken> {
    let mut seed = [0; 16];
    chance.fill(&mut seed);
    Ok(Drawn { number: text(RegistrationNumber::PREFIX, chance)?, seed })
}

/// Draws a number or a coupon.
pub(crate) fn text<T: std::str::FromStr>(prefix: &str, chance: &mut fastrand::Rng) -> Result<T, Broken> {
    let mut text = prefix.to_owned();
    for _ in 0..4 {
        text.push('-');
        text.extend((0..5).map(|_| chance.alphanumeric().to_ascii_uppercase()));
    }
    text.parse().map_err(|_| Broken(format!("{prefix} was drawn in the wrong form")))
}
