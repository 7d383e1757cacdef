//! Who may be at the other end of the socket.

use std::{fs, os::fd::AsFd, path::Path};

use peer_cred::PeerCred;

use crate::{ClientError, Settings};

/// The user that the daemon runs as.
const DAEMON_USER: &str = "licensed";

/// Lets the peer of a new connection pass, or names who it is.
///
/// Under socket activation the peer is systemd, so uid 0: the kernel remembers who called listen(2).
pub(crate) fn check_peer(socket: impl AsFd, settings: &Settings) -> Result<(), ClientError> {
    let path = settings.path();
    let peer =
        PeerCred::of(socket).map_err(|source| ClientError::Connect { path: path.to_owned(), source })?;
    if settings.trusted_uids().contains(&peer.uid) || daemon_uid() == Some(peer.uid) {
        Ok(())
    } else {
        Err(ClientError::UntrustedPeer { path: path.to_owned(), uid: peer.uid })
    }
}

/// The uid of the daemon's user, from the file alone: a static system user needs no name service,
/// and one that hangs must not hang a check.
fn daemon_uid() -> Option<u32> {
    let passwd = fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    uid_of(DAEMON_USER, &passwd)
}

/// The uid of `user` in a passwd(5) file.
fn uid_of(user: &str, passwd: &str) -> Option<u32> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(user)).then(|| fields.nth(1))??.parse().ok()
    })
}

/// The name of our own user, for messages; what a shell takes for it where the file does not know it.
pub(crate) fn own_name() -> String {
    let uid = peer_cred::own_uid();
    let passwd = fs::read_to_string(Path::new("/etc/passwd")).unwrap_or_default();
    name_of(uid, &passwd).map_or_else(|| format!("$(id -nu {uid})"), str::to_owned)
}

/// The user of that uid in a passwd(5) file.
fn name_of(uid: u32, passwd: &str) -> Option<&str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uid_of_the_daemon_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\nlicensed2:x:7:7::/:\nlicensed:x:987:986::/:/bin/false\n";
        assert_eq!(uid_of("licensed", passwd), Some(987));
        assert_eq!(uid_of("license", passwd), None);
    }

    #[test]
    fn a_user_is_named_by_its_uid() {
        let passwd = "root:x:0:0::/root:/bin/sh\n\nbroken:x\nwww-data:x:33:33::/var/www:/bin/false\n";
        assert_eq!(name_of(33, passwd), Some("www-data"));
        assert_eq!(name_of(3, passwd), None);
    }

    #[test]
    fn a_broken_passwd_line_is_nobody() {
        for broken in ["", "licensed", "licensed:x", "licensed:x:", "licensed:x:-1:0", ":::"] {
            assert_eq!(uid_of("licensed", broken), None, "{broken:?}");
        }
    }
}
