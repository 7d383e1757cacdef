//! Writing the archive.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use license_texts::text;

use super::{NoArchive, path::Place};

/// An archive that is being made, in memory: its parts are few and limited. Whoever stops the tool while it gathers
/// finds no half of a file.
pub(super) struct Archive {
    output: PathBuf,
    place: Place,
    tar: tar::Builder<GzEncoder<Vec<u8>>>,
    /// The one folder in it.
    folder: String,
    made_at: Timestamp,
}

impl Archive {
    /// Begins one, where a file can be made and there is none.
    pub(super) fn begin(output: &Path, folder: String, made_at: Timestamp) -> Result<Self, NoArchive> {
        let place = Place::of(output).map_err(|why| NoArchive { why, is_usage: true })?;
        place.is_free().map_err(|error| no_archive(output, &error))?;
        let tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        Ok(Self { output: output.to_owned(), place, tar, folder, made_at })
    }

    /// Adds a file.
    pub(super) fn add(&mut self, name: &str, text: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.made_at.as_second()).unwrap_or_default());
        self.tar.append_data(&mut header, format!("{}/{name}", self.folder), text)
    }

    /// Makes the file, and writes it to the disk. One that cannot be written whole is not left there.
    pub(super) fn finish(self) -> Result<(), NoArchive> {
        let fault = |error| no_archive(&self.output, &error);
        let bytes = self.tar.into_inner().and_then(GzEncoder::finish).map_err(fault)?;
        let mut file = self.place.create().map_err(fault)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|error| {
            self.place.remove();
            fault(error)
        })
    }
}

/// Why it cannot be made there.
pub(super) fn no_archive(output: &Path, error: &io::Error) -> NoArchive {
    let path = output.display().to_string();
    if error.kind() == io::ErrorKind::AlreadyExists {
        return NoArchive { why: text!("bundle-exists", path = path), is_usage: true };
    }
    let is_usage = matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotFound
            | io::ErrorKind::InvalidFilename
    );
    NoArchive { why: text!("bundle-no-write", path = path, why = error.to_string()), is_usage }
}
