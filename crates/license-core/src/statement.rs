//! Statements: what the license server says about one binding, signed.

use std::time::Duration;

use license_texts::Text;
use license_types::{
    Code, Customer, FeatureId, Holder, LicensedProduct, ProductId, RegistrationNumber, Seats, SessionId,
    UnixTime,
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
use crate::json_schema;
use crate::{
    crypto::{self, ExactBytes, KeyId, Nonce, PublicKey, Purpose, Signature, SigningKey},
    keys::KeySet,
    schema,
};

/// The most features of one license, so that every answer fits its frame and the state file stays small.
pub const MAX_FEATURES: usize = 2000;

/// What the license server says about a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Statement {
    /// Its [schema], `major.minor`.
    pub schema: String,
    /// Rises with each statement to the same host.
    pub serial: u64,
    /// The registration number that the host is bound to.
    pub number: RegistrationNumber,
    /// The binding.
    pub binding: String,
    /// The host: whose key signed the request.
    pub host_key: PublicKey,
    /// The nonce of the request.
    pub nonce: Nonce,
    /// The license server's clock.
    pub issued_at: UnixTime,
    /// Seconds after which the host is to ask again.
    pub refresh_after: u64,
    /// Yes or no.
    pub kind: Kind,
}

/// The two kinds of statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "StatementKind"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The host is bound; this is what it has.
    Lease(Lease),
    /// The host is not bound (any more).
    Refusal(Refusal),
}

/// Everything that a bound host has, complete: what is not here, it has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lease {
    /// To when it counts without another answer.
    pub honoured_until: UnixTime,
    /// Seconds after `honoured_until` for which what runs may go on.
    pub run_on: u64,
    /// The owner of the number.
    pub customer: Customer,
    /// The products of the number, for people.
    pub products: Vec<LicensedProduct>,
    /// The features of the number, for verdicts; at most [`MAX_FEATURES`].
    pub features: Vec<LeasedFeature>,
}

/// One feature of the number, and what this host has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeasedFeature {
    /// Its id.
    pub feature: FeatureId,
    /// Its name, for people.
    pub name: String,
    /// The product that gives it; of several, the one that lasts longest.
    pub product: ProductId,
    /// Seats of all live grants, and how many are taken.
    pub seats: Seats,
    /// Whether seats are taken by users and not by hosts.
    pub per_user: bool,
    /// When the last grant ends; see [`LicensedProduct::expires_at`].
    pub expires_at: Option<UnixTime>,
    /// The seats that this host holds: one without holder, or one for each of its users.
    pub held: Vec<HeldSeat>,
    /// Why this host may not use it; `None` if it may.
    pub refusal: Option<Code>,
    /// To when it counts without another answer, if that is sooner than the lease says.
    #[serde(default)]
    pub honoured_until: Option<UnixTime>,
    /// Seconds after that for which what runs may go on, if the lease says otherwise.
    #[serde(default)]
    pub run_on: Option<u64>,
}

impl Lease {
    /// To when a feature counts without another answer.
    #[must_use]
    pub fn honours(&self, row: &LeasedFeature) -> UnixTime {
        row.honoured_until.map_or(self.honoured_until, |until| until.min(self.honoured_until))
    }

    /// For how long after that what runs of a feature may go on.
    #[must_use]
    pub fn runs_on(&self, row: &LeasedFeature) -> Duration {
        Duration::from_secs(row.run_on.unwrap_or(self.run_on))
    }
}

impl LeasedFeature {
    /// The seat of `holder`, or of this host.
    #[must_use]
    pub fn seat(&self, holder: Option<&Holder>) -> Option<&HeldSeat> {
        // A feature that is counted by host is held by the host, whoever asks.
        let holder = if self.per_user { holder } else { None };
        self.held.iter().find(|seat| seat.holder.as_ref() == holder)
    }
}

/// One seat that this host holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeldSeat {
    /// Its id.
    pub session: SessionId,
    /// The user, for a per-user feature.
    pub holder: Option<Holder>,
}

/// A "no" to the whole binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// The same in words, in English.
    pub reason: String,
    /// The same in Russian; empty before schema 1.1.
    #[serde(default)]
    pub reason_ru: String,
    /// Whether it stands until a person decides: the host is a copy of another one, or moved too often.
    #[serde(default)]
    pub pending: bool,
}

impl Refusal {
    /// The reason, as the license server says it.
    #[must_use]
    pub fn said(&self) -> Text {
        Text::said(&self.reason, &self.reason_ru)
    }
}

/// A [`Statement`] with the signature of an online key over its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedStatement {
    /// The online key.
    pub key_id: KeyId,
    /// The JSON of a [`Statement`].
    #[cfg_attr(feature = "schema", schemars(schema_with = "json_schema::payload::<Statement>"))]
    pub payload: ExactBytes,
    /// Over the payload.
    pub signature: Signature,
}

