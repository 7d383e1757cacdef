//! `admin binding`

use std::{fmt::Write as _, io};

use license_types::SessionId;

use super::{CommandError, Console, counted, date, unknown};
use crate::{
    cli::BindingCommand,
    decide::{
        Wanted,
        drop::{self, DropError, Dropped, Purpose, Which},
        list::{self, Listed, State},
    },
};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn binding(&mut self, command: &BindingCommand) -> Result<(), CommandError> {
        match command {
            BindingCommand::List { number } => {
                let wanted = Wanted { numbers: vec![number.clone()], every_host: true, ..Wanted::default() };
                let now = self.now;
                let list =
                    self.look(&wanted, |rows| list::list(rows, number, now).ok_or_else(|| unknown(number)));
                let listed = list.await?;
                self.say(&serde_json::to_value(&listed)?, || list_text(&listed))
            }
            BindingCommand::Drop { number, all: _, session, free_only } => {
                let which = session.clone().map_or(Which::All, |id| Which::Session(SessionId(id)));
                let purpose = if *free_only { Purpose::FreeOnly } else { Purpose::Move };
                let wanted = Wanted { numbers: vec![number.clone()], every_host: true, ..Wanted::default() };
                let drop = self.change(&wanted, |draft| {
                    drop::drop(draft, number, &which, purpose).map_err(|error| match error {
                        DropError::UnknownNumber => unknown(number),
                        DropError::UnknownSession => CommandError::UnknownSession,
                    })
                });
                let dropped = drop.await?;
                self.say(&serde_json::to_value(&dropped)?, || drop_text(&dropped))
            }
        }
    }
}

fn list_text(listed: &[Listed]) -> String {
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

fn drop_text(dropped: &Dropped) -> String {
    let (seats, hosts) = (counted(dropped.sessions.len(), "seat"), counted(dropped.hosts.len(), "host"));
    let told = dropped.hosts.iter().map(|host| {
        format!(
            "Host {} learns of it at its next check; if it cannot be reached, it may run on until {}.\n",
            host.host,
            date(host.may_run_until)
        )
    });
    format!("Freed {seats} of {hosts}.\n{}", told.collect::<String>())
}
