//! `admin binding`

use std::io::{self, Write as _};

use license_types::{RegistrationNumber, SessionId, UnixTime};

use super::{CommandError, date, print_json};
use crate::{
    LicenseServer,
    cli::BindingCommand,
    decide::{
        Rows, Wanted,
        drop::{self, DropError, Dropped, Purpose, Which},
        list::{self, Listed, State},
    },
};

/// Does what a command says and prints what came of it.
pub(super) async fn run(
    server: &LicenseServer,
    command: &BindingCommand,
    json: bool,
    now: UnixTime,
    out: &mut impl io::Write,
) -> Result<(), CommandError> {
    match command {
        BindingCommand::List { number } => {
            let wanted = Wanted { numbers: vec![number.clone()], every_host: true, ..Wanted::default() };
            let list = |rows: Rows| match list::list(&rows, number, now) {
                Some(listed) => Ok((Vec::new(), listed)),
                None => Err(unknown(number)),
            };
            let listed = server.store().transaction(&wanted, list).await??;
            if json { print_json(out, &serde_json::to_value(&listed)?) } else { print_list(out, &listed) }
        }
        BindingCommand::Drop { number, all: _, session, free_only } => {
            let which = session.clone().map_or(Which::All, |id| Which::Session(SessionId(id)));
            let purpose = if *free_only { Purpose::FreeOnly } else { Purpose::Move };
            let wanted = Wanted { numbers: vec![number.clone()], every_host: true, ..Wanted::default() };
            let drop = |rows: Rows| {
                drop::drop(&rows, number, &which, purpose, now).map_err(|error| match error {
                    DropError::UnknownNumber => unknown(number),
                    DropError::UnknownSession => CommandError::UnknownSession,
                })
            };
            let dropped = server.store().transaction(&wanted, drop).await??;
            if json { print_json(out, &serde_json::to_value(&dropped)?) } else { print_drop(out, &dropped) }
        }
    }
}

fn unknown(number: &RegistrationNumber) -> CommandError {
    CommandError::UnknownNumber { masked: number.masked() }
}

fn print_list(out: &mut impl io::Write, listed: &[Listed]) -> Result<(), CommandError> {
    if listed.is_empty() {
        return Ok(writeln!(out, "The number has no bindings.")?);
    }
    let mut table = Vec::new();
    writeln!(
        table,
        "{:<32}  {:<16}  {:<8}  {:<20}  {:<20}  FEATURE",
        "SESSION", "HOST", "STATE", "CAPTURED", "LAST SEEN"
    )?;
    for seat in listed {
        let state = match seat.state {
            State::Live => "live",
            State::Expired => "expired",
            State::Surplus => "surplus",
        };
        let holder = seat.holder.as_ref().map(|holder| format!(" for {holder}")).unwrap_or_default();
        writeln!(
            table,
            "{:<32}  {:<16}  {state:<8}  {:<20}  {:<20}  {} {}{holder}",
            seat.session,
            seat.host,
            date(seat.captured_at),
            date(seat.last_seen),
            seat.feature,
            seat.feature_name,
        )?;
    }
    Ok(out.write_all(&table)?)
}

fn print_drop(out: &mut impl io::Write, dropped: &Dropped) -> Result<(), CommandError> {
    writeln!(out, "Freed {} seats of {} hosts.", dropped.sessions.len(), dropped.hosts.len())?;
    for host in &dropped.hosts {
        let until = date(host.may_run_until);
        writeln!(
            out,
            "Host {} learns of it at its next check; if it cannot be reached, it may run on until {until}.",
            host.host
        )?;
    }
    Ok(())
}
