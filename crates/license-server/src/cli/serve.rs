//! The command line of `serve`.

use std::{
    net::{AddrParseError, IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use lettre::message::Mailbox;

use crate::{
    http::{DEFAULT_LONG_POLLS, Options, Tls, TlsError},
    mail::transport::{Account, Route},
};

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// The folder of keys and database.
    #[arg(long, value_name = "FOLDER", env = "LICENSE_SERVER_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Address and port to listen on; in the clear, for a proxy in front, unless there is a certificate.
    #[arg(long, value_name = "ADDRESS:PORT", env = "LICENSE_SERVER_LISTEN")]
    pub listen: SocketAddr,
    /// How many hosts may wait for news at once; each takes a connection. 0 switches it off, and hosts
    /// hear of changes at their next check.
    #[arg(long, value_name = "HOSTS", env = "LICENSE_SERVER_LONG_POLLS", default_value_t = DEFAULT_LONG_POLLS)]
    pub long_polls: usize,
    /// A PEM file with the certificate and its chain; read again on SIGHUP.
    #[arg(long, value_name = "FILE", env = "LICENSE_SERVER_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the key of the certificate, closed to others.
    #[arg(long, value_name = "FILE", env = "LICENSE_SERVER_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A proxy, or a network of them, that is believed when it says in X-Forwarded-For who the client is;
    /// may be given several times. Without any, the client is whoever connects.
    #[arg(
        long, value_name = "NETWORK", env = "LICENSE_SERVER_TRUSTED_PROXY", value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxy: Vec<IpNet>,
    /// A network that may read /metrics, beside this machine; may be given several times. For others there
    /// is nothing at that path.
    #[arg(
        long, value_name = "NETWORK", env = "LICENSE_SERVER_METRICS_FROM", value_delimiter = ',',
        value_parser = network
    )]
    pub metrics_from: Vec<IpNet>,
    /// Whether hosts and networks may ask only so much, and hold only so many connections; off is for load
    /// tests.
    #[arg(long, value_name = "ON|OFF", env = "LICENSE_SERVER_RATE_LIMITS", default_value = "on")]
    pub rate_limits: Switch,
    /// How the log on standard error is written; RUST_LOG says what is in it (default: info).
    #[arg(long, value_name = "FORMAT", env = "LICENSE_SERVER_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// How mail leaves: off, dir:FOLDER (a file for each), smtps://HOST (port 465), or smtp://HOST (port 587)
    /// with STARTTLS; another port follows the host after a colon.
    #[arg(long, value_name = "ROUTE", env = "LICENSE_SERVER_MAIL", default_value = "off")]
    pub mail: Route,
    /// Who mail is from: an address, or a name with an address in angle brackets.
    #[arg(long, value_name = "ADDRESS", env = "LICENSE_SERVER_MAIL_FROM")]
    pub mail_from: Option<Mailbox>,
    /// The user at the mail server.
    #[arg(long, value_name = "USER", env = "LICENSE_SERVER_SMTP_USER")]
    pub smtp_user: Option<String>,
    /// The file of the user's password, closed to others.
    #[arg(long, value_name = "FILE", env = "LICENSE_SERVER_SMTP_PASSWORD_FILE")]
    pub smtp_password_file: Option<PathBuf>,
    /// A PEM file of certificate authorities that the mail server may have, beside those of the system.
    #[arg(long, value_name = "FILE", env = "LICENSE_SERVER_SMTP_CA_FILE")]
    pub smtp_ca_file: Option<PathBuf>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line of text for each event.
    Text,
    /// A JSON object for each event.
    Json,
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, AddrParseError> {
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
}

impl Serve {
    /// How it answers; reads the certificate.
    pub fn options(&self) -> Result<Options, TlsError> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Arc::new(Tls::open(certificate, key)?)),
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
        Ok(Options {
            long_polls: self.long_polls,
            rate_limits: self.rate_limits == Switch::On,
            trusted_proxies: self.trusted_proxy.clone(),
            metrics_from: self.metrics_from.clone(),
            tls,
        })
    }

    /// The account at the mail server.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            user: self.smtp_user.clone(),
            password_file: self.smtp_password_file.clone(),
            ca_file: self.smtp_ca_file.clone(),
        }
    }
}
