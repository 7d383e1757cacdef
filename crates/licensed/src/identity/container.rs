//! Whether this is a container, whose hardware is another's.

use std::{fs, path::Path};

/// Files that tell a container from inside: those of systemd, Docker and Podman, and that of the container
/// interface (<https://systemd.io/CONTAINER_INTERFACE>).
const MARKERS: [&str; 4] =
    ["run/systemd/container", "run/host/container-manager", ".dockerenv", "run/.containerenv"];

/// The environment of the first process. Only root may read it.
const FIRST_ENVIRONMENT: &str = "proc/1/environ";

/// The namespace of process ids that this process is in.
const PID_NAMESPACE: &str = "proc/self/ns/pid";

/// The namespace of process ids of the machine itself: `PID_NS_INIT_INO` in linux/nsfs.h. LXC and Kubernetes
/// leave no file that everybody may read, and give another namespace.
const MACHINES_PID_NAMESPACE: &str = "pid:[4026531836]";

/// What tells that the system below `root` is a container; `None` if it is a machine, virtual or not.
pub(super) fn sign(root: &Path) -> Option<String> {
    let marker = MARKERS.iter().find(|marker| root.join(marker).exists());
    if let Some(marker) = marker {
        return Some(format!("/{marker}"));
    }
    let environment = fs::read(root.join(FIRST_ENVIRONMENT)).unwrap_or_default();
    let mut variables = environment.split(|byte| *byte == 0);
    if variables.any(|variable| variable.len() > "container=".len() && variable.starts_with(b"container=")) {
        return Some(format!("container= in /{FIRST_ENVIRONMENT}"));
    }
    let namespace = fs::read_link(root.join(PID_NAMESPACE)).ok()?;
    let is_of_machine = namespace.as_os_str() == MACHINES_PID_NAMESPACE;
    (!is_of_machine).then(|| format!("/{PID_NAMESPACE} is not that of the machine"))
}
