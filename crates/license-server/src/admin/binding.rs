//! `admin binding`

use std::{fmt::Write as _, io};

use license_types::{RegistrationNumber, SessionId};
use serde_json::json;

use super::{
    CommandError, Console,
    confirm::{Named, confirm},
    counted, date,
    host::{copies_text, metrics_text, seen},
};
use crate::{
    cli::BindingCommand,
    decide::{
        Draft, Wanted, accept,
        drop::{self, DropError, Dropped, Purpose, Which},
        list::{self, Listed, State},
        overview::{self, ListedHost},
        vendor::{self, Unable},
    },
};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn binding(&mut self, command: &BindingCommand) -> Result<(), CommandError> {
        match command {
            BindingCommand::List { number } => {
                let wanted = every_host(number);
                let now = self.now;
                let list = self.look(&wanted, |rows| {
                    let list = list::list(rows, number, now);
                    list.ok_or_else(|| vendor::unknown(rows, number).into())
                });
                let listed = list.await?;
                self.say(&serde_json::to_value(&listed)?, || list_text(&listed))
            }
            BindingCommand::Drop { number, all, host, session, free_only, yes } => {
                let which = match (host, session) {
                    (Some(host), _) => Which::Host(host.clone()),
                    (None, Some(session)) => Which::Session(SessionId(session.clone())),
                    (None, None) => Which::All,
                };
                let purpose = if *free_only { Purpose::FreeOnly } else { Purpose::Move };
                let named = self.named(number).await?;
                if *all {
                    confirm(*yes, &format!("Drop all hosts of {named}?"))?;
                }
                let wanted = every_host(number);
                let drop = self.change(&wanted, |draft| {
                    drop::drop(draft, number, &which, purpose).map_err(|error| match error {
                        DropError::UnknownNumber => vendor::unknown(&draft.rows, number).into(),
                        DropError::UnknownHost => Unable::HostNotOnNumber.into(),
                        DropError::UnknownSession => CommandError::UnknownSession,
                    })
                });
                let dropped = drop.await?;
                let mut json = serde_json::to_value(&dropped)?;
                json["company"] = named.company.as_str().into();
                self.say(&json, || drop_text(&dropped, purpose, &named))
            }
            BindingCommand::Copies { number } => {
                let mut hosts =
                    self.look(&every_host(number), |rows| Ok(overview::hosts(rows, number)?)).await?;
                hosts.retain(|host| host.is_bound() && (host.is_open() || !host.copies.is_empty()));
                self.add_metrics(&mut hosts).await?;
                self.say(&serde_json::to_value(&hosts)?, || hosts_text(&hosts))
            }
            BindingCommand::Accept { number, host, serial: None } => {
                let accept = |draft: &mut Draft| Ok(accept::accept_moves(draft, number, host)?);
                self.change(&every_host(number), accept).await?;
                self.say(&json!({ "accepted": host, "serial": null }), || {
                    format!("Host {host} goes on with the hardware that it has, from its next check on.")
                })
            }
            BindingCommand::Accept { number, host, serial: Some(serial) } => {
                let accept = |draft: &mut Draft| Ok(accept::accept_copy(draft, number, host, *serial)?);
                self.change(&every_host(number), accept).await?;
                self.say(&json!({ "accepted": host, "serial": serial }), || {
                    format!(
                        "The copy is host {host} now; what was the host is refused from its next call on."
                    )
                })
            }
            BindingCommand::Refuse { number, host, serial } => {
                let refuse = |draft: &mut Draft| Ok(accept::refuse_copy(draft, number, host, *serial)?);
                self.change(&every_host(number), refuse).await?;
                self.say(&json!({ "refused": host, "serial": serial }), || {
                    format!("The copy of host {host} is refused from its next call on.")
                })
            }
        }
    }
}

/// The license of a number with all its hosts.
pub(super) fn every_host(number: &RegistrationNumber) -> Wanted {
    Wanted { numbers: vec![number.clone()], every_host: true, former: true, ..Wanted::default() }
}

fn hosts_text(hosts: &[ListedHost]) -> String {
    if hosts.is_empty() {
        return "No host of the number has copies or waits for a person's word.".to_owned();
    }
    let text = |host: &ListedHost| {
        format!(
            "Host {}: {}, holds serial {}.\n{}{}",
            host.host,
            seen(host.host_seen),
            host.serial,
            metrics_text(host),
            copies_text(host)
        )
    };
    hosts.iter().map(text).collect()
}

/// A table of captured seats.
pub(super) fn list_text(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "The number has no bindings.".to_owned();
    }
    let mut table = format!(
        "{:<32}  {:<16}  {:<8}  {:<20}  {:<20}  FEATURE\n",
        "SESSION", "HOST", "STATE", "CAPTURED", "LAST SEEN"
    );
    for seat in listed {
        let state = match seat.state {
            State::Live => "live",
            State::Expired => "expired",
            State::Surplus => "surplus",
        };
        let holder = seat.holder.as_ref().map(|holder| format!(" for {holder}")).unwrap_or_default();
        // Writing into a text cannot fail.
        let _written = writeln!(
            table,
            "{:<32}  {:<16}  {state:<8}  {:<20}  {:<20}  {} {}{holder}",
            seat.session,
            seat.host,
            date(seat.captured_at),
            date(seat.last_seen),
            seat.feature,
            seat.feature_name,
        );
    }
    table
}

fn drop_text(dropped: &Dropped, purpose: Purpose, named: &Named) -> String {
    let (seats, hosts) = (counted(dropped.sessions.len(), "seat"), counted(dropped.hosts.len(), "host"));
    let told = dropped.hosts.iter().map(|host| {
        let stays = match (host.stays, purpose) {
            (false, _) => " It is not on the number any more.",
            (true, Purpose::Move) => {
                " It stays on the number, and does not take the seat again by itself; `binding drop --host` takes \
                 it off the number."
            }
            (true, Purpose::FreeOnly) => " It stays on the number, and may take the seats again at any time.",
        };
        format!(
            "Host {} learns of it at its next check; if it cannot be reached, it may run on until {}.{stays}\n",
            host.host,
            date(host.may_run_until)
        )
    });
    format!("Freed {seats} of {hosts} of {named}.\n{}", told.collect::<String>())
}
