//! `admin import`
//!
//! All files go in in one transaction, or none does. A dry run does the same and stores nothing, so that what
//! it says is what would happen.

mod fields;
mod kinds;
mod table;

use std::{collections::HashMap, fmt, io, path::Path};

use license_types::UnixTime;
use serde::Serialize;
use serde_json::json;

use self::{
    fields::Fields,
    kinds::Kind,
    table::{Record, Table},
};
use super::{CommandError, Console};
use crate::{
    cli::ImportFiles,
    decide::{
        Draft, Drawn, Rows, Wanted,
        import::{Binding, Coupon, Customer, Feature, Grant, Outcome, Product},
        log::Actor,
    },
    draw,
    store::Series,
};

/// Records that are decided about at once: enough for the database, and few enough to be searched one by
/// one.
const CHUNK: usize = 200;

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Problem {
    file: String,
    line: u64,
    /// What the record is about, if that is known.
    record: Option<String>,
    column: Option<String>,
    /// The value as it may be shown.
    value: Option<String>,
    reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(record) = &self.record {
            write!(f, "{record}: ")?;
        }
        if let Some(column) = &self.column {
            write!(f, "{column}")?;
            if let Some(value) = &self.value {
                write!(f, " {value:?}")?;
            }
            write!(f, ": ")?;
        }
        f.write_str(&self.reason)
    }
}

/// A file that was read.
struct Source {
    file: String,
    table: Table,
}

/// Reads a file of that kind, if there is one.
fn source<K: Kind>(path: Option<&Path>) -> Result<Option<Source>, CommandError> {
    let Some(path) = path else { return Ok(None) };
    let table = Table::read(path, K::COLUMNS);
    let table = table.map_err(|source| CommandError::Import { path: path.to_owned(), source })?;
    Ok(Some(Source { file: path.display().to_string(), table }))
}

/// What came of one file.
#[derive(Debug, Serialize)]
struct Taken {
    file: String,
    records: &'static str,
    added: usize,
    changed: usize,
    same: usize,
    kept: usize,
    /// Each record that is added or changed.
    changes: Vec<Change>,
    errors: Vec<Problem>,
}

/// What a record changes.
#[derive(Debug, Serialize)]
struct Change {
    line: u64,
    record: String,
    /// The columns that were otherwise; `None` if all of it is new.
    columns: Option<Vec<&'static str>>,
}

impl Taken {
    fn note<K: Kind>(&mut self, record: &Record, read: &K, outcome: Outcome) {
        let columns = match outcome {
            Outcome::Added => {
                self.added += 1;
                None
            }
            Outcome::Changed(columns) => {
                self.changed += 1;
                Some(columns)
            }
            Outcome::Same => {
                self.same += 1;
                return;
            }
            Outcome::Kept => {
                self.kept += 1;
                return;
            }
        };
        self.changes.push(Change { line: record.line, record: read.label(), columns });
    }
}

/// Files being imported.
struct Import {
    series: Series,
    actor: Actor,
    now: UnixTime,
    drawn: Drawn,
    taken: Vec<Taken>,
}

impl Import {
    /// Takes over the records of a file.
    async fn take<K: Kind>(&mut self, source: Option<Source>) -> Result<(), CommandError> {
        let Some(Source { file, table }) = source else { return Ok(()) };
        let (records, errors) = (K::NAME, table.problems);
        let mut taken =
            Taken { file, records, added: 0, changed: 0, same: 0, kept: 0, changes: Vec::new(), errors };
        let mut lines = HashMap::new();
        for chunk in table.records.chunks(CHUNK) {
            let read: Vec<_> =
                chunk.iter().filter_map(|record| read::<K>(&mut taken, &mut lines, record)).collect();
            let mut wanted = Wanted::default();
            for (_, read) in &read {
                read.want(&mut wanted);
            }
            let decide = |rows: Rows| {
                let mut draft = Draft::new(rows, self.actor.clone(), self.now);
                for (fields, read) in &read {
                    match read.take(&mut draft, &self.drawn) {
                        Ok(outcome) => taken.note(fields.record, read, outcome),
                        Err(misfit) => {
                            let label = Some(read.label());
                            taken
                                .errors
                                .push(Problem { record: label, ..fields.problem(misfit.column, &misfit) });
                        }
                    }
                }
                Ok::<_, CommandError>((draft.finish().0, ()))
            };
            self.series.decide(&wanted, decide).await??;
        }
        self.taken.push(taken);
        Ok(())
    }
}

