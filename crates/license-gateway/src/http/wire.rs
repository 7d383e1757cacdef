//! A connection on which nothing is answered without a body.
//!
//! hyper answers by itself what it cannot read, without a body. MikoPBX takes such an answer for a success, so it is
//! held back here, and [`Wire::unread`] tells that another is to be given.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection on which nothing is answered without a body.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    unread: bool,
}

impl<S> Wire<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, unread: false }
    }

    /// Whether something came that was not answered yet.
    pub(super) const fn unread(&self) -> bool {
        self.unread
    }

    /// The connection itself.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buf.filled().len();
        let outcome = Pin::new(&mut wire.stream).poll_read(cx, buf);
        wire.unread |= buf.filled().len() > before;
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let held_back = bodiless_refusal(buf);
        let wanted = held_back.map_or(buf, |start| &buf[..start]);
        let written =
            if wanted.is_empty() { 0 } else { ready!(Pin::new(&mut wire.stream).poll_write(cx, wanted))? };
        if held_back.is_some() && written == wanted.len() {
            wire.unread = true;
            return Poll::Ready(Ok(buf.len()));
        }
        wire.unread &= buf.starts_with(CONTINUE);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        // What was held back is answered by others yet, who shut it down.
        if wire.unread { Poll::Ready(Ok(())) } else { Pin::new(&mut wire.stream).poll_shutdown(cx) }
    }
}

/// What hyper says when it waits for a body; no answer.
const CONTINUE: &[u8] = b"HTTP/1.1 100 ";

/// Where a refusal begins that hyper made, and that ends what is written: each of ours has a body. There is no line
/// break in our JSON, so that nothing of it can look like one.
fn bodiless_refusal(buf: &[u8]) -> Option<usize> {
    const BEGINNINGS: [&[u8]; 2] = [b"HTTP/1.1 4", b"HTTP/1.0 4"];
    const LENGTH: &[u8] = b"content-length: 0\r\n";
    let start = buf.windows(BEGINNINGS[0].len()).rposition(|bytes| BEGINNINGS.contains(&bytes))?;
    let refusal = &buf[start..];
    let is_bodiless = refusal.windows(LENGTH.len()).any(|bytes| bytes.eq_ignore_ascii_case(LENGTH));
    (is_bodiless && refusal.ends_with(b"\r\n\r\n")).then_some(start)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const OURS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}";
    const HYPERS: &[u8] =
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const HYPERS_TO_HTTP_1_0: &[u8] = b"HTTP/1.0 400 Bad Request\r\ncontent-length: 0\r\n\r\n";

    #[tokio::test]
    async fn a_refusal_without_a_body_is_held_back_and_nothing_else() {
        for hypers in [HYPERS, HYPERS_TO_HTTP_1_0] {
            let (near, mut far) = tokio::io::duplex(1024);
            let mut wire = Wire::new(near);
            wire.write_all(OURS).await.unwrap();
            assert!(!wire.unread());
            wire.write_all(hypers).await.unwrap();
            wire.shutdown().await.unwrap();
            assert!(wire.unread(), "it is to be answered yet");
            wire.into_stream().write_all(b"!").await.unwrap();
            let mut seen = String::new();
            far.read_to_string(&mut seen).await.unwrap();
            assert_eq!(seen.as_bytes(), [OURS, b"!"].concat());
        }
    }

    #[tokio::test]
    async fn an_answer_before_it_goes_out() {
        let (near, mut far) = tokio::io::duplex(16);
        let mut wire = Wire::new(near);
        let both = [OURS, HYPERS].concat();
        let writing = async {
            wire.write_all(&both).await.unwrap();
            assert!(wire.unread());
            drop(wire);
        };
        let mut seen = Vec::new();
        let ((), read) = tokio::join!(writing, far.read_to_end(&mut seen));
        read.unwrap();
        assert_eq!(seen, OURS);
    }
}
