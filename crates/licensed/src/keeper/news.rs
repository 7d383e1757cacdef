//! News: a host waits at the license server, and hears when something of its number changes.
//!
//! It only ever makes a check sooner. The schedule is the truth, and nothing depends on news: where the
//! license server does not offer them, or a proxy cuts every wait, a check comes when it is due.

use std::{future, time::Duration};

use license_core::{
    api::{CHANGED_PATH, Changed},
    crypto::RequestId,
    envelope::Envelope,
    outcome::HttpAnswer,
    schedule::{LONGEST_RETRY, LONGEST_RETRY_AFTER},
    state::{Event, Phase},
    time::Age,
};
use license_texts::Language;
use tokio::task::JoinHandle;
use tracing::debug;

use super::Keeper;
use crate::transport::{Exchange, HttpRequest, TransportError};

/// The longest first pause before the next wait. It doubles while waits end at once, whatever they end with:
/// a license server that always has news, or none to give, is not asked without end.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A wait of that length shows that there is somebody who lets this host wait.
const LONG_ENOUGH: Duration = Duration::from_secs(10);

/// What comes of a wait.
type Heard = Result<HttpAnswer, TransportError>;

/// The wait for news.
#[derive(Debug, Default)]
pub(super) struct News {
    wait: Option<Wait>,
    /// Waits in a row that ended at once.
    hasty: u32,
    /// When to wait again; `None` before the license server has answered a call since the start, so that
    /// hosts which a power cut stopped do not all come at once.
    next: Option<Age>,
}

#[derive(Debug)]
struct Wait {
    since: Age,
    task: JoinHandle<Heard>,
}

impl News {
    /// When the next wait begins, if none is under way.
    pub(super) fn due(&self) -> Option<Age> {
        self.next.filter(|_| self.wait.is_none())
    }

    /// The license server answered a call.
    pub(super) fn reached(&mut self, now: Age) {
        self.next.get_or_insert(now);
    }

    /// Gives the wait up.
    pub(super) fn stop(&mut self) {
        if let Some(wait) = self.wait.take() {
            wait.task.abort();
        }
    }

    /// What came of the wait; for ever pending if there is none.
    pub(super) async fn heard(&mut self) -> Heard {
        match &mut self.wait {
            None => future::pending().await,
            Some(wait) => (&mut wait.task).await.unwrap_or_else(|error| Err(TransportError::broken(&error))),
        }
    }

    /// Ends the wait; whether there is news.
    fn end(&mut self, heard: &Heard, now: Age, fraction: f64) -> bool {
        let Some(wait) = self.wait.take() else { return false };
        let was_long = now.saturating_since(wait.since) >= LONG_ENOUGH;
        self.hasty = if was_long { 0 } else { self.hasty.saturating_add(1) };
        let doubled = 1_u32.checked_shl(self.hasty.saturating_sub(1)).unwrap_or(u32::MAX);
        let asked = heard.as_ref().ok().and_then(|answer| answer.retry_after).unwrap_or_default();
        let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_RETRY).mul_f64(0.5 + 0.5 * fraction);
        self.next = Some(now.saturating_add(pause.max(asked.min(LONGEST_RETRY_AFTER))));
        let answer = heard.as_ref().ok().filter(|answer| answer.status == 200);
        let news = answer.and_then(|answer| serde_json::from_slice(&answer.body).ok());
        news.is_some_and(|Changed { changed }| changed)
    }
}

impl<E: Exchange> Keeper<E> {
    /// When the next wait for news begins; `None` while there is nobody to wait at, or nothing to hear.
    pub(super) fn news_due(&self) -> Option<Age> {
        let is_bound = matches!(
            self.state.phase(self.clock.now()),
            Phase::Fresh | Phase::HostChanged | Phase::Refused | Phase::Pending
        );
        let is_answered = self.state.contact.offline_since.is_none() && self.ready_to_call().is_ok();
        if is_bound && is_answered { self.news.due() } else { None }
    }

    /// Begins to wait for news, if it is time.
    pub(super) fn listen(&mut self) {
        let now = self.clock.now().age;
        let is_due = self.in_flight.is_none() && self.news_due().is_some_and(|due| due <= now);
        let (true, Ok(exchange)) = (is_due, self.ready_to_call()) else { return };
        let mut id = [0; 16];
        // Without chance nothing can be sent; the next call says so.
        if getrandom::fill(&mut id).is_err() {
            return;
        }
        let serial = self.state.held().map_or(0, |held| held.statement().serial);
        let envelope = Envelope::seal(&self.identity.key, "GET", CHANGED_PATH, b"", RequestId(id), serial);
        let request = HttpRequest::wait(self.moment(), CHANGED_PATH, envelope.headers().to_vec());
        let task = tokio::spawn(async move { exchange.exchange(request).await });
        self.news.wait = Some(Wait { since: now, task });
    }

    /// Takes up what came of the wait.
    pub(super) async fn hear(&mut self, heard: Heard) {
        let changed = self.news.end(&heard, self.clock.now().age, self.chance.f64());
        match heard {
            Ok(answer) => debug!(status = answer.status, changed, "the wait for news ended"),
            Err(error) => debug!(detail = error.detail.to(Language::English), "the wait for news was cut"),
        }
        if changed {
            self.apply(Event::News).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> HttpAnswer {
        HttpAnswer { status, body: body.as_bytes().to_vec(), ..HttpAnswer::default() }
    }

    fn ended(news: &mut News, heard: &Heard, after: Duration) -> (bool, Duration) {
        let since = news.next.unwrap_or_default();
        news.wait = Some(Wait { since, task: tokio::spawn(future::pending()) });
        assert_eq!(news.due(), None, "one at a time");
        let now = since.saturating_add(after);
        let changed = news.end(heard, now, 1.0);
        (changed, news.due().unwrap().saturating_since(now))
    }

    #[tokio::test]
    async fn waits_that_end_at_once_are_begun_ever_later() {
        let seconds = Duration::from_secs;
        for heard in [
            Ok(answer(200, r#"{"changed":true}"#)),
            Ok(answer(404, "{}")),
            Ok(answer(200, "<html>")),
            Err(TransportError::broken(&"cut")),
        ] {
            let mut news = News::default();
            for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4200, 4200] {
                assert_eq!(ended(&mut news, &heard, seconds(9)).1, seconds(pause), "{heard:?}");
            }
            assert_eq!(ended(&mut news, &heard, seconds(10)).1, seconds(1), "{heard:?}");
        }
    }

    #[tokio::test]
    async fn only_an_answer_that_says_so_is_news() {
        let cases = [
            (Ok(answer(200, r#"{"changed":true}"#)), true),
            (Ok(answer(200, r#"{"changed":false}"#)), false),
            (Ok(answer(200, "{}")), false),
            (Ok(answer(500, r#"{"changed":true}"#)), false),
            (Err(TransportError::broken(&"cut")), false),
        ];
        for (heard, changed) in cases {
            assert_eq!(ended(&mut News::default(), &heard, LONG_ENOUGH).0, changed, "{heard:?}");
        }
    }

    #[tokio::test]
    async fn the_license_server_may_ask_for_a_longer_pause() {
        let asked = |seconds| {
            let retry_after = Some(Duration::from_secs(seconds));
            Ok(HttpAnswer { status: 503, retry_after, ..HttpAnswer::default() })
        };
        for (seconds, pause) in [(60, 60), (0, 1), (1_000_000, 14_400)] {
            let (_, waited) = ended(&mut News::default(), &asked(seconds), Duration::ZERO);
            assert_eq!(waited, Duration::from_secs(pause));
        }
    }
}
