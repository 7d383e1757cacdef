//! The command line of `serve`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use lettre::message::Mailbox;

use crate::{
    http::DEFAULT_LONG_POLLS,
    mail::transport::{Account, Route},
};

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// The folder of keys and database.
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// Address and port to listen on; TLS is done by a proxy in front.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// How many hosts may wait for news at once; each takes a connection. 0 switches it off, and hosts
    /// hear of changes at their next check.
    #[arg(long, value_name = "HOSTS", env = "LICENSE_SERVER_LONG_POLLS", default_value_t = DEFAULT_LONG_POLLS)]
    pub long_polls: usize,
    /// How mail leaves: off, dir:FOLDER (a file for each), smtps://HOST[:465], or smtp://HOST[:587] with
    /// STARTTLS.
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

impl Serve {
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
