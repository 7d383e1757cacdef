//! What a person can run on this machine, so that nobody is told of a command that is not there.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use license_texts::{Text, text};

/// What starts services here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Services {
    /// systemd.
    Systemd,
    /// The init script of licensed.
    Script,
    /// Something that is not known here.
    Other,
}

/// What there is on this machine, as far as advice needs it.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// What starts services.
    pub(crate) services: Services,
    /// Our own user, or what a shell takes for it.
    pub(crate) user: String,
    /// The group that may open the socket, if there is one that a user can join.
    pub(crate) socket_group: Option<String>,
}

impl Machine {
    /// This one, and the socket on it.
    pub(crate) fn here(socket: &Path) -> Self {
        let exists = |path| Path::new(path).exists();
        let services = if exists("/run/systemd/system") {
            Services::Systemd
        } else if exists("/etc/init.d/licensed") {
            Services::Script
        } else {
            Services::Other
        };
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let uid = fs::metadata("/proc/self").map(|it| it.uid()).unwrap_or_default();
        let user = name_of(uid, &read("/etc/passwd"));
        // Where the folder of the socket cannot be looked into, its group is the one that opens it.
        let owned = fs::metadata(socket).or_else(|_| fs::metadata(socket.parent().unwrap_or(socket)));
        let group = owned.ok().map(|it| it.gid()).filter(|&gid| gid != 0);
        let socket_group = group.and_then(|gid| name_of(gid, &read("/etc/group")));
        Self { services, user: user.unwrap_or_else(|| format!("$(id -nu {uid})")), socket_group }
    }

    /// How licensed is started.
    pub(crate) fn start(&self) -> Text {
        match self.services {
            Services::Systemd => text!("client-start-systemd"),
            Services::Script => text!("client-start-script"),
            Services::Other => text!("client-start"),
        }
    }

    /// Where it says what happened to it.
    pub(crate) fn look(&self) -> Text {
        match self.services {
            Services::Systemd => text!("client-look-systemd"),
            Services::Script | Services::Other => text!("client-look"),
        }
    }
}

/// The name of an id in a file like passwd(5) or group(5). The files alone: a name service that hangs must not
/// hang the tool.
fn name_of(id: u32, file: &str) -> Option<String> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_and_a_group_are_named_by_their_id() {
        let passwd = "root:x:0:0::/root:/bin/sh\n\nbroken:x\nwww-data:x:33:33::/var/www:/bin/false\n";
        assert_eq!(name_of(33, passwd).as_deref(), Some("www-data"));
        assert_eq!(name_of(3, passwd), None);
        assert_eq!(name_of(986, "root:x:0:\nlicensed:x:986:anna\n").as_deref(), Some("licensed"));
    }
}
