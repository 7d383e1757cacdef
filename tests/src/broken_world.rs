//! A world with a network in which something can be wrong: two places with a cable between them.
//!
//! In one is the host: its daemon, its tools, and the files of the system that it looks at (`/etc/resolv.conf`,
//! `/etc/hosts`, the certificate authorities). In the other is the internet: a name server, a proxy, and the license
//! server behind TLS at an address that looks like any other. Nothing of it leaves this machine.

pub mod certificate;
mod diagnosis;
pub mod door;
mod names;
mod place;

use std::{
    ffi::OsString,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use nix::mount::{MsFlags, mount};
use rustls::ServerConfig;
use tempfile::TempDir;

pub use self::{diagnosis::Diagnosis, door::Door, names::Names, place::Place};
use crate::{Answered, Host, LicenseServer, authority::Authority, nobody::Nobody, programs, world::folder};

/// The name of the license server.
pub const LICENSE_SERVER: &str = "license.example.com";

/// The name of the proxy.
pub const PROXY: &str = "proxy.example.com";

/// The addresses of the host.
const HOST: [&str; 2] = ["185.12.34.2/24", "2a0e:1:2:3::2/64"];

/// Those of its router, which is the other end of its cable, and a name server too.
pub const ROUTER: [&str; 2] = ["185.12.34.1", "2a0e:1:2:3::1"];

/// The addresses of the license server.
pub const SERVER: [&str; 2] = ["77.88.20.10", "2a0e:1:2:a::10"];

/// Those of the name server.
pub const RESOLVER: [&str; 2] = ["77.88.20.53", "2a0e:1:2:a::53"];

/// Those of the proxy.
const PROXY_ADDRESS: [&str; 2] = ["77.88.20.31", "2a0e:1:2:a::31"];

/// Where programs of the system are.
const SYSTEM_PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// A host that is registered, with a license for feature 45, and the internet. All is well until a test breaks it.
#[derive(Debug)]
pub struct BrokenWorld {
    /// The host.
    pub host: Host,
    /// The license server.
    pub server: LicenseServer,
    /// The number of the host.
    pub number: String,
    /// Where the host is.
    pub here: Place,
    /// Where everybody else is.
    pub internet: Place,
    /// The name server.
    pub names: Names,
    /// Port 443 of the license server.
    pub https: Door,
    /// Port 80 of the license server.
    pub http: Door,
    /// Port 3128 of the proxy.
    pub proxy: Door,
    /// The authority that the host trusts.
    pub authority: Authority,
    /// What is asked of `licensectl doctor`: nothing, or a feature.
    pub question: &'static [&'static str],
    /// Whether a user asks who is in no group.
    nobody_asks: bool,
    /// The environment of the host's programs.
    variables: Vec<(&'static str, OsString)>,
    /// Where everything is.
    folder: TempDir,
}

impl BrokenWorld {
    /// One in which nothing is broken yet.
    pub fn still_whole() -> Self {
        let folder = folder();
        let (here, internet) = (Place::new(), Place::new());
        lay_cable(&here, &internet);
        let authorities = folder.path().join("authorities");
        fs::create_dir(&authorities).unwrap();
        let authority = Authority::named("Root of the internet", &authorities.join("ca-certificates.crt"));
        here.sees(&authorities, "/etc/ssl/certs");

        let names =
            Names::at(&internet, &[RESOLVER, ROUTER].concat().into_iter().map(address).collect::<Vec<_>>());
        names.know(LICENSE_SERVER, &SERVER.map(address));
        names.know(PROXY, &PROXY_ADDRESS.map(address));
        let server = internet.does(|| LicenseServer::new(folder.path()));
        let tls = certificate::signed_by(&authority, LICENSE_SERVER, certificate::TODAY);
        let https = Door::open(&internet, 443, door::passes_on(tls, server.address()));
        // As is usual: who comes in the clear is sent on to TLS.
        let http = Door::open(&internet, 80, door::redirects(&format!("https://{LICENSE_SERVER}/")));
        let proxy = Door::open(&internet, 3128, door::connects(&format!("{}:443", SERVER[0])));

        let host =
            Host::of(folder.path(), "pbx", &server).flag("--server", format!("https://{LICENSE_SERVER}"));
        let mut world = Self {
            host,
            server,
            number: String::new(),
            here,
            internet,
            names,
            https,
            http,
            proxy,
            authority,
            question: &[],
            nobody_asks: false,
            variables: Vec::new(),
            folder,
        };
        world.writes("resolv.conf", &format!("nameserver {}\n", RESOLVER[0]), "/etc/resolv.conf");
        world.writes("hosts", "127.0.0.1 localhost\n::1 localhost\n", "/etc/hosts");
        world.writes(
            "nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files dns\n",
            "/etc/nsswitch.conf",
        );
        world
    }

    /// The same; the daemon runs, and the host is registered and holds a license for feature 45.
    pub fn healthy() -> Self {
        let mut world = Self::still_whole();
        world.gets_going();
        world
    }

    /// Starts the daemon, registers the host and gives it a license for feature 45.
    pub fn gets_going(&mut self) {
        self.start();
        self.number = self.at_the_host(Host::register);
        let coupon = self.server.coupon(81);
        self.at_the_host(|host| host.activate_coupon(&coupon));
    }

    /// Starts the daemon.
    pub fn start(&mut self) {
        let Self { host, here, .. } = self;
        here.does(|| host.start());
    }

    /// Stops the daemon at once.
    pub fn kill(&mut self) {
        self.host.kill();
    }

    /// Starts the daemon anew.
    pub fn restart(&mut self) {
        self.kill();
        self.start();
    }

    /// Does something where the host is, with its tools and files.
    pub fn at_the_host<T: Send>(&self, what: impl FnOnce(&Host) -> T + Send) -> T {
        self.here.does(|| what(&self.host))
    }

    /// Another host in the same place. Its daemon runs.
    pub fn another_host(&self) -> Host {
        let mut other = host(self.folder.path(), "other", &self.server);
        self.here.does(|| other.start());
        other
    }

    /// From now on the programs of the host are started with this environment variable.
    pub fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        let value = value.into();
        self.variables.push((name, value.clone()));
        self.host = self.host.variable(name, value);
        self
    }

    /// From now on the daemon is started with this in its configuration file.
    pub fn configuration(mut self, text: &str) -> Self {
        let file = self.host.beside("licensed.toml");
        fs::write(&file, text).unwrap();
        self.host = self.host.flag("--config", file);
        self
    }

    /// From now on the programs of the host believe that it is another time: `+2h`, `@1970-01-01 00:10:00`. The
    /// clock of the boot goes on as it was. Who started before believes nothing new.
    pub fn clock(self, time: &str) -> Self {
        self.variable("LD_PRELOAD", faketime())
            .variable("FAKETIME", time)
            .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .variable("DONT_FAKE_MONOTONIC", "1")
            .variable("NO_FAKE_STAT", "1")
    }

    /// The host sees this in a file of the system.
    pub fn writes(&mut self, name: &str, text: &str, of: &str) {
        let file = self.folder.path().join(name);
        // The file that is seen already is changed in its place.
        let is_seen = file.exists();
        fs::write(&file, text).unwrap();
        if !is_seen {
            self.here.sees(&file, of);
        }
    }

    /// Uses this name server from now on.
    pub fn asks_resolver(&mut self, address: &str) {
        self.writes("resolv.conf", &format!("nameserver {address}\n"), "/etc/resolv.conf");
    }

    /// The host has no IPv4 address any more, and asks the name server by IPv6.
    pub fn loses_ipv4(&mut self) {
        self.here.runs("ip -4 address flush dev eth0");
        self.asks_resolver(RESOLVER[1]);
    }

    /// From now on packets to that port of the internet are treated like that: `drop`, `reject with tcp reset`. What
    /// programs there say to each other is not touched.
    pub fn firewall(&self, port: u16, verdict: &str) {
        self.internet.runs("nft add table inet firewall");
        self.internet.runs("nft add chain inet firewall input { type filter hook input priority 0 ; }");
        self.internet
            .runs(&format!("nft add rule inet firewall input iifname wan tcp dport {port} {verdict}"));
    }

    /// From now on port 443 shows this certificate, with the license server behind it.
    pub fn shows(&self, tls: Arc<ServerConfig>) {
        self.https.now(door::passes_on(tls, self.server.address()));
    }

    /// A path of the world's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A small file system in memory, where the host sees that folder.
    pub fn small_file_system(&self, folder: &Path, size: &str) {
        fs::create_dir_all(folder).unwrap();
        let options = format!("size={size},mode=700");
        let flags = MsFlags::empty();
        self.here
            .does(|| mount(Some("tmpfs"), folder, Some("tmpfs"), flags, Some(options.as_str())))
            .unwrap();
    }

    /// From now on the user `nobody` runs the tool.
    pub fn nobody_asks(&mut self) {
        // Where it is built only its builder may look.
        let _there = Nobody::in_folder(self.folder.path());
        self.nobody_asks = true;
    }

    /// `licensectl` of the host, without anything from whoever runs the tests.
    pub fn tool(&self) -> Command {
        let mut tool = if self.nobody_asks {
            let mut tool = Command::new("setpriv");
            tool.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(self.path("licensectl"));
            tool
        } else {
            programs::program("licensectl")
        };
        tool.env_clear().env("PATH", SYSTEM_PATH).envs(self.variables.iter().cloned());
        tool.arg("--socket").arg(self.host.socket());
        tool
    }

    /// The code with which the daemon does not reach the license server; `None` if it does, or cannot be asked.
    pub fn ping(&self) -> Option<u64> {
        let answered = self.here.does(|| Answered::by(self.tool().args(["ping", "--json"])));
        answered.json()["code"].as_u64()
    }
}

fn host(folder: &Path, name: &str, server: &LicenseServer) -> Host {
    Host::of(folder, name, server).flag("--server", format!("https://{LICENSE_SERVER}"))
}

fn lay_cable(here: &Place, internet: &Place) {
    here.cable("eth0", internet, "wan");
    for address in HOST {
        here.runs(&format!("ip address add {address} dev eth0 {}", at_once(address)));
    }
    for (address, network) in ROUTER.iter().zip(["/24", "/64"]) {
        internet.runs(&format!("ip address add {address}{network} dev wan {}", at_once(address)));
    }
    for address in [SERVER, RESOLVER, PROXY_ADDRESS].concat() {
        internet.runs(&format!("ip address add {address} dev lo {}", at_once(address)));
    }
    for router in ROUTER {
        here.runs(&format!("ip route add default via {router}"));
    }
}

/// Whether somebody else has an IPv6 address is not asked, which would take a second.
fn at_once(address: &str) -> &'static str {
    if address.contains(':') { "nodad" } else { "" }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The library that programs get their time from.
fn faketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut found =
        folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).filter(|file| file.exists());
    found.next().expect("libfaketime is not there: apt-get install faketime")
}
