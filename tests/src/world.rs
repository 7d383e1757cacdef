//! A license server and a host.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::{Gateway, Host, LicenseServer, middlebox::Middlebox};

/// A memory file system that every Linux has. The programs flush what they write; a disk would make
/// the tests wait.
const SHM: &str = "/dev/shm";

/// A license server, and a host that is told to use it. Dropped in the order of the fields: first the
/// processes are killed, then the folder is removed.
#[derive(Debug)]
pub struct World {
    /// The host.
    pub host: Host,
    /// The license server.
    pub server: LicenseServer,
    /// Where everything is.
    pub folder: TempDir,
}

impl World {
    /// Starts both. The host is not registered.
    pub fn new() -> Self {
        let mut world = Self::prepared();
        world.host.start();
        world
    }

    /// Starts the license server alone: the daemon is started by the test, which may change the host's
    /// flags before.
    pub fn prepared() -> Self {
        let folder = folder();
        let server = LicenseServer::new(folder.path());
        let host = Host::of(folder.path(), "pbx", &server);
        Self { host, server, folder }
    }

    /// Starts both and registers the host. Gives the number too.
    pub fn registered() -> (Self, String) {
        let world = Self::new();
        let number = world.host.register();
        (world, number)
    }

    /// Starts both, registers the host and activates a coupon for feature 45. Gives the number too.
    pub fn with_coupon() -> (Self, String) {
        let (world, number) = Self::registered();
        world.host.activate_coupon(&world.server.coupon(81));
        (world, number)
    }

    /// Starts both with a middlebox between them that the host trusts. The host is registered and holds
    /// licenses for 33 and 45.
    pub fn intercepted() -> (Self, Middlebox) {
        let mut world = Self::prepared();
        let middlebox = Middlebox::new(world.folder.path(), world.server.address());
        world.host = world.host.flag("--server", middlebox.url()).flag("--ca-file", middlebox.ca_file());
        world.host.start();
        world.host.register();
        world.host.activate_coupon(&world.server.coupon(81));
        (world, middlebox)
    }

    /// Starts both and registers the host, and a gateway beside it.
    pub fn with_gateway() -> (Self, Gateway) {
        let (world, _number) = Self::registered();
        let mut gateway = Gateway::beside(&world.host, &world.folder.path().join("license.key"));
        gateway.start();
        (world, gateway)
    }

    /// Another host of the same license server. Its daemon runs.
    pub fn another_host(&self, name: &str) -> Host {
        let mut host = Host::of(self.folder.path(), name, &self.server);
        host.start();
        host
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// A folder of its own, in memory if there is room for one, and gone with the value.
pub fn folder() -> TempDir {
    let in_memory = Path::new(SHM);
    let folder = if fs::metadata(in_memory).is_ok_and(|found| found.is_dir()) {
        TempDir::with_prefix_in("licensed-test-", in_memory)
    } else {
        TempDir::with_prefix("licensed-test-")
    };
    folder.unwrap()
}

/// Copies the files of a folder into another one, as who copies a machine does.
pub fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