/// A record as it is meant, unless something is wrong with it or a line before had the same.
fn read<'r, K: Kind>(
    taken: &mut Taken,
    lines: &mut HashMap<String, u64>,
    record: &'r Record,
) -> Option<(Fields<'r>, K)> {
    let mut fields = Fields::new(&taken.file, record);
    let read = K::read(&mut fields).filter(|_| fields.problems.is_empty());
    taken.errors.append(&mut fields.problems);
    let read = read?;
    let earlier = read.key().and_then(|(column, key)| Some((column, lines.insert(key, record.line)?)));
    if let Some((column, line)) = earlier {
        taken.errors.push(fields.problem(column, format!("line {line} has the same; leave one of them out")));
        return None;
    }
    Some((fields, read))
}

impl<O: io::Write> Console<'_, O> {
    pub(super) async fn import(&mut self, files: &ImportFiles, dry_run: bool) -> Result<(), CommandError> {
        let features = source::<Feature>(files.features.as_deref())?;
        let products = source::<Product>(files.products.as_deref())?;
        let customers = source::<Customer>(files.customers.as_deref())?;
        let grants = source::<Grant>(files.grants.as_deref())?;
        let coupons = source::<Coupon>(files.coupons.as_deref())?;
        let bindings = source::<Binding>(files.bindings.as_deref())?;
        let mut import = Import {
            series: self.server.store().series().await?,
            actor: self.actor.clone(),
            now: self.now,
            drawn: draw::drawn()?,
            taken: Vec::new(),
        };
        // What others refer to comes first.
        import.take::<Feature>(features).await?;
        import.take::<Product>(products).await?;
        import.take::<Customer>(customers).await?;
        import.take::<Grant>(grants).await?;
        import.take::<Coupon>(coupons).await?;
        import.take::<Binding>(bindings).await?;
        let Import { series, mut taken, .. } = import;
        let errors = taken.iter().map(|taken| taken.errors.len()).sum();
        // Without a commit everything is as it was.
        if errors == 0 && !dry_run {
            series.commit().await?;
        } else {
            drop(series);
        }
        if !dry_run {
            for taken in &mut taken {
                taken.changes.clear();
            }
        }
        let imported = errors == 0 && !dry_run;
        let json = json!({ "dry_run": dry_run, "imported": imported, "files": taken });
        self.say(&json, || taken.iter().map(|taken| text(taken, imported)).collect())?;
        if errors == 0 { Ok(()) } else { Err(CommandError::NotImported { errors }) }
    }
}

fn text(taken: &Taken, imported: bool) -> String {
    let Taken { file, records, added, changed, same, kept, changes, errors } = taken;
    let errors = errors.iter().map(|problem| format!("{problem}\n"));
    let changes = changes.iter().map(|Change { line, record, columns }| match columns {
        None => format!("{file}:{line}: {record}: new\n"),
        Some(columns) => format!("{file}:{line}: {record}: changes {}\n", columns.join(", ")),
    });
    let lines: String = errors.chain(changes).collect();
    let done = if imported { "Imported" } else { "Would import" };
    let kept = match kept {
        0 => String::new(),
        kept => format!(", {kept} left as they are here, since something happened to them here"),
    };
    format!("{lines}{done} {records} of {file}: {added} new, {changed} changed, {same} the same{kept}.\n")
}
