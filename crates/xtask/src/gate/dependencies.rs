//! The dependencies, by cargo-deny and `deny.toml`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::Done;
use crate::{
    error::Error,
    place::{self, cargo},
    process, tools,
};

/// Licences, bans and sources of the dependencies, and the advisories about them: from the database in the
/// folder that `ADVISORY_DB` names, else from the live one.
pub(super) fn check() -> Result<Done, Error> {
    let mut deny = tools::cargo_deny()?;
    deny.current_dir(place::workspace()).arg("--locked");
    let Some(database) = env::var_os("ADVISORY_DB").filter(|folder| !folder.is_empty()) else {
        deny.arg("check");
        process::run(deny)?;
        return Ok(Done::default());
    };
    // Offline is meant for the database, but it holds for the sources of every platform's dependencies too.
    process::run(cargo(&["fetch", "--locked"]))?;
    let database = Path::new(&database).canonicalize().map_err(|source| Error::File {
        doing: "use ADVISORY_DB, find",
        path: PathBuf::from(&database),
        source,
    })?;
    let config = offline_config(&database)?;
    deny.arg("--offline").arg("--config").arg(config).arg("check");
    process::run(deny)?;
    Ok(Done::noting(format!("advisories of {}", date_of(&database)?)))
}

/// The day of the last advisory in the database, which is a git repository in that folder.
fn date_of(database: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::File { doing: "read", path: database.to_owned(), source };
    let entries: Vec<_> = fs::read_dir(database).and_then(Iterator::collect).map_err(unreadable)?;
    let Some(repository) = entries.iter().map(fs::DirEntry::path).find(|path| path.join(".git").exists())
    else {
        let database = database.display();
        return Err(Error::Rule(format!("ADVISORY_DB names {database}, which holds no advisory database")));
    };
    let mut git = Command::new("git");
    git.arg("-C").arg(repository).args(["log", "-1", "--format=%cs"]);
    process::run(git).map(|date| date.trim_end().to_owned())
}

/// deny.toml with the place of the database in it, for which cargo-deny has no other way.
fn offline_config(database: &Path) -> Result<PathBuf, Error> {
    let path = place::workspace().join("deny.toml");
    let config = fs::read_to_string(&path).map_err(|source| Error::File { doing: "read", path, source })?;
    let path = place::target_dir().join("deny.toml");
    let config = with_database(&config, database);
    match fs::write(&path, config) {
        Ok(()) => Ok(path),
        Err(source) => Err(Error::File { doing: "write", path, source }),
    }
}

fn with_database(config: &str, database: &Path) -> String {
    config.replacen("[advisories]\n", &format!("[advisories]\ndb-path = '{}'\n", database.display()), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_named_where_the_shipped_config_has_its_advisories() {
        let shipped = fs::read_to_string(place::workspace().join("deny.toml")).unwrap();
        let config = with_database(&shipped, Path::new("/db"));
        assert!(config.contains("[advisories]\ndb-path = '/db'\n"), "{config}");
    }
}
