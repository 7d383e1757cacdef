//! One verified request of a host, from its rows to the bytes of its answer, in one transaction.
//!
//! [`Exchange`] is pure: whoever has the rows elsewhere than in the store, as the simulation does, decides by the
//! same rules.

use std::sync::Arc;

use license_core::{
    api::{ApiAnswer, Call, HostCall, PROBLEM_MEDIA_TYPE, Problem},
    crypto::PublicKey,
    envelope::Envelope,
    receipt::{Receipt, SignedReceipt},
};
use license_texts::Language;
use license_types::{Code, UnixTime};

use crate::{
    LicenseServer,
    decide::{
        Asked, Decision, Drawn, Refusal, ReplyRow, Rows, Wanted, Write, decide,
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
        request: HostCall,
        now: UnixTime,
    ) -> Result<Reply, ExchangeError> {
        let (host, path) = (envelope.host_key, request.call.path());
        let exchange = Exchange::new(envelope.clone(), body, request, self.keys(), draw::drawn()?, now);
        let wanted = exchange.wanted();
        let decided = self.store().transaction_together(wanted, move |rows| {
            exchange.decide(rows).map(|Decided { writes, reply, outcome }| (writes, (reply, outcome)))
        });
        let (reply, outcome) = decided.await??;
        outcome.log(path, &host);
        Ok(reply)
    }
}

/// A request, and all that its answer is made of beside the rows.
pub struct Exchange {
    envelope: Envelope,
    digest: String,
    request: HostCall,
    /// What its receipt says, whoever signed it.
    claim: Option<Receipt>,
    keys: Arc<Keys>,
    drawn: Drawn,
    now: UnixTime,
}

/// What a request comes to.
pub struct Decided {
    /// What is to be stored before the answer is sent.
    pub writes: Vec<Write>,
    /// The answer.
    pub reply: Reply,
    outcome: Outcome,
}

impl Exchange {
    /// A request whose envelope was verified over `body`, which holds `request`.
    #[must_use]
    pub fn new(
        envelope: Envelope,
        body: &[u8],
        request: HostCall,
        keys: Arc<Keys>,
        drawn: Drawn,
        now: UnixTime,
    ) -> Self {
        let claim = request.receipt.as_ref().and_then(SignedReceipt::claim);
        let digest = replay::digest("POST", request.call.path(), body);
        Self { envelope, digest, request, claim, keys, drawn, now }
    }

    /// The rows that it is decided on.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted::of(self.envelope.host_key, &self.request, self.claim.as_ref())
    }

    fn asked(&self, rows: &Rows) -> Asked<'_> {
        Asked {
            host: self.envelope.host_key,
            request_id: self.envelope.request_id,
            serial: self.envelope.serial,
            nonce: self.request.nonce,
            evidence: &self.request.evidence,
            proved: self.proved(rows),
            call: &self.request.call,
        }
    }

    /// What the receipt says, if this server signed it for this host. Nearly always it is the one of the
    /// last answer, which its bytes tell sooner than its signature; no text in that answer can pose as one,
    /// since the quotes of a text are escaped.
    fn proved(&self, rows: &Rows) -> Option<Receipt> {
        let (receipt, host) = (self.request.receipt.as_ref()?, &self.envelope.host_key);
        let last = rows.replies.iter().find(|reply| reply.host == *host);
        let last = last.and_then(|last| str::from_utf8(&last.body).ok());
        let text = serde_json::to_string(receipt).ok()?;
        if last.is_some_and(|last| last.contains(&text)) {
            return self.claim.clone();
        }
        self.keys.proved(receipt, host)
    }

    /// What is written, and the answer to be sent when it is stored.
    pub fn decide(&self, rows: Rows) -> Result<Decided, serde_json::Error> {
        let (asked, now) = (self.asked(&rows), self.now);
        match replay::seen(&rows, &asked.host, &asked.request_id, &self.digest) {
            Seen::Answered(last) => {
                let (status, body) = (last.status, last.body.clone());
                let reply = Reply { status, body, code: None, signed: false };
                return Ok(Decided { writes: Vec::new(), reply, outcome: Outcome::Repeated });
            }
            Seen::Reused => {
                let reply = Reply::problem(&replay::reused())?;
                return Ok(Decided { writes: Vec::new(), reply, outcome: Outcome::Reused });
            }
            Seen::Never => {}
        }
        // A question leaves nothing behind, and pushes out no answer.
        let is_question = matches!(asked.call, Call::WouldCapture { .. });
        let mut keep = rows.host(&asked.host).is_some() && !is_question;
        let before = matches!(asked.call, Call::Register(_)).then(|| rows.clone());
        let (mut writes, reply, outcome) = match decide(rows, &asked, now, &self.drawn) {
            Ok(decision) => {
                let outcome = Outcome::of(&decision);
                let (body, signed) = (success(&self.keys, &decision)?, decision.answer.statement.is_some());
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
                digest: self.digest.clone(),
                status: reply.status,
                body: reply.body.clone(),
            }));
        }
        Ok(Decided { writes, reply, outcome })
    }
}

/// The body of a success.
fn success(keys: &Keys, decision: &Decision) -> Result<Vec<u8>, serde_json::Error> {
    let answer = &decision.answer;
    let warnings = |language| answer.warnings.iter().map(|warning| warning.to(language)).collect();
    serde_json::to_vec(&ApiAnswer {
        statement: answer.statement.as_ref().map(|statement| keys.sign(statement)).transpose()?,
        receipt: answer.statement.as_ref().map(|statement| keys.receipt(statement)).transpose()?,
        keys: keys.signed_set().clone(),
        session: answer.session.clone(),
        license: answer.license.clone(),
        warnings: warnings(Language::English),
        warnings_ru: warnings(Language::Russian),
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
