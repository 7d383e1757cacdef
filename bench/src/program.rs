//! The program under load, and what the system knows about it.

use std::{
    fs, io,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    time::Duration,
};

use crate::report::Memory;

/// Ticks in a second of `/proc/PID/stat`: what `sysconf(_SC_CLK_TCK)` gives on every Linux of today.
const TICKS: u64 = 100;

/// A running license server, killed at the end.
pub(crate) struct Served {
    program: Program,
    pub(crate) address: SocketAddr,
    /// Open as long as it runs: a log that nobody holds would end it.
    _log: BufReader<ChildStderr>,
}

/// A process, killed at the end.
struct Program(Child);

impl Served {
    pub(crate) fn start(program: &Path, folder: &Path) -> io::Result<Self> {
        let mut serve = Command::new(program);
        serve.args(["serve", "--rate-limits", "off", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder);
        serve.env_remove("RUST_LOG").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut program = Program(serve.spawn()?);
        let mut log = BufReader::new(program.0.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let mut line = String::new();
        while !line.contains("listening") {
            line.clear();
            if log.read_line(&mut line)? == 0 {
                return Err(io::Error::other("the license server ended before it listened"));
            }
        }
        let address = line.split_whitespace().find_map(|word| word.strip_prefix("address=")?.parse().ok());
        let address = address.ok_or_else(|| io::Error::other(format!("no address in its log: {line}")))?;
        Ok(Self { program, address, _log: log })
    }

    /// Its CPU time so far.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        cpu(&self.program.0.id().to_string())
    }

    pub(crate) fn memory(&self) -> io::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.0.id()))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or_default()
        };
        Ok(Memory { now: of("VmRSS:"), peak: of("VmHWM:") })
    }
}

/// The CPU time of a process so far, in user and system mode (proc(5)).
pub(crate) fn cpu(process: &str) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<u64> = after_name.split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
    Ok(Duration::from_millis(fields.iter().sum::<u64>() * 1000 / TICKS))
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
