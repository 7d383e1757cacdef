//! What the vendor does from the command line. It works on the same transactions as the server.

mod binding;
mod coupon;

use std::io;

use jiff::Timestamp;
use license_types::{ProductId, UnixTime};
use serde_json::json;

use crate::{LicenseServer, cli::AdminCommand, draw::DrawError, store::StoreError};

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nobody has the number.
    #[error("no customer has the number {masked}; check it for typing errors")]
    UnknownNumber {
        /// The number, masked.
        masked: String,
    },
    /// The number has no such seat.
    #[error("the number has no binding of that session; `admin binding list` shows those it has")]
    UnknownSession,
    /// Nobody sells the product.
    #[error("there is no product {product} in the catalogue")]
    UnknownProduct {
        /// The product.
        product: ProductId,
    },
    /// There is no such coupon.
    #[error("there is no coupon {masked}; check it for typing errors")]
    UnknownCoupon {
        /// The coupon, masked.
        masked: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The output cannot be written as JSON.
    #[error("cannot write the output as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Does what a command says and prints what came of it.
pub async fn run(
    server: &LicenseServer,
    command: &AdminCommand,
    json: bool,
    now: UnixTime,
    out: &mut impl io::Write,
) -> Result<(), CommandError> {
    match command {
        AdminCommand::PublicKey => {
            let key = server.keys().root_public();
            if json { print_json(out, &json!({ "public_key": key })) } else { Ok(writeln!(out, "{key}")?) }
        }
        AdminCommand::Coupon(command) => coupon::run(server, command, json, now, out).await,
        AdminCommand::Binding(command) => binding::run(server, command, json, now, out).await,
    }
}

fn print_json(out: &mut impl io::Write, value: &serde_json::Value) -> Result<(), CommandError> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

fn date(time: UnixTime) -> String {
    Timestamp::from_second(time.0).map_or_else(|_| time.to_string(), |timestamp| timestamp.to_string())
}
