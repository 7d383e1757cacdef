//! Writing the archive.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use license_texts::text;

use super::{NoArchive, path::Place};

/// An archive that is being written. Unless it is finished nothing of it is left.
pub(super) struct Archive {
    place: Place,
    tar: tar::Builder<GzEncoder<File>>,
    /// The one folder in it.
    folder: String,
    made_at: Timestamp,
    is_finished: bool,
}

impl Archive {
    /// Makes the file, where there is none.
    pub(super) fn create(output: &Path, folder: String, made_at: Timestamp) -> Result<Self, NoArchive> {
        let place = Place::of(output).map_err(|why| NoArchive { why, is_usage: true })?;
        let file = place.create().map_err(|error| {
            let path = output.display().to_string();
            if error.kind() == io::ErrorKind::AlreadyExists {
                return NoArchive { why: text!("bundle-exists", path = path), is_usage: true };
            }
            let why = text!("bundle-no-write", path = path, why = error.to_string());
            NoArchive { why, is_usage: error.kind() != io::ErrorKind::StorageFull }
        })?;
        let tar = tar::Builder::new(GzEncoder::new(file, Compression::default()));
        Ok(Self { place, tar, folder, made_at, is_finished: false })
    }

    /// Adds a file.
    pub(super) fn add(&mut self, name: &str, text: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.made_at.as_second()).unwrap_or_default());
        self.tar.append_data(&mut header, format!("{}/{name}", self.folder), text)
    }

    /// Writes what is left, to the disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.tar.finish()?;
        let gzip = self.tar.get_mut();
        gzip.try_finish()?;
        gzip.get_mut().flush()?;
        gzip.get_mut().sync_all()?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        if !self.is_finished {
            self.place.remove();
        }
    }
}
