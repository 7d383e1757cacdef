//! One connection: frames in, answers out, in order, within limits.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use license_ipc::{
    Answer, DecodeError, Encoding, ErrorKind, Request,
    frame::{self, MAX_ANSWER, MAX_REQUEST, MIN_BODY, PREFIX},
};
use license_texts::{Language, Text, text};
use license_types::Coupon;
use peer_cred::PeerCred;
use tokio::{
    io::AsyncWriteExt,
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{self, timeout},
};
use tokio_stream::StreamExt;
use tokio_util::{
    bytes::BytesMut,
    codec::{FramedRead, LengthDelimitedCodec},
    sync::CancellationToken,
    task::TaskTracker,
};
use tracing::{debug, warn};

use crate::{access::SharedAccess, clock::Stopwatch, config::Limits, keeper, reply::Failure};

/// Connections beyond those that are still told why they are turned away; past them they are closed at once.
pub(crate) const MOST_TURNED_AWAY: usize = 64;

/// How long requests in progress may go on after a stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Accepts connections until `stop`, then lets those in progress end.
pub async fn accept(listener: UnixListener, access: SharedAccess, stop: CancellationToken) {
    let (tracker, places) = (TaskTracker::new(), Places::default());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted.and_then(|(stream, _)| Ok((PeerCred::of(&stream)?, stream))) {
            Ok((peer, stream)) => match places.take(peer.uid, &access.limits()) {
                Some(place) => {
                    drop(tracker.spawn(serve(stream, peer, place, access.clone(), stop.clone())));
                }
                None => access.keeper.metrics().turned_away(),
            },
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                // Out of descriptors, most likely: wait for some to be closed rather than spin.
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    tracker.close();
    if timeout(DRAIN, tracker.wait()).await.is_err() {
        warn!("connections were cut that had not ended {} s after the stop", DRAIN.as_secs());
    }
}

/// Counts connections by uid.
#[derive(Debug, Default, Clone)]
struct Places(Arc<Mutex<HashMap<u32, usize>>>);

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
struct Place {
    places: Places,
    uid: u32,
    /// Why the connection is to be turned away, if it is.
    over: Option<Text>,
}

impl Places {
    /// A place for a connection, within the limits or to be turned away; `None` if there are too many of
    /// the latter too.
    fn take(&self, uid: u32, limits: &Limits) -> Option<Place> {
        let (most, most_of_one) = (limits.connections, limits.connections_per_uid);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = counts.values().sum();
        let own = counts.get(&uid).copied().unwrap_or_default();
        if total >= most + MOST_TURNED_AWAY || own >= most_of_one + MOST_TURNED_AWAY {
            return None;
        }
        let over = if own >= most_of_one {
            Some(text!("too-many-connections-of-user"))
        } else if total >= most {
            Some(text!("too-many-connections"))
        } else {
            None
        };
        counts.insert(uid, own + 1);
        Some(Place { places: self.clone(), uid, over })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = counts.get_mut(&self.uid) {
            *own -= 1;
            if *own == 0 {
                counts.remove(&self.uid);
            }
        }
    }
}

async fn serve(
    stream: UnixStream,
    peer: PeerCred,
    place: Place,
    access: SharedAccess,
    stop: CancellationToken,
) {
    let (reader, writer) = stream.into_split();
    // The prefix stays in the buffer until the whole frame is there: an empty buffer is the pause between
    // two frames, and nothing else.
    let codec = LengthDelimitedCodec::builder()
        .max_frame_length(MAX_REQUEST)
        .length_adjustment(PREFIX.cast_signed())
        .num_skip(0)
        .new_codec();
    let frames = FramedRead::new(reader, codec);
    let connection = Connection { frames, writer, peer, language: Language::English, access: access.clone() };
    let metrics = access.keeper.metrics();
    let ended = match place.over.clone() {
        None => {
            let _connected = metrics.connected();
            connection.run(&stop).await
        }
        Some(why) => {
            metrics.turned_away();
            connection.turn_away(why).await
        }
    };
    if let Err(error) = ended {
        debug!(%error, uid = place.uid, "a connection ended early");
    }
}

/// What came in.
enum Incoming {
    /// A whole frame's body.
    Body(BytesMut),
    /// Nothing any more.
    End,
    /// Something that ends the connection, after this answer in this encoding.
    Bad(Failure, Encoding),
}

struct Connection {
    frames: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    writer: OwnedWriteHalf,
    peer: PeerCred,
    /// In which the peer is answered, from the next answer on.
    language: Language,
    access: SharedAccess,
}

impl Connection {
    async fn run(mut self, stop: &CancellationToken) -> io::Result<()> {
        loop {
            let incoming = tokio::select! {
                biased;
                incoming = self.next(self.access.limits().idle_timeout) => incoming?,
                () = stop.cancelled() => return Ok(()),
            };
            let mut coupon = None;
            let (answer, encoding, is_last) = match incoming {
                Incoming::End => return Ok(()),
                Incoming::Bad(failure, encoding) => (self.failed(&failure), encoding, true),
                Incoming::Body(body) => match frame::decode_request(&body) {
                    Ok((encoding, Request::Watch)) => return self.watch(encoding, stop).await,
                    // What came before the stop is answered, by the keeper that it drains.
                    Ok((encoding, request)) => {
                        coupon = coupon_in(&request);
                        // Who says its language has not asked yet.
                        let is_asking = !matches!(request, Request::Language { .. });
                        (self.answer(request).await, encoding, is_asking && stop.is_cancelled())
                    }
                    Err(DecodeError::Version { .. } | DecodeError::Encoding { .. }) => {
                        return self.write(&frame::unsupported()).await;
                    }
                    Err(error) => (self.failed(&unreadable(&error)), encoding_in(&body), true),
                },
            };
            let sent = self.send(&answer, encoding).await;
            if let (Err(_), Answer::Done(_), Some(coupon)) = (&sent, &answer, coupon) {
                self.access.keeper.not_told(coupon).await;
            }
            sent?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Tells a watcher what changes, until it leaves or does not take what it is told, or the daemon stops.
    async fn watch(mut self, encoding: Encoding, stop: &CancellationToken) -> io::Result<()> {
        debug!(uid = self.peer.uid, "watches");
        let mut watcher = self.access.keeper.watch(self.language);
        loop {
            // What there is to tell comes first: also to a client that closed its sending side.
            let changes = tokio::select! {
                biased;
                changes = watcher.next() => changes,
                () = stop.cancelled() => None,
                further = self.frames.next() => return match further {
                    None => Ok(()),
                    Some(Err(error)) => Err(error),
                    Some(Ok(_)) => {
                        let failure = malformed(text!("watch-is-last"));
                        self.send(&self.failed(&failure), encoding).await
                    }
                },
            };
            let Some(changes) = changes else {
                return self.send(&self.failed(&keeper::draining()), encoding).await;
            };
            for change in changes {
                self.send(&Answer::Change(Box::new(change)), encoding).await?;
            }
        }
    }

    /// Answers the first request of a peer for which there is no place, with the reason.
    async fn turn_away(mut self, why: Text) -> io::Result<()> {
        let encoding = match self.next(self.access.limits().frame_timeout).await? {
            Incoming::Body(body) => {
                if let Ok((_, request)) = frame::decode_request(&body) {
                    self.note_language(&request);
                }
                encoding_in(&body)
            }
            Incoming::Bad(_, encoding) => encoding,
            Incoming::End => return Ok(()),
        };
        self.send(&self.failed(&Failure::plain(ErrorKind::Busy, why)), encoding).await
    }

    /// Takes note of the language, if the request says it.
    fn note_language(&mut self, request: &Request) {
        if let Request::Language { tag } = request {
            self.language = Language::of_tag(tag);
        }
    }

    fn failed(&self, failure: &Failure) -> Answer {
        Answer::Error(failure.to(self.language))
    }

    async fn answer(&mut self, request: Request) -> Answer {
        self.note_language(&request);
        debug!(request = request.name(), uid = self.peer.uid, "asked");
        let (name, watch) = (request.name(), Stopwatch::start());
        let answer = self.access.answer(request, &self.peer, self.language).await;
        self.access.keeper.metrics().answered(name, watch.elapsed());
        answer
    }

    /// The next frame. It may be waited for as long as `idle`; once begun it must end in time.
    async fn next(&mut self, idle: Duration) -> io::Result<Incoming> {
        let frame = loop {
            if self.frames.read_buffer().is_empty() {
                match timeout(idle, self.frames.get_ref().readable()).await {
                    Ok(readable) => readable?,
                    Err(_) => return Ok(Incoming::End),
                }
            }
            let frame_timeout = self.access.limits().frame_timeout;
            match timeout(frame_timeout, self.frames.next()).await {
                Ok(frame) => break frame,
                // The socket may have seemed readable and was not: nothing has begun.
                Err(_) if self.frames.read_buffer().is_empty() => {}
                Err(_) => {
                    let late = text!("frame-not-complete", time = format!("{frame_timeout:?}"));
                    return Ok(Incoming::Bad(malformed(late), self.announced()));
                }
            }
        };
        Ok(match frame {
            None => Incoming::End,
            Some(Ok(frame)) if frame.len() < PREFIX + MIN_BODY => {
                let error = DecodeError::TooShort { len: frame.len() - PREFIX };
                Incoming::Bad(unreadable(&error), Encoding::Json)
            }
            Some(Ok(mut frame)) => Incoming::Body(frame.split_off(PREFIX)),
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                let failure =
                    Failure::plain(ErrorKind::TooLarge, text!("request-too-long", most = MAX_REQUEST));
                Incoming::Bad(failure, self.announced())
            }
            // The codec's word for an end in the middle of a frame.
            Some(Err(error)) if error.kind() == io::ErrorKind::Other => {
                let failure = malformed(text!("frame-cut"));
                Incoming::Bad(failure, self.announced())
            }
            Some(Err(error)) => return Err(error),
        })
    }

    /// The encoding that the frame in the buffer announces.
    fn announced(&self) -> Encoding {
        encoding_in(self.frames.read_buffer().get(PREFIX..).unwrap_or_default())
    }

    async fn send(&mut self, answer: &Answer, encoding: Encoding) -> io::Result<()> {
        let bytes = frame::encode_answer(answer, encoding).or_else(|error| {
            let message = text!("answer-too-long", most = MAX_ANSWER, error = error.to_string());
            let failure = Failure::plain(ErrorKind::TooLarge, message);
            frame::encode_answer(&self.failed(&failure), encoding)
        });
        self.write(&bytes.map_err(io::Error::other)?).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(self.access.limits().frame_timeout, self.writer.write_all(bytes)).await?
    }
}

/// The coupon that is to be activated. Who asks for it again is to be told what came of it, heard or not.
fn coupon_in(request: &Request) -> Option<Coupon> {
    if let Request::ActivateCoupon { coupon } = request { Some(coupon.clone()) } else { None }
}

fn malformed(why: Text) -> Failure {
    Failure::plain(ErrorKind::Malformed, text!("request-unreadable", why = why.clause()))
}

fn unreadable(error: &DecodeError) -> Failure {
    malformed(Text::verbatim(error.to_string()))
}

/// The encoding that a body announces, whole or not; JSON where it is none that we know.
fn encoding_in(body: &[u8]) -> Encoding {
    match body {
        [frame::VERSION, 0, ..] => Encoding::Binary,
        _ => Encoding::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_places_of_its_own_and_all_have_some_together() {
        let limits = Limits { connections: 3, connections_per_uid: 2, ..Limits::default() };
        let (places, mut taken) = (Places::default(), Vec::new());
        let mut over = |uid| {
            taken.push(places.take(uid, &limits)?);
            Some(taken.last()?.over.as_ref().map(|why| why.to(Language::English)))
        };
        let (of_one, of_all) = (Some("limits.connections_per_uid"), Some("limits.connections)"));
        for (uid, named) in [(1, None), (1, None), (1, of_one), (2, of_all), (3, of_all)] {
            let over = over(uid).unwrap();
            assert_eq!(over.is_some(), named.is_some(), "{uid}: {over:?}");
            assert!(over.clone().unwrap_or_default().contains(named.unwrap_or_default()), "{uid}: {over:?}");
        }
        for _ in 0..MOST_TURNED_AWAY {
            over(1);
        }
        assert!(over(1).is_none() && over(2).is_none(), "who does not read what it is told is told nothing");
        taken.clear();
        assert!(places.take(1, &limits).unwrap().over.is_none(), "there is room again");
        assert!(places.0.lock().unwrap().is_empty());
    }
}
