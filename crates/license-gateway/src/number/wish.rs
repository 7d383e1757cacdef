//! What is to become of this host's registration number: what follows from what happens. No I/O, no clock.

use std::collections::{BTreeMap, BTreeSet};

use license_client::{
    ipc::{self, Done, ErrorKind, Failure, Status},
    types::RegistrationNumber,
};
use serde::{Deserialize, Serialize};

use super::key_file::Content;

/// The most numbers that a wish knows of: people who enter one number after the other while the license server is
/// away must not fill the disk.
const MOST_KNOWN: usize = 8;

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A person gave it, by `changekey`.
    Changekey,
    /// It lies in the key file.
    KeyFile,
    /// `sendmetrics` came with it.
    Sendmetrics,
}

impl Source {
    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changekey => "changekey",
            Self::KeyFile => "the key file",
            Self::Sendmetrics => "sendmetrics",
        }
    }
}

/// What number the daemon has, as far as it says. Numbers are masked.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// It has none.
    Unregistered,
    /// It has this one, whatever that is worth.
    Bound(String),
    /// It does not know yet: a number is being registered or activated, or what it held is lost.
    #[default]
    Unknown,
}

impl Binding {
    /// What a `status` says.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        match (&status.number, status.state) {
            (Some(number), _) => Self::Bound(number.clone()),
            (None, ipc::State::Unregistered) => Self::Unregistered,
            (None, _) => Self::Unknown,
        }
    }

    /// What it is with this number, or without one.
    fn to(number: Option<&RegistrationNumber>) -> Self {
        number.map_or(Self::Unregistered, |number| Self::Bound(number.masked()))
    }
}

/// What somebody wants this host's number to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The number; `None` if it is to be forgotten.
    pub number: Option<RegistrationNumber>,
    /// Whose wish it is.
    pub from: Source,
    /// What the daemon may have without anybody having given it another number since: the one that it had when this
    /// was wished, and what was wished before and may still come.
    known: BTreeSet<Binding>,
    /// How often the daemon's number had changed, while it is without one: once more is somebody's reset, who wants
    /// none.
    #[serde(default)]
    without: Option<u64>,
}

/// What is kept over restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What is pursued.
    pub wish: Option<Wish>,
    /// What the daemon had when it was seen last; unknown if it never was. A wish that comes while it is away must
    /// not take for that what somebody does before it is seen again.
    seen: Binding,
    /// How often its number had changed then, if it was without one and nothing is done about that since.
    #[serde(default)]
    without: Option<u64>,
    /// The number that was settled last, by where it came from: this host was bound to it, it was refused with a
    /// code, or somebody decided otherwise. It is not adopted again, so that `licensectl reset` is not undone, until
    /// the key file changes.
    settled: BTreeMap<Source, RegistrationNumber>,
    /// What the key file still held when MikoPBX had its number forgotten. That is not adopted as long as it is
    /// there, nor what turns up in a file that could not be used then.
    outdated: Content,
}

/// All that is known of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// What is kept over restarts.
    pub kept: Kept,
    /// What the key file holds.
    file: Content,
    /// Whether the key file was empty at the last look: MikoPBX empties it for a moment when it writes it.
    is_empty: bool,
    /// Whether the daemon was not looked at since the wish: what the first look shows is what it had then.
    is_just_wished: bool,
    /// Whether it was said that the number in the key file is another than the daemon's.
    is_said: bool,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A person wants this number, or none.
    Wished(Option<RegistrationNumber>),
    /// `sendmetrics` came with a number.
    Offered(RegistrationNumber, Binding),
    /// The key file was looked at.
    File(Content),
    /// The daemon was looked at: what it has, and how often that was changed.
    Seen(Binding, u64),
    /// The daemon could not be looked at.
    Unseen,
    /// The daemon answered definitively what was asked for this number, or for none.
    Answered(Option<RegistrationNumber>, Result<Done, Failure>),
    /// This host was given a number in another way.
    Registered,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Rest,
    /// Asking the daemon for what is wished.
    Ask,
    /// Saying that this wish is fulfilled; with the daemon's word, if that came.
    Fulfilled(Wish, Option<Done>),
    /// Saying that this wish was refused.
    Refused(Wish, Failure),
    /// Saying that this wish is given up, since somebody gave this host another number, or took its number.
    Overtaken(Wish),
    /// Saying that the key file holds another number than the daemon has.
    Differs {
        /// The number in the key file.
        file: RegistrationNumber,
        /// The daemon's, masked.
        bound: String,
    },
}

