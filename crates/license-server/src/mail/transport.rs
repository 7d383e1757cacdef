//! Ways for a mail to leave: SMTP with TLS, a folder, or none.

use std::{
    fmt, fs, io,
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};

use super::letter::Letter;
use crate::data_dir::{DataDir, DataDirError};

/// How long the mail server may take for each step of a conversation.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The bits of a file's mode that let others read it.
const READABLE_BY_OTHERS: u32 = 0o044;

/// Where mail goes, as it is written on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Route {
    /// Nowhere.
    #[default]
    Off,
    /// Into a folder, a file for each.
    Folder(PathBuf),
    /// To a mail server.
    Server {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// TLS from the first byte, as on port 465; else after STARTTLS.
        implicit_tls: bool,
    },
}

/// What is no route.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is no way to send mail; use off, dir:FOLDER, smtps://HOST[:PORT] or smtp://HOST[:PORT]")]
pub struct RouteError {
    text: String,
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || RouteError { text: text.to_owned() };
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Some(folder) = text.strip_prefix("dir:").filter(|folder| !folder.is_empty()) {
            return Ok(Self::Folder(folder.into()));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(error)?;
        // The submission ports of RFC 8314.
        let (implicit_tls, default) = match scheme {
            "smtps" => (true, 465),
            "smtp" => (false, 587),
            _ => return Err(error()),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') => (host, port.parse().map_err(|_| error())?),
            Some(_) | None => (rest, default),
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(error());
        }
        Ok(Self::Server { host: host.to_owned(), port, implicit_tls })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Folder(folder) => write!(f, "dir:{}", folder.display()),
            Self::Server { host, port, implicit_tls } => {
                write!(f, "{}://{host}:{port}", if *implicit_tls { "smtps" } else { "smtp" })
            }
        }
    }
}

/// What a mail server wants to know, and whom to believe.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The user.
    pub user: Option<String>,
    /// The file of the password, closed to others.
    pub password_file: Option<PathBuf>,
    /// A file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
}

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Nobody is named as the sender.
    #[error("mail needs a sender: name it with --mail-from")]
    NoSender,
    /// The folder cannot be used.
    #[error(
        "mail cannot be written into {path}: {source}; name a folder that is there and where the owner of the \
         data folder may write"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others can read the password.
    #[error("{path} can be read by others (mode {mode:o}); run `chmod 600` on it")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A user without a password, or a password without a user.
    #[error("--smtp-user and --smtp-password-file belong together")]
    HalfAnAccount,
    /// TLS cannot be set up.
    #[error("cannot set up TLS to the mail server: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
}

/// Why a mail did not leave. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The address of the customer is none.
    #[error("the customer's e-mail is no address: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The mail cannot be put together.
    #[error("cannot make the mail: {0}")]
    Message(#[from] lettre::error::Error),
    /// The mail server did not take it.
    #[error("the mail server did not take it: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// It cannot be written.
    #[error(transparent)]
    File(#[from] DataDirError),
    /// Mail is off.
    #[error("mail is off")]
    Off,
}

/// A way for mail to leave.
#[derive(Debug)]
pub struct Transport {
    from: Option<Mailbox>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Off,
    Folder(PathBuf),
    Server(AsyncSmtpTransport<Tokio1Executor>),
}

impl Transport {
    /// Sets a route up; nothing is connected yet.
    pub fn new(route: &Route, from: Option<Mailbox>, account: &Account) -> Result<Self, SetupError> {
        if *route != Route::Off && from.is_none() {
            return Err(SetupError::NoSender);
        }
        let way = match route {
            Route::Off => Way::Off,
            Route::Folder(folder) => {
                writable(folder).map_err(|source| SetupError::Folder { path: folder.clone(), source })?;
                Way::Folder(folder.clone())
            }
            Route::Server { host, port, implicit_tls } => {
                let mut tls = TlsParameters::builder(host.clone());
                for certificate in
                    account.ca_file.as_deref().map(certificates).transpose()?.unwrap_or_default()
                {
                    tls = tls.add_root_certificate(certificate);
                }
                let tls =
                    if *implicit_tls { Tls::Wrapper(tls.build()?) } else { starttls(host, tls.build()?) };
                let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
                    .port(*port)
                    .tls(tls)
                    .timeout(Some(TIMEOUT));
                if let Some(credentials) = credentials(account)? {
                    server = server.credentials(credentials);
                }
                Way::Server(server.build())
            }
        };
        Ok(Self { from, way })
    }

    /// Whether mail is off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.way, Way::Off)
    }

    /// Sends a letter. `id` is the same for each repetition, so that a mail that was taken twice is known
    /// as one.
    pub async fn send(&self, id: &str, to: &str, letter: &Letter) -> Result<(), SendError> {
        let from = self.from.clone().ok_or(SendError::Off)?;
        let id_at = format!("<{id}@{}>", from.email.domain());
        let message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to.parse()?))
            .subject(letter.subject.clone())
            .message_id(Some(id_at))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body.clone())?;
        match &self.way {
            Way::Off => Err(SendError::Off),
            Way::Server(server) => Ok(server.send(message).await.map(drop)?),
            Way::Folder(folder) => {
                match DataDir::create_file(&folder.join(format!("{id}.eml")), &message.formatted()) {
                    // It was written before a crash that kept it from being marked as sent.
                    Err(DataDirError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                        Ok(())
                    }
                    written => Ok(written?),
                }
            }
        }
    }
}

