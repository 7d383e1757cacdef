//! Whether the license server answers, for whoever asks.

use std::{sync::Arc, time::Duration};

use license_ipc::{ErrorKind, Ping, PingFailure, Stage};
use license_texts::{Language, Text, text};
use license_types::Code;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    reply::Failure,
    status,
    transport::{Exchange, HttpRequest, Moment, is_sign_of_life},
};

/// How long what came of a probe is told again: everybody who may open the socket may ask, and the license
/// server is not to notice.
const STANDS: Duration = Duration::from_secs(10);

/// Asks whether the license server answers, one probe at a time. It needs neither number nor root key, and
/// passes the calls that wait for their turn.
#[derive(Debug)]
pub struct Pinger<E> {
    last: Mutex<Option<Last<E>>>,
}

/// What came of the last probe.
#[derive(Debug)]
struct Last<E> {
    exchange: Arc<E>,
    ended: Instant,
    took: Duration,
    failure: Option<(Stage, Code, Text)>,
}

impl<E: Exchange> Last<E> {
    fn to(&self, language: Language) -> Ping {
        let told = |(stage, code, message): &(Stage, Code, Text)| PingFailure {
            stage: *stage,
            code: *code,
            message: message.to(language),
        };
        Ping {
            server: self.exchange.url().to_owned(),
            took_ms: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            age: self.ended.elapsed().as_secs(),
            failure: self.failure.as_ref().map(told),
        }
    }
}

impl<E> Default for Pinger<E> {
    fn default() -> Self {
        Self { last: Mutex::new(None) }
    }
}

impl<E: Exchange> Pinger<E> {
    /// Whether the license server behind `exchange` answers, or did so just before.
    pub async fn ping(
        &self,
        exchange: Option<Arc<E>>,
        moment: Moment,
        language: Language,
    ) -> Result<Ping, Failure> {
        let exchange = exchange.ok_or_else(|| Failure {
            kind: ErrorKind::NoAnswer,
            code: Some(Code::NO_ANSWER),
            message: status::no_server(),
        })?;
        // Whoever comes while a probe is under way waits here, and gets what comes of it.
        let mut last = self.last.lock().await;
        if let Some(last) = last.as_ref().filter(|last| Arc::ptr_eq(&last.exchange, &exchange))
            && last.ended.elapsed() < STANDS
        {
            return Ok(last.to(language));
        }
        let began = Instant::now();
        let answer = exchange.exchange(HttpRequest::probe(moment)).await;
        let failure = match answer {
            Ok(answer) if is_sign_of_life(&answer) => None,
            Ok(answer) => {
                let other = text!("answer-of-no-server", url = exchange.url(), status = answer.status);
                Some((Stage::Answer, Code::NO_ANSWER, other))
            }
            Err(error) => Some((error.kind.stage(), error.kind.code(), error.message(exchange.url()))),
        };
        let took = began.elapsed();
        Ok(last.insert(Last { exchange, ended: Instant::now(), took, failure }).to(language))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use license_core::{crypto::SigningKey, keys::KeySet, outcome::HttpAnswer, time::Age};
    use license_types::UnixTime;
    use tokio::time;

    use super::*;
    use crate::transport::{
        TransportError,
        TransportErrorKind::{Body, Connect, Lookup, Timeout, Tls},
    };

    const MOMENT: Moment = Moment { age: Age(0), estimated: UnixTime(0), latest: UnixTime(0) };

    /// A network in which every probe takes two seconds.
    #[derive(Debug)]
    struct Network {
        result: Result<HttpAnswer, TransportError>,
        probes: AtomicUsize,
    }

    impl Network {
        fn with(result: Result<HttpAnswer, TransportError>) -> Arc<Self> {
            Arc::new(Self { result, probes: AtomicUsize::new(0) })
        }

        fn good() -> Arc<Self> {
            let keys = KeySet { schema: "1.0".to_owned(), version: 1, keys: Vec::new() };
            let body = serde_json::to_vec(&keys.sign(&SigningKey::from_bytes(&[1; 32])).unwrap()).unwrap();
            Self::with(Ok(HttpAnswer { status: 200, body, ..HttpAnswer::default() }))
        }
    }

    impl Exchange for Network {
        async fn exchange(&self, _: HttpRequest) -> Result<HttpAnswer, TransportError> {
            self.probes.fetch_add(1, Ordering::SeqCst);
            time::sleep(Duration::from_secs(2)).await;
            self.result.clone()
        }

        fn url(&self) -> &'static str {
            "https://lic.example.com"
        }
    }