impl State {
    /// What is known at a start.
    #[must_use]
    pub fn new(kept: Kept) -> Self {
        Self { kept, ..Self::default() }
    }

    /// The state after `event`, and what is to be done about it.
    #[must_use]
    pub fn step(mut self, event: Event) -> (Self, Decision) {
        let decision = match event {
            Event::Wished(number) => self.wished(number),
            Event::Offered(number, binding) => self.offered(number, &binding),
            Event::File(content) => self.looked_at(content),
            Event::Seen(binding, changes) => self.seen(&binding, changes),
            Event::Unseen => {
                self.is_just_wished = false;
                Decision::Rest
            }
            Event::Answered(number, answer) => self.answered(number.as_ref(), answer),
            Event::Registered => {
                (self.kept.wish, self.kept.seen, self.kept.without) = (None, Binding::Unknown, None);
                Decision::Rest
            }
        };
        (self, decision)
    }

    /// Whether a number may be adopted.
    fn is_new(&self, number: &RegistrationNumber) -> bool {
        let is_settled = self.kept.settled.values().any(|settled| settled == number);
        !is_settled && self.kept.outdated.number() != Some(number)
    }

    fn wished(&mut self, number: Option<RegistrationNumber>) -> Decision {
        let (mut known, mut without) = (BTreeSet::new(), self.kept.without);
        if let Some(replaced) = self.kept.wish.take() {
            // A reset that was wished may still come.
            without = None;
            // It may have reached the license server.
            known.insert(Binding::to(replaced.number.as_ref()));
            known.extend(replaced.known);
            while known.len() > MOST_KNOWN {
                known.pop_first();
            }
        }
        known.extend(Some(self.kept.seen.clone()).filter(|bound| *bound != Binding::Unknown));
        if number.is_none() {
            // Whatever number MikoPBX has later is a new one, but for the one that it has not removed yet.
            self.kept.settled.clear();
            self.kept.outdated.clone_from(&self.file);
        }
        self.kept.wish = Some(Wish { number, from: Source::Changekey, known, without });
        self.is_just_wished = true;
        Decision::Ask
    }

    fn offered(&mut self, number: RegistrationNumber, binding: &Binding) -> Decision {
        if self.kept.wish.is_some() {
            return Decision::Rest;
        }
        match binding {
            Binding::Unregistered if self.is_new(&number) => self.adopt(number, Source::Sendmetrics, None),
            Binding::Bound(bound) if *bound == number.masked() => {
                self.kept.settled.insert(Source::Sendmetrics, number);
                Decision::Rest
            }
            Binding::Unregistered | Binding::Bound(_) | Binding::Unknown => Decision::Rest,
        }
    }

    fn looked_at(&mut self, content: Content) -> Decision {
        let was_empty = std::mem::replace(&mut self.is_empty, content == Content::Empty);
        match content {
            Content::Number(number) => {
                let before = self.file.number().or(self.kept.settled.get(&Source::KeyFile));
                if before.is_some_and(|before| *before != number) {
                    self.kept.settled.retain(|_, settled| *settled == number);
                }
                let outdated = &self.kept.outdated;
                let is_outdated = *outdated == Content::Unusable || outdated.number() == Some(&number);
                self.kept.outdated =
                    if is_outdated { Content::Number(number.clone()) } else { Content::Absent };
                self.give_up_file(Some(&number));
                self.is_said &= self.file.number() == Some(&number);
                self.file = Content::Number(number);
            }
            Content::Empty if was_empty => {
                self.kept.settled.clear();
                self.give_up_file(None);
                (self.kept.outdated, self.file) = (Content::Absent, Content::Empty);
            }
            Content::Empty => {}
            // At boot the folder is wiped, and the file comes back as it was.
            Content::Absent => (self.kept.outdated, self.file) = (Content::Absent, Content::Absent),
            Content::Unusable => self.file = Content::Unusable,
        }
        Decision::Rest
    }

