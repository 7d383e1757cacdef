//! Who runs: the owner of the data folder. Root becomes it, anybody else is refused.

use std::{
    ffi::CString,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use nix::unistd::{Gid, Uid, User, geteuid, getuid, initgroups, setgid, setgroups, setuid};

use crate::decide::log::Actor;

/// Why this user may not use the data folder.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// The folder cannot be looked at.
    #[error("cannot look at {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder is in one that is closed to this user.
    #[error("cannot read {path}: permission denied; run this command as the owner of the folder, or as root")]
    Hidden {
        /// The folder.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    #[error(
        "cannot read {path}: permission denied, since it belongs to {owner}; run this command as {owner}, or as \
         root"
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Name or id of its owner.
        owner: String,
    },
    /// Root could not become the owner.
    #[error("cannot become {owner}, the owner of {path}: {source}")]
    Become {
        /// The folder.
        path: PathBuf,
        /// Name or id of its owner.
        owner: String,
        /// What the system says.
        source: nix::Error,
    },
}

/// Who runs this program: `SUDO_USER` where root runs it for somebody, else the user by name or id. It is
/// what the log says, and no proof: whoever may become root may write anything.
#[must_use]
pub fn caller() -> Actor {
    let uid = getuid();
    let by_sudo = std::env::var("SUDO_USER").ok().filter(|_| uid.is_root());
    let name = by_sudo.or_else(|| Some(User::from_uid(uid).ok()??.name));
    let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(64).collect();
    Actor::Admin(if name.is_empty() { uid.to_string() } else { name })
}

/// Makes this process the owner of the data folder, so that no file in it ever belongs to anybody else. A
/// folder that is still to be made will belong to whoever makes it.
///
/// Call it before any thread is started: user and groups are those of the process only while there is a
/// single thread to set them in, and no runtime must keep root's.
pub fn assume(path: &Path) -> Result<(), OwnerError> {
    let (uid, gid) = match fs::metadata(path) {
        Ok(metadata) => (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(OwnerError::Hidden { path: path.to_owned() });
        }
        Err(source) => return Err(OwnerError::Io { path: path.to_owned(), source }),
    };
    if uid == geteuid() {
        return Ok(());
    }
    let user = User::from_uid(uid).ok().flatten();
    let owner = name(user.as_ref(), uid);
    if !geteuid().is_root() {
        return Err(OwnerError::Foreign { path: path.to_owned(), owner });
    }
    switch(user, uid, gid).map_err(|source| OwnerError::Become { path: path.to_owned(), owner, source })
}

/// Whose rights this process has: once it is the owner of the data folder, the name of that.
#[must_use]
pub fn effective() -> String {
    let uid = geteuid();
    name(User::from_uid(uid).ok().flatten().as_ref(), uid)
}

fn name(user: Option<&User>, uid: Uid) -> String {
    user.map_or_else(|| format!("user {uid}"), |user| user.name.clone())
}

/// Groups first: without root they cannot be given up any more. A user without an account gets the
/// folder's group alone.
fn switch(user: Option<User>, uid: Uid, gid: Gid) -> nix::Result<()> {
    let name = user.as_ref().and_then(|user| CString::new(user.name.as_str()).ok());
    if let (Some(user), Some(name)) = (user, name) {
        initgroups(&name, user.gid)?;
        setgid(user.gid)?;
    } else {
        setgroups(&[])?;
        setgid(gid)?;
    }
    setuid(uid)
}
