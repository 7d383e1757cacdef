//! The words of MikoPBX licensing, shared by every crate of this workspace.
//!
//! A leaf: types with their parsers, no I/O, no clock. Everything here is serialisable by serde in
//! self-describing formats (JSON) and in positional ones (bincode), so it stays clear of `flatten`,
//! `untagged` and `skip_serializing_if`.

mod code;
mod fact;
mod id;
mod key;
mod language;
mod license;
#[cfg(feature = "schema")]
mod schema;
mod time;
mod verdict;

pub use code::Code;
pub use fact::{Fact, FactKind};
pub use id::{FeatureId, Holder, HolderError, ProductId, SessionId};
pub use key::{Coupon, FormatError, RegistrationNumber};
pub use language::Language;
pub use license::{Customer, Entitlement, LicensedProduct, ProductFeature, Registration, Seats};
pub use time::UnixTime;
pub use verdict::{Basis, Verdict};
