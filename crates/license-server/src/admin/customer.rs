//! `admin customer`

use std::io;

use license_types::RegistrationNumber;
use serde_json::json;

use super::{CommandError, Console, counted, date};
use crate::{
    cli::CustomerCommand,
    decide::{
        Draft, Wanted,
        customer::{self, Changes, Merged},
    },
    draw,
};

/// How hosts hear of a change.
const HOSTS_FOLLOW: &str = "Hosts follow by themselves, at their next check at the latest.";

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn customer(&mut self, command: &CustomerCommand) -> Result<(), CommandError> {
        match command {
            CustomerCommand::Edit { number, company, email, contact, phone, tax_id } => {
                let changes = Changes {
                    company: company.clone(),
                    email: email.clone(),
                    contact: contact.clone(),
                    phone: phone.clone(),
                    tax_id: tax_id.clone(),
                };
                let wanted = Wanted { email_key: changes.email_key(), ..of(number) };
                let edit = self.change(&wanted, |draft| Ok(customer::edit(draft, number, &changes)?));
                let fields = edit.await?;
                self.say(&json!({ "changed": fields }), || match &fields[..] {
                    [] => "Nothing differs from what is stored.".to_owned(),
                    fields => format!("Changed: {}. {HOSTS_FOLLOW}", fields.join(", ")),
                })
            }
            CustomerCommand::Merge { number, into } => {
                let numbers = vec![number.clone(), into.clone()];
                let wanted = Wanted { numbers, every_host: true, ..Wanted::default() };
                let merge = self.change(&wanted, |draft| Ok(customer::merge(draft, number, into)?));
                let merged = merge.await?;
                self.say(&serde_json::to_value(merged)?, || merged_text(&merged, number, into))
            }
            CustomerCommand::ReplaceNumber { number } => {
                let new = draw::drawn()?.number;
                let (wanted, drawn) = (of(number), new.clone());
                let replace =
                    self.change(&wanted, |draft| Ok(customer::replace_number(draft, number, drawn)?));
                replace.await?;
                // The number itself and nothing else: a script hands it on.
                self.say(&json!({ "number": new.as_str() }), || new.as_str().to_owned())
            }
            CustomerCommand::Suspend { number } => {
                let suspend = |draft: &mut Draft| Ok(customer::suspend(draft, number)?);
                let since = self.change(&of(number), suspend).await?;
                self.say(&json!({ "suspended_at": since }), || {
                    format!(
                        "The number {} is suspended since {}. Hosts are refused from their next call on; \
                         those that cannot be reached run on until their leases end.",
                        number.masked(),
                        date(since)
                    )
                })
            }
            CustomerCommand::Reinstate { number } => {
                let reinstate = |draft: &mut Draft| Ok(customer::reinstate(draft, number)?);
                let was_suspended = self.change(&of(number), reinstate).await?;
                self.say(&json!({ "was_suspended": was_suspended }), || {
                    let masked = number.masked();
                    if was_suspended {
                        format!("The number {masked} is in order again. {HOSTS_FOLLOW}")
                    } else {
                        format!("The number {masked} was not suspended.")
                    }
                })
            }
        }
    }
}

/// The license of a number.
pub(super) fn of(number: &RegistrationNumber) -> Wanted {
    Wanted { numbers: vec![number.clone()], ..Wanted::default() }
}

fn merged_text(merged: &Merged, from: &RegistrationNumber, into: &RegistrationNumber) -> String {
    format!(
        "{} has {}, {} and {} of {} now, which nobody has any more. {HOSTS_FOLLOW}",
        into.masked(),
        counted(merged.grants, "grant"),
        counted(merged.hosts, "host"),
        counted(merged.seats, "seat"),
        from.masked(),
    )
}