    async fn failure_of(network: Arc<Network>) -> PingFailure {
        Pinger::default().ping(Some(network), MOMENT, Language::English).await.unwrap().failure.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_license_server_is_known_by_its_keys_and_everything_else_by_its_stage() {
        let ping = Pinger::default().ping(Some(Network::good()), MOMENT, Language::English).await.unwrap();
        assert_eq!((ping.failure, ping.took_ms, ping.age), (None, 2000, 0));

        let portal = HttpAnswer { status: 200, body: b"<html>".to_vec(), ..HttpAnswer::default() };
        let failure = failure_of(Network::with(Ok(portal))).await;
        assert_eq!((failure.stage, failure.code), (Stage::Answer, Code::NO_ANSWER));
        assert!(failure.message.contains("https://lic.example.com") && failure.message.contains("200"));

        for (kind, stage, code) in [
            (Lookup, Stage::Lookup, Code::LOOKUP_FAILED),
            (Connect, Stage::Connect, Code::CONNECTION_FAILED),
            (Tls, Stage::Tls, Code::TLS_FAILED),
            (Timeout, Stage::Answer, Code::NO_ANSWER),
            (Body, Stage::Answer, Code::NO_ANSWER),
        ] {
            let failure =
                failure_of(Network::with(Err(TransportError { kind, detail: Text::verbatim("why") }))).await;
            assert_eq!((failure.stage, failure.code), (stage, code));
            assert!(failure.message.contains("https://lic.example.com"), "{}", failure.message);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_one_probe_in_ten_seconds_whoever_asks() {
        let (pinger, network) = (Pinger::default(), Network::good());
        let ask = || pinger.ping(Some(network.clone()), MOMENT, Language::English);
        let probes = || network.probes.load(Ordering::SeqCst);
        let (first, second) = tokio::join!(ask(), ask());
        assert_eq!((first, probes()), (second, 1), "together");
        for age in 1..10 {
            time::advance(Duration::from_secs(1)).await;
            assert_eq!(ask().await.unwrap().age, age);
        }
        assert_eq!(probes(), 1);
        time::advance(Duration::from_secs(1)).await;
        assert_eq!((ask().await.unwrap().age, probes()), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn another_server_is_asked_at_once_and_without_one_that_is_said() {
        let pinger = Pinger::default();
        let (old, new) = (Network::good(), Network::good());
        pinger.ping(Some(old), MOMENT, Language::English).await.unwrap();
        pinger.ping(Some(new.clone()), MOMENT, Language::English).await.unwrap();
        assert_eq!(new.probes.load(Ordering::SeqCst), 1);
        let failure = pinger.ping(None, MOMENT, Language::English).await.unwrap_err();
        assert_eq!((failure.kind, failure.message), (ErrorKind::NoAnswer, status::no_server()));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_holds_nobody_up() {
        let (pinger, network) = (Pinger::default(), Network::good());
        let impatient = time::timeout(
            Duration::from_secs(1),
            pinger.ping(Some(network.clone()), MOMENT, Language::English),
        )
        .await;
        assert!(impatient.is_err());
        assert_eq!(pinger.ping(Some(network), MOMENT, Language::English).await.unwrap().failure, None);
    }
}
