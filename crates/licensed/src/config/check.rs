//! What a sound configuration asks for and this machine does not have.

use std::path::Path;

use nix::sys::resource::{Resource, getrlimit};

use super::Config;
use crate::{connection, status};

/// Descriptors for everything but the clients: state, clock, logs, the license server, the runtime.
const OTHER_FILES: usize = 64;

impl Config {
    /// What will not work as it is, for the log and for `--check-config`. None of it keeps the daemon from
    /// answering.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let no_server = self.server.is_empty().then(|| status::NO_SERVER.to_owned());
        let groups = [&self.socket_group, &self.admin_group].into_iter().filter_map(|group| no_group(group));
        let folder = no_folder(&self.socket);
        let files = too_few_files(self.limits.connections);
        let notes = self.notes.iter().cloned();
        no_server.into_iter().chain(notes).chain(folder).chain(groups).chain(files).collect()
    }
}

fn no_group(name: &str) -> Option<String> {
    let is_there = unix_listener::group_id(name).is_some();
    (!is_there).then(|| format!("there is no group {name}: what its members might do, root alone may"))
}

fn no_folder(socket: &Path) -> Option<String> {
    let folder = socket.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())?;
    Some(format!(
        "there is no folder {} for the socket: systemd makes it with RuntimeDirectory=; else make it before the start",
        folder.display()
    ))
}

fn too_few_files(connections: usize) -> Option<String> {
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let needed = connections + connection::MOST_TURNED_AWAY + OTHER_FILES;
    (u64::try_from(needed).ok()? > limit).then(|| {
        format!(
            "limits.connections = {connections} needs {needed} open files, and this process may have {limit}: set \
             LimitNOFILE={needed} in the unit"
        )
    })
}
