//! A license server with its data.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{Answered, programs, service::Service};

/// A license server on loopback. Its data outlives its process.
#[derive(Debug)]
pub struct LicenseServer {
    data: PathBuf,
    log: PathBuf,
    address: String,
    flags: Vec<String>,
    process: Option<Service>,
}

impl LicenseServer {
    /// Starts a new license server that keeps its data in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self::at(&folder.join("license-server"), &folder.join("license-server.log"))
    }

    /// Starts one on that data folder.
    pub fn at(data: &Path, log: &Path) -> Self {
        let mut server = Self {
            data: data.to_owned(),
            log: log.to_owned(),
            // A port that the system chooses; later starts use the same again.
            address: "127.0.0.1:0".to_owned(),
            flags: Vec::new(),
            process: None,
        };
        server.start();
        server
    }

    /// Starts it, on the port that it had before.
    pub fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let mut command = programs::program("license-server");
        command.arg("serve").arg("--data-dir").arg(&self.data).args(["--listen", &self.address]);
        // A test asks more in a second than a PBX in a day.
        command.args(["--rate-limits", "off"]).args(&self.flags);
        // With RUST_LOG it may not say where it listens.
        command.env_remove("RUST_LOG");
        let mut process = Service::start(command, &self.log);
        self.address = process.wait_for("\"listening\" in its log", address_in);
        self.process = Some(process);
    }

    /// Starts it anew with these flags too.
    pub fn restart_with(&mut self, flags: Vec<String>) {
        self.kill();
        self.flags = flags;
        self.start();
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.as_ref().unwrap().signal(signal);
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder of its keys and database.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.process.as_ref().expect("it runs").log()
    }

    /// Posts JSON that nobody signed; status and body of the answer.
    pub fn post(&self, path: &str, json: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{json}",
            json.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// Runs an admin command.
    pub fn admin(&self, arguments: &[&str]) -> Answered {
        let mut admin = programs::program("license-server");
        Answered::by(admin.arg("admin").arg("--data-dir").arg(&self.data).args(arguments))
    }

    /// The root's public key.
    pub fn public_key(&self) -> String {
        self.admin(&["public-key"]).ended_with(0).stdout
    }

    /// Issues a coupon of a year with one seat.
    pub fn coupon(&self, product: u32) -> String {
        self.coupons(product, 1).remove(0)
    }

    /// Issues several.
    pub fn coupons(&self, product: u32, count: usize) -> Vec<String> {
        let (product, count) = (product.to_string(), count.to_string());
        let issue = ["coupon", "issue", "--product", &product, "--count", &count, "--days", "365"];
        self.admin(&issue).ended_with(0).stdout.lines().map(str::to_owned).collect()
    }

    /// The captured seats of a number: `binding list`.
    pub fn bindings(&self, number: &str) -> Vec<Value> {
        let list = self.admin(&["binding", "list", "--number", number, "--json"]).ended_with(0);
        list.json().as_array().unwrap().clone()
    }

    /// How many seats of a feature are captured.
    pub fn captured(&self, number: &str, feature: u32) -> usize {
        self.bindings(number).iter().filter(|seat| seat["feature"] == feature).count()
    }

    /// Drops every host of a number.
    pub fn drop_all(&self, number: &str) {
        self.admin(&["binding", "drop", "--number", number, "--all"]).ended_with(0);
    }
}

/// The address in the line of the log that says "listening".
fn address_in(log: &str) -> Option<String> {
    let (complete, _) = log.rsplit_once('\n')?;
    let line = complete.lines().find(|line| line.contains("listening"))?;
    let (_, port) = line.split_once("127.0.0.1:")?;
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("127.0.0.1:{port}"))
}
