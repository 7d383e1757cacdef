//! Opening what others may have tampered with.
//!
//! Root reads and writes in folders of less privileged users. A symbolic link is followed only where nobody but
//! root, or who runs the tool, could have placed it; what is read is a regular file, and no second name of one
//! where others may give names.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::File,
    io,
    os::fd::OwnedFd,
    path::{Component, Path},
};

use license_texts::{Text, text};
use nix::{
    errno::Errno,
    fcntl::{AtFlags, OFlag, open, openat, readlinkat},
    libc,
    sys::stat::{FileStat, Mode, SFlag, fstat, fstatat},
    unistd::{AccessFlags, UnlinkatFlags, faccessat, geteuid, unlinkat},
};

/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

const FOLDER: OFlag =
    OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// A name in a folder that is held open: whatever happens to the path, it stays this one.
#[derive(Debug)]
pub(super) struct Place {
    folder: OwnedFd,
    name: OsString,
    /// Whether nobody else could have placed what is there.
    is_ours: bool,
}

impl Place {
    /// Goes to a path; a link at its end is not followed unless `Self::resolved` asks.
    pub(super) fn of(path: &Path) -> Result<Self, Text> {
        Self::walk(path, false)
    }

    /// Goes to what a path leads to.
    fn resolved(path: &Path) -> Result<Self, Text> {
        Self::walk(path, true)
    }

    fn walk(path: &Path, follows_the_last: bool) -> Result<Self, Text> {
        let fault = |errno| fault(path, errno);
        let begin = if path.is_absolute() { "/" } else { "." };
        let mut folder = open(begin, FOLDER, Mode::empty()).map_err(fault)?;
        let mut way = Way::default().into(&fstat(&folder).map_err(fault)?);
        let mut ahead = names(path);
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            let is_last = ahead.is_empty();
            if is_last && !follows_the_last && name != ".." {
                return Ok(Self { folder, name, is_ours: way.is_ours });
            }
            let found = match fstatat(&folder, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
                Ok(found) => found,
                Err(errno) => return Err(fault(errno)),
            };
            if is(&found, SFlag::S_IFLNK) {
                links += 1;
                if !way.is_ours || !is_trusted(found.st_uid) || links > MOST_LINKS {
                    return Err(text!("bundle-link", path = path.display().to_string()));
                }
                let target = readlinkat(&folder, name.as_os_str()).map_err(fault)?;
                let target = Path::new(&target);
                if target.is_absolute() {
                    folder = open("/", FOLDER, Mode::empty()).map_err(fault)?;
                }
                for name in names(target).into_iter().rev() {
                    ahead.push_front(name);
                }
            } else if is_last {
                return Ok(Self { folder, name, is_ours: way.is_ours });
            } else {
                folder = openat(&folder, name.as_os_str(), FOLDER, Mode::empty()).map_err(fault)?;
                way = way.into(&fstat(&folder).map_err(fault)?);
            }
        }
        Ok(Self { folder, name: ".".into(), is_ours: way.is_ours })
    }

    /// Whether a file can be made here: the name is free, and the folder may be written to.
    pub(super) fn is_free(&self) -> io::Result<()> {
        match fstatat(&self.folder, self.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(_) => Err(Errno::EEXIST.into()),
            Err(Errno::ENOENT) => {
                Ok(faccessat(&self.folder, ".", AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS)?)
            }
            Err(errno) => Err(errno.into()),
        }
    }

    /// Makes a file that only its owner may read, where there is nothing of that name.
    pub(super) fn create(&self) -> io::Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = openat(&self.folder, self.name.as_os_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
        Ok(file.into())
    }

    /// Removes the file that was made here.
    pub(super) fn remove(&self) {
        // Where that fails an unfinished file is left, which only its owner may read.
        let _ = unlinkat(&self.folder, self.name.as_os_str(), UnlinkatFlags::NoRemoveDir);
    }
}

/// Opens a regular file for reading.
pub(super) fn file(path: &Path) -> Result<File, Text> {
    let fault = |errno| fault(path, errno);
    let place = Place::resolved(path)?;
    let checked = |found: FileStat| {
        if !is(&found, SFlag::S_IFREG) {
            return Err(text!("bundle-no-file", path = path.display().to_string()));
        }
        if !place.is_ours && found.st_nlink > 1 {
            return Err(text!("bundle-link", path = path.display().to_string()));
        }
        Ok(())
    };
    // Before it is opened too: opening alone makes some devices do something.
    checked(fstatat(&place.folder, place.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW).map_err(fault)?)?;
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = openat(&place.folder, place.name.as_os_str(), flags, Mode::empty()).map_err(fault)?;
    checked(fstat(&file).map_err(fault)?)?;
    Ok(file.into())
}

/// Opens a folder for listing.
pub(super) fn folder(path: &Path) -> Result<OwnedFd, Text> {
    let fault = |errno| fault(path, errno);
    let place = Place::resolved(path)?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(&place.folder, place.name.as_os_str(), flags, Mode::empty()).map_err(fault)
}

fn names(path: &Path) -> VecDeque<OsString> {
    let named = |it: Component<'_>| match it {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(named).collect()
}

/// Who could have tampered with the way to a folder.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Whether nobody else could have put another folder in the place of this one.
    is_safe: bool,
    /// Whether, besides, nobody else may give names in it.
    is_ours: bool,
}

impl Default for Way {
    fn default() -> Self {
        Self { is_safe: true, is_ours: true }
    }
}

impl Way {
    /// The way one folder further.
    fn into(self, folder: &FileStat) -> Self {
        let is_writable = folder.st_mode & (Mode::S_IWGRP | Mode::S_IWOTH).bits() != 0;
        // In a sticky one others may add names, and leave alone what is not theirs.
        let is_sticky = folder.st_mode & Mode::S_ISVTX.bits() != 0;
        let is_trusted = self.is_safe && is_trusted(folder.st_uid);
        Self { is_safe: is_trusted && (!is_writable || is_sticky), is_ours: is_trusted && !is_writable }
    }
}

fn is_trusted(uid: libc::uid_t) -> bool {
    uid == 0 || uid == geteuid().as_raw()
}

fn is(found: &FileStat, kind: SFlag) -> bool {
    found.st_mode & SFlag::S_IFMT.bits() == kind.bits()
}

/// Why a path cannot be used.
fn fault(path: &Path, errno: Errno) -> Text {
    let path = path.display().to_string();
    if matches!(errno, Errno::ENOENT | Errno::ENOTDIR) {
        text!("bundle-not-there", path = path)
    } else if matches!(errno, Errno::EACCES | Errno::EPERM) {
        text!("bundle-not-permitted", path = path)
    } else if errno == Errno::ELOOP {
        // Between the look and the opening somebody put a link there.
        text!("bundle-link", path = path)
    } else {
        text!("bundle-unreadable", path = path, why = io::Error::from(errno).to_string())
    }
}
