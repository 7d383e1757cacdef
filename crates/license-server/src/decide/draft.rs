//! A change being made: the rows as they will be, the writes that lead there, and a line in the log of
//! the number for each of them.

use license_types::UnixTime;

use super::{
    CustomerId, Rows, Write,
    log::{Actor, Deed, LogRow},
    trial,
};

/// A change being made.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The rows as they will be.
    pub rows: Rows,
    /// When.
    pub now: UnixTime,
    actor: Actor,
    writes: Vec<Write>,
    deeds: Vec<Deed>,
}

impl Draft {
    /// Nothing is changed yet.
    #[must_use]
    pub fn new(mut rows: Rows, actor: Actor, now: UnixTime) -> Self {
        trial::project(&mut rows.grants, now);
        Self { rows, now, actor, writes: Vec::new(), deeds: Vec::new() }
    }

    /// Makes a change.
    pub fn write(&mut self, write: Write) {
        let deed = Deed::of(&write);
        self.rows.apply(&write);
        self.writes.push(write);
        if let Some((customer, deed)) = deed {
            self.note(&customer, deed);
        }
    }

    /// Puts something into the log that is more than a change of one row. The customer is among the rows.
    pub fn note(&mut self, customer: &CustomerId, deed: Deed) {
        let Some(row) = self.rows.customer(customer) else { return };
        let line = LogRow::after(&row.log, customer, self.now, &self.actor, &deed);
        let line = Write::Log(line);
        self.rows.apply(&line);
        self.writes.push(line);
        self.deeds.push(deed);
    }

    /// What is to be stored, and what was done.
    #[must_use]
    pub fn finish(self) -> (Vec<Write>, Vec<Deed>) {
        (self.writes, self.deeds)
    }
}
