//! What each question does, and what MikoPBX is told.

use std::{fmt, io, sync::Arc, time::Duration};

use hyper::StatusCode;
use license_client::{
    ClientError,
    ipc::{Captured, Done, ErrorKind, LicenseInfo, Ping, Request},
    types::{Code, Customer, Entitlement, FeatureId, Registration, RegistrationNumber, SessionId},
};
use license_texts::{Text, text};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time,
};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Answer, Method, Parameters, Question, Refusal, Success, license_xml},
    daemon::Daemon,
    flights::Flights,
    number::{Changed, Number},
    remembered::Remembered,
};

/// How long `featureavailable` may take. Its oldest callers give up after a second; this leaves them three tenths.
const AT_ONCE: Duration = Duration::from_millis(700);

/// How long everything else may take: 70 % of the 20 seconds that are promised, themselves less than the 25 after
/// which MikoPBX takes no answer for a success.
pub const IN_TIME: Duration = Duration::from_secs(14);

/// The most calls at once for users who may not change the license: half of what may wait for the license server
/// (`limits.waiting_requests_per_uid` of the daemon), so that the rest is left to MikoPBX.
const STRANGERS: usize = 8;

/// How long such a call waits for its turn. Longer than `featureavailable` may take: what is remembered answers first.
const TURN: Duration = Duration::from_secs(2);

/// How long open requests may go on after the gateway was told to stop: what it must answer at once is answered by then.
const STOPPING: Duration = Duration::from_secs(2);

/// A request that can be asked: its method, its parameters, and whether it comes from a configured user.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The parameters.
    pub parameters: Parameters,
    /// Whether it comes from one of the users who may change the license.
    pub trusted: bool,
}

/// Answers questions.
#[derive(Debug)]
pub struct Gateway {
    performer: Arc<Performer>,
    /// What `featureavailable` asks, which may go on behind its answer. Everything else goes on in the daemon.
    flights: Flights<(FeatureId, bool), Answer>,
    stop: CancellationToken,
}

/// What the calls share.
#[derive(Debug)]
struct Performer {
    daemon: Arc<Daemon>,
    remembered: Arc<Remembered>,
    number: Number,
    strangers: Semaphore,
}

impl Gateway {
    /// A gateway to this daemon, until `stop`.
    #[must_use]
    pub fn new(
        daemon: Arc<Daemon>,
        remembered: Arc<Remembered>,
        number: Number,
        stop: CancellationToken,
    ) -> Self {
        let strangers = Semaphore::new(STRANGERS);
        let performer = Arc::new(Performer { daemon, remembered, number, strangers });
        Self { performer, flights: Flights::default(), stop }
    }

    /// Answers in time, whatever the network and the daemon do.
    pub async fn answer(&self, asked: Asked) -> Answer {
        let question = Question::read(asked.method, &asked.parameters).map_err(|wrong| wrong.refusal())?;
        // A refusal of before may not hold any more for a daemon that is just back.
        if self.performer.remembered.is_unheard()
            && let Some(known) = self.performer.known(&question)
        {
            return Ok(known);
        }
        let patience = if matches!(question, Question::Available(_)) { AT_ONCE } else { IN_TIME };
        tokio::select! {
            answer = self.ask(&question, asked.trusted) => answer,
            () = self.too_late(patience) => self.performer.meanwhile(&question),
        }
    }

    async fn ask(&self, question: &Question, trusted: bool) -> Answer {
        let call = self.performer.clone().perform(question.clone(), trusted);
        let Question::Available(feature) = question else { return call.await };
        let flown = self.flights.join((*feature, trusted), call).await;
        flown.unwrap_or_else(|| self.performer.meanwhile(question))
    }

    /// The moment when a caller is answered that has waited for `patience`; sooner, if the gateway is to stop.
    async fn too_late(&self, patience: Duration) {
        tokio::select! {
            () = time::sleep(patience) => {}
            () = self.stop.cancelled() => time::sleep(STOPPING.min(patience)).await,
        }
    }
}

