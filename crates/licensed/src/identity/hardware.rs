//! What is known of this host's hardware, and from where.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use license_core::host::{Evidence, Fact, FactKind};
use tracing::{info, warn};

use super::{container, devices};

/// The most that is read of a file: far more than any number of a machine.
const LONGEST_VALUE: u64 = 4096;

/// Where a fact is: its kind, the credential that may hold it (systemd.exec(5), `LoadCredential=`), and the file
/// below the root folder. Only root may read the files of DMI, which systemd does for a daemon that is not.
const FILES: [(FactKind, Option<&str>, &str); 3] = [
    (FactKind::MachineId, None, "etc/machine-id"),
    (FactKind::ProductUuid, Some("dmi-product-uuid"), "sys/class/dmi/id/product_uuid"),
    (FactKind::BoardSerial, Some("dmi-board-serial"), "sys/class/dmi/id/board_serial"),
];

/// What makers say who give no number.
const PLACEHOLDERS: [&str; 13] = [
    "none",
    "n/a",
    "not available",
    "not applicable",
    "not specified",
    "default string",
    "to be filled by o.e.m.",
    "system serial number",
    "base board serial number",
    "board serial number",
    "serial number",
    "uninitialized",
    "unknown",
];

/// Where to look.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    /// The root folder of the system.
    pub root: &'a Path,
    /// The folder of the service's credentials: `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<&'a Path>,
    /// The configured host id.
    pub configured: Option<&'a str>,
}

/// What tells this host from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The hardware.
    Hardware,
    /// The id that somebody configured, alone.
    Configured,
    /// Nothing but the key: the hardware of a container is another's.
    Container {
        /// How it was found out.
        sign: String,
    },
}

/// What was looked for, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// What counts.
    pub basis: Basis,
    /// One for each kind of fact.
    pub facts: Vec<Finding>,
}

/// What came of looking for one kind of fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind.
    pub kind: FactKind,
    /// Where it was looked for last; `None` if there is no such place.
    pub source: Option<PathBuf>,
    /// The value, or why there is none that counts.
    pub value: Result<String, Unused>,
}

/// Why a fact does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unused {
    /// There is no such thing here.
    Missing,
    /// The daemon may not read it.
    NotPermitted,
    /// Reading it fails.
    Unreadable,
    /// The value is one that many machines have.
    Placeholder,
    /// It was not looked for: this is a container.
    Container,
    /// It was not looked for: an id is configured.
    Configured,
}

impl Sources<'_> {
    /// Looks: a configured id counts alone, and in a container none of the hardware is read.
    #[must_use]
    pub fn look(&self) -> Findings {
        let skipped = |why| FactKind::HARDWARE.map(|kind| Finding { kind, source: None, value: Err(why) });
        if let Some(id) = self.configured {
            let id = Finding { kind: FactKind::Configured, source: None, value: Ok(id.trim().to_owned()) };
            let facts = [id].into_iter().chain(skipped(Unused::Configured)).collect();
            return Findings { basis: Basis::Configured, facts };
        }
        if let Some(sign) = container::sign(self.root) {
            return Findings { basis: Basis::Container { sign }, facts: skipped(Unused::Container).into() };
        }
        let files = FILES.iter().map(|(kind, credential, path)| self.file(*kind, *credential, path));
        let devices = [devices::nic(self.root), devices::disk(self.root)];
        Findings { basis: Basis::Hardware, facts: files.chain(devices).collect() }
    }

    /// Reads a fact from the credential, else from the file.
    fn file(&self, kind: FactKind, credential: Option<&str>, path: &str) -> Finding {
        let credential = self.credentials.zip(credential).map(|(folder, name)| folder.join(name));
        let file = self.root.join(path);
        let given = credential.map(|path| (read(path.as_path(), is_individual), path));
        let (value, source) = match given {
            Some((Ok(value), path)) => (Ok(value), path),
            Some((Err(why), path)) => match read(&file, is_individual) {
                Err(Unused::Missing | Unused::NotPermitted) if why != Unused::Missing => (Err(why), path),
                value => (value, file),
            },
            None => (read(&file, is_individual), file),
        };
        Finding { kind, source: Some(source), value }
    }
}

impl Findings {
    /// What of it the license server gets.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        Evidence(self.facts.iter().filter_map(Finding::fact).collect())
    }
}

impl Findings {
    /// Says what tells this host.
    pub fn log(&self) {
        match &self.basis {
            Basis::Configured => {
                let id = self.facts.iter().find_map(|found| found.value.as_ref().ok());
                info!(host_id = id, "this host is known by its configured id; its hardware is not read");
            }
            Basis::Container { sign } => {
                info!(
                    sign,
                    "this is a container, so no hardware is read: the host key alone tells this host"
                );
            }
            Basis::Hardware => {
                let used = self.facts.iter().filter(|found| found.value.is_ok());
                let used: Vec<&str> = used.map(|found| name(found.kind)).collect();
                info!(facts = used.join(", "), "this host is known by its hardware");
                for found in self.facts.iter().filter(|found| found.value == Err(Unused::NotPermitted)) {
                    let source = found.source.as_deref().unwrap_or(Path::new("")).display();
                    warn!(
                        "{source} can be read by root alone, so the {} does not count; give it as a credential \
                         (docs/operations.md)",
                        name(found.kind)
                    );
                }
            }
        }
    }
}

/// What a kind of fact is called.
pub(crate) const fn name(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Configured => "configured id",
        FactKind::MachineId => "machine id",
        FactKind::ProductUuid => "product UUID",
        FactKind::BoardSerial => "board serial",
        FactKind::Nic => "network interface",
        FactKind::Disk => "disk",
        FactKind::Unknown => "unknown",
    }
}

impl Finding {
    /// The fact, as the license server gets it.
    #[must_use]
    pub fn fact(&self) -> Option<Fact> {
        self.value.as_ref().ok().map(|value| Fact::new(self.kind, value))
    }
}

/// Reads a value that is good in the eyes of `is_good`.
pub(super) fn read(path: &Path, is_good: fn(&str) -> bool) -> Result<String, Unused> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_VALUE).read_to_end(&mut bytes));
    if let Err(error) = read {
        let kind = error.kind();
        return Err(if kind == io::ErrorKind::NotFound {
            Unused::Missing
        } else if kind == io::ErrorKind::PermissionDenied {
            Unused::NotPermitted
        } else {
            Unused::Unreadable
        });
    }
    // Facts are compared without case.
    let value = String::from_utf8_lossy(&bytes).trim().to_ascii_lowercase();
    match value.as_str() {
        "" => Err(Unused::Missing),
        value if is_good(value) => Ok(value.to_owned()),
        _ => Err(Unused::Placeholder),
    }
}

/// Whether a value tells this machine from others.
pub(super) fn is_individual(value: &str) -> bool {
    let filled =
        value.bytes().any(|byte| byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'f' | b'F'));
    filled && !PLACEHOLDERS.contains(&value.to_ascii_lowercase().as_str())
}