impl Statement {
    /// Signs the statement with an online key.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedStatement, serde_json::Error> {
        let payload = serde_json::to_vec(self)?;
        let signature = crypto::sign(key, Purpose::Statement, &payload);
        Ok(SignedStatement { key_id: PublicKey::of(key).id(), payload: ExactBytes(payload), signature })
    }
}

/// What a statement must be about to be the answer to a request of ours.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Our own key.
    pub host_key: &'a PublicKey,
    /// The nonce of our request.
    pub nonce: &'a Nonce,
    /// The number that we are bound to or want to be; `None` where the answer tells it.
    pub number: Option<&'a RegistrationNumber>,
    /// The serial of the statement that is held; only a higher one replaces it.
    pub above_serial: Option<u64>,
}

impl SignedStatement {
    /// The statement, if a key of `keys` signed it, at a time at which that key might.
    pub fn verify(&self, keys: &KeySet) -> Result<Statement, StatementError> {
        let key = keys.get(&self.key_id);
        let key = key.ok_or_else(|| StatementError::UnknownKey { key_id: self.key_id.clone() })?;
        if key.revoked {
            return Err(StatementError::RevokedKey { key_id: self.key_id.clone() });
        }
        if !key.public.verifies(Purpose::Statement, &self.payload.0, &self.signature) {
            return Err(StatementError::Signature { key_id: self.key_id.clone() });
        }
        let statement = self.read()?;
        let too_late = key.signs_until.is_some_and(|until| statement.issued_at > until);
        if statement.issued_at < key.valid_from || too_late {
            return Err(StatementError::KeyPeriod { key_id: self.key_id.clone() });
        }
        Ok(statement)
    }

    /// The statement, if it [verifies](Self::verify) and is the answer to a request of ours.
    pub fn verify_answer(&self, keys: &KeySet, expected: &Expected<'_>) -> Result<Statement, StatementError> {
        let statement = self.verify(keys)?;
        if statement.host_key != *expected.host_key {
            return Err(StatementError::OtherHost);
        }
        if statement.nonce != *expected.nonce {
            return Err(StatementError::OtherNonce);
        }
        if expected.number.is_some_and(|number| statement.number != *number) {
            return Err(StatementError::OtherNumber);
        }
        match expected.above_serial {
            Some(held) if statement.serial <= held => {
                Err(StatementError::OldSerial { found: statement.serial, held })
            }
            _ => Ok(statement),
        }
    }

    /// The payload without a look at the signature: for what was verified when it was accepted.
    pub fn read(&self) -> Result<Statement, StatementError> {
        // The schema comes first: what the rest looks like depends on it.
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let head: Head = serde_json::from_slice(&self.payload.0).map_err(StatementError::Unreadable)?;
        if !schema::is_known(&head.schema) {
            return Err(StatementError::Schema { found: head.schema });
        }
        let statement: Statement =
            serde_json::from_slice(&self.payload.0).map_err(StatementError::Unreadable)?;
        match &statement.kind {
            Kind::Lease(lease) if lease.features.len() > MAX_FEATURES => {
                Err(StatementError::TooManyFeatures { found: lease.features.len() })
            }
            Kind::Lease(_) | Kind::Refusal(_) => Ok(statement),
        }
    }
}

/// Why a statement is not taken. Always a fault, never a "no".
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// No key set lists the key.
    #[error("the statement is signed by key {key_id}, which no key set of the license server lists")]
    UnknownKey {
        /// The id it names.
        key_id: KeyId,
    },
    /// The key set revokes the key.
    #[error("the statement is signed by key {key_id}, which is revoked")]
    RevokedKey {
        /// The id it names.
        key_id: KeyId,
    },
    /// The statement is of a time at which the key may not sign.
    #[error("the statement is of a time at which key {key_id} does not sign")]
    KeyPeriod {
        /// The id it names.
        key_id: KeyId,
    },
    /// Not signed by the key that it names.
    #[error("the signature of key {key_id} over the statement is wrong")]
    Signature {
        /// The id it names.
        key_id: KeyId,
    },
    /// Signed, but no statement.
    #[error("the statement is not readable: {0}")]
    Unreadable(serde_json::Error),
    /// A major version that this program does not know.
    #[error("the statement has schema {found}, this version reads {}; update this program", schema::MAJOR)]
    Schema {
        /// The schema.
        found: String,
    },
    /// More features than anybody sells.
    #[error("the statement lists {found} features, the limit is {MAX_FEATURES}")]
    TooManyFeatures {
        /// How many.
        found: usize,
    },
    /// For another host.
    #[error("the statement is for another host")]
    OtherHost,
    /// For another request.
    #[error("the statement answers another request")]
    OtherNonce,
    /// For another number.
    #[error("the statement is about another registration number")]
    OtherNumber,
    /// Not newer than what is held.
    #[error("the statement has serial {found}, the one that is held has {held}")]
    OldSerial {
        /// Its serial.
        found: u64,
        /// The serial held.
        held: u64,
    },
}
