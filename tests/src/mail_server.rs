//! A real mail server (aiosmtpd) that keeps what it gets.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{authority::Authority, programs::workspace, service::Service};

/// How the mail server speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// After STARTTLS, and nothing is taken before it.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// A mail server on loopback. What it got outlives its process.
#[derive(Debug)]
pub struct MailServer {
    folder: PathBuf,
    port: u16,
    encryption: Encryption,
    process: Option<Service>,
}

impl MailServer {
    /// One that keeps everything in `folder`. It does not run yet.
    pub fn new(folder: &Path, encryption: Encryption) -> Self {
        let folder = folder.join("mail");
        fs::create_dir(&folder).unwrap();
        let authority = Authority::new(&folder.join("ca.pem"));
        authority.certificate_files(&folder.join("server.pem"), &folder.join("server.key"));
        // Free now; nobody else on this machine is given it for a while.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, encryption, process: None }
    }

    /// Starts it.
    pub fn start(&mut self) {
        let mut python = Command::new("python3");
        python.arg(workspace().join("tests/python/mail_server.py"));
        python.arg(&self.folder).arg(self.port.to_string());
        python.arg(if self.encryption == Encryption::StartTls { "starttls" } else { "implicit" });
        let mut process = Service::start(python, &self.folder.join("log"));
        process.wait_for_log("listening");
        self.process = Some(process);
    }

    /// What `license-server serve` is told to reach it.
    pub fn flags(&self) -> Vec<String> {
        let scheme = if self.encryption == Encryption::StartTls { "smtp" } else { "smtps" };
        let route = format!("{scheme}://localhost:{}", self.port);
        let ca_file = self.folder.join("ca.pem").to_str().unwrap().to_owned();
        let flags = ["--mail", &route, "--mail-from", "Licenses <licenses@example.com>", "--smtp-ca-file"];
        flags.into_iter().map(str::to_owned).chain([ca_file]).collect()
    }

    /// The mails that it got, in the order in which they came.
    pub fn mails(&self) -> Vec<String> {
        let files = fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect();
        files.sort();
        files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}
