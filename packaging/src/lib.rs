//! Man pages and completions, made from the command lines of the programs and from the table of options of the
//! daemon, and the catalogs of the journal, made from the texts of its events. What none of them knows (files, exit
//! codes, examples) is written by hand, in `packaging/man`.

mod catalog;
mod completions;
mod config_page;
mod program_page;
mod roff_text;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Command, CommandFactory};
use license_texts::Language;

/// The name of the whole, at the foot of each page.
const MANUAL: &str = "licensed";

/// A program that has a man page and completions.
struct Program {
    /// Its command line.
    command: Command,
    /// The section of its man page.
    section: &'static str,
    /// The sections of the page that are written by hand.
    by_hand: &'static str,
}

fn programs() -> [Program; 4] {
    [
        Program {
            command: licensed::config::Flags::command().name("licensed"),
            section: "8",
            by_hand: include_str!("../man/licensed.8.roff"),
        },
        Program {
            command: licensectl::cli::command(Language::English),
            section: "1",
            by_hand: include_str!("../man/licensectl.1.roff"),
        },
        Program {
            command: license_gateway::flags::Flags::command().name("license-gateway"),
            section: "8",
            by_hand: include_str!("../man/license-gateway.8.roff"),
        },
        Program {
            command: license_server::cli::Cli::command(),
            section: "8",
            by_hand: include_str!("../man/license-server.8.roff"),
        },
    ]
}

/// A file that is made.
#[derive(Debug)]
pub struct Made {
    /// Where it belongs, below the folder of what is made.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// Everything: `man/licensed.8`, …, `completions/bash/licensectl`, …, `catalog/licensed.catalog`, … The pages bear `date`, which is `YYYY-MM-DD`.
pub fn everything(date: &str) -> io::Result<Vec<Made>> {
    let mut made =
        vec![Made { path: Path::new("man").join("licensed.toml.5"), text: config_page::page(date) }];
    for program in programs() {
        let page = format!("{}.{}", program.command.get_name(), program.section);
        made.push(Made { path: Path::new("man").join(page), text: program_page::page(&program, date)? });
        made.extend(completions::of(&program.command)?);
    }
    made.extend(catalog::of_each_language());
    Ok(made)
}

/// Writes everything into `folder`.
pub fn write(folder: &Path, date: &str) -> io::Result<()> {
    for made in everything(date)? {
        let path = folder.join(made.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::File::create(path)?.write_all(made.text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Vec<Made> {
        everything("2026-01-02").unwrap().into_iter().filter(|made| made.path.starts_with("man")).collect()
    }

    #[test]
    fn each_program_has_a_page_and_three_completions() {
        let names: Vec<_> = everything("2026-01-02").unwrap().into_iter().map(|made| made.path).collect();
        for program in ["licensed", "licensectl", "license-gateway", "license-server"] {
            let of_it = |folder: &str| {
                let is_its = |path: &&PathBuf| {
                    path.file_stem()
                        .is_some_and(|stem| stem.to_string_lossy().trim_start_matches('_') == program)
                };
                names.iter().filter(|path| path.starts_with(folder)).filter(is_its).count()
            };
            assert_eq!((of_it("man"), of_it("completions")), (1, 3), "{program}: {names:?}");
        }
    }

    #[test]
    fn a_page_has_what_readers_look_for() {
        for page in pages() {
            for section in ["NAME", "DESCRIPTION", "FILES", "EXAMPLES", "\"SEE ALSO\""] {
                let heading = format!("\n.SH {section}\n");
                assert_eq!(page.text.matches(&heading).count(), 1, "{heading} in {}", page.path.display());
            }
        }
    }

    #[test]
    fn a_page_of_ours_that_another_names_exists() {
        let pages = pages();
        let names: Vec<_> =
            pages.iter().map(|page| page.path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        for page in &pages {
            let (_, see_also) = page.text.split_once("\n.SH \"SEE ALSO\"\n").unwrap();
            for line in see_also.lines().filter(|line| line.starts_with(".BR license")) {
                let name = line.trim_start_matches(".BR ").replacen(" (", ".", 1);
                let (name, _) = name.split_once(')').unwrap();
                assert!(names.contains(&name.replace("\\-", "-")), "{line} in {}", page.path.display());
            }
        }
    }
}
