//! A gateway beside the daemon of a host.

use std::{
    ffi::OsString,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Command,
};

use nix::sys::signal::Signal;

use crate::{Host, programs, service::Service, waiting::LONGEST};

/// The socket that a service manager holds, handed to a program under the number that the protocol names;
/// see sd_listen_fds(3).
const ACTIVATED: &str = r#"exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@""#;

/// A gateway. Its address and its state outlive its process.
#[derive(Debug)]
pub struct Gateway {
    log: PathBuf,
    flags: Vec<OsString>,
    address: String,
    /// The socket, where it is the service manager's.
    listener: Option<TcpListener>,
    /// What starts it.
    wrapper: Vec<OsString>,
    process: Option<Service>,
}

impl Gateway {
    /// A gateway for this host, which is told of a key file. It does not run yet, and opens its socket
    /// itself.
    pub fn beside(host: &Host, key_file: &Path) -> Self {
        let flags: [(&str, PathBuf); 3] = [
            ("--socket", host.socket()),
            ("--key-file", key_file.to_owned()),
            ("--state-dir", host.beside("gateway")),
        ];
        Self {
            log: host.beside("gateway.log"),
            flags: flags.into_iter().flat_map(|(name, value)| [name.into(), value.into()]).collect(),
            // A port that the system chooses; later starts use the same again.
            address: "127.0.0.1:0".to_owned(),
            listener: None,
            wrapper: Vec::new(),
            process: None,
        }
    }

    /// The same with a socket of the service manager, which stays open whatever becomes of the gateway.
    pub fn activated(mut self) -> Self {
        let listener = TcpListener::bind(&self.address).unwrap();
        self.address = listener.local_addr().unwrap().to_string();
        self.listener = Some(listener);
        self
    }

    /// The same, started by another program: `unshare --net`.
    pub fn within(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(OsString::from).collect();
        self
    }

    /// It is started with this flag too.
    pub fn flag(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.flags.extend([name.into(), value.into()]);
        self
    }

    /// Starts it. Where it opens the socket itself, waits until it has.
    pub fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let program = programs::path_of("license-gateway");
        // Neither a proxy nor settings of whoever runs the tests.
        if let Some(listener) = &self.listener {
            let mut command = Command::new("env");
            command
                .env_clear()
                .args(&self.wrapper)
                .args(["sh", "-c", ACTIVATED])
                .arg(program)
                .args(&self.flags);
            self.process = Some(Service::with_input(
                command,
                &self.log,
                OwnedFd::from(listener.try_clone().unwrap()).into(),
            ));
        } else {
            let mut command = Command::new("env");
            command.args(&self.wrapper).arg(program);
            command.env_clear().args(&self.flags).args(["--listen", &self.address]);
            let mut process = Service::start(command, &self.log);
            self.address = process.wait_for("\"listening\" in its log", address_in).to_string();
            self.process = Some(process);
        }
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Kills it with SIGKILL and starts it again.
    pub fn crash(&mut self) {
        self.kill();
        self.start();
    }

    /// Stops it with SIGTERM; it has to end well.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("the gateway runs");
        process.signal(Signal::SIGTERM);
        let status = process.wait_for_end();
        assert!(status.success(), "{status}; its log:\n{}", process.log());
    }

    /// The process that runs.
    pub fn process(&mut self) -> &mut Service {
        self.process.as_mut().expect("the gateway runs")
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        self.process.as_ref().expect("the gateway runs").log()
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends bytes and gives all that comes until the end of the connection.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// The address in the line of the log that says "listening".
fn address_in(log: &str) -> Option<SocketAddr> {
    let (complete, _) = log.rsplit_once('\n')?;
    let line = complete.lines().find(|line| line.contains("listening"))?;
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?)))
}
