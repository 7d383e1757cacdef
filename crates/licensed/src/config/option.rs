//! The options, each in one row: what may stand in the file, what is in force, and what a reload does with it.

use std::path::PathBuf;

use toml::de::DeValue;

use super::{Config, servers};
use crate::transport::ServerUrl;

/// An option of the file.
#[derive(Debug)]
pub struct ConfigOption {
    /// Its name, after that of its table: `host.id`.
    pub name: &'static str,
    /// What makes a change of it count.
    pub applied: Applied,
    value: Value,
}

/// What makes a change of an option count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// A reload.
    Reload,
    /// A restart of the daemon.
    Restart,
}

/// What kind of value an option has, and where it is in the [`Config`].
#[derive(Debug)]
enum Value {
    Path(Field<PathBuf>),
    OptionalPath(Field<Option<PathBuf>>),
    Paths(Field<Vec<PathBuf>>),
    Text(Field<String>),
    OptionalText(Field<Option<String>>),
    Servers(Field<Vec<ServerUrl>>),
}

/// A place in the [`Config`].
#[derive(Debug)]
struct Field<T: 'static> {
    get: fn(&Config) -> &T,
    get_mut: fn(&mut Config) -> &mut T,
}

/// The [`Field`] of that name.
macro_rules! at {
    ($($name:ident).+) => {
        Field { get: |config| &config.$($name).+, get_mut: |config| &mut config.$($name).+ }
    };
}

const fn option(name: &'static str, applied: Applied, value: Value) -> ConfigOption {
    ConfigOption { name, applied, value }
}

use Applied::{Reload, Restart};

/// Every option, in the order of the shipped file.
pub const OPTIONS: &[ConfigOption] = &[
    option("server", Reload, Value::Servers(at!(server))),
    option("trust", Reload, Value::Paths(at!(trust))),
    option("ca_file", Reload, Value::OptionalPath(at!(ca_file))),
    option("state_dir", Restart, Value::Path(at!(state_dir))),
    option("socket", Restart, Value::Path(at!(socket))),
    option("socket_group", Restart, Value::Text(at!(socket_group))),
    option("admin_group", Restart, Value::Text(at!(admin_group))),
    option("host.id", Restart, Value::OptionalText(at!(host_id))),
];

impl ConfigOption {
    /// Reads a value of the file into `config`. An error completes the sentence "the option …".
    pub(super) fn read(&self, value: &DeValue<'_>, config: &mut Config) -> Result<(), String> {
        let wrong = || format!("must be {}, not {}", self.allowed(), shown(value));
        match &self.value {
            Value::Path(field) => {
                field.set(config, text(value).filter(|text| !text.is_empty()).ok_or_else(wrong)?.into());
            }
            Value::OptionalPath(field) => {
                let text = text(value).ok_or_else(wrong)?;
                field.set(config, Some(PathBuf::from(text)).filter(|_| !text.is_empty()));
            }
            Value::Paths(field) => {
                let list = value.as_array().ok_or_else(wrong)?;
                let paths = list.iter().map(|entry| text(entry.get_ref()).map(PathBuf::from));
                field.set(config, paths.collect::<Option<_>>().ok_or_else(wrong)?);
            }
            Value::Text(field) => field.set(config, text(value).ok_or_else(wrong)?.to_owned()),
            Value::OptionalText(field) => {
                let text = text(value).ok_or_else(wrong)?;
                field.set(config, Some(text.to_owned()).filter(|text| !text.trim().is_empty()));
            }
            Value::Servers(field) => {
                let one = text(value).map(|text| vec![text]);
                let several = || value.as_array()?.iter().map(|entry| text(entry.get_ref())).collect();
                let urls = servers::parse(one.or_else(several).ok_or_else(wrong)?);
                field.set(config, urls.map_err(|error| format!("is no good: {error}"))?);
            }
        }
        Ok(())
    }

    /// What may stand there, in words.
    #[must_use]
    pub fn allowed(&self) -> String {
        match &self.value {
            Value::Path(_) => "a path",
            Value::OptionalPath(_) => "a path, or \"\" for none",
            Value::Paths(_) => "a list of paths",
            Value::Text(_) => "a name",
            Value::OptionalText(_) => "a text, or \"\" for none",
            Value::Servers(_) => "a URL, a list of URLs, or \"\" for none",
        }
        .to_owned()
    }

    /// What stands in `config`, as the file has it.
    #[must_use]
    pub fn value_in(&self, config: &Config) -> String {
        let optional = |text: Option<String>| format!("{:?}", text.unwrap_or_default());
        let path = |path: &PathBuf| path.display().to_string();
        match &self.value {
            Value::Path(field) => format!("{:?}", path(field.of(config))),
            Value::OptionalPath(field) => optional(field.of(config).as_ref().map(path)),
            Value::Paths(field) => format!("{:?}", field.of(config)),
            Value::Text(field) => format!("{:?}", field.of(config)),
            Value::OptionalText(field) => optional(field.of(config).clone()),
            Value::Servers(field) => match &field.of(config)[..] {
                [] => optional(None),
                [url] => optional(Some(url.to_string())),
                urls => format!("{:?}", urls.iter().map(ToString::to_string).collect::<Vec<_>>()),
            },
        }
    }

    /// The default, as the file has it.
    #[must_use]
    pub fn default_value(&self) -> String {
        self.value_in(&Config::default())
    }

    /// Takes the value of this option over from one configuration to another.
    pub(super) fn copy(&self, from: &Config, to: &mut Config) {
        match &self.value {
            Value::Path(field) => field.copy(from, to),
            Value::OptionalPath(field) => field.copy(from, to),
            Value::Paths(field) => field.copy(from, to),
            Value::Text(field) => field.copy(from, to),
            Value::OptionalText(field) => field.copy(from, to),
            Value::Servers(field) => field.copy(from, to),
        }
    }
}

impl<T: Clone> Field<T> {
    fn of<'a>(&self, config: &'a Config) -> &'a T {
        (self.get)(config)
    }

    fn set(&self, config: &mut Config, value: T) {
        *(self.get_mut)(config) = value;
    }

    fn copy(&self, from: &Config, to: &mut Config) {
        self.set(to, self.of(from).clone());
    }
}

fn text<'a>(value: &'a DeValue<'_>) -> Option<&'a str> {
    value.as_str()
}

/// A wrong value, for people. Not the text that stands there, since it may be a secret in the wrong place.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::String(text) if text.is_empty() => "an empty text".to_owned(),
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "such a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
