//! What the daemon tells the service manager: the other end of `NOTIFY_SOCKET`.

use std::{
    collections::VecDeque,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
};

use crate::waiting::LONGEST;

/// A service manager that listens.
#[derive(Debug)]
pub struct ServiceManager {
    socket: UnixDatagram,
    path: PathBuf,
    told: VecDeque<String>,
}

impl ServiceManager {
    /// Listens in `folder`.
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(LONGEST)).unwrap();
        Self { socket, path, told: VecDeque::new() }
    }

    /// The value of `NOTIFY_SOCKET`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next thing that it is told, one assignment: `READY=1`.
    pub fn is_told(&mut self) -> String {
        if self.told.is_empty() {
            let mut message = [0; 4096];
            let len = self.socket.recv(&mut message).expect("the daemon tells something");
            let text = str::from_utf8(&message[..len]).unwrap();
            self.told.extend(text.lines().map(str::to_owned));
        }
        self.told.pop_front().unwrap()
    }
}
