//! Receipts: the small proof of a statement that a host sends along with every call.
//!
//! A license server that was restored from a backup knows less than its hosts. What it issued since, it
//! reads from their receipts: a statement can be as large as a license, a receipt has a limit.

use license_types::{FeatureId, Holder, RegistrationNumber, SessionId, UnixTime};
use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
use crate::json_schema;
use crate::{
    crypto::{self, ExactBytes, KeyId, PublicKey, Purpose, Signature, SigningKey},
    keys::KeySet,
    schema::{self, SCHEMA},
    statement::{Kind, Statement},
};

/// The longest payload, so that every call fits [`MAX_REQUEST_BODY`](crate::api::MAX_REQUEST_BODY) in
/// base64 with room for the call itself. It holds some 250 seats; a host with more captures the rest anew.
pub const MAX_PAYLOAD: usize = 24 * 1024;

/// What a host was told, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Its [schema], `major.minor`.
    pub schema: String,
    /// The serial of the statement.
    pub serial: u64,
    /// When it was issued.
    pub issued_at: UnixTime,
    /// Its number.
    pub number: RegistrationNumber,
    /// Its host.
    pub host_key: PublicKey,
    /// Whether it is a lease.
    pub bound: bool,
    /// The seats that the host held, as many as fit.
    pub seats: Vec<ReceiptSeat>,
}

/// A seat in a [`Receipt`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceiptSeat {
    /// Its feature.
    pub feature: FeatureId,
    /// Its id.
    pub session: SessionId,
    /// The user, for a per-user feature.
    pub holder: Option<Holder>,
}

/// A [`Receipt`] with the signature of an online key over its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedReceipt {
    /// The online key.
    pub key_id: KeyId,
    /// The JSON of a [`Receipt`].
    #[cfg_attr(feature = "schema", schemars(schema_with = "json_schema::payload::<Receipt>"))]
    pub payload: ExactBytes,
    /// Over the payload.
    pub signature: Signature,
}

impl Receipt {
    /// The receipt of a statement.
    pub fn of(statement: &Statement) -> Result<Self, serde_json::Error> {
        let mut receipt = Self {
            schema: SCHEMA.to_owned(),
            serial: statement.serial,
            issued_at: statement.issued_at,
            number: statement.number.clone(),
            host_key: statement.host_key,
            bound: matches!(statement.kind, Kind::Lease(_)),
            seats: Vec::new(),
        };
        let mut len = serde_json::to_vec(&receipt)?.len();
        let features = match &statement.kind {
            Kind::Lease(lease) => &lease.features[..],
            Kind::Refusal(_) => &[],
        };
        for (feature, seat) in features.iter().flat_map(|row| row.held.iter().map(|seat| (row.feature, seat)))
        {
            let seat = ReceiptSeat { feature, session: seat.session.clone(), holder: seat.holder.clone() };
            // A comma stands between seats.
            len += serde_json::to_vec(&seat)?.len() + 1;
            if len > MAX_PAYLOAD {
                break;
            }
            receipt.seats.push(seat);
        }
        Ok(receipt)
    }

    /// Signs the receipt with an online key.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedReceipt, serde_json::Error> {
        let payload = serde_json::to_vec(self)?;
        let signature = crypto::sign(key, Purpose::Receipt, &payload);
        Ok(SignedReceipt { key_id: PublicKey::of(key).id(), payload: ExactBytes(payload), signature })
    }
}

impl SignedReceipt {
    /// What it says, whoever signed it: good for a guess, and for nothing else.
    #[must_use]
    pub fn claim(&self) -> Option<Receipt> {
        serde_json::from_slice(&self.payload.0).ok()
    }

    /// The receipt, if a key of `keys` signed it that is not revoked, for this host. What does not verify
    /// proves nothing, and is no error.
    #[must_use]
    pub fn verify(&self, keys: &KeySet, host_key: &PublicKey) -> Option<Receipt> {
        let key = keys.get(&self.key_id).filter(|key| !key.revoked)?;
        if !key.public.verifies(Purpose::Receipt, &self.payload.0, &self.signature) {
            return None;
        }
        self.claim().filter(|receipt| schema::is_known(&receipt.schema) && receipt.host_key == *host_key)
    }
}
