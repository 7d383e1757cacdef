//! What the owner of a number gets a mail about.

use std::time::Duration;

use license_core::crypto::KeyId;
use license_types::UnixTime;
use serde::{Deserialize, Serialize};

use super::{CustomerId, Draft, Rows, Write, registration::comparable};

/// One mail of a kind to an address in this time: who repeats a request does not fill a mailbox.
const PAUSE: Duration = Duration::from_hours(1);

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// The number was given out, or replaced.
    Number,
    /// Somebody forgot the number.
    Forgotten,
    /// Somebody registered with the owner's data on another host.
    RegisteredElsewhere,
    /// A host goes on with other hardware.
    Moved,
    /// A host goes on under another key.
    Rekeyed,
    /// Two copies of a host are live.
    CopyFound,
}

impl MailKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Number,
        Self::Forgotten,
        Self::RegisteredElsewhere,
        Self::Moved,
        Self::Rekeyed,
        Self::CopyFound,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Forgotten => "forgotten",
            Self::RegisteredElsewhere => "registered_elsewhere",
            Self::Moved => "moved",
            Self::Rekeyed => "rekeyed",
            Self::CopyFound => "copy_found",
        }
    }
}

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRow {
    /// What it is about.
    pub kind: MailKind,
    /// Who gets it.
    pub customer: CustomerId,
    /// The host that it is about.
    pub host: Option<KeyId>,
    /// When it was made.
    pub made_at: UnixTime,
}

impl Draft {
    /// Puts a mail into the outbox, if the owner did not get one of the kind of late.
    pub fn mail(&mut self, customer: &CustomerId, kind: MailKind, host: Option<KeyId>) {
        let made_at = self.now;
        let row = self.rows.customer(customer);
        let is_due = row.is_some_and(|row| {
            row.mailed.get(&kind).is_none_or(|last| made_at >= last.saturating_add(PAUSE))
        });
        if is_due {
            self.write(Write::Mail(MailRow { kind, customer: customer.clone(), host, made_at }));
        }
    }
}

/// Somebody asks for the number of the customer with that e-mail.
pub fn forgotten(draft: &mut Draft, email: &str) {
    if let Some(customer) = by_email(&draft.rows, email) {
        draft.mail(&customer, MailKind::Forgotten, None);
    }
}

/// The customer with that e-mail.
pub(super) fn by_email(rows: &Rows, email: &str) -> Option<CustomerId> {
    let key = comparable(email);
    rows.customers.iter().find(|customer| customer.email_key == key).map(|customer| customer.id.clone())
}

/// What a customer is compared by, for [`Wanted`](super::Wanted).
#[must_use]
pub fn email_key(email: &str) -> String {
    comparable(email)
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;

    use super::{
        super::{
            Refusal,
            log::Actor,
            testing::{World, company, key, number},
        },
        *,
    };

    fn forget(world: &mut World, email: &str) {
        let mut draft = Draft::new(world.rows.clone(), Actor::Server, world.now);
        forgotten(&mut draft, email);
        world.apply(&draft.finish().0);
    }

    fn kinds(world: &World) -> Vec<MailKind> {
        world.mails.iter().map(|mail| mail.kind).collect()
    }

    #[test]
    fn the_number_is_mailed_at_registration() {
        let world = World::registered(1);
        assert_eq!(kinds(&world), [MailKind::Number]);
        assert_eq!(world.mails[0].customer, world.rows.customers[0].id);
    }

    #[test]
    fn who_forgot_the_number_gets_it_once_an_hour() {
        let mut world = World::registered(1);
        // Minutes later, mails of the kind in all.
        for (minutes, mails) in [(0, 1), (59, 1), (1, 2), (30, 2), (30, 3)] {
            world.now.0 += minutes * 60;
            forget(&mut world, " ACME@example.com");
            assert_eq!(world.mails.len(), 1 + mails, "after {minutes} minutes more");
        }
        forget(&mut world, "nobody@example.com");
        assert_eq!(world.mails.len(), 4);
    }

    #[test]
    fn the_owner_hears_of_a_registration_on_another_host_and_of_nothing_else_that_is_refused() {
        let mut world = World::registered(1);
        assert_eq!(world.refused(2, &Call::Register(company("Acme"))), Refusal::RegisteredOnAnotherHost);
        world.refused(2, &Call::Register(company("Acme")));
        assert_eq!(kinds(&world), [MailKind::Number, MailKind::RegisteredElsewhere], "once an hour");
        world.refused(1, &Call::Register(company("Other")));
        assert_eq!(world.mails.len(), 2);
    }

    #[test]
    fn the_owner_hears_of_a_new_key_in_the_place_of_a_host() {
        let mut world = World::registered(1);
        world.ok(11, &Call::Activate { number: number('A') });
        assert_eq!(kinds(&world), [MailKind::Number, MailKind::Rekeyed]);
        assert_eq!(world.mails[1].host, Some(key(11).id()));
    }
}
