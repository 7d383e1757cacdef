//! `admin log`

use std::io;

use serde_json::{Value, json};

use super::{CommandError, Console, counted, date};
use crate::{cli::LogCommand, decide::log::LogRow, store::Verified};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn log(&mut self, command: &LogCommand) -> Result<(), CommandError> {
        match command {
            LogCommand::Show { number, limit } => {
                let lines = self.server.store().log_of(number, *limit).await?;
                // A number has a line from its registration on.
                if lines.is_empty() {
                    return Err(self.unknown(number).await?);
                }
                self.say(&lines.iter().map(line_json).collect(), || lines.iter().map(line_text).collect())
            }
            LogCommand::Verify { number, ends } => {
                let verified = self.server.store().verify_log(number.as_ref(), *ends).await?;
                if let (0, Some(number)) = (verified.chains, number) {
                    return Err(self.unknown(number).await?);
                }
                self.say(&serde_json::to_value(&verified)?, || verified_text(&verified))?;
                match verified.broken {
                    0 => Ok(()),
                    broken => Err(CommandError::LogBroken { broken }),
                }
            }
        }
    }
}

/// A line as JSON.
pub(super) fn line_json(line: &LogRow) -> Value {
    // Details that are no JSON any more are shown as they are: what is looked for may be just that.
    let details: Value = serde_json::from_str(&line.details).unwrap_or_else(|_| line.details.clone().into());
    json!({
        "line": line.seq,
        "at": line.at,
        "actor": line.actor,
        "deed": line.deed,
        "details": details,
        "hash": line.hash,
    })
}

/// A line as text.
pub(super) fn line_text(line: &LogRow) -> String {
    let LogRow { seq, at, actor, deed, details, .. } = line;
    format!("{seq:>6}  {}  {actor:<24}  {deed:<16}  {details}\n", date(*at))
}

fn verified_text(verified: &Verified) -> String {
    let Verified { chains, lines, broken, faults, ends } = verified;
    let ends = ends.iter().map(|end| format!("{} {} {}\n", end.customer, end.line, end.hash));
    let faults = faults
        .iter()
        .map(|fault| format!("{}: line {} {}.\n", fault.number, fault.line, fault.fault.as_str()));
    let chains = counted(*chains, "log");
    let above: String = ends.chain(faults).collect();
    format!("{above}Read {chains} with {lines} lines; broken: {broken}.")
}
