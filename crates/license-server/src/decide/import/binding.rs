//! Bindings.
//!
//! Another system knows no host keys. A host is taken over under a key that nobody has, with what tells its
//! machine: when the number is activated on that machine, it goes on in the place of that key, with its
//! seats, like after a reinstallation. Until then it holds its seats, and can be dropped like any host.

use std::collections::BTreeMap;

use license_core::{
    crypto::{PublicKey, SigningKey},
    host::{Evidence, Fact, FactKind},
};
use license_types::{FeatureId, Holder, RegistrationNumber, SessionId};

use super::{
    super::{
        BindingId, BindingRow, CustomerId, Draft, Drawn, HostRow, Refusal, SeatRow, Write, ratchet::Ratchet,
        vendor::heir,
    },
    Misfit, Outcome, Reason, at,
};

/// A captured seat as the other system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The number.
    pub number: RegistrationNumber,
    /// The feature.
    pub feature: FeatureId,
    /// The user, for a per-user feature.
    pub holder: Option<Holder>,
    /// What tells the host's machine.
    pub evidence: Evidence,
}

/// Whether the machine of that evidence is recognised when it tells all that there is to tell.
#[must_use]
pub fn is_recognisable(evidence: &Evidence) -> bool {
    if evidence.is_configured() {
        return evidence.0.len() == 1;
    }
    let mut told: BTreeMap<FactKind, Fact> =
        FactKind::HARDWARE.map(|kind| (kind, Fact::new(kind, "not in the file"))).into();
    told.extend(evidence.0.iter().map(|fact| (fact.kind, fact.clone())));
    evidence.identifies(&Evidence(told.into_values().collect()))
}

/// Takes a captured seat over, and its host with the first one. All hosts of the number are among the rows.
pub fn binding(draft: &mut Draft, record: &Binding, drawn: &Drawn) -> Result<Outcome, Misfit> {
    let Binding { number, feature, holder, evidence } = record;
    let customer = heir(&draft.rows, number).map_err(|unable| at("number", unable))?.id.clone();
    let feature = *feature;
    if !is_recognisable(evidence) {
        return Err(at("product_uuid", Reason::Unrecognisable));
    }
    let holder = holder.clone().filter(|_| draft.rows.is_per_user(feature));
    let known = host_of(draft, &customer, evidence);
    if let Some((host, binding)) = &known {
        let mut seats = draft.rows.seats.iter();
        let is_it =
            |seat: &SeatRow| seat.binding == binding.id && seat.feature == feature && seat.holder == holder;
        if seats.any(is_it) {
            return Ok(Outcome::Same);
        }
        let mut bars = draft.rows.bars.iter();
        let is_barred =
            bars.any(|bar| bar.host == host.key && bar.feature == feature && bar.customer == customer);
        // It called this server, or the vendor dropped it: it knows better by now than the file.
        if host.serial > 0 || binding.ended.is_some() || is_barred {
            return Ok(Outcome::Kept);
        }
    }
    let no_seat = |refusal| at("feature", Reason::NoSeat(refusal));
    let product = draft.rows.catalogue.product_with(feature);
    let pool = draft.rows.pool(&customer, feature, draft.now);
    let pool = pool.ok_or_else(|| no_seat(Refusal::NotLicensed { feature, product }))?;
    if pool.is_over() {
        return Err(no_seat(Refusal::Expired { feature, product }));
    }
    let slot = pool.free_slot().ok_or_else(|| no_seat(Refusal::NoSeatFree { feature, product }))?;
    let binding = match known {
        Some((_, binding)) => binding,
        None => bind(draft, &customer, evidence, drawn),
    };
    let session = SessionId(drawn.id(&format!("seat {} {feature} {holder:?}", binding.id.0)));
    let captured_at = draft.now;
    draft.write(Write::TakeSeat(SeatRow {
        session,
        customer,
        feature,
        slot,
        binding: binding.id,
        holder,
        captured_at,
        freed_at: None,
        unproved: false,
    }));
    Ok(Outcome::Added)
}

/// The host of that machine that is on the number, or was.
fn host_of(draft: &Draft, customer: &CustomerId, evidence: &Evidence) -> Option<(HostRow, BindingRow)> {
    let bindings = draft.rows.bindings.iter().filter(|binding| binding.customer == *customer);
    let of_machine = bindings.filter_map(|binding| {
        let host = draft.rows.host(&binding.host).filter(|host| host.evidence.identifies(evidence))?;
        Some((host.clone(), binding.clone()))
    });
    of_machine.max_by_key(|(_, binding)| (binding.ended.is_none(), binding.bound_at))
}

/// A new host on the number, under a key that nobody has.
fn bind(draft: &mut Draft, customer: &CustomerId, evidence: &Evidence, drawn: &Drawn) -> BindingRow {
    let machine: Vec<&str> = evidence.0.iter().map(|fact| fact.digest.as_str()).collect();
    let what = format!("{} {}", customer.0, machine.join(" "));
    let key = drawn.key_of_nobody(&what);
    let now = draft.now;
    draft.write(Write::SaveHost(HostRow {
        key,
        evidence: evidence.clone(),
        serial: 0,
        acknowledged: 0,
        ratchet: Ratchet::default(),
        seen: 0,
        last_seen: now,
        may_run_until: now,
    }));
    let binding = BindingRow {
        id: BindingId(drawn.id(&format!("binding {what}"))),
        host: key,
        customer: customer.clone(),
        bound_at: now,
        ended: None,
        cleared_at: None,
    };
    draft.write(Write::Bind(binding.clone()));
    binding
}

impl Drawn {
    /// A key for `what`, whose secret half nobody keeps.
    fn key_of_nobody(&self, what: &str) -> PublicKey {
        let mut secret = [0; 32];
        let drawn = self.id(&format!("key {what}"));
        secret.iter_mut().zip(drawn.bytes()).for_each(|(place, byte)| *place = byte);
        PublicKey::of(&SigningKey::from_bytes(&secret))
    }
}