impl Performer {
    async fn perform(self: Arc<Self>, question: Question, trusted: bool) -> Answer {
        let _turn = if trusted { None } else { Some(self.turn_of_a_stranger().await?) };
        match question {
            Question::LicenseInfo { key } => self.license_info(key, trusted).await,
            Question::Register(registration) => self.register(registration).await,
            Question::AddTrial(product) => done(self.daemon.ask(Request::AddTrial { product }).await),
            Question::Coupon(coupon) => done(self.daemon.ask(Request::ActivateCoupon { coupon }).await),
            Question::ChangeKey { key } => self.change_key(key).await,
            Question::Capture(feature) => self.capture(feature).await,
            Question::Available(feature) => self.available(feature).await,
            Question::Release(session) => self.release(session).await,
            Question::Metrics { key, metrics } => {
                if let Some(key) = key {
                    // Whatever comes of it, the metrics tell.
                    let _adopted = self.number.adopt(key).await;
                }
                done(self.daemon.ask(Request::SendMetrics { metrics }).await)
            }
            Question::Ping => self.ping().await,
        }
    }

    async fn turn_of_a_stranger(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        let turn = time::timeout(TURN, self.strangers.acquire()).await.ok().and_then(Result::ok);
        turn.ok_or_else(|| Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, text!("gateway-strangers-wait")))
    }

    /// What the license of this host holds, or another license.
    async fn license_info(&self, key: Option<RegistrationNumber>, trusted: bool) -> Answer {
        let own = self.daemon.ask::<LicenseInfo>(Request::LicenseInfo { key: None }).await;
        let license = match (key, own) {
            (None, own) => own,
            (Some(key), Ok(own)) if own.number == key.as_str() => Ok(own),
            (Some(_), _) if !trusted => {
                return Err(Refusal::plain(StatusCode::FORBIDDEN, text!("gateway-other-license")));
            }
            (Some(key), _) => self.daemon.ask(Request::LicenseInfo { key: Some(key) }).await,
        };
        let license = license.map_err(refused)?;
        let license = if trusted { license } else { without_the_person(license) };
        match license_xml(&license) {
            Ok(xml) => Ok(Success::xml(xml)),
            Err(error) => {
                Err(Refusal::plain(StatusCode::INTERNAL_SERVER_ERROR, Text::verbatim(error.to_string())))
            }
        }
    }

    async fn register(&self, registration: Registration) -> Answer {
        let request = Request::Register(registration);
        let number: RegistrationNumber = self.daemon.ask(request).await.map_err(refused)?;
        self.number.forget_wish().await;
        Ok(Success::verbatim(number.as_str()))
    }

    async fn change_key(&self, key: Option<RegistrationNumber>) -> Answer {
        match self.number.change(key).await {
            Changed::Done(outcome) => done(Ok(outcome)),
            Changed::Refused(failure) => Err(refused(ClientError::Failed(failure))),
            Changed::NotYet { why, is_stored } => Err(kept(&why, is_stored)),
            Changed::Replaced => Err(Refusal::plain(StatusCode::CONFLICT, text!("gateway-number-changed"))),
            Changed::Stopping => {
                Err(Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, text!("gateway-stopping")))
            }
        }
    }

    async fn capture(&self, feature: FeatureId) -> Answer {
        let request = Request::Capture { feature, holder: None, reclaim: true };
        match self.daemon.ask::<Captured>(request).await {
            Ok(Captured { session, entitlement }) => Ok(captured(&entitlement, session)),
            Err(failed @ ClientError::Failed(_)) => Err(refused(failed)),
            Err(fault) => self.known(&Question::Capture(feature)).ok_or_else(|| refused(fault)),
        }
    }

    async fn available(&self, feature: FeatureId) -> Answer {
        let ensured = self.daemon.ask::<Entitlement>(Request::Ensure { feature }).await;
        self.remembered.heard(matches!(ensured, Ok(_) | Err(ClientError::Failed(_))));
        match ensured {
            Ok(entitlement) => said(&entitlement),
            Err(fault) => self.known(&Question::Available(feature)).ok_or_else(|| refused(fault)),
        }
    }

    async fn release(&self, session: SessionId) -> Answer {
        done(self.daemon.ask(Request::Release { session }).await)
    }

    async fn ping(&self) -> Answer {
        let ping = self.daemon.ask::<Ping>(Request::Ping).await.map_err(refused)?;
        match ping.failure {
            None => {
                let answers = text!("gateway-ping", server = ping.server, milliseconds = ping.took_ms);
                Ok(Success::text(answers))
            }
            Some(failure) => Err(Refusal::coded(failure.code, Text::verbatim(failure.message))),
        }
    }

    /// What is known of a question that the daemon does not answer: what may run may go on, and what is held can be
    /// captured again.
    fn known(&self, question: &Question) -> Option<Success> {
        match question {
            Question::Available(feature) => {
                self.running(*feature).map(|known| Success::verbatim(known.message))
            }
            Question::Capture(feature) => {
                let mut known = self.running(*feature)?;
                let session = known.session.take()?;
                Some(captured(&known, session))
            }
            Question::LicenseInfo { .. }
            | Question::Register(_)
            | Question::AddTrial(_)
            | Question::Coupon(_)
            | Question::ChangeKey { .. }
            | Question::Release(_)
            | Question::Metrics { .. }
            | Question::Ping => None,
        }
    }

    /// The last verdict on a feature, if it may run by that.
    fn running(&self, feature: FeatureId) -> Option<Entitlement> {
        self.remembered.last(feature).filter(|last| last.verdict.may_run())
    }

    /// The answer to what is still on its way: what is known meanwhile, else that nobody knows yet.
    fn meanwhile(&self, question: &Question) -> Answer {
        if let Some(known) = self.known(question) {
            return Ok(known);
        }
        if !self.remembered.is_unheard() {
            return Err(Refusal::coded(Code::NO_ANSWER, text!("gateway-still-asked")));
        }
        if let Question::Available(feature) = question
            && let Some(last) = self.remembered.last(*feature)
        {
            return said(&last);
        }
        Err(Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, text!("gateway-daemon-away")))
    }
}

