//! `admin grant`

use std::{fmt::Write as _, io};

use super::{CommandError, Console, customer::of, date};
use crate::{
    cli::GrantCommand,
    decide::{
        Draft, Rows, Wanted,
        grants::{self, ListedGrant},
    },
    draw,
};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn grant(&mut self, command: &GrantCommand) -> Result<(), CommandError> {
        match command {
            GrantCommand::List { number } => {
                let now = self.now;
                let list = |rows: &Rows| Ok(grants::list(rows, number, now)?);
                let listed = self.look(&of(number), list).await?;
                self.say(&serde_json::to_value(&listed)?, || grants_text(&listed))
            }
            GrantCommand::Add { number, product, seats, days, forever: _ } => {
                let drawn = draw::drawn()?;
                let add =
                    |draft: &mut Draft| Ok(grants::add(draft, number, *product, *seats, *days, &drawn)?);
                let added = self.change(&of(number), add).await?;
                self.say(&serde_json::to_value(&added)?, || {
                    format!("Added the grant {}, {}.", added.id, terms_text(&added))
                })
            }
            GrantCommand::End { id } => {
                let wanted = Wanted { grant: Some(id.clone()), ..Wanted::default() };
                let ended = self.change(&wanted, |draft| Ok(grants::end(draft, id)?)).await?;
                self.say(&serde_json::to_value(&ended)?, || {
                    format!("The grant of {} ended.", ended.product_name)
                })
            }
        }
    }
}

fn terms_text(grant: &ListedGrant) -> String {
    let end = grant.ends_at.map_or_else(|| "for ever".to_owned(), |end| format!("until {}", date(end)));
    format!("{} × {} {end}", grant.seats, grant.product_name)
}

/// A table of grants.
pub(super) fn grants_text(listed: &[ListedGrant]) -> String {
    if listed.is_empty() {
        return "The number holds nothing.".to_owned();
    }
    let mut table =
        format!("{:<32}  {:<5}  {:<5}  {:<5}  {:<20}  PRODUCT\n", "GRANT", "STATE", "KIND", "SEATS", "ENDS");
    for grant in listed {
        let state = if grant.live { "live" } else { "ended" };
        let kind = if grant.trial { "trial" } else { "paid" };
        let left = grant.days_left.map(|days| format!(" ({days} days of use left)")).unwrap_or_default();
        // Writing into a text cannot fail.
        let _written = writeln!(
            table,
            "{:<32}  {state:<5}  {kind:<5}  {:<5}  {:<20}  {} {}{left}",
            grant.id,
            grant.seats,
            grant.ends_at.map_or_else(|| "never".to_owned(), date),
            grant.product,
            grant.product_name,
        );
    }
    table
}
