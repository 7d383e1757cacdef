//! `licensectl bundle`: what support asks for, in one archive, without secrets.
//!
//! The parts ([`part`]) are gathered at the same time, each with a limit of time and size; what one of them meets
//! does not lose the others. Each goes through [`redact`] before it is written.

mod archive;
mod child;
mod deadline;
mod part;
mod path;
mod raw;
mod redact;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use jiff::Timestamp;
use license_client::types::UnixTime;
use license_texts::{Language, Text, text};
use serde::Serialize;

use self::{
    archive::Archive,
    deadline::Deadline,
    part::{CONFIG_FILE, PARTS, Places},
    raw::Raw,
    redact::redact,
};

/// How long everything may take. What is not there by then is left out.
const PATIENCE: Duration = Duration::from_secs(25);

/// What never leaves the host, whoever asks.
const NEVER: [&str; 2] = ["host.key", "state"];

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Bundle {
    schema: &'static str,
    /// Where it is.
    pub(crate) archive: PathBuf,
    #[serde(flatten)]
    pub(crate) manifest: Manifest,
}

/// What is in an archive, and what is not.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest {
    made_at: i64,
    host: String,
    version: &'static str,
    pub(crate) entries: Vec<Entry>,
    pub(crate) left_out: Vec<LeftOut>,
    /// How often something was hidden, by what it was.
    pub(crate) hidden: BTreeMap<&'static str, usize>,
}

/// A part that is in it.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) bytes: usize,
    /// Whether there was more of it than there is room for.
    pub(crate) cut: bool,
    /// How the program ended that said it, if that was not well.
    ended: Option<String>,
}

/// A part that is not.
#[derive(Debug, Serialize)]
pub(crate) struct LeftOut {
    pub(crate) name: &'static str,
    #[serde(serialize_with = "in_english")]
    pub(crate) why: Text,
}

fn in_english<S: serde::Serializer>(why: &Text, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&why.to(Language::English))
}

/// Why there is no archive.
#[derive(Debug)]
pub(crate) struct NoArchive {
    pub(crate) why: Text,
    /// Whether another `--output` helps.
    pub(crate) is_usage: bool,
}

impl Bundle {
    /// Makes an archive of this machine.
    pub(crate) fn make(output: Option<PathBuf>, socket: PathBuf, now: UnixTime) -> Result<Self, NoArchive> {
        let no_tool =
            |error: io::Error| NoArchive { why: Text::verbatim(error.to_string()), is_usage: false };
        let tool = std::env::current_exe().map_err(no_tool)?;
        let now = Timestamp::from_second(now.0).unwrap_or_default();
        Self::make_at(output, &Places::of_this_machine(tool, socket), now)
    }

    fn make_at(output: Option<PathBuf>, places: &Places, now: Timestamp) -> Result<Self, NoArchive> {
        let host = host_name(places);
        let folder = format!("licensed-support-{host}-{}", now.strftime("%Y-%m-%dT%H-%M-%SZ"));
        let output = output.unwrap_or_else(|| PathBuf::from(format!("{folder}.tar.gz")));
        // First of all, so that a person does not wait for it in vain.
        let mut archive = Archive::begin(&output, folder, now)?;
        let manifest = fill(&mut archive, gather(places), host, now)
            .map_err(|error| archive::no_archive(&output, &error))?;
        archive.finish()?;
        Ok(Self { schema: "1.0", archive: whole(&output), manifest })
    }
}

/// All parts, in the order of the table.
fn gather(places: &Places) -> Vec<(&'static str, Result<Raw, Text>)> {
    let (done, gathered) = mpsc::channel();
    for (at, part) in PARTS.iter().enumerate() {
        let (done, places) = (done.clone(), places.clone());
        // One that waits for a dead file system is left behind; it ends with the tool.
        thread::spawn(move || done.send((at, (part.gather)(&places))));
    }
    drop(done);
    let late = || text!("bundle-too-late", seconds = PATIENCE.as_secs());
    let mut parts: Vec<_> = PARTS.iter().map(|part| (part.name, Err(late()))).collect();
    let end = Deadline::within(PATIENCE);
    while let Ok((at, raw)) = gathered.recv_timeout(end.left()) {
        parts[at].1 = raw;
    }
    parts
}

/// Puts the parts in, without their secrets.
fn fill(
    archive: &mut Archive,
    parts: Vec<(&'static str, Result<Raw, Text>)>,
    host: String,
    now: Timestamp,
) -> io::Result<Manifest> {
    let known = known_secrets(&parts);
    let mut manifest = Manifest {
        made_at: now.as_second(),
        host,
        version: env!("CARGO_PKG_VERSION"),
        entries: Vec::new(),
        left_out: NEVER.map(|name| LeftOut { name, why: text!("bundle-never") }).into(),
        hidden: BTreeMap::new(),
    };
    for (name, part) in parts {
        match part {
            Ok(raw) => {
                let redacted = redact(&raw.bytes, &known);
                let text = raw.fitted(redacted.text);
                archive.add(name, &text)?;
                for (what, count) in redacted.hidden {
                    *manifest.hidden.entry(what).or_insert(0) += count;
                }
                let (bytes, cut) = (text.len(), raw.cut.is_some());
                manifest.entries.push(Entry { name, bytes, cut, ended: raw.ended });
            }
            // What others say, a path or a last line, may hold secrets too.
            Err(why) => manifest.left_out.push(LeftOut { name, why: redacted(&why, &known) }),
        }
    }
    let text = serde_json::to_vec_pretty(&manifest)?;
    // What it quotes is redacted, and its counts are called by the names of what they count.
    archive.add("manifest.json", &text)?;
    Ok(manifest)
}

/// The words of a reason without secrets.
fn redacted(why: &Text, known: &[String]) -> Text {
    let [en, ru] = Language::ALL.map(|language| {
        let words = redact(why.to(language).as_bytes(), known).text;
        String::from_utf8_lossy(&words).into_owned()
    });
    Text::said(en, ru)
}

/// What is no secret by its form or name, but by what the configuration says: the host id.
fn known_secrets(parts: &[(&'static str, Result<Raw, Text>)]) -> Vec<String> {
    let config = parts.iter().filter(|(name, _)| *name == CONFIG_FILE).find_map(|(_, raw)| raw.as_ref().ok());
    let text = config.map(|raw| String::from_utf8_lossy(&raw.bytes)).unwrap_or_default();
    let ids = text.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let is_id = matches!(name.trim(), "id" | "host.id" | "host-id" | "host_id");
        let value = value.trim();
        let quoted = value
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
            .and_then(|quote| value.split(quote).nth(1));
        is_id.then(|| quoted.unwrap_or(value).to_owned())
    });
    ids.chain(std::env::var("LICENSED_HOST_ID").ok()).collect()
}

/// The name of the host, as far as it can be part of a file's name.
fn host_name(places: &Places) -> String {
    let said = std::fs::read_to_string(places.root.join("proc/sys/kernel/hostname")).unwrap_or_default();
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let name: String = said.trim().chars().filter(fits).take(64).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "host".to_owned() } else { name.to_owned() }
}

fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
