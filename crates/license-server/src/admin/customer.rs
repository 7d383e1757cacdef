//! `admin customer`

use std::{fmt::Write as _, io};

use license_types::RegistrationNumber;
use serde_json::json;

use super::{
    CommandError, Console,
    binding::{every_host, list_text},
    confirm::{Named, confirm},
    counted, date,
    grant::grants_text,
    host::host_text,
    log::{line_json, line_text},
};
use crate::{
    cli::CustomerCommand,
    decide::{
        Draft, Rows, Wanted,
        customer::{self, Changes, Follower, Merged, Replaced},
        overview::{self, Overview},
    },
    draw,
    store::FoundCustomer,
};

/// Lines of the log that are shown with everything else.
const LINES_SHOWN: u32 = 20;

/// How hosts hear of a change.
const HOSTS_FOLLOW: &str = "Hosts follow by themselves, at their next check at the latest.";

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn customer(&mut self, command: &CustomerCommand) -> Result<(), CommandError> {
        match command {
            CustomerCommand::Find { text, limit } => {
                // One more than is shown tells whether there are more.
                let asked = limit.saturating_add(1);
                let mut found = self.server.store().find_customers(text, asked).await?;
                let shown = usize::try_from(*limit).unwrap_or(usize::MAX);
                let more = found.len() > shown;
                found.truncate(shown);
                self.say(&json!({ "customers": found, "more": more }), || found_text(&found, more))
            }
            CustomerCommand::Show { number } => self.show(number).await,
            CustomerCommand::Edit { number, company, email, contact, phone, tax_id } => {
                let changes = Changes {
                    company: company.clone(),
                    email: email.clone(),
                    contact: contact.clone(),
                    phone: phone.clone(),
                    tax_id: tax_id.clone(),
                };
                let wanted = Wanted { email_keys: changes.email_key().into_iter().collect(), ..of(number) };
                let edit = self.change(&wanted, |draft| Ok(customer::edit(draft, number, &changes)?));
                let fields = edit.await?;
                self.say(&json!({ "changed": fields }), || match &fields[..] {
                    [] => "Nothing differs from what is stored.".to_owned(),
                    fields => format!("Changed: {}. {HOSTS_FOLLOW}", fields.join(", ")),
                })
            }
            CustomerCommand::Merge { number, into, yes } => {
                let names = [self.named(number).await?, self.named(into).await?];
                confirm(*yes, &format!("Merge {} into {}? It cannot be undone.", names[0], names[1]))?;
                let numbers = vec![number.clone(), into.clone()];
                let wanted = Wanted { numbers, every_host: true, former: true, ..Wanted::default() };
                let merge = self.change(&wanted, |draft| Ok(customer::merge(draft, number, into)?));
                let merged = merge.await?;
                let mut json = serde_json::to_value(merged)?;
                json["companies"] = names.iter().map(|named| named.company.as_str()).collect();
                self.say(&json, || merged_text(&merged, &names))
            }
            CustomerCommand::ReplaceNumber { number } => {
                let new = draw::drawn()?.number;
                let wanted = every_host(number);
                let replace = self.change(&wanted, |draft| Ok(customer::replace_number(draft, number, new)?));
                let replaced = replace.await?;
                self.say(&serde_json::to_value(&replaced)?, || replaced_text(&replaced))
            }
            CustomerCommand::Suspend { number } => {
                let suspend = |draft: &mut Draft| Ok(customer::suspend(draft, number)?);
                let named = self.named(number).await?;
                let since = self.change(&of(number), suspend).await?;
                self.say(&json!({ "suspended_at": since, "company": named.company }), || {
                    format!(
                        "{named} has been suspended since {}. Hosts are refused from their next call on; those \
                         that cannot be reached run on until their leases end.",
                        date(since)
                    )
                })
            }
            CustomerCommand::Reinstate { number } => {
                let reinstate = |draft: &mut Draft| Ok(customer::reinstate(draft, number)?);
                let named = self.named(number).await?;
                let was_suspended = self.change(&of(number), reinstate).await?;
                self.say(&json!({ "was_suspended": was_suspended, "company": named.company }), || {
                    if was_suspended {
                        format!("{named} is in order again. {HOSTS_FOLLOW}")
                    } else {
                        format!("{named} was not suspended.")
                    }
                })
            }
        }
    }
}

