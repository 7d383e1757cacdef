//! What each question does, and what MikoPBX is told.

use std::{fmt, sync::Arc, time::Duration};

use hyper::StatusCode;
use license_client::{
    ClientError,
    ipc::{Captured, Done, ErrorKind, Failure, LicenseInfo, Ping, Request},
    types::{Code, Customer, Entitlement, FeatureId, Registration, RegistrationNumber, SessionId, Verdict},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time,
};

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

/// A request that can be asked: its method, its parameters, and whether it comes from a configured user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    flights: Flights<Asked, Answer>,
    performer: Arc<Performer>,
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
    /// A gateway to this daemon.
    #[must_use]
    pub fn new(daemon: Arc<Daemon>, remembered: Arc<Remembered>, number: Number) -> Self {
        let performer =
            Arc::new(Performer { daemon, remembered, number, strangers: Semaphore::new(STRANGERS) });
        Self { flights: Flights::default(), performer }
    }

    /// Answers in time, whatever the network and the daemon do. What takes longer goes on behind the answer.
    pub async fn answer(&self, asked: Asked) -> Answer {
        let question =
            Question::read(asked.method, &asked.parameters).map_err(|wrong| match wrong.code() {
                Some(code) => Refusal::coded(code, &wrong.to_string()),
                None => Refusal::plain(StatusCode::BAD_REQUEST, &wrong.to_string()),
            })?;
        let performer = &self.performer;
        let available = if let Question::Available(feature) = question { Some(feature) } else { None };
        // A refusal of before may not hold any more for a daemon that is just back.
        let known = available.and_then(|feature| performer.remembered.while_away(feature));
        if let Some(known) = known.filter(|known| known.verdict.may_run()) {
            return said(&known);
        }
        let patience = if available.is_some() { AT_ONCE } else { IN_TIME };
        let (keep, trusted) = (asked.method.keeps_its_outcome(), asked.trusted);
        let call = performer.clone().perform(question, trusted);
        // A fault of then is no outcome for who asks again.
        let keeps = move |answer: &Answer| keep && !answer.as_ref().is_err_and(Refusal::is_fault);
        let outcome = self.flights.join(asked, keeps, patience, call).await;
        outcome.unwrap_or_else(|| performer.not_yet(available))
    }

    /// Waits until every call has ended, to stop.
    pub async fn land(&self) {
        self.flights.land().await;
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
        turn.ok_or_else(|| {
            let text = "Too many requests of users who may not change the license. Try again in a moment.";
            Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, text)
        })
    }

    /// What the license of this host holds, or another license.
    async fn license_info(&self, key: Option<RegistrationNumber>, trusted: bool) -> Answer {
        let own = self.daemon.ask::<LicenseInfo>(Request::LicenseInfo { key: None }).await;
        let license = match (key, own) {
            (None, own) => own,
            (Some(key), Ok(own)) if own.number == key.as_str() => Ok(own),
            (Some(_), _) if !trusted => {
                let text = "This user may not look at other licenses.";
                return Err(Refusal::plain(StatusCode::FORBIDDEN, text));
            }
            (Some(key), _) => self.daemon.ask(Request::LicenseInfo { key: Some(key) }).await,
        };
        let license = license.map_err(refused)?;
        let license = if trusted { license } else { without_the_person(license) };
        match license_xml(&license) {
            Ok(xml) => Ok(Success::xml(&xml)),
            Err(error) => Err(Refusal::plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())),
        }
    }

    async fn register(&self, registration: Registration) -> Answer {
        let request = Request::Register(registration);
        let number: RegistrationNumber = self.daemon.ask(request).await.map_err(refused)?;
        self.number.forget_wish().await;
        Ok(Success::text(number.as_str()))
    }

    async fn change_key(&self, key: Option<RegistrationNumber>) -> Answer {
        match self.number.change(key).await {
            Changed::Done(outcome) => done(Ok(outcome)),
            Changed::Refused(failure) => Err(refused(ClientError::Failed(failure))),
            Changed::NotYet(why) => Err(kept(&why)),
            Changed::Replaced => {
                let text = "The number of this host was changed in another way meanwhile.";
                Err(Refusal::plain(StatusCode::CONFLICT, text))
            }
            Changed::NotStored(error) => {
                Err(Refusal::plain(StatusCode::INTERNAL_SERVER_ERROR, &sentence(&error)))
            }
            Changed::Stopping => {
                Err(Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, "The gateway is stopping. Try again."))
            }
        }
    }

    async fn capture(&self, feature: FeatureId) -> Answer {
        match self.daemon.ask::<Captured>(Request::Capture { feature, holder: None, reclaim: true }).await {
            Ok(captured) => Ok(Success::text(&captured.entitlement.message).with_session(captured.session.0)),
            Err(failed @ ClientError::Failed(_)) => Err(refused(failed)),
            // What is held can be captured again, and the daemon that is away holds it.
            Err(fault) => {
                let held = self.remembered.last(feature).filter(|last| last.verdict.may_run());
                let session = held.as_ref().and_then(|held| held.session.clone());
                match (held, session) {
                    (Some(held), Some(session)) => Ok(Success::text(&held.message).with_session(session.0)),
                    _ => Err(refused(fault)),
                }
            }
        }
    }

    async fn available(&self, feature: FeatureId) -> Answer {
        let ensured = self.daemon.ask(Request::Ensure { feature }).await;
        self.remembered.answered(matches!(ensured, Ok(_) | Err(ClientError::Failed(_))));
        match ensured {
            Ok(entitlement) => said(&entitlement),
            Err(fault) => match self.remembered.last(feature).filter(|last| last.verdict.may_run()) {
                Some(last) => said(&last),
                None => Err(refused(fault)),
            },
        }
    }

    async fn release(&self, session: SessionId) -> Answer {
        done(self.daemon.ask(Request::Release { session }).await)
    }

    async fn ping(&self) -> Answer {
        let ping = self.daemon.ask::<Ping>(Request::Ping).await.map_err(refused)?;
        match ping.failure {
            None => Ok(Success::text(&format!("{} answers in {} ms.", ping.server, ping.took_ms))),
            Some(failure) => Err(Refusal::coded(failure.code, &failure.message)),
        }
    }

    /// The answer to what is still on its way: what is known meanwhile, else that nobody knows yet.
    fn not_yet(&self, available: Option<FeatureId>) -> Answer {
        let last = available.and_then(|feature| self.remembered.last(feature));
        let known = last.filter(|last| last.verdict.may_run());
        match known.or_else(|| available.and_then(|feature| self.remembered.while_away(feature))) {
            Some(known) => said(&known),
            None if self.remembered.is_away() => Err(Refusal::plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "licensed does not run on this host, or is just starting. Try again in a minute.",
            )),
            None => Err(Refusal::coded(
                Code::NO_ANSWER,
                "There is no answer yet; the question is still being asked. Try again in a minute.",
            )),
        }
    }
}

