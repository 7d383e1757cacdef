//! The disk of a host: the files of the daemon's store, and what can go wrong when they are written.

use license_core::{
    state::{Effect, State},
    time::ClockRecord,
};

/// What a file holds.
#[derive(Debug, Clone)]
enum Content<T> {
    Sound(Box<T>),
    /// A power cut or a bad block left something that no checksum fits.
    Torn,
}

/// Why a file was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteFault {
    /// There is no room. The daemon goes on.
    Full,
    /// The machine or the daemon stopped right before the write.
    Died,
}

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Current,
    Previous,
    Clock,
}

/// The files, as `licensed::store` has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    current: Option<Content<State>>,
    previous: Option<Content<State>>,
    clock: Option<Content<ClockRecord>>,
    /// Whether a torn `state` was set aside at some start.
    was_torn: bool,
    /// How many more writes there is room for; `None` is any number.
    pub(crate) room: Option<u32>,
    /// After how many more writes the machine stops.
    pub(crate) dies_after: Option<u32>,
}

impl Disk {
    /// Stores a state as the effect has it: each file in turn, so that a stop leaves what was written so far.
    pub(crate) fn save(&mut self, state: &State, effect: Effect) -> Result<(), WriteFault> {
        match effect {
            Effect::Save => {
                if self.current.is_some() {
                    self.may_write()?;
                    self.previous.clone_from(&self.current);
                }
                self.may_write()?;
                self.current = Some(Content::Sound(Box::new(state.clone())));
            }
            Effect::SaveBoth => {
                self.may_write()?;
                self.current = Some(Content::Sound(Box::new(state.clone())));
                self.may_write()?;
                self.previous.clone_from(&self.current);
            }
        }
        Ok(())
    }

    pub(crate) fn save_clock(&mut self, record: ClockRecord) -> Result<(), WriteFault> {
        self.may_write()?;
        self.clock = Some(Content::Sound(Box::new(record)));
        Ok(())
    }

    fn may_write(&mut self) -> Result<(), WriteFault> {
        for (left, fault) in [(&mut self.dies_after, WriteFault::Died), (&mut self.room, WriteFault::Full)] {
            match left {
                Some(0) => return Err(fault),
                Some(left) => *left -= 1,
                None => {}
            }
        }
        Ok(())
    }

    /// The newest sound state, read from its JSON, and whether there was one that is lost.
    pub(crate) fn load(&mut self) -> Result<(Option<State>, bool), serde_json::Error> {
        let mut found = None;
        for which in [Which::Current, Which::Previous] {
            let file = if which == Which::Current { &mut self.current } else { &mut self.previous };
            match file {
                Some(Content::Sound(state)) => {
                    found = Some(serde_json::from_slice(&serde_json::to_vec(state)?)?);
                    break;
                }
                Some(Content::Torn) => {
                    *file = None;
                    self.was_torn |= which == Which::Current;
                }
                None => {}
            }
        }
        let is_lost = found.is_none() && self.was_torn;
        Ok((found, is_lost))
    }

    pub(crate) fn load_clock(&mut self) -> Option<ClockRecord> {
        match self.clock.take_if(|content| matches!(content, Content::Torn)).or(self.clock.clone())? {
            Content::Sound(record) => Some(*record),
            Content::Torn => None,
        }
    }

    /// A file is damaged, if it is there.
    pub(crate) fn tear(&mut self, which: Which) {
        match which {
            Which::Current => self.current = self.current.take().map(|_| Content::Torn),
            Which::Previous => self.previous = self.previous.take().map(|_| Content::Torn),
            Which::Clock => self.clock = self.clock.take().map(|_| Content::Torn),
        }
    }
}