impl<O: io::Write> Console<'_, O> {
    async fn show(&mut self, number: &RegistrationNumber) -> Result<(), CommandError> {
        let now = self.now;
        let show = |rows: &Rows| Ok(overview::overview(rows, number, now)?);
        let mut shown = self.look(&every_host(number), show).await?;
        self.add_metrics(&mut shown.hosts).await?;
        let lines = self.server.store().log_of(number, LINES_SHOWN).await?;
        let mut json = serde_json::to_value(&shown)?;
        json["log"] = lines.iter().map(line_json).collect();
        self.say(&json, || {
            let log: String = lines.iter().map(line_text).collect();
            format!("{}\nEnd of the log:\n{log}", overview_text(&shown))
        })
    }
}

fn found_text(found: &[FoundCustomer], more: bool) -> String {
    if found.is_empty() {
        return "Nobody was found. Look for less: a part of the company name or of the e-mail.".to_owned();
    }
    let mut table = format!("{:<28}  {:<5}  {:<9}  {:<30}  COMPANY\n", "NUMBER", "HOSTS", "STATE", "E-MAIL");
    for customer in found {
        let state = match (&customer.merged_into, customer.suspended_at) {
            (Some(_), _) => "merged",
            (None, Some(_)) => "suspended",
            (None, None) => "in order",
        };
        let heir = customer.merged_into.as_ref().map(|heir| format!(", merged into {heir}"));
        let former = match &customer.former_numbers[..] {
            [] => String::new(),
            former => format!(", formerly {}", former.join(", ")),
        };
        // Writing into a text cannot fail.
        let _written = writeln!(
            table,
            "{:<28}  {:<5}  {state:<9}  {:<30}  {}{}{former}",
            customer.number,
            customer.hosts,
            customer.email,
            customer.company,
            heir.unwrap_or_default()
        );
    }
    if more {
        table.push_str("There are more; look for more of a name, or raise --limit.\n");
    }
    table
}

fn overview_text(shown: &Overview) -> String {
    let optional = |name, value: &Option<String>| {
        value.as_ref().map(|value| format!("{name:<10} {value}\n")).unwrap_or_default()
    };
    let state = shown
        .suspended_at
        .map_or_else(|| "in order".to_owned(), |since| format!("suspended since {}", date(since)));
    let hosts: String = shown.hosts.iter().map(host_text).collect();
    format!(
        "Number     {}\nState      {state}\nCompany    {}\nE-mail     {}\nContact    {}\n{}{}Since      {}\nIn logs    \
         {}\n\n{}\n{}\n{hosts}",
        shown.number,
        shown.company,
        shown.email,
        shown.contact,
        optional("Phone", &shown.phone),
        optional("Tax id", &shown.tax_id),
        date(shown.created_at),
        shown.customer,
        grants_text(&shown.grants),
        list_text(&shown.bindings),
    )
}

/// The number alone in the first line.
fn replaced_text(replaced: &Replaced) -> String {
    let Replaced { number, company, hosts } = replaced;
    let host = |host: &Follower| format!("  {}, last seen {}\n", host.host, date(host.last_seen));
    let hosts: String = match &hosts[..] {
        [] => "No host is on it.\n".to_owned(),
        hosts => format!(
            "These hosts get it with their next check. If one is not the owner's, drop it, clear it, and replace \
             the number once more:\n{}",
            hosts.iter().map(host).collect::<String>()
        ),
    };
    format!("{number}\nThe new number of {company}. {hosts}")
}

/// The license of a number.
pub(super) fn of(number: &RegistrationNumber) -> Wanted {
    Wanted { numbers: vec![number.clone()], former: true, ..Wanted::default() }
}

fn merged_text(merged: &Merged, [from, into]: &[Named; 2]) -> String {
    format!(
        "{} has {}, {} and {} of {} now, whose number nobody has any more. {HOSTS_FOLLOW}",
        into,
        counted(merged.grants, "grant"),
        counted(merged.hosts, "host"),
        counted(merged.seats, "seat"),
        from,
    )
}
