//! The daemon of a host that holds a lease: how soon it is ready, how much memory it takes, how often it wakes up
//! when nobody asks, and how fast it answers.

use std::{
    error::Error,
    fs,
    io::{self, Write},
    os::unix::{fs::OpenOptionsExt, net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use license_client::{
    Client,
    types::{FeatureId, Registration, Verdict},
};
use tokio::time::sleep;

use crate::{
    program::{Program, Served},
    report::{Stopwatch, Times},
};

/// How long the daemon may take to be ready before the run is given up.
const LONGEST_START: Duration = Duration::from_secs(10);

/// After this nothing of the start is left: threads that only write files end after 10 s. A shorter run settles as
/// long as it measures.
const SETTLED: Duration = Duration::from_secs(15);

/// What is measured, and how much of it.
pub(crate) struct Plan {
    pub(crate) licensed: PathBuf,
    pub(crate) license_server: PathBuf,
    pub(crate) starts: usize,
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
    pub(crate) checks: usize,
}

/// The folder of a host, and how its daemon is started.
pub(crate) struct Host<'a> {
    licensed: &'a Path,
    folder: &'a Path,
    url: String,
    notify: UnixDatagram,
}

impl<'a> Host<'a> {
    /// A host that has no daemon yet, and its license server, which runs.
    pub(crate) fn with_server(
        license_server: &Path,
        licensed: &'a Path,
        folder: &'a Path,
    ) -> Result<(Served, Self), Box<dyn Error>> {
        fs::write(folder.join("empty.toml"), "")?;
        let notify = UnixDatagram::bind(folder.join("notify"))?;
        notify.set_read_timeout(Some(LONGEST_START))?;
        let data = folder.join("data");
        let [certificate, key] = certificate(folder)?;
        let tls = ["--tls-cert".as_ref(), certificate.as_os_str(), "--tls-key".as_ref(), key.as_os_str()];
        let served = Served::start(license_server, &data, &tls)?;
        let mut root = Command::new(license_server);
        let root = root.args(["admin", "--data-dir"]).arg(&data).arg("public-key").output()?;
        if !root.status.success() {
            return Err(String::from_utf8_lossy(&root.stderr).into());
        }
        fs::write(folder.join("root.pub"), root.stdout)?;
        let url = format!("https://{}", served.address);
        Ok((served, Self { licensed, folder, url, notify }))
    }

    /// Starts the daemon; how long it took to tell the service manager that it is ready.
    pub(crate) fn start(&self) -> Result<(Program, Duration), Box<dyn Error>> {
        let at = |name: &str| self.folder.join(name);
        let mut daemon = Command::new(self.licensed);
        daemon.env_clear().env("NOTIFY_SOCKET", at("notify")).env("LICENSED_LOG", "warn");
        daemon.arg("--config").arg(at("empty.toml")).arg("--state-dir").arg(at("state"));
        daemon.arg("--socket").arg(self.socket()).arg("--trust").arg(at("root.pub"));
        daemon.arg("--ca-file").arg(at("certificate.pem"));
        daemon.args(["--host-id", "bench", "--server", &self.url]);
        daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(at("log"))?);
        let watch = Stopwatch::start();
        let program = Program::start(&mut daemon)?;
        let mut message = [0; 4096];
        loop {
            let len = self.notify.recv(&mut message).map_err(|error| {
                let log = fs::read_to_string(at("log")).unwrap_or_default();
                io::Error::other(format!("the daemon does not get ready: {error}\n{log}"))
            })?;
            if message[..len].starts_with(b"READY=1") {
                return Ok((program, watch.elapsed()));
            }
        }
    }

    /// Where the daemon listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Gets a registration number, so that there is something to be granted.
    pub(crate) fn register(&self) -> Result<(), Box<dyn Error>> {
        self.client().register(Registration {
            company: "A company".to_owned(),
            email: "office@company.example".to_owned(),
            contact: "A person".to_owned(),
            phone: None,
            tax_id: None,
        })?;
        Ok(())
    }

    fn client(&self) -> Client {
        Client::new(self.socket())
    }

    /// A connection that is open, with one check behind it.
    fn connected(&self) -> Result<Client, Box<dyn Error>> {
        let mut client = self.client();
        check(&mut client)?;
        Ok(client)
    }
}

