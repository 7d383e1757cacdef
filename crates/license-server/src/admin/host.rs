//! `admin host`

use std::{fmt::Write as _, io};

use license_core::{crypto::KeyId, host::FactKind};
use license_types::UnixTime;

use super::{CommandError, Console, binding::every_host, date};
use crate::{
    cli::HostCommand,
    decide::{
        Draft, Rows, Wanted,
        clear::{self, Cleared},
        overview::{self, ListedHost},
        ratchet::CopyStanding,
    },
};

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn host(&mut self, command: &HostCommand) -> Result<(), CommandError> {
        match command {
            HostCommand::Show { host } => {
                let wanted = Wanted { host_id: Some(host.clone()), ..Wanted::default() };
                let show = |rows: &Rows| Ok(vec![overview::host(rows, host)?]);
                let mut hosts = self.look(&wanted, show).await?;
                self.add_metrics(&mut hosts).await?;
                let Some(shown) = hosts.pop() else { return Ok(()) };
                self.say(&serde_json::to_value(&shown)?, || host_text(&shown))
            }
            HostCommand::Clear { number, host } => {
                let clear = |draft: &mut Draft| Ok(clear::clear(draft, number, host.as_ref())?);
                let cleared = self.change(&every_host(number), clear).await?;
                self.say(&serde_json::to_value(&cleared)?, || cleared_text(&cleared))
            }
        }
    }

    /// Puts in what hosts last said about themselves.
    pub(super) async fn add_metrics(&self, hosts: &mut [ListedHost]) -> Result<(), CommandError> {
        let ids: Vec<KeyId> = hosts.iter().map(|host| host.host.clone()).collect();
        let mut metrics = self.server.store().metrics(&ids).await?;
        for host in hosts {
            host.metrics = metrics.remove(&host.host);
        }
        Ok(())
    }
}

fn cleared_text(cleared: &Cleared) -> String {
    let list = |hosts: &[KeyId]| hosts.iter().map(|host| host.0.as_str()).collect::<Vec<_>>().join(", ");
    let done = match &cleared.hosts[..] {
        [] => "All that was meant was cleared before.".to_owned(),
        hosts => format!("Cleared: {}. A new registration from there is not refused for it.", list(hosts)),
    };
    match &cleared.still_bound[..] {
        [] => done,
        hosts => format!("{done}\nNot cleared, since still on the number: {}. Drop it first.", list(hosts)),
    }
}

/// A host in some lines.
pub(super) fn host_text(host: &ListedHost) -> String {
    let mut text = format!(
        "Host {}: {}, holds serial {}, may run without an answer until {}.\n",
        host.host,
        seen(host.host_seen),
        host.serial,
        date(host.may_run_until)
    );
    // Writing into a text cannot fail.
    for binding in &host.bindings {
        let ended = match (binding.ended_at, binding.ended_by) {
            (Some(at), Some(by)) => format!(" to {}, {by}", date(at)),
            _ => String::new(),
        };
        let cleared = if binding.cleared_at.is_some() { ", cleared" } else { "" };
        let _written =
            writeln!(text, "  on {} from {}{ended}{cleared}", binding.number, date(binding.bound_at));
    }
    text + &metrics_text(host) + &copies_text(host)
}

/// What a host last said about itself.
pub(super) fn metrics_text(host: &ListedHost) -> String {
    host.metrics.as_ref().map_or_else(String::new, |metrics| {
        let values: Vec<String> =
            metrics.metrics.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("  said {}: {}\n", date(metrics.at), values.join(", "))
    })
}

/// When a machine called.
pub(super) fn seen(last: Option<UnixTime>) -> String {
    last.map_or_else(|| "not seen since two were found".to_owned(), |at| format!("last seen {}", date(at)))
}

const fn kind_name(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Configured => "configured id",
        FactKind::MachineId => "machine id",
        FactKind::ProductUuid => "product UUID",
        FactKind::BoardSerial => "board serial",
        FactKind::Nic => "network interface",
        FactKind::Disk => "disk",
        FactKind::Unknown => "unknown facts",
    }
}

/// What of a host waits for a person's word, and what a person said.
pub(super) fn copies_text(host: &ListedHost) -> String {
    let mut text = String::new();
    // Writing into a text cannot fail.
    if let Some(since) = host.waits_since {
        let _written =
            writeln!(text, "  waits since {}: its hardware changed too often of late", date(since));
    }
    for copy in &host.copies {
        let standing = match copy.standing {
            CopyStanding::Pending => "waits for a person's word",
            CopyStanding::Duplicate => "works on beside it, on one seat",
            CopyStanding::Refused => "is refused",
        };
        let hardware = if copy.differs { "other" } else { "the same" };
        let kinds: Vec<&str> = copy.differs_in.iter().copied().map(kind_name).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({} differs)", kinds.join(", ")) };
        let _written = writeln!(
            text,
            "  copy: {}, holds serial {}, on {hardware} hardware{kinds}, found {}: {standing}",
            seen(copy.last_seen),
            copy.serial,
            date(copy.since)
        );
    }
    text
}