/// A verdict as yes or no.
fn said(entitlement: &Entitlement) -> Answer {
    match entitlement.verdict.code() {
        Some(code) if !entitlement.verdict.may_run() => {
            Err(Refusal::coded(code, Text::verbatim(&entitlement.message)))
        }
        Some(_) | None => Ok(Success::verbatim(&entitlement.message)),
    }
}

/// A seat that this host has.
fn captured(entitlement: &Entitlement, session: SessionId) -> Success {
    Success::verbatim(&entitlement.message).with_session(session.0)
}

/// The outcome of a request that gives no more than that.
fn done(outcome: Result<Done, ClientError>) -> Answer {
    let done = outcome.map_err(refused)?;
    let sentences: Vec<_> = [done.message].into_iter().chain(done.warnings).collect();
    Ok(Success::verbatim(sentences.join(" ")))
}

/// Why a change of the number is not done yet. It is kept, and carried on.
fn kept(why: &ClientError, is_stored: bool) -> Refusal {
    let (code, why) = if let ClientError::Failed(failure) = why {
        (failure.code, Text::verbatim(ended(&failure.message)))
    } else {
        (None, told(why))
    };
    let text = if is_stored {
        text!("gateway-change-stored", why = why)
    } else {
        text!("gateway-change-kept", why = why)
    };
    match code {
        Some(code) => Refusal::coded(code, text),
        None => Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, text),
    }
}

/// Why the daemon did not do it.
fn refused(error: ClientError) -> Refusal {
    let ClientError::Failed(failure) = error else {
        return Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, told(&error));
    };
    let message = Text::verbatim(failure.message);
    if let Some(code) = failure.code {
        return Refusal::coded(code, message);
    }
    let status = match failure.kind {
        ErrorKind::Refused => StatusCode::FORBIDDEN,
        ErrorKind::Busy | ErrorKind::Draining | ErrorKind::NoAnswer | ErrorKind::Overtaken => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorKind::TooLarge => StatusCode::BAD_REQUEST,
        ErrorKind::Malformed | ErrorKind::Unsupported | ErrorKind::NotPermitted => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    Refusal::plain(status, message)
}

