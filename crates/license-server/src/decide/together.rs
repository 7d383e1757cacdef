//! Decisions that are made together: rows are loaded for all of them at once, and each is decided on what
//! those before it left.
//!
//! Nearly all requests are about hosts that are known, their numbers and nothing else. Whatever such a
//! request writes is about rows that it wanted itself, so that [`Rows::apply`] makes of the rows of all
//! what the store would load anew. Others look for strangers (by e-mail, by a shared fact, by a coupon), who
//! may have come a moment ago; they are decided by themselves.

use super::{Rows, Wanted};

impl Wanted {
    /// Whether it can be decided together with others that are so.
    #[must_use]
    pub fn is_of_hosts(&self) -> bool {
        *self == Self { hosts: self.hosts.clone(), numbers: self.numbers.clone(), ..Self::default() }
    }

    /// Wants the hosts and numbers of another one too.
    pub fn add_hosts(&mut self, other: &Self) {
        self.hosts.extend(&other.hosts);
        self.numbers.extend_from_slice(&other.numbers);
    }
}

impl Rows {
    /// What the store would load if only these hosts and numbers were wanted, of rows that were loaded for
    /// more.
    #[must_use]
    pub fn of_hosts(&self, wanted: &Wanted) -> Self {
        let mut rows = Self { catalogue: self.catalogue.clone(), ..Self::default() };
        rows.hosts = cloned(&self.hosts, |row| wanted.hosts.contains(&row.key));
        rows.bindings = cloned(&self.bindings, |row| wanted.hosts.contains(&row.host));
        rows.replies = cloned(&self.replies, |row| wanted.hosts.contains(&row.host));
        rows.customers = cloned(&self.customers, |row| {
            wanted.numbers.contains(&row.number) || rows.bindings.iter().any(|own| own.customer == row.id)
        });
        rows.grants = cloned(&self.grants, |row| rows.customer(&row.customer).is_some());
        rows.seats = cloned(&self.seats, |row| rows.customer(&row.customer).is_some());
        rows.bars = cloned(&self.bars, |row| rows.customer(&row.customer).is_some());
        rows
    }
}

fn cloned<R: Clone>(rows: &[R], is_wanted: impl Fn(&R) -> bool) -> Vec<R> {
    rows.iter().filter(|row| is_wanted(row)).cloned().collect()
}
