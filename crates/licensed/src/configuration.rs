//! What the daemon runs with, as the answer to `configuration`.

use std::path::Path;

use license_ipc::{Configuration, Setting};

use crate::{
    config::{Config, OPTIONS},
    keeper::Settings,
    transport::HttpTransport,
};

/// What is in force: `config`, which was read from `file`, and the `settings` that it came to. No secret is in it.
#[must_use]
pub fn report(file: &Path, config: &Config, settings: &Settings<HttpTransport>) -> Configuration {
    let path = |path: &Path| path.display().to_string();
    let options =
        OPTIONS.iter().map(|option| Setting { name: option.name.to_owned(), value: option.shown_in(config) });
    Configuration {
        file: path(file),
        state_dir: path(&config.state_dir),
        trust: config.trust.iter().map(|trust| path(trust)).collect(),
        root_keys: u32::try_from(settings.roots.len()).unwrap_or(u32::MAX),
        ca_file: config.ca_file.as_deref().map(path),
        servers: settings.exchange.as_ref().map(|exchange| exchange.ways()).unwrap_or_default(),
        options: options.collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser as _;

    use super::*;
    use crate::{config::Flags, reload};

    #[test]
    fn the_configuration_is_told_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("licensed.toml");
        let text = "server = ['https://a.example', 'http://127.0.0.1:1']\ntrust = []\nhost.id = 'pbx-000123'\n\
                    proxy = 'http://anna:S3CRET@proxy.example.com:3128'\n";
        fs::write(&file, text).unwrap();
        let flags = Flags::parse_from(["licensed", "--config", file.to_str().unwrap()]);
        let config = Config::load(&flags).unwrap();
        let prepared = reload::prepare(&config).unwrap();
        let report = report(flags.file(), &config, &prepared.settings);
        assert_eq!((report.file.as_str(), report.root_keys), (file.to_str().unwrap(), 0));
        let ways: Vec<_> = report
            .servers
            .iter()
            .map(|it| (it.url.as_str(), it.proxy.as_deref(), it.proxy_from.as_deref()))
            .collect();
        let through = ("https://a.example", Some("http://proxy.example.com:3128"), Some("proxy"));
        assert_eq!(ways, [through, ("http://127.0.0.1:1", None, None)]);
        let value = |name: &str| report.options.iter().find(|it| it.name == name).unwrap().value.as_str();
        assert_eq!(value("proxy"), "\"http://proxy.example.com:3128\"");
        assert_eq!(value("host.id"), "\"******0123\"");
        assert_eq!(value("limits.idle_timeout"), "\"10m\"");
        let shown = format!("{report:?}");
        assert!(!shown.contains("S3CRET") && !shown.contains("anna") && !shown.contains("000123"), "{shown}");
    }
}
