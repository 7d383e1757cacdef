//! One verified request of a host, from its rows to the bytes of its answer, in one transaction.

use license_core::{
    api::{ApiAnswer, Call, HostCall, PROBLEM_MEDIA_TYPE, Problem},
    crypto::PublicKey,
    envelope::Envelope,
};
use license_types::{Code, UnixTime};

use crate::{
    LicenseServer,
    decide::{
        Asked, Decision, Refusal, ReplyRow, Wanted, Write, decide,
        log::Deed,
        registration,
        replay::{self, Seen},
    },
    draw::{self, DrawError},
    keys::Keys,
    store::StoreError,
};

/// The answer to a request: what is sent, and mostly also kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The exact body.
    pub body: Vec<u8>,
    /// The licensing code of a refusal that was decided just now.
    pub code: Option<Code>,
    /// Whether a statement was signed for it just now.
    pub signed: bool,
}

impl Reply {
    /// The media type of the body.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        if self.status == 200 { "application/json" } else { PROBLEM_MEDIA_TYPE }
    }

    fn problem(problem: &Problem) -> Result<Self, serde_json::Error> {
        Ok(Self {
            status: problem.status,
            body: serde_json::to_vec(problem)?,
            code: problem.code,
            signed: false,
        })
    }
}

/// Why a request has no answer. Nothing is kept, so the host repeats it.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// The answer cannot be written as JSON.
    #[error("cannot write the answer as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// A line for the log, written when the transaction has ended.
enum Outcome {
    Repeated,
    Reused,
    Refused { status: u16, code: Option<Code> },
    Done { number: Option<String>, serial: Option<u64>, deeds: Vec<Deed> },
}

impl LicenseServer {
    /// Answers a request whose envelope was verified over `body`.
    pub async fn answer(
        &self,
        envelope: &Envelope,
        body: &[u8],
        request: &HostCall,
        now: UnixTime,
    ) -> Result<Reply, ExchangeError> {
        let path = request.call.path();
        let digest = replay::digest("POST", path, body);
        let (drawn, keys) = (draw::drawn()?, self.keys());
        let asked = Asked {
            host: envelope.host_key,
            request_id: envelope.request_id,
            serial: envelope.serial,
            nonce: request.nonce,
            evidence: &request.evidence,
            proved: keys.proved(request.receipt.as_ref(), &envelope.host_key),
            call: &request.call,
        };
        let wanted = Wanted::of(&asked);
        let exchange = self.store().transaction(&wanted, |rows| {
            match replay::seen(&rows, &asked.request_id, &digest) {
                Seen::Answered(last) => {
                    let (status, body) = (last.status, last.body.clone());
                    let reply = Reply { status, body, code: None, signed: false };
                    return Ok((Vec::new(), (reply, Outcome::Repeated)));
                }
                Seen::Reused => {
                    return Ok((Vec::new(), (Reply::problem(&replay::reused())?, Outcome::Reused)));
                }
                Seen::Never => {}
            }
            let mut keep = rows.host(&asked.host).is_some();
            let before = matches!(asked.call, Call::Register(_)).then(|| rows.clone());
            let (mut writes, reply, outcome) = match decide(rows, &asked, now, &drawn) {
                Ok(decision) => {
                    let outcome = Outcome::of(&decision);
                    let (body, signed) = (success(&keys, &decision)?, decision.answer.statement.is_some());
                    let reply = Reply { status: 200, body, code: None, signed };
                    keep |= signed;
                    (decision.writes, reply, outcome)
                }
                Err(refusal) => {
                    let problem = refusal.problem();
                    keep &= refusal != Refusal::OutOfDate;
                    let outcome = Outcome::Refused { status: problem.status, code: problem.code };
                    let notice = match (asked.call, before) {
                        (Call::Register(entered), Some(rows)) => {
                            registration::notice(rows, entered, &refusal, asked.host.id(), now)
                        }
                        _ => Vec::new(),
                    };
                    (notice, Reply::problem(&problem)?, outcome)
                }
            };
            // Keys cost nothing, so that one that was never bound leaves nothing behind; and a recorded
            // request does not push out the answer that its host may still ask for again.
            if keep {
                writes.push(Write::KeepReply(ReplyRow {
                    host: asked.host,
                    request_id: asked.request_id,
                    digest: digest.clone(),
                    status: reply.status,
                    body: reply.body.clone(),
                }));
            }
            Ok::<_, serde_json::Error>((writes, (reply, outcome)))
        });
        let (reply, outcome) = exchange.await??;
        outcome.log(path, &asked.host);
        Ok(reply)
    }
}

/// The body of a success.
fn success(keys: &Keys, decision: &Decision) -> Result<Vec<u8>, serde_json::Error> {
    let answer = &decision.answer;
    serde_json::to_vec(&ApiAnswer {
        statement: answer.statement.as_ref().map(|statement| keys.sign(statement)).transpose()?,
        receipt: answer.statement.as_ref().map(|statement| keys.receipt(statement)).transpose()?,
        keys: keys.signed_set().clone(),
        session: answer.session.clone(),
        license: answer.license.clone(),
        warnings: answer.warnings.clone(),
    })
}

impl Outcome {
    fn of(decision: &Decision) -> Self {
        let statement = decision.answer.statement.as_ref();
        Self::Done {
            number: statement.map(|statement| statement.number.masked()),
            serial: statement.map(|statement| statement.serial),
            deeds: decision.notable(),
        }
    }

    fn log(self, path: &str, host: &PublicKey) {
        let host = host.id();
        match self {
            Self::Repeated => tracing::info!(path, %host, "answered again"),
            Self::Reused => tracing::warn!(path, %host, "the request id was used for another request"),
            Self::Refused { status, code } => {
                tracing::info!(path, %host, status, code = code.map(|code| code.0), "refused");
            }
            Self::Done { number, serial, deeds } => {
                for deed in deeds {
                    tracing::warn!(%host, number, deed = deed.name(), details = %deed.details(), "noted");
                }
                // A check changes nothing that anybody waits for, and there are many.
                if path == Call::CheckIn.path() {
                    tracing::debug!(path, %host, number, serial, "answered");
                } else {
                    tracing::info!(path, %host, number, serial, "answered");
                }
            }
        }
    }
}
