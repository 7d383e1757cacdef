//! The license server in use, as the keeper meets it.

use license_core::outcome::{Judge, Outcome};

use super::Keeper;
use crate::transport::{Exchange, Moment};

impl<E: Exchange> Keeper<E> {
    /// Its URL; `None` while none is configured.
    pub(super) fn url(&self) -> Option<String> {
        self.settings.exchange.as_ref().map(|exchange| exchange.url().to_owned())
    }

    /// What its answers are judged by.
    pub(super) fn judge<'a>(&'a self, url: &'a str) -> Judge<'a> {
        Judge {
            roots: &self.settings.roots,
            keys: self.state.keys.as_ref(),
            host_key: &self.host_key,
            above_serial: self.state.held().map(|held| held.statement().serial),
            url,
        }
    }

    /// The moment of a request that is made now.
    pub(super) fn moment(&self) -> Moment {
        Moment::of(&self.state, self.clock.now())
    }

    /// Tells who carries calls whether this one was answered by a license server, unless it cannot have
    /// been delivered. One that asks for patience is one, too.
    pub(super) fn judge_server(&self, outcome: &Outcome, is_throttled: bool) {
        let is_answered = match outcome {
            Outcome::Statement(_) | Outcome::Done(_) | Outcome::Refused(_) => true,
            Outcome::NoAnswer(why) if why.maybe_delivered => is_throttled,
            Outcome::NoAnswer(_) => return,
        };
        if let Some(exchange) = &self.settings.exchange {
            exchange.judge(is_answered, self.clock.now().age);
        }
    }
}
