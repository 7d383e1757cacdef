//! What each command asks the daemon.

use std::io::{self, IsTerminal, Read, Write};

use license_client::{
    Client,
    ipc::{Answer, FeaturePage},
    types::FormatError,
};
use licensectl::cli::Command;

use crate::{exit::Exit, fault::Fault};

/// The longest standard input that is read for a key: far more than any key, far less than a wrong file.
const LONGEST_KEY: u64 = 1024;

/// Shows an answer. Whether somebody still reads.
type Tell<'a> = &'a mut dyn FnMut(&Answer) -> Result<bool, Fault>;

/// Runs one command: tells its answer, and gives how the tool ends.
pub(crate) fn run(command: Command, client: &mut Client, tell: Tell<'_>) -> Result<Exit, Fault> {
    let answer = match command {
        Command::Status => Answer::Status(Box::new(client.status()?)),
        Command::Register(company) => Answer::Registered { number: client.register(company.into())? },
        Command::Activate { number } => Answer::Done(client.activate(key(number)?)?),
        Command::Coupon { coupon } => Answer::Done(client.activate_coupon(key(coupon)?)?),
        Command::Trial { product } => Answer::Done(client.add_trial(product)?),
        Command::Check { features, holder } => match (features.as_slice(), holder) {
            ([feature], None) => Answer::Entitlement(client.check(*feature)?),
            ([feature], Some(holder)) => Answer::Entitlement(client.check_for(*feature, holder)?),
            (_, None) => Answer::Entitlements(client.check_many(features)?),
            (_, Some(_)) => {
                let why =
                    "--holder is for one feature: run `licensectl check FEATURE --holder NAME` for each";
                return Err(Fault::Usage(why.to_owned()));
            }
        },
        Command::Capture { feature, holder, reclaim } => {
            Answer::Captured(client.capture(feature, holder, reclaim)?)
        }
        Command::Release { session } => Answer::Done(client.release(session)?),
        Command::Info { number } => Answer::LicenseInfo(client.license_info(number.map(key).transpose()?)?),
        Command::Metrics => Answer::Metrics { text: client.metrics()? },
        Command::Recheck => Answer::Done(client.recheck()?),
        Command::Reload => Answer::Done(client.reload().map_err(Fault::of_reload)?),
        Command::Config => Answer::Configuration(Box::new(client.configuration()?)),
        Command::Ping => Answer::Ping(client.ping()?),
        Command::Reset { yes } => {
            if !yes {
                confirm("Forget the registration number on this host and free its seats?")?;
            }
            Answer::Done(client.reset()?)
        }
        Command::Host => Answer::Host(client.host()?),
        Command::Deprovision { yes } => {
            if !yes {
                confirm("Forget number, host key and state of this host, and stop the daemon?")?;
            }
            Answer::Done(client.deprovision()?)
        }
        Command::Features => Answer::Features(features(client)?),
        Command::Explain { feature } => Answer::Explanation(Box::new(client.explain(feature)?)),
        Command::Watch => {
            for change in client.watch()? {
                if !tell(&Answer::Change(Box::new(change?)))? {
                    break;
                }
            }
            return Ok(Exit::Done);
        }
    };
    tell(&answer)?;
    Ok(Exit::of_answer(&answer))
}

/// All pages as one.
fn features(client: &mut Client) -> Result<FeaturePage, Fault> {
    let mut all = client.features(None)?;
    while let Some(cursor) = all.next {
        let page = client.features(Some(cursor))?;
        all.features.extend(page.features);
        all.next = page.next;
    }
    Ok(all)
}

/// A registration number or coupon as given, or from standard input if `-` was given, so that it need
/// not stand in the shell's history.
fn key<T: std::str::FromStr<Err = FormatError>>(given: String) -> Result<T, Fault> {
    let text = if given == "-" {
        io::read_to_string(io::stdin().lock().take(LONGEST_KEY)).map_err(Fault::Input)?
    } else {
        given
    };
    text.parse().map_err(Fault::Malformed)
}

/// Asks on the terminal.
fn confirm(question: &str) -> Result<(), Fault> {
    if !io::stdin().is_terminal() {
        return Err(Fault::Usage("there is no terminal to ask on: add --yes".to_owned()));
    }
    write!(io::stderr(), "{question} [y/N] ").map_err(Fault::Input)?;
    let mut said = String::new();
    io::stdin().read_line(&mut said).map_err(Fault::Input)?;
    match said.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Fault::Usage("not confirmed; nothing was changed".to_owned())),
    }
}