/// Whether files can be made in a folder.
fn writable(folder: &Path) -> io::Result<()> {
    if !fs::metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    // The error itself would name a temporary file.
    tempfile::tempfile_in(folder).map(drop).map_err(|error| error.kind().into())
}

/// TLS is required but on this machine itself: passwords and numbers go over no wire in the clear.
fn starttls(host: &str, tls: TlsParameters) -> Tls {
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_here { Tls::Opportunistic(tls) } else { Tls::Required(tls) }
}

fn read(path: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(path).map_err(|source| SetupError::File { path: path.to_owned(), source })
}

/// The certificates of a PEM file.
fn certificates(path: &Path) -> Result<Vec<Certificate>, SetupError> {
    let text = String::from_utf8_lossy(&read(path)?).into_owned();
    let end = "-----END CERTIFICATE-----";
    let certificates = text.split_inclusive(end).filter(|part| part.contains(end));
    certificates.map(|part| Ok(Certificate::from_pem(part.as_bytes())?)).collect()
}

fn credentials(account: &Account) -> Result<Option<Credentials>, SetupError> {
    match (&account.user, &account.password_file) {
        (None, None) => Ok(None),
        (Some(user), Some(path)) => {
            let metadata = fs::metadata(path);
            let metadata = metadata.map_err(|source| SetupError::File { path: path.clone(), source })?;
            let mode = metadata.permissions().mode() & 0o7777;
            if mode & READABLE_BY_OTHERS != 0 {
                return Err(SetupError::Open { path: path.clone(), mode });
            }
            let password = String::from_utf8_lossy(&read(path)?).trim_end_matches(['\r', '\n']).to_owned();
            Ok(Some(Credentials::new(user.clone(), password)))
        }
        (Some(_), None) | (None, Some(_)) => Err(SetupError::HalfAnAccount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, port: u16, implicit_tls: bool) -> Route {
        Route::Server { host: host.to_owned(), port, implicit_tls }
    }

    #[test]
    fn a_route_is_read_from_its_text() {
        let cases = [
            ("off", Some(Route::Off)),
            ("dir:/var/mail", Some(Route::Folder("/var/mail".into()))),
            ("smtp://mail.example.com", Some(server("mail.example.com", 587, false))),
            ("smtps://mail.example.com", Some(server("mail.example.com", 465, true))),
            ("smtp://127.0.0.1:2525", Some(server("127.0.0.1", 2525, false))),
            ("dir:", None),
            ("smtp://", None),
            ("smtp://mail.example.com:port", None),
            ("smtp://user:secret@mail.example.com", None),
            ("mail.example.com", None),
        ];
        for (text, route) in cases {
            assert_eq!(text.parse::<Route>().ok(), route, "{text}");
            let written = route.as_ref().map(ToString::to_string);
            assert_eq!(written.and_then(|text| text.parse().ok()), route, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_said_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let password = dir.path().join("password");
        fs::write(&password, "secret\n").unwrap();
        let from = || "licenses@example.com".parse().ok();
        let set_up = |from, account: &Account| {
            Transport::new(&server("mail.example.com", 465, true), from, account).unwrap_err().to_string()
        };
        assert!(set_up(None, &Account::default()).contains("--mail-from"));
        let user = Account { user: Some("u".to_owned()), ..Account::default() };
        assert!(set_up(from(), &user).contains("--smtp-password-file"));
        fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
        let open = Account { password_file: Some(password), ..user };
        assert!(set_up(from(), &open).contains("chmod 600"));
        let ca = Account { ca_file: Some(dir.path().join("no.pem")), ..Account::default() };
        assert!(set_up(from(), &ca).contains("no.pem"));
        for name in ["missing", "password"] {
            let folder = Route::Folder(dir.path().join(name));
            let error = Transport::new(&folder, from(), &Account::default()).unwrap_err().to_string();
            let path = format!("into {}: ", dir.path().join(name).display());
            assert!(
                error.contains(&path) && error.matches('/').count() == path.matches('/').count(),
                "{error}"
            );
        }
        assert!(Transport::new(&Route::Off, None, &Account::default()).unwrap().is_off());
    }

    #[tokio::test]
    async fn a_mail_in_a_folder_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Route::Folder(dir.path().to_owned());
        let from = "Licenses <licenses@example.com>".parse().ok();
        let transport = Transport::new(&folder, from, &Account::default()).unwrap();
        let letter = Letter { subject: "Номер".to_owned(), body: "MIKO\n".to_owned() };
        for _ in 0..2 {
            transport.send("mail-7", "owner@example.com", &letter).await.unwrap();
        }
        let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["mail-7.eml"]);
        let text = fs::read_to_string(dir.path().join("mail-7.eml")).unwrap();
        assert!(
            text.contains("Message-ID: <mail-7@example.com>") && text.contains("To: owner@example.com"),
            "{text}"
        );
        let nowhere = transport.send("mail-8", "no address\r\nBcc: all@example.com", &letter).await;
        assert!(matches!(nowhere, Err(SendError::Address(_))));
    }
}