/// A verdict as yes or no.
fn said(entitlement: &Entitlement) -> Answer {
    match &entitlement.verdict {
        verdict if verdict.may_run() => Ok(Success::text(&entitlement.message)),
        Verdict::Denied { code, .. } | Verdict::Indeterminate { code, .. } => {
            Err(Refusal::coded(*code, &entitlement.message))
        }
        // Granted always may run.
        Verdict::Granted { .. } => Ok(Success::text(&entitlement.message)),
    }
}

/// The outcome of a request that gives no more than that.
fn done(outcome: Result<Done, ClientError>) -> Answer {
    let done = outcome.map_err(refused)?;
    let sentences: Vec<_> = [done.message].into_iter().chain(done.warnings).collect();
    Ok(Success::text(&sentences.join(" ")))
}

/// Why a change of the number is not done yet. It is kept, and carried on.
fn kept(why: &ClientError) -> Refusal {
    const KEPT: &str = "The change is kept and made as soon as that is possible.";
    if let ClientError::Failed(Failure { code: Some(code), message, .. }) = why {
        return Refusal::coded(*code, &format!("{message} {KEPT}"));
    }
    Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, &format!("{}. {KEPT}", sentence(why)))
}

/// Why the daemon did not do it.
fn refused(error: ClientError) -> Refusal {
    let ClientError::Failed(failure) = error else {
        return Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, &sentence(&error));
    };
    if let Some(code) = failure.code {
        return Refusal::coded(code, &failure.message);
    }
    let status = match failure.kind {
        ErrorKind::Refused => StatusCode::FORBIDDEN,
        ErrorKind::Busy | ErrorKind::Draining | ErrorKind::NoAnswer => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::TooLarge => StatusCode::BAD_REQUEST,
        ErrorKind::Malformed | ErrorKind::Unsupported | ErrorKind::NotPermitted => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    Refusal::plain(status, &failure.message)
}

/// A text that begins like a sentence.
fn sentence(text: &impl fmt::Display) -> String {
    let text = text.to_string();
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

/// The license without what tells who and where its owner is: for users who may only ask.
fn without_the_person(license: LicenseInfo) -> LicenseInfo {
    let company = license.customer.company;
    let customer = Customer { company, contact: String::new(), email: String::new(), phone: String::new() };
    LicenseInfo { customer, ..license }
}
