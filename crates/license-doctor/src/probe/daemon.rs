//! The daemon: whether it answers, and what it says.

use std::{io::ErrorKind, time::Duration};

use license_client::{
    AsyncClient, ClientError, Settings,
    ipc::{Configuration, ErrorKind as Kind, NamedFeature, Ping, Request},
    types::{Entitlement, Verdict},
};
use tokio::time::{self, Instant};

use super::{Budget, Stage};
use crate::{
    Question,
    findings::{Daemon, Would},
    report::WouldBe,
};

/// How long the daemon is waited for where it answers from memory: it takes microseconds, and a loaded host may
/// keep it waiting.
const QUICK: Duration = Duration::from_secs(2);

fn client(question: &Question) -> AsyncClient {
    AsyncClient::with(Settings::new(&question.socket).language(question.language))
}

/// Whether it answers, and what it runs with. An older daemon does not tell the latter.
pub(super) async fn greet(question: &Question, budget: &Budget) -> (Daemon, Option<Configuration>) {
    let mut client = client(question);
    let left = budget.within(QUICK).saturating_duration_since(Instant::now());
    let status = client.request_within(&Request::Status, left).await;
    let daemon = match status {
        Ok(license_client::ipc::Answer::Status(status)) => Daemon::Answers(status),
        Ok(other) => Daemon::Silent(ClientError::Unexpected { answer: other.name() }.to_string()),
        Err(error) => unreachable_as(&error),
    };
    let configuration = match &daemon {
        Daemon::Answers(_) => client.configuration().await.ok(),
        Daemon::NoSocket | Daemon::NobodyListens | Daemon::NotPermitted | Daemon::Silent(_) => None,
    };
    (daemon, configuration)
}

fn unreachable_as(error: &ClientError) -> Daemon {
    let ClientError::Connect { source, .. } = error else { return Daemon::Silent(error.to_string()) };
    let kind = source.kind();
    if kind == ErrorKind::NotFound {
        Daemon::NoSocket
    } else if kind == ErrorKind::ConnectionRefused {
        Daemon::NobodyListens
    } else if kind == ErrorKind::PermissionDenied {
        Daemon::NotPermitted
    } else {
        Daemon::Silent(error.to_string())
    }
}

/// What the daemon says about the license server and the license.
pub(super) async fn ask(
    question: &Question,
    daemon: &Daemon,
    budget: &Budget,
) -> (Option<Ping>, Option<Vec<NamedFeature>>, Option<Would>) {
    if !matches!(daemon, Daemon::Answers(_)) {
        return (None, None, None);
    }
    budget.tell(Stage::License);
    tokio::join!(ping(question, budget), features(question, budget), would(question, budget))
}

async fn ping(question: &Question, budget: &Budget) -> Option<Ping> {
    let mut client = client(question);
    time::timeout_at(budget.end, client.ping()).await.ok()?.ok()
}

/// All features of the license.
async fn features(question: &Question, budget: &Budget) -> Option<Vec<NamedFeature>> {
    let mut client = client(question);
    let all = async {
        let mut page = client.features(None).await?;
        let mut all = page.features;
        while let Some(cursor) = page.next {
            page = client.features(Some(cursor)).await?;
            all.append(&mut page.features);
        }
        Ok::<_, ClientError>(all)
    };
    time::timeout_at(budget.within(QUICK), all).await.ok()?.ok()
}

/// What a capture of the feature would come to.
async fn would(question: &Question, budget: &Budget) -> Option<Would> {
    let feature = question.feature?;
    let mut client = client(question);
    let unknown = |message| Would { feature, would_be: WouldBe::Indeterminate, code: None, message };
    let Ok(answer) = time::timeout_at(budget.end, client.would_capture(feature, None)).await else {
        return Some(unknown(String::new()));
    };
    Some(match answer {
        Ok(done) => Would { feature, would_be: WouldBe::Granted, code: None, message: done.message },
        Err(ClientError::Failed(failure)) if failure.kind == Kind::Refused => {
            Would { feature, would_be: WouldBe::Denied, code: failure.code, message: failure.message }
        }
        Err(ClientError::Failed(failure)) if failure.kind == Kind::NoAnswer => {
            Would { code: failure.code, ..unknown(failure.message) }
        }
        // A daemon of before that request: what it holds has to do.
        Err(_) => match time::timeout_at(budget.end, client.check(feature)).await {
            Ok(Ok(held)) => of_entitlement(held),
            Ok(Err(error)) => unknown(error.to_string()),
            Err(_) => unknown(String::new()),
        },
    })
}

fn of_entitlement(held: Entitlement) -> Would {
    let would_be = match &held.verdict {
        Verdict::Granted { .. } => WouldBe::Granted,
        Verdict::Denied { .. } if held.seats.is_some_and(license_client::types::Seats::is_free) => {
            WouldBe::Granted
        }
        Verdict::Denied { .. } => WouldBe::Denied,
        Verdict::Indeterminate { .. } => WouldBe::Indeterminate,
    };
    let code = held.verdict.code().filter(|_| would_be != WouldBe::Granted);
    Would { feature: held.feature, would_be, code, message: held.message }
}
