//! A user who is in no group.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use nix::unistd::Uid;

use crate::{Answered, programs};

/// The user `nobody`, with `licensectl` where even he may run it.
#[derive(Debug)]
pub struct Nobody {
    tool: PathBuf,
}

impl Nobody {
    /// Lets him into `folder`, and copies the tool there: it is built where only its builder may look.
    pub fn in_folder(folder: &Path) -> Self {
        assert!(Uid::effective().is_root(), "this test becomes another user: run it as root");
        let tool = folder.join("licensectl");
        fs::copy(programs::path_of("licensectl"), &tool).unwrap();
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        Self { tool }
    }

    /// Runs `licensectl` as him, with JSON.
    pub fn licensectl(&self, socket: &Path, arguments: &[&str]) -> Answered {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(&self.tool);
        Answered::by(setpriv.arg("--socket").arg(socket).args(arguments).arg("--json"))
    }
}

/// Lets everybody open the socket.
pub fn open_to_all(socket: &Path) {
    fs::set_permissions(socket, Permissions::from_mode(0o666)).unwrap();
}