/// One check, which has to be granted; how long it took.
fn check(client: &mut Client) -> Result<Duration, Box<dyn Error>> {
    let watch = Stopwatch::start();
    let found = client.check(FeatureId::MIKOPBX)?;
    let took = watch.elapsed();
    match found.verdict {
        Verdict::Granted { .. } => Ok(took),
        Verdict::Denied { .. } | Verdict::Indeterminate { .. } => Err(found.message.into()),
    }
}

/// Measures everything and prints a line for each.
pub(crate) async fn run(plan: &Plan, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (served, host) = Host::with_server(&plan.license_server, &plan.licensed, folder)?;
    let (daemon, _) = host.start()?;
    host.register()?;

    let open: Result<Vec<Client>, _> = (0..plan.connections).map(|_| host.connected()).collect();
    idle(plan, &daemon, "the license server answers").await?;
    drop((open, daemon, served));

    let mut starts = Vec::new();
    for _ in 0..plan.starts {
        starts.push(host.start()?.1);
    }
    let starts = Times::of(starts);
    println!(
        "start to READY with a held lease and no license server: median {:.1} ms, longest {:.1} ms of {}",
        starts.percentile(500) * 1e3,
        starts.percentile(1000) * 1e3,
        plan.starts
    );

    let (daemon, _) = host.start()?;
    let mut open = (0..plan.connections).map(|_| host.connected()).collect::<Result<Vec<_>, _>>()?;
    // From now on it is offline.
    if host.client().recheck().is_ok() {
        return Err("the license server was to be gone".into());
    }
    idle(plan, &daemon, "no license server").await?;

    let mut times = Vec::with_capacity(plan.checks);
    let watch = Stopwatch::start();
    let mut client = host.connected()?;
    for _ in 0..plan.checks {
        times.push(check(&mut client)?);
    }
    let (took, times) = (watch.elapsed(), Times::of(times));
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let rate = plan.checks as f64 / took.as_secs_f64();
    println!(
        "check on one connection: {rate:.0} checks/s, p50 {:.1} us, p99 {:.1} us, p99.9 {:.1} us",
        times.percentile(500) * 1e6,
        times.percentile(990) * 1e6,
        times.percentile(999) * 1e6
    );

    let before = daemon.anonymous_memory()?;
    for at in 0..plan.checks * SOAK {
        let among = open.len();
        check(&mut open[at % among])?;
    }
    println!(
        "memory (RssAnon): {} KiB before {} checks over {} connections, {} KiB after",
        before,
        plan.checks * SOAK,
        plan.connections,
        daemon.anonymous_memory()?
    );
    Ok(())
}

/// A certificate for this machine, with its key, as PEM files.
fn certificate(folder: &Path) -> Result<[PathBuf; 2], Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let pem = |name: &str, what: &str, der: &[u8]| {
        let text = format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", BASE64.encode(der));
        let path = folder.join(name);
        // The license server takes no key that others can read.
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok::<_, io::Error>(path)
    };
    Ok([
        pem("certificate.pem", "CERTIFICATE", made.cert.der())?,
        pem("key.pem", "PRIVATE KEY", &made.signing_key.serialize_der())?,
    ])
}

/// The last measurement is so many times as long: what leaks shows.
const SOAK: usize = 5;

/// Memory and wake-ups while nobody asks.
async fn idle(plan: &Plan, daemon: &Program, when: &str) -> Result<(), Box<dyn Error>> {
    let time = Duration::from_secs(plan.seconds);
    sleep(SETTLED.min(time)).await;
    let before = daemon.switches()?;
    sleep(time).await;
    let after = daemon.switches()?;
    let [all, threads] = [after.count.saturating_sub(before.count), after.threads];
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let in_ten = all as f64 * 10.0 / plan.seconds as f64;
    println!(
        "idle, {} connections, {when}: RssAnon {} KiB, {all} context switches of {threads} threads in {} s, {in_ten:.2} in 10 s",
        plan.connections,
        daemon.anonymous_memory()?,
        plan.seconds
    );
    Ok(())
}