/// Why the daemon could not be asked.
fn told(fault: &ClientError) -> Text {
    match fault {
        ClientError::Connect { path, source } if source.kind() == io::ErrorKind::NotFound => {
            text!("gateway-no-socket", path = path.display().to_string())
        }
        ClientError::Connect { path, source } if source.kind() == io::ErrorKind::ConnectionRefused => {
            text!("gateway-not-listening", path = path.display().to_string())
        }
        ClientError::Deadline { within } => text!("gateway-deadline", within = format!("{within:?}")),
        ClientError::Closed => text!("gateway-closed"),
        // What hardly ever happens is told in the words of the client, which has no other language.
        ClientError::Connect { .. }
        | ClientError::UntrustedPeer { .. }
        | ClientError::HalfFrame { .. }
        | ClientError::Oversized { .. }
        | ClientError::Version(_)
        | ClientError::Malformed(_)
        | ClientError::Unexpected { .. }
        | ClientError::Unsendable(_)
        | ClientError::Io(_)
        | ClientError::Failed(_) => text!("gateway-fault", why = begun(fault)),
    }
}

/// A text that ends like a sentence.
fn ended(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// What begins like a sentence, and does not end yet.
fn begun(text: &impl fmt::Display) -> String {
    let text = text.to_string();
    let mut characters = text.trim_end_matches('.').chars();
    let first = characters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// The license without what tells who and where its owner is: for users who may only ask.
fn without_the_person(license: LicenseInfo) -> LicenseInfo {
    let company = license.customer.company;
    let customer = Customer { company, contact: String::new(), email: String::new(), phone: String::new() };
    LicenseInfo { customer, ..license }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use license_client::ipc::Failure;
    use license_texts::Language;

    use super::*;

    fn faults() -> Vec<ClientError> {
        let connect =
            |kind: io::ErrorKind| ClientError::Connect { path: "/run/x".into(), source: kind.into() };
        vec![
            connect(io::ErrorKind::NotFound),
            connect(io::ErrorKind::ConnectionRefused),
            connect(io::ErrorKind::PermissionDenied),
            ClientError::UntrustedPeer { path: "/run/x".into(), uid: 33 },
            ClientError::Deadline { within: Duration::from_secs(20) },
            ClientError::Closed,
            ClientError::HalfFrame { got: 12_345, missing: 67_890 },
            ClientError::Unexpected { answer: "status" },
            ClientError::Io(io::ErrorKind::BrokenPipe.into()),
        ]
    }

    #[test]
    fn a_daemon_that_cannot_be_asked_is_told_in_each_language_and_never_by_a_code() {
        for error in faults() {
            let english = error.to_string();
            let refusal = refused(error);
            let [en, ru] = Language::ALL.map(|language| refusal.error(language));
            assert!(en.ends_with('.') && ru.ends_with('.'), "{en} {ru}");
            assert!(ru.chars().any(|c| ('а'..='я').contains(&c)), "{ru}");
            // What the client itself says, but for its first letter, its end and its long numbers.
            assert_eq!(en.get(1..12), english.get(1..12));
            for text in [&en, &ru] {
                let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
                assert!(digits < Some(4), "{text}");
            }
        }
    }

    #[test]
    fn a_change_that_is_kept_is_told_after_the_reason_and_its_code() {
        let failed = |code| {
            let message = "Сервер лицензий не отвечает".to_owned();
            ClientError::Failed(Failure { kind: ErrorKind::NoAnswer, code, message })
        };
        let coded = kept(&failed(Some(Code::CONNECTION_FAILED)), true).error(Language::Russian);
        assert_eq!(
            coded,
            "(1012) Сервер лицензий не отвечает. Изменение сохранено и будет сделано, как только это станет возможно."
        );
        let plain = kept(&failed(None), false).error(Language::Russian);
        assert!(
            plain.starts_with("Сервер лицензий не отвечает. ") && plain.ends_with("не удаётся."),
            "{plain}"
        );
        let away = kept(&ClientError::Closed, true).error(Language::English);
        assert!(away.contains("and try again. The change is kept"), "{away}");
    }
}
