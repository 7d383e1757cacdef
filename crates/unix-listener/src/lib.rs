//! A Unix socket of a service: bound, then moded, then listening, so that nobody gets in before the mode is right.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt, chown},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use nix::unistd::Group;
use socket2::{Domain, SockAddr, Socket, Type};

/// Connections that wait to be accepted; the kernel's own limit is net.core.somaxconn, 4096.
const BACKLOG: i32 = 1024;

/// Owner and group may connect.
const MODE: u32 = 0o660;

/// A listening socket; its file goes when it is dropped.
#[derive(Debug)]
pub struct BoundSocket {
    path: PathBuf,
}

impl Drop for BoundSocket {
    fn drop(&mut self) {
        // If it is gone already, so be it; the next start replaces a stale one.
        let _ = fs::remove_file(&self.path);
    }
}

/// Listens on `path`, for `group` if there is one of that name.
pub fn listen(path: &Path, group: &str) -> Result<(UnixListener, BoundSocket), SocketError> {
    let cannot = |source| SocketError::Bind { path: path.to_owned(), source };
    remove_stale(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM.cloexec().nonblocking(), None).map_err(cannot)?;
    socket.bind(&SockAddr::unix(path).map_err(cannot)?).map_err(cannot)?;
    let bound = BoundSocket { path: path.to_owned() };
    if let Some(gid) = group_id(group) {
        give(path, gid).map_err(cannot)?;
    }
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(cannot)?;
    socket.listen(BACKLOG).map_err(cannot)?;
    Ok((UnixListener::from(socket), bound))
}

/// The id of the group of that name. Where groups cannot be looked up there is none, and root alone
/// may do what the group might.
#[must_use]
pub fn group_id(name: &str) -> Option<u32> {
    Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
}

/// Gives the file to the group, unless it has it: a sandbox may forbid to change an owner at all.
fn give(path: &Path, gid: u32) -> io::Result<()> {
    if fs::symlink_metadata(path)?.gid() == gid { Ok(()) } else { chown(path, None, Some(gid)) }
}

/// Removes a socket that nobody listens on any more; anything else there is left alone.
fn remove_stale(path: &Path) -> Result<(), SocketError> {
    let cannot = |source| SocketError::Bind { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(cannot(source)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(SocketError::NoSocket { path: path.to_owned() });
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(cannot)
        }
        Err(source) => Err(cannot(source)),
        Ok(_) => Err(SocketError::InUse { path: path.to_owned() }),
    }
}

/// Why the service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Somebody answers there.
    #[error("the socket {path} is in use by another process; does the service run already?")]
    InUse {
        /// The path.
        path: PathBuf,
    },
    /// There is something else.
    #[error("{path} is there and is no socket; move it away, or listen elsewhere")]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// The system does not let us.
    #[error("cannot listen on {path}: {source}")]
    Bind {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let stale = UnixListener::bind(&path).unwrap();
        drop(stale);
        let (_listener, _bound) = listen(&path, "no-such-group").unwrap();
        assert!(matches!(listen(&path, "no-such-group"), Err(SocketError::InUse { .. })));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
    }

    #[test]
    fn a_file_in_the_way_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        fs::write(&path, "precious").unwrap();
        assert!(matches!(listen(&path, "no-such-group"), Err(SocketError::NoSocket { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn the_socket_goes_with_its_guard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let (_listener, bound) = listen(&path, "no-such-group").unwrap();
        drop(bound);
        assert!(!path.exists());
    }
}
