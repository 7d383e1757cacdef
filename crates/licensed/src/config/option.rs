//! The options, each in one row: what may stand in the file, what is in force, and what a reload does with it.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use jiff::SignedDuration;
use toml::de::DeValue;
use tracing::level_filters::LevelFilter;

use super::{Config, servers};
use crate::{
    identity,
    transport::{Proxy, ServerUrl},
};

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
    ProxyUrl(Field<Proxy>),
    Count(Field<usize>, RangeInclusive<usize>),
    Time(Field<Duration>, RangeInclusive<Duration>),
    Level(Field<LevelFilter>),
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

/// The most connections: each takes a descriptor, and a hard limit on those is 524,288 at most by default.
const MOST_CONNECTIONS: usize = 16_384;

/// The most requests that may wait; past that the wait is longer than any client's patience.
const MOST_WAITING: usize = 1_024;

/// What can be logged, from the gravest alone to everything.
const LEVELS: [LevelFilter; 5] =
    [LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG, LevelFilter::TRACE];

/// A local peer that is alive is never slower, even on a machine that is busy.
const SHORTEST_FRAME_TIMEOUT: Duration = Duration::from_millis(100);

use Applied::{Reload, Restart};
use Value::{Count, Level, OptionalPath, OptionalText, Path, Paths, ProxyUrl, Servers, Text, Time};

/// Every option, in the order of the shipped file.
pub const OPTIONS: &[ConfigOption] = &[
    option("server", Reload, Servers(at!(server))),
    option("trust", Reload, Paths(at!(trust))),
    option("ca_file", Reload, OptionalPath(at!(ca_file))),
    option("proxy", Reload, ProxyUrl(at!(proxy))),
    option("proxy_credentials_file", Reload, OptionalPath(at!(proxy_credentials_file))),
    option("state_dir", Restart, Path(at!(state_dir))),
    option("socket", Restart, Path(at!(socket))),
    option("socket_group", Restart, Text(at!(socket_group))),
    option("admin_group", Restart, Text(at!(admin_group))),
    option("log", Reload, Level(at!(log))),
    option("host.id", Restart, OptionalText(at!(host_id))),
    option("host.number_file", Restart, OptionalPath(at!(number_file))),
    option("limits.connections", Reload, Count(at!(limits.connections), 1..=MOST_CONNECTIONS)),
    option(
        "limits.connections_per_uid",
        Reload,
        Count(at!(limits.connections_per_uid), 1..=MOST_CONNECTIONS),
    ),
    option(
        "limits.idle_timeout",
        Reload,
        Time(at!(limits.idle_timeout), Duration::from_secs(1)..=Duration::from_hours(24)),
    ),
    option(
        "limits.frame_timeout",
        Reload,
        Time(at!(limits.frame_timeout), SHORTEST_FRAME_TIMEOUT..=Duration::from_mins(5)),
    ),
    option("limits.waiting_requests", Reload, Count(at!(limits.waiting_requests), 1..=MOST_WAITING)),
    option(
        "limits.waiting_requests_per_uid",
        Reload,
        Count(at!(limits.waiting_requests_per_uid), 1..=MOST_WAITING),
    ),
    option("limits.seats_per_uid", Reload, Count(at!(limits.seats_per_uid), 1..=100_000)),
];

