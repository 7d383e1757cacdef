//! What tells this host, as the answer to `host`.

use license_core::host::FactKind;
use license_ipc::{HostFact, HostReport};
use license_texts::{Language, Text, text};

use super::{Basis, Finding, Findings, Unused};

/// How much of a value is shown: enough to recognise it, and at most its last half.
const SHOWN: usize = 4;

/// What tells this host.
#[derive(Debug)]
pub struct Report {
    key: String,
    known_by: &'static str,
    message: Text,
    facts: Vec<HostFact>,
}

impl Report {
    /// As it is answered.
    #[must_use]
    pub fn to(&self, language: Language) -> HostReport {
        HostReport {
            key: self.key.clone(),
            known_by: self.known_by.to_owned(),
            message: self.message.to(language),
            facts: self.facts.clone(),
        }
    }
}

impl Findings {
    /// What was looked at, and what of it the license server gets. `key` is the id of the host's key.
    #[must_use]
    pub fn report(&self, key: String) -> Report {
        let (known_by, message) = match &self.basis {
            Basis::Hardware => ("hardware", text!("host-known-by-hardware")),
            Basis::Configured => ("configured", text!("host-known-by-id")),
            Basis::Container { sign } => ("container", text!("host-in-container", sign = sign)),
        };
        let facts = self.facts.iter().map(Finding::report).collect();
        Report { key, known_by, message, facts }
    }
}

impl Finding {
    fn report(&self) -> HostFact {
        HostFact {
            kind: word(self.kind).to_owned(),
            source: self.source.as_ref().map(|path| path.display().to_string()),
            unused: self.value.as_ref().err().map(|why| why.word().to_owned()),
            value: self.value.as_ref().ok().map(|value| masked(value)),
            digest: self.fact().map(|fact| fact.digest),
        }
    }
}

impl Unused {
    const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotPermitted => "not_permitted",
            Self::Unreadable => "unreadable",
            Self::Placeholder => "placeholder",
            Self::Container => "container",
            Self::Configured => "configured",
        }
    }
}

/// The kind as the license server gets it.
const fn word(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Configured => "configured",
        FactKind::MachineId => "machine_id",
        FactKind::ProductUuid => "product_uuid",
        FactKind::BoardSerial => "board_serial",
        FactKind::Nic => "nic",
        FactKind::Disk => "disk",
        FactKind::Unknown => "unknown",
    }
}

/// The last characters of a value, with a star for each of the others.
pub(crate) fn masked(value: &str) -> String {
    let len = value.chars().count();
    let hidden = len - SHOWN.min(len / 2);
    value.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_shows_its_end_alone() {
        assert_eq!(masked("0123456789"), "******6789");
        assert_eq!(masked("pbx7"), "**x7");
        assert_eq!(masked("ж"), "*");
    }

    #[test]
    fn a_kind_is_called_as_on_the_wire() {
        for kind in FactKind::HARDWARE.into_iter().chain([FactKind::Configured]) {
            assert_eq!(serde_json::to_value(kind).unwrap(), word(kind));
        }
    }
}
