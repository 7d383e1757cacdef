//! A support archive that is stopped before it is there.

use std::{
    fs,
    os::unix::net::UnixListener,
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

#[test]
fn an_archive_that_is_stopped_while_it_gathers_leaves_no_file() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let stalled = UnixListener::bind(&socket).unwrap();
        let mut tool = Command::new(env!("CARGO_BIN_EXE_licensectl"))
            .args(["bundle", "--socket"])
            .arg(&socket)
            .args(["--output", "support.tar.gz"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _asks = stalled.accept().unwrap();
        kill(Pid::from_raw(tool.id().try_into().unwrap()), signal).unwrap();
        assert!(!tool.wait().unwrap().success());
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, ["socket"], "{signal}");
    }
}
