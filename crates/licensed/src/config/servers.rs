//! The option `server`: one URL, or a list of them.

use crate::transport::{ServerUrl, UrlError};

/// The URLs, without empty and repeated ones.
pub(super) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<ServerUrl>, UrlError> {
    let mut urls = Vec::new();
    for text in texts.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
        let url = ServerUrl::parse(text)?;
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    Ok(urls)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::*;

    fn read(file: &str, flags: &[&str]) -> Result<Vec<ServerUrl>, String> {
        let mut config = Config::default();
        let mut faults = file::read(Path::new("licensed.toml"), file, &mut config);
        let flags = Flags { server: flags.iter().map(ToString::to_string).collect(), ..Flags::default() };
        faults.extend(flags.apply(&mut config).err());
        if faults.is_empty() { Ok(config.server) } else { Err(ConfigError { faults }.to_string()) }
    }

    fn servers(file: &str, flags: &[&str]) -> Vec<ServerUrl> {
        read(file, flags).unwrap()
    }

    fn urls(texts: &[&str]) -> Vec<ServerUrl> {
        texts.iter().map(|text| ServerUrl::parse(text).unwrap()).collect()
    }

    #[test]
    fn one_server_or_several_in_their_order() {
        let (a, b) = ("https://a.example", "https://b.example");
        assert_eq!(servers("", &[]), urls(&[]));
        assert_eq!(servers("server = ''", &[]), urls(&[]));
        assert_eq!(servers("server = 'https://a.example'", &[]), urls(&[a]));
        assert_eq!(servers("server = ['https://b.example', 'https://a.example']", &[]), urls(&[b, a]));
        assert_eq!(servers("server = ['https://a.example', 'https://a.example/']", &[]), urls(&[a]), "once");
        assert_eq!(servers("server = ['https://a.example']", &[b]), urls(&[b]), "a flag replaces the list");
    }

    #[test]
    fn what_is_no_url_is_named() {
        let error = read("server = ['https://a.example', 'http://b.example']", &[]).unwrap_err();
        assert!(error.contains("http://b.example") && error.contains("use https://"), "{error}");
        let error = read("server = 7", &[]).unwrap_err();
        assert!(error.contains("a URL, a list of URLs"), "{error}");
    }

    #[test]
    fn the_flag_may_be_repeated_and_the_variable_holds_commas() {
        let parse = |arguments: &[&str]| Flags::try_parse_from(arguments).unwrap().server;
        assert_eq!(parse(&["licensed", "--server", "a", "--server", "b"]), ["a", "b"]);
        assert_eq!(parse(&["licensed", "--server", "a,b"]), ["a", "b"], "as in LICENSED_SERVER");
    }
}
