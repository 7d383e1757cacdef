//! Who is at the other end of a Unix socket, as the kernel recorded it when the connection was made:
//! `SO_PEERCRED` and `SO_PEERGROUPS` of unix(7).
//!
//! Groups come from the socket and never from NSS or `/proc`: they are those of the very process that
//! connected, `SupplementaryGroups=` of its unit included, and a name service that is down changes
//! nothing.
//!
//! The only crate of the workspace that may hold `unsafe`, since no library wraps `SO_PEERGROUPS`.

use std::{
    io, mem,
    os::fd::{AsFd, AsRawFd},
    ptr,
};

/// The credentials of a peer at the moment it connected (or listened, seen from a client).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCred {
    /// Process id; for logs only, since it may be another process by now.
    pub pid: i32,
    /// Effective user id.
    pub uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Supplementary group ids.
    pub groups: Vec<u32>,
}

impl PeerCred {
    /// Reads the credentials of the peer of a connected Unix socket.
    pub fn of(socket: impl AsFd) -> io::Result<Self> {
        let socket = socket.as_fd().as_raw_fd();
        let mut cred = [libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX }];
        let read = getsockopt(socket, libc::SO_PEERCRED, &mut cred)?;
        if read != 1 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the kernel gave no peer credentials"));
        }
        let [cred] = cred;
        Ok(Self { pid: cred.pid, uid: cred.uid, gid: cred.gid, groups: groups(socket)? })
    }

    /// Whether the peer is in the group, by its effective or a supplementary group.
    #[must_use]
    pub fn is_in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }
}

/// The effective user id of this process.
#[must_use]
pub fn own_uid() -> u32 {
    // SAFETY: geteuid(2) takes nothing, touches no memory of ours and always succeeds.
    #[allow(unsafe_code)]
    unsafe {
        libc::geteuid()
    }
}

/// `NGROUPS_MAX` of limits(5) is 65,536: no process has more supplementary groups.
const MOST_GROUPS: usize = 65_536;

fn groups(socket: i32) -> io::Result<Vec<u32>> {
    let mut groups = vec![0; 32];
    loop {
        match getsockopt(socket, libc::SO_PEERGROUPS, &mut groups) {
            Ok(read) => {
                groups.truncate(read);
                return Ok(groups);
            }
            Err(error) if error.raw_os_error() == Some(libc::ERANGE) && groups.len() < MOST_GROUPS => {
                groups.resize(groups.len() * 2, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Reads a socket option of level `SOL_SOCKET` into `values`; gives how many of them were written.
fn getsockopt<T: Copy>(socket: i32, option: i32, values: &mut [T]) -> io::Result<usize> {
    let mut len = libc::socklen_t::try_from(mem::size_of_val(values))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    // SAFETY: `values` is writable for `len` bytes, and the kernel writes no more than `len` of them.
    // Both types this is called with (`ucred`, `u32`) are plain integers, for which any bytes are valid.
    #[allow(unsafe_code)]
    let failed = unsafe {
        libc::getsockopt(
            socket,
            libc::SOL_SOCKET,
            option,
            values.as_mut_ptr().cast(),
            ptr::from_mut(&mut len),
        )
    };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(len as usize / mem::size_of::<T>())
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, os::unix::net::UnixStream};

    use super::*;

    #[test]
    fn a_socket_pair_has_our_own_credentials() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let peer = PeerCred::of(&ours).unwrap();
        assert_eq!(peer.pid, i32::try_from(std::process::id()).unwrap());
        assert_eq!(peer.uid, own_uid());
        assert!(peer.is_in_group(peer.gid));
        assert!(!peer.is_in_group(u32::MAX - 7));
    }

    #[test]
    fn groups_are_those_that_the_kernel_lists_for_the_process() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
        let expected: Vec<u32> = line.split_whitespace().map(|gid| gid.parse().unwrap()).collect();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        assert_eq!(PeerCred::of(&ours).unwrap().groups, expected);
    }

    #[test]
    fn a_socket_that_has_no_peer_credentials_is_an_error() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(PeerCred::of(&socket).is_err());
    }
}