impl ConfigOption {
    /// Reads a value of the file into `config`. An error completes the sentence "the option …".
    pub(super) fn read(&self, value: &DeValue<'_>, config: &mut Config) -> Result<(), String> {
        let wrong = || match (&self.value, text(value)) {
            // What has no place for a secret is shown.
            (Level(_) | Time(..) | Count(..), Some(text)) => {
                format!("must be {}, not {text:?}", self.allowed())
            }
            _ => format!("must be {}, not {}", self.allowed(), shown(value)),
        };
        match &self.value {
            Path(field) => {
                field.set(config, text(value).filter(|text| !text.is_empty()).ok_or_else(wrong)?.into());
            }
            OptionalPath(field) => {
                let text = text(value).ok_or_else(wrong)?;
                field.set(config, Some(PathBuf::from(text)).filter(|_| !text.is_empty()));
            }
            Paths(field) => {
                let list = value.as_array().ok_or_else(wrong)?;
                let paths = list.iter().map(|entry| text(entry.get_ref()).map(PathBuf::from));
                field.set(config, paths.collect::<Option<_>>().ok_or_else(wrong)?);
            }
            Text(field) => field.set(config, text(value).ok_or_else(wrong)?.to_owned()),
            OptionalText(field) => {
                let text = text(value).ok_or_else(wrong)?;
                field.set(config, Some(text.to_owned()).filter(|text| !text.trim().is_empty()));
            }
            ProxyUrl(field) => {
                let proxy = Proxy::parse(text(value).ok_or_else(wrong)?);
                field.set(config, proxy.map_err(|_| format!("must be {}", self.allowed()))?);
            }
            Servers(field) => {
                let one = text(value).map(|text| vec![text]);
                let several = || value.as_array()?.iter().map(|entry| text(entry.get_ref())).collect();
                let urls = servers::parse(one.or_else(several).ok_or_else(wrong)?);
                field.set(config, urls.map_err(|error| format!("is no good: {error}"))?);
            }
            Count(field, range) => {
                let count = value.as_integer().filter(|number| number.radix() == 10);
                let count = count.and_then(|number| number.as_str().parse().ok());
                field.set(config, count.filter(|count| range.contains(count)).ok_or_else(wrong)?);
            }
            Time(field, range) => {
                let time = text(value).and_then(|text| text.parse::<SignedDuration>().ok());
                let time = time.and_then(|time| Duration::try_from(time).ok());
                field.set(config, time.filter(|time| range.contains(time)).ok_or_else(wrong)?);
            }
            Level(field) => {
                let level = LEVELS.into_iter().find(|level| text(value) == Some(&level.to_string()));
                field.set(config, level.ok_or_else(wrong)?);
            }
        }
        Ok(())
    }

    /// What may stand there, in words.
    #[must_use]
    pub fn allowed(&self) -> String {
        match &self.value {
            Path(_) => "a path".to_owned(),
            OptionalPath(_) => "a path, or \"\" for none".to_owned(),
            Paths(_) => "a list of paths".to_owned(),
            Text(_) => "a name".to_owned(),
            OptionalText(_) => "a text, or \"\" for none".to_owned(),
            ProxyUrl(_) => {
                "\"environment\", \"none\", or a URL such as http://proxy.example.com:3128, maybe with \
                 user:password@ before the host"
                    .to_owned()
            }
            Servers(_) => "a URL, a list of URLs, or \"\" for none".to_owned(),
            Count(_, range) => format!("a whole number from {} to {}", range.start(), range.end()),
            Level(_) => format!("one of {}", LEVELS.map(|level| format!("\"{level}\"")).join(", ")),
            Time(_, range) => format!("a time from {} to {}", time(*range.start()), time(*range.end())),
        }
    }

    /// What stands in `config`, as the file has it.
    #[must_use]
    pub fn value_in(&self, config: &Config) -> String {
        let optional = |text: Option<String>| format!("{:?}", text.unwrap_or_default());
        let path = |path: &PathBuf| path.display().to_string();
        match &self.value {
            Path(field) => format!("{:?}", path(field.of(config))),
            OptionalPath(field) => optional(field.of(config).as_ref().map(path)),
            Paths(field) => format!("{:?}", field.of(config)),
            Text(field) => format!("{:?}", field.of(config)),
            OptionalText(field) => optional(field.of(config).clone()),
            ProxyUrl(field) => format!("\"{}\"", field.of(config)),
            Servers(field) => match &field.of(config)[..] {
                [] => optional(None),
                [url] => optional(Some(url.to_string())),
                urls => format!("{:?}", urls.iter().map(ToString::to_string).collect::<Vec<_>>()),
            },
            Count(field, _) => field.of(config).to_string(),
            Time(field, _) => time(*field.of(config)),
            Level(field) => format!("\"{}\"", field.of(config)),
        }
    }

    /// The same without what is not for everybody: of the id that stands for the hardware, its end alone.
    #[must_use]
    pub fn shown_in(&self, config: &Config) -> String {
        match &self.value {
            OptionalText(field) => {
                format!("{:?}", identity::masked(field.of(config).as_deref().unwrap_or_default()))
            }
            Path(_) | OptionalPath(_) | Paths(_) | Text(_) | Servers(_) | ProxyUrl(_) | Count(..)
            | Time(..) | Level(_) => self.value_in(config),
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
            Path(field) => field.copy(from, to),
            OptionalPath(field) => field.copy(from, to),
            Paths(field) => field.copy(from, to),
            Text(field) => field.copy(from, to),
            OptionalText(field) => field.copy(from, to),
            ProxyUrl(field) => field.copy(from, to),
            Servers(field) => field.copy(from, to),
            Count(field, _) => field.copy(from, to),
            Time(field, _) => field.copy(from, to),
            Level(field) => field.copy(from, to),
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

/// A length of time as the file has it: `"10m"`.
fn time(time: Duration) -> String {
    // Every length that an option may have fits.
    format!("\"{:#}\"", SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX))
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
