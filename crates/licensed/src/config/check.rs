//! What a sound configuration asks for and this machine does not have.

use std::path::Path;

use license_texts::{Text, text};
use nix::sys::resource::{Resource, getrlimit};

use super::Config;
use crate::{connection, status};

/// Descriptors for everything but the clients: state, clock, logs, the license server, the runtime.
const OTHER_FILES: usize = 64;

impl Config {
    /// What will not work as it is, for the log and for `--check-config`. None of it keeps the daemon from
    /// answering.
    #[must_use]
    pub fn warnings(&self) -> Vec<Text> {
        let no_server = self.server.is_empty().then(status::no_server);
        let groups = [&self.socket_group, &self.admin_group].into_iter().filter_map(|group| no_group(group));
        let folder = no_folder(&self.socket);
        let files = too_few_files(self.limits.connections);
        let notes = self.notes.iter().map(Text::verbatim);
        no_server.into_iter().chain(notes).chain(folder).chain(groups).chain(files).collect()
    }
}

fn no_group(name: &str) -> Option<Text> {
    let is_there = unix_listener::group_id(name).is_some();
    (!is_there).then(|| text!("no-group", group = name))
}

fn no_folder(socket: &Path) -> Option<Text> {
    let folder = socket.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())?;
    Some(text!("no-socket-folder", folder = folder.display().to_string()))
}

fn too_few_files(connections: usize) -> Option<Text> {
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let needed = connections + connection::MOST_TURNED_AWAY + OTHER_FILES;
    (u64::try_from(needed).ok()? > limit)
        .then(|| text!("too-few-files", connections = connections, needed = needed, limit = limit))
}
