//! The PHP module loader, which does with modules what a PBX does, and thirty packages for it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Answered, Host, bystanders::interpreter, programs::workspace};

/// The module loader of a host. What it has installed outlives it.
#[derive(Debug)]
pub struct ModuleLoader {
    socket: PathBuf,
    state: PathBuf,
}

/// What is said of each module, by its id: an event or a condition, and the code if there is one.
pub type Said = BTreeMap<String, String>;

impl ModuleLoader {
    /// The module loader of that host, which has installed nothing yet.
    pub fn of(host: &Host) -> Self {
        Self { socket: host.socket(), state: host.socket().with_extension("modules.json") }
    }

    /// Runs a command for people, in Russian.
    pub fn run(&self, arguments: &[&str]) -> Answered {
        Answered::by(self.command().args(["--language", "ru"]).args(arguments))
    }

    /// Runs a command; it has to end with this exit code.
    pub fn told(&self, code: i32, arguments: &[&str]) -> Said {
        said(&self.json(code, arguments), "event")
    }

    /// What a command comes to for one module.
    pub fn becomes(&self, module: &str, arguments: &[&str]) -> String {
        let answered = Answered::by(self.command().arg("--json").args(arguments));
        said(answered.json().as_array().unwrap(), "event").remove(module).unwrap()
    }

    /// What came of the trials of a command.
    pub fn trials(&self, code: i32, arguments: &[&str]) -> Said {
        let of = |row: &Value| {
            let trial = &row["trial"];
            if trial.is_null() {
                "none".to_owned()
            } else {
                format!("{} {}", trial["granted"], trial["code"])
            }
        };
        by_module(&self.json(code, arguments), of)
    }

    /// In what condition each module is.
    pub fn conditions(&self) -> Said {
        said(&self.json(0, &["list"]), "condition")
    }

    fn json(&self, code: i32, arguments: &[&str]) -> Vec<Value> {
        let answered = Answered::by(self.command().arg("--json").args(arguments)).ended_with(code);
        answered.json().as_array().unwrap().clone()
    }

    fn command(&self) -> Command {
        let mut loader = interpreter("php", &["--version"], "php-cli");
        loader.arg(workspace().join("clients/php/examples/module-loader.php"));
        loader.arg("--socket").arg(&self.socket).arg("--state").arg(&self.state);
        loader
    }
}

fn said(rows: &[Value], what: &str) -> Said {
    by_module(rows, |row| {
        let (word, code) = (row[what].as_str().unwrap(), &row["code"]);
        if code.is_null() { word.to_owned() } else { format!("{word} {code}") }
    })
}

fn by_module(rows: &[Value], say: impl Fn(&Value) -> String) -> Said {
    rows.iter().map(|row| (row["module"].as_str().unwrap().to_owned(), say(row))).collect()
}

/// Thirty packages in a folder: those of the repository, and three that none can hold.
pub fn thirty_packages(folder: &Path) -> Vec<String> {
    let made = folder.join("packages");
    for package in fs::read_dir(workspace().join("clients/php/tests/modules")).unwrap() {
        let package = package.unwrap();
        let copy = made.join(package.file_name());
        fs::create_dir_all(&copy).unwrap();
        fs::copy(package.path().join("module.json"), copy.join("module.json")).unwrap();
    }
    let module_json = |name: &str| {
        fs::create_dir(made.join(name)).unwrap();
        made.join(name).join("module.json")
    };
    let fifo = Command::new("mkfifo").arg(module_json("ModuleFifo")).status().unwrap();
    assert!(fifo.success(), "{fifo}");
    fs::write(module_json("ModuleHuge"), vec![b' '; 1 << 20]).unwrap();
    symlink("module.json", module_json("ModuleLoop")).unwrap();

    let packages = fs::read_dir(&made).unwrap();
    let mut packages: Vec<String> =
        packages.map(|package| package.unwrap().path().into_os_string().into_string().unwrap()).collect();
    packages.sort();
    assert_eq!(packages.len(), 30);
    packages
}