    /// Gives up what the key file wanted, unless it still wants it.
    fn give_up_file(&mut self, unless: Option<&RegistrationNumber>) {
        self.kept.wish.take_if(|wish| wish.from == Source::KeyFile && wish.number.as_ref() != unless);
    }

    fn seen(&mut self, binding: &Binding, changes: u64) -> Decision {
        if *binding == Binding::Unknown {
            // What a person wants does not wait for what came before, but what nobody asked for does.
            let is_person = self.kept.wish.as_ref().is_some_and(|wish| wish.from == Source::Changekey);
            return if is_person { Decision::Ask } else { Decision::Rest };
        }
        let before = std::mem::replace(&mut self.kept.seen, binding.clone());
        self.kept.without = (*binding == Binding::Unregistered).then_some(changes);
        let Some(wish) = &mut self.kept.wish else { return self.file_against(binding) };
        if std::mem::take(&mut self.is_just_wished) || before == Binding::Unknown {
            wish.known.insert(binding.clone());
            wish.without = None;
        }
        let before = std::mem::replace(&mut wish.without, self.kept.without);
        let is_reset = before.zip(wish.without).is_some_and(|(before, now)| now > before);
        if wish.known.contains(binding) && !is_reset {
            return Decision::Ask;
        }
        let is_fulfilled = Binding::to(wish.number.as_ref()) == *binding;
        match self.settle() {
            Some(wish) if is_fulfilled => Decision::Fulfilled(wish, None),
            Some(wish) => Decision::Overtaken(wish),
            None => Decision::Rest,
        }
    }

    fn file_against(&mut self, binding: &Binding) -> Decision {
        let Some(number) = self.file.number().filter(|number| self.is_new(number)).cloned() else {
            return Decision::Rest;
        };
        match binding {
            Binding::Unregistered => self.adopt(number, Source::KeyFile, self.kept.without),
            Binding::Bound(bound) if *bound == number.masked() => {
                self.kept.settled.insert(Source::KeyFile, number);
                Decision::Rest
            }
            Binding::Bound(bound) if !self.is_said => {
                self.is_said = true;
                Decision::Differs { file: number, bound: bound.clone() }
            }
            Binding::Bound(_) | Binding::Unknown => Decision::Rest,
        }
    }

    fn adopt(&mut self, number: RegistrationNumber, from: Source, without: Option<u64>) -> Decision {
        let known = BTreeSet::from([Binding::Unregistered]);
        self.kept.seen = Binding::Unregistered;
        self.is_just_wished = false;
        self.kept.wish = Some(Wish { number: Some(number), from, known, without });
        Decision::Ask
    }

    fn answered(&mut self, number: Option<&RegistrationNumber>, answer: Result<Done, Failure>) -> Decision {
        if self.kept.wish.as_ref().is_none_or(|wish| wish.number.as_ref() != number) {
            return Decision::Rest;
        }
        if answer.is_ok() {
            (self.kept.seen, self.kept.without) = (Binding::to(number), None);
        }
        match (self.settle(), answer) {
            (Some(wish), Ok(done)) => Decision::Fulfilled(wish, Some(done)),
            (Some(wish), Err(Failure { kind: ErrorKind::Overtaken, .. })) => Decision::Overtaken(wish),
            (Some(wish), Err(failure)) => Decision::Refused(wish, failure),
            (None, _) => Decision::Rest,
        }
    }

    /// Ends the wish: it is decided, by whomever.
    fn settle(&mut self) -> Option<Wish> {
        let wish = self.kept.wish.take()?;
        if let Some(number) = &wish.number {
            self.kept.settled.insert(wish.from, number.clone());
        }
        Some(wish)
    }
}

#[cfg(test)]
mod tests;
