//! The program under load, and what the system knows about it.

use std::{
    ffi::OsStr,
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

/// Where programs under load listen.
const LOOPBACK: &str = "127.0.0.1:";

/// A running program that listens, killed at the end.
pub(crate) struct Served {
    program: Program,
    pub(crate) address: SocketAddr,
    /// Open as long as it runs: a log that nobody holds would end it.
    _log: BufReader<ChildStderr>,
}

/// A process, killed at the end.
pub(crate) struct Program(Child);

/// How often the threads of a process were taken off the processor so far: once for each time that they woke up, and
/// once more where somebody else had to run.
pub(crate) struct Switches {
    pub(crate) count: u64,
    pub(crate) threads: u64,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        Ok(Self(command.spawn()?))
    }

    /// The value of a line of `/proc/PID/status` (proc(5)).
    fn status(&self, name: &str) -> io::Result<u64> {
        Ok(value(&fs::read_to_string(format!("/proc/{}/status", self.0.id()))?, name))
    }

    /// Memory that no file is behind, in KiB: what the process has for itself.
    pub(crate) fn anonymous_memory(&self) -> io::Result<u64> {
        self.status("RssAnon:")
    }

    pub(crate) fn switches(&self) -> io::Result<Switches> {
        let mut all = Switches { count: 0, threads: 0 };
        for thread in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let status = fs::read_to_string(thread?.path().join("status"))?;
            let of = |name| value(&status, name);
            all.count += of("voluntary_ctxt_switches:") + of("nonvoluntary_ctxt_switches:");
            all.threads += 1;
        }
        Ok(all)
    }
}

fn value(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|value| value.parse().ok()).unwrap_or_default()
}

impl Served {
    /// Starts a license server that keeps its data in `folder`, with these flags too.
    pub(crate) fn start(program: &Path, folder: &Path, flags: &[&OsStr]) -> io::Result<Self> {
        let mut serve = Command::new(program);
        serve
            .args(["serve", "--rate-limits", "off", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .args(flags);
        serve.env_remove("RUST_LOG");
        Self::listening(&mut serve)
    }

    /// Starts a program that says in its log on standard error where on loopback it listens.
    pub(crate) fn listening(command: &mut Command) -> io::Result<Self> {
        let mut program = Program::start(command.stdout(Stdio::null()).stderr(Stdio::piped()))?;
        let mut log = BufReader::new(program.0.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let (mut line, mut said) = (String::new(), String::new());
        while !line.contains("listening") {
            said.push_str(&line);
            line.clear();
            if log.read_line(&mut line)? == 0 {
                let name = command.get_program().display();
                return Err(io::Error::other(format!("{name} ended before it listened:\n{said}")));
            }
        }
        let words = line.split(|letter: char| !letter.is_ascii_digit() && !".:".contains(letter));
        let address = words.filter(|word| word.starts_with(LOOPBACK)).find_map(|word| word.parse().ok());
        let address = address.ok_or_else(|| io::Error::other(format!("no address in its log: {line}")))?;
        Ok(Self { program, address, _log: log })
    }

    /// Its CPU time so far.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        cpu(&self.program.0.id().to_string())
    }

    pub(crate) fn memory(&self) -> io::Result<Memory> {
        Ok(Memory { now: self.program.status("VmRSS:")?, peak: self.program.status("VmHWM:")? })
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
