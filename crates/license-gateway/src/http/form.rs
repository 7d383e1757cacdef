//! The body of a request: a form, bounded in length and time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{StatusCode, body::Body};
use license_texts::text;
use tokio::time;

use crate::api::Refusal;

/// The longest form: a registration with every field at its limit, percent-encoded, takes a sixth.
const LONGEST: usize = 64 * 1024;

/// What is read of a longer one before it is refused: a client that still sends would not see the answer.
const DISCARDED: u64 = 16 * 1024 * 1024;

/// How long a form may take to arrive. It comes over loopback.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads a form whole, or what of it must be read to refuse it.
pub(super) async fn read<B>(body: B) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    match time::timeout(PATIENCE, read_whole(body)).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(Refusal::plain(StatusCode::REQUEST_TIMEOUT, text!("gateway-body-slow"))),
    }
}

async fn read_whole<B>(mut body: B) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut form = Vec::new();
    let mut length = 0;
    let announced = body.size_hint().lower();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Refusal::plain(StatusCode::BAD_REQUEST, text!("gateway-body-cut")));
        };
        let Some(data) = frame.data_ref() else { continue };
        length += data.len() as u64;
        if length > DISCARDED || announced > DISCARDED {
            return Err(too_large());
        }
        // What is over the limit is read and not kept.
        let room = LONGEST.saturating_sub(form.len());
        form.extend_from_slice(&data[..data.len().min(room)]);
    }
    if length > LONGEST as u64 { Err(too_large()) } else { Ok(form.into()) }
}

fn too_large() -> Refusal {
    Refusal::plain(StatusCode::PAYLOAD_TOO_LARGE, text!("gateway-body-long", limit = LONGEST / 1024))
}
