//! A part of a network that is made on this machine.

use std::{fs::File, panic, path::Path, process::Command, thread};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    unistd::Uid,
};

use crate::Answered;

/// A network namespace and a mount namespace. Whoever is in it, and whatever program he starts there, has interfaces,
/// routes and a firewall of its own, and files that only he sees. It is gone when nobody is in it any more.
#[derive(Debug)]
pub struct Place {
    network: File,
    mounts: File,
}

impl Place {
    /// A new one. It has nothing but a loopback interface, and the files of this machine.
    pub fn new() -> Self {
        assert!(Uid::effective().is_root(), "this test makes a network of its own: run it as root");
        let place = in_a_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
                .unwrap();
            let namespace = |name| File::open(Path::new("/proc/thread-self/ns").join(name)).unwrap();
            Self { network: namespace("net"), mounts: namespace("mnt") }
        });
        place.runs("ip link set lo up");
        place
    }

    /// Does something there.
    pub fn does<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        in_a_thread(|| {
            enter(&self.network, &self.mounts);
            what()
        })
    }

    /// Does something there for as long as the test runs.
    pub fn goes_on(&self, what: impl FnOnce() + Send + 'static) {
        let (network, mounts) = (self.network.try_clone().unwrap(), self.mounts.try_clone().unwrap());
        thread::spawn(move || {
            enter(&network, &mounts);
            what();
        });
    }

    /// Runs a command there, whose words are parted by spaces. It has to end well.
    pub fn runs(&self, command: &str) {
        let mut words = command.split_whitespace();
        let mut command = Command::new(words.next().unwrap());
        self.does(|| Answered::by(command.args(words))).ended_with(0);
    }

    /// Puts a file or a folder in the place of another, for whoever is there.
    pub fn sees(&self, instead: &Path, of: &str) {
        self.does(|| mount(Some(instead), of, None::<&str>, MsFlags::MS_BIND, None::<&str>))
            .unwrap_or_else(|error| panic!("cannot put {} in the place of {of}: {error}", instead.display()));
    }

    /// A cable to another place: an interface here and one there, both up.
    pub fn cable(&self, interface: &str, other: &Self, its: &str) {
        // The other's namespace, as the path that a child of this process can open.
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&other.network);
        let peer = format!("/proc/{}/fd/{descriptor}", std::process::id());
        self.runs(&format!("ip link add {interface} type veth peer name {its} netns {peer}"));
        self.runs(&format!("ip link set {interface} up"));
        other.runs(&format!("ip link set {its} up"));
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

/// What a thread of its own does. That it failed is said as if it were done here.
fn in_a_thread<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    let done = thread::scope(|scope| scope.spawn(what).join());
    done.unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// From now on this thread is there, with the threads and programs that it starts.
fn enter(network: &File, mounts: &File) {
    setns(network, CloneFlags::CLONE_NEWNET).unwrap();
    // The current folder is the process's, and the kernel lets nobody take it along.
    unshare(CloneFlags::CLONE_FS).unwrap();
    setns(mounts, CloneFlags::CLONE_NEWNS).unwrap();
}
