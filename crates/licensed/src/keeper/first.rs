//! The first activation without a person: a number that lies ready is activated while this host has never had
//! one.

use license_core::{
    api::Call,
    outcome::{NoAnswer, Outcome},
    time::Age,
};
use license_texts::{Language, Text, text};
use license_types::Code;
use tracing::{error, info, warn};

use super::Keeper;
use crate::{
    event,
    number::{NumberError, ReadyNumber},
    transport::Exchange,
};

/// What is to become of the number that lies ready.
#[derive(Debug, Default)]
pub(super) enum First {
    /// There is none, or it is activated.
    #[default]
    Nothing,
    /// It is activated when the license server can be asked.
    Ready(ReadyNumber),
    /// It is not tried again before the next start.
    GivenUp(Text),
}

impl<E: Exchange> Keeper<E> {
    /// Has the number that lies ready activated, unless this host has one, or had one.
    #[must_use]
    pub fn with_number(mut self, found: Result<Option<ReadyNumber>, NumberError>) -> Self {
        if !self.state.has_never_had_number() {
            return self;
        }
        self.first = match found {
            Ok(None) => First::Nothing,
            Ok(Some(ready)) => {
                let source = ready.source.display();
                info!(number = ready.number.masked(), "the number in {source} is to be activated");
                First::Ready(ready)
            }
            Err(fault) => {
                warn!("{fault}");
                First::GivenUp(fault.sentence())
            }
        };
        self.publish();
        self
    }

    /// What a person should know of the number that lies ready.
    pub(super) fn note_of_first(&self) -> Option<Text> {
        match &self.first {
            _ if !self.state.has_never_had_number() => None,
            First::Nothing => None,
            First::Ready(ready) => {
                Some(text!("number-lies-ready", path = ready.source.display().to_string()))
            }
            First::GivenUp(why) => Some(why.clone()),
        }
    }

    /// When the number that lies ready is activated. A call with an unknown outcome comes first.
    pub(super) fn first_due(&self) -> Option<Age> {
        let is_open = self.state.has_never_had_number() && self.state.pending.is_none();
        let is_ready = matches!(self.first, First::Ready(_)) && is_open && self.ready_to_call().is_ok();
        is_ready.then(|| self.state.contact.next_check.unwrap_or_default())
    }

    /// The activation of the number that lies ready, if it is time.
    pub(super) fn first_call(&self) -> Option<Call> {
        let is_due = self.first_due().is_some_and(|due| due <= self.clock.now().age);
        match &self.first {
            First::Ready(ready) if is_due => Some(Call::Activate { number: ready.number.clone() }),
            First::Ready(_) | First::Nothing | First::GivenUp(_) => None,
        }
    }

    /// Notes what came of a call, as far as the number that lies ready is concerned. Who refuses without a
    /// code is not the license server: that is no answer, and the schedule tries again.
    pub(super) fn note_first(&mut self, call: &Call, outcome: Outcome) -> Outcome {
        let First::Ready(ready) = &self.first else { return outcome };
        let Call::Activate { number } = call else { return outcome };
        if *number != ready.number {
            return outcome;
        }
        let source = ready.source.display();
        match outcome {
            Outcome::Refused(problem) => match problem.code {
                Some(code) => {
                    let (path, why) = (source.to_string(), problem.said().clause());
                    let why = text!("number-refused", path = path, code = code, why = why);
                    let line = why.to(Language::English);
                    error!(message_id = event::of_code(code), license_code = code.0, "{line}");
                    self.first = First::GivenUp(why);
                    Outcome::Refused(problem)
                }
                None => Outcome::NoAnswer(NoAnswer {
                    code: Code::NO_ANSWER,
                    message: text!("number-not-activated", path = source.to_string(), why = problem.said()),
                    maybe_delivered: false,
                    retry_after: None,
                }),
            },
            Outcome::Statement(accepted) => {
                info!("the number in {source} is activated; the file is not needed any more");
                for warning in &accepted.warnings {
                    warn!("{}", warning.to(Language::English));
                }
                self.first = First::Nothing;
                Outcome::Statement(accepted)
            }
            Outcome::NoAnswer(why) => {
                warn!(
                    message_id = event::of_code(why.code),
                    license_code = why.code.0,
                    "the number in {source} is not activated yet: {}",
                    why.message.to(Language::English)
                );
                Outcome::NoAnswer(why)
            }
            Outcome::Done(license) => Outcome::Done(license),
        }
    }
}
