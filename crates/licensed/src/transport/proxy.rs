//! The proxy between this host and the license server.

use std::{env, fmt};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Url, header::HeaderValue};

use super::{ServerUrl, SetupError};

/// How the license server is reached. One on this host never goes through a proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    /// Directly, whatever the environment says.
    None,
    /// Through this one.
    Url(ProxyUrl),
}

/// The URL of a proxy, maybe with user and password. It shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(Url);

/// What is no proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the setting `proxy` cannot be used: it must be \"environment\", \"none\" or a URL such as \
     http://proxy.example.com:3128, maybe with user:password@ before the host"
)]
pub struct ProxyError;

/// What is no `user:password`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must hold one line, user:password, and `proxy` must be a URL without them")]
pub struct CredentialsError;

impl Proxy {
    /// Reads the setting.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        match text.trim() {
            "environment" => Ok(Self::Environment),
            "none" => Ok(Self::None),
            text => {
                let url = Url::parse(text).map_err(|_| ProxyError)?;
                let is_usable = matches!(url.scheme(), "http" | "https")
                    && url.host_str().is_some_and(|host| !host.is_empty())
                    && url.path() == "/"
                    && url.query().is_none()
                    && url.fragment().is_none();
                if is_usable { Ok(Self::Url(ProxyUrl(url))) } else { Err(ProxyError) }
            }
        }
    }

    /// Whether the setting itself holds a user or a password.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        matches!(self, Self::Url(ProxyUrl(url)) if !url.username().is_empty() || url.password().is_some())
    }

    /// The same with what a credentials file holds.
    pub fn with_credentials(self, file: &str) -> Result<Self, CredentialsError> {
        let has_credentials = self.has_credentials();
        let (Self::Url(ProxyUrl(mut url)), Some((user, password))) = (self, file.trim().split_once(':'))
        else {
            return Err(CredentialsError);
        };
        if has_credentials || user.is_empty() || file.trim().contains(char::is_control) {
            return Err(CredentialsError);
        }
        // A percent sign is itself there, and in a URL it begins an escape.
        let [user, password] = [user, password].map(|text| text.replace('%', "%25"));
        let set = url.set_username(&user).and_then(|()| url.set_password(Some(&password)));
        set.map_err(|()| CredentialsError)?;
        Ok(Self::Url(ProxyUrl(url)))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::None => f.write_str("none"),
            Self::Url(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(url) = self;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
        url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}

/// The way to one server: through which proxy, and what that is called where people read it.
pub(super) struct Way {
    pub(super) proxy: reqwest::Proxy,
    pub(super) shown: String,
    /// What says so: the option, or a variable of the environment by its name.
    pub(super) source: &'static str,
}

/// The way to `server`; `None` if it is a direct one.
pub(super) fn way(proxy: &Proxy, server: &ServerUrl) -> Result<Option<Way>, SetupError> {
    way_in(proxy, server, |name| env::var(name).ok())
}

/// The same in an environment in which variables have the values that `variable` gives.
fn way_in(
    proxy: &Proxy,
    server: &ServerUrl,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Way>, SetupError> {
    let Some(Through { url, authorization, source }) = through_in(proxy, server, variable) else {
        return Ok(None);
    };
    let mut proxy = reqwest::Proxy::all(&url).map_err(SetupError::Client)?;
    if let Some(authorization) = authorization {
        proxy = proxy.custom_http_auth(authorization);
    }
    Ok(Some(Way { proxy, shown: url, source }))
}

/// A proxy on the way, for whoever goes that way step by step.
#[derive(Clone)]
pub struct Through {
    /// Its URL, without user and password.
    pub url: String,
    /// What it is told of who calls: the value of `Proxy-Authorization`.
    pub authorization: Option<HeaderValue>,
    /// What says so: `proxy` for the option of that name, or the variable, as `HTTPS_PROXY`.
    pub source: &'static str,
}

/// The proxy on the way to `server`; `None` if it is a direct one.
#[must_use]
pub fn through(proxy: &Proxy, server: &ServerUrl) -> Option<Through> {
    through_in(proxy, server, |name| env::var(name).ok())
}

fn through_in(
    proxy: &Proxy,
    server: &ServerUrl,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<Through> {
    if server.is_loopback() {
        return None;
    }
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
    let (candidates, no_proxy) = match proxy {
        Proxy::None => return None,
        Proxy::Url(ProxyUrl(url)) => (vec![("proxy", url.as_str().to_owned())], None),
        // A server that is not on this host is reached by https alone.
        Proxy::Environment => {
            let names = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
            let set = names.into_iter().filter_map(first).map(|(name, url)| (name, escaped(url)));
            (set.collect(), first(["NO_PROXY", "no_proxy"]))
        }
    };
    let target = server.base().parse().ok()?;
    let no_proxy = no_proxy.map_or_else(String::new, |(_, value)| value);
    let (source, found) = candidates.into_iter().find_map(|(source, url)| {
        let matcher = Matcher::builder().all(url).no(no_proxy.clone()).build();
        Some((source, matcher.intercept(&target)?))
    })?;
    let url = found.uri().to_string().trim_end_matches('/').to_owned();
    Some(Through { url, authorization: found.basic_auth().cloned(), source })
}

/// A URL in whose password stands what would end it, as people write it into a variable: escaped, so that no part of
/// the password is taken for the host.
fn escaped(url: String) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let Some(end) = url.rfind('@').filter(|end| *end >= start) else { return url };
    let escape = |c: char| match c {
        '/' => "%2F".to_owned(),
        '?' => "%3F".to_owned(),
        '#' => "%23".to_owned(),
        '@' => "%40".to_owned(),
        c => c.to_string(),
    };
    let credentials: String = url[start..end].chars().map(escape).collect();
    format!("{}{credentials}{}", &url[..start], &url[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_the_environments_none_or_a_url() {
        assert_eq!(Proxy::parse("environment"), Ok(Proxy::Environment));
        assert_eq!(Proxy::parse(" none "), Ok(Proxy::None));
        for good in
            ["http://proxy.example.com:3128", "https://10.0.0.1", "http://user:secret@[2001:db8::1]:8080/"]
        {
            assert!(matches!(Proxy::parse(good), Ok(Proxy::Url(_))), "{good}");
        }
        for bad in [
            "",
            "proxy.example.com:3128",
            "socks5://10.0.0.1",
            "http://",
            "http://10.0.0.1/path",
            "http://a/?b",
        ] {
            assert_eq!(Proxy::parse(bad), Err(ProxyError), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let proxy = Proxy::parse("http://anna:S3CRET@proxy.example.com:3128").unwrap();
        assert!(proxy.has_credentials());
        let shown = format!("{proxy:?}");
        assert!(shown.contains("http://proxy.example.com:3128"), "{shown}");
        assert!(!shown.contains("S3CRET") && !shown.contains("anna"), "{shown}");
        let way = way(&proxy, &ServerUrl::parse("https://lic.example.com").unwrap()).unwrap().unwrap();
        assert_eq!(way.shown, "http://proxy.example.com:3128");
        assert!(!format!("{:?}", way.proxy).contains("S3CRET"));
    }

    #[test]
    fn credentials_may_be_in_a_file_of_their_own() {
        let plain = || Proxy::parse("http://proxy.example.com:3128").unwrap();
        let whole = Proxy::parse("http://anna:p%40ss:w%23r%25d@proxy.example.com:3128").unwrap();
        let read = plain().with_credentials("anna:p@ss:w#r%d\n").unwrap();
        assert!(read.has_credentials());
        let header = |proxy: &Proxy| {
            let Proxy::Url(ProxyUrl(url)) = proxy else { panic!("{proxy:?}") };
            let target = "https://lic.example.com".parse().unwrap();
            let found = Matcher::builder().all(url.as_str().to_owned()).build().intercept(&target).unwrap();
            found.basic_auth().cloned().unwrap()
        };
        assert_eq!(header(&read), header(&whole), "whatever needs escaping in a URL");
        for bad in ["", "anna", ":secret", "anna:secret\nanna:secret"] {
            assert_eq!(plain().with_credentials(bad), Err(CredentialsError), "{bad:?}");
        }
        assert_eq!(whole.with_credentials("anna:secret"), Err(CredentialsError), "twice");
        assert_eq!(Proxy::None.with_credentials("anna:secret"), Err(CredentialsError));
    }

    #[test]
    fn what_is_on_this_host_is_reached_directly() {
        let proxy = Proxy::parse("http://proxy.example.com:3128").unwrap();
        let goes_through = |url: &str| way(&proxy, &ServerUrl::parse(url).unwrap()).unwrap().is_some();
        assert!(goes_through("https://lic.example.com") && goes_through("https://[2001:db8::2]:8443"));
        for url in ["http://127.0.0.1:1", "https://127.0.0.1", "https://localhost:1", "https://[::1]:1"] {
            assert!(!goes_through(url), "{url}");
        }
        let direct = way(&Proxy::None, &ServerUrl::parse("https://lic.example.com").unwrap()).unwrap();
        assert!(direct.is_none());
    }

    #[test]
    fn a_password_that_is_not_escaped_is_no_host() {
        let server = ServerUrl::parse("https://lic.example.com").unwrap();
        let of = |value: &'static str| {
            let variable = |name: &str| (name == "HTTPS_PROXY").then(|| value.to_owned());
            through_in(&Proxy::Environment, &server, variable).unwrap()
        };
        let written = of("http://anna:s/e?c#r@t@proxy.example.com:3128");
        let escaped = of("http://anna:s%2Fe%3Fc%23r%40t@proxy.example.com:3128");
        assert_eq!(written.url, "http://proxy.example.com:3128");
        assert_eq!(written.authorization, escaped.authorization);
        assert!(written.authorization.is_some());
        assert_eq!(of("http://proxy.example.com:3128/").url, "http://proxy.example.com:3128");
    }

    #[test]
    fn the_variable_that_says_so_is_named_as_it_was_found() {
        let server = ServerUrl::parse("https://lic.example.com").unwrap();
        let way = |environment: &[(&str, &str)]| {
            let value = |name: &str| {
                let found = environment.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let way = way_in(&Proxy::Environment, &server, value).unwrap();
            way.map(|way| (way.source, way.shown))
        };
        let through = |source, url: &str| Some((source, url.to_owned()));
        assert_eq!(way(&[("HTTPS_PROXY", "http://a:1")]), through("HTTPS_PROXY", "http://a:1"));
        assert_eq!(way(&[("https_proxy", "http://u:S3CRET@a:1")]), through("https_proxy", "http://a:1"));
        let both = [("ALL_PROXY", "http://b:2"), ("https_proxy", "http://a:1")];
        assert_eq!(way(&both), through("https_proxy", "http://a:1"));
        assert_eq!(way(&both[..1]), through("ALL_PROXY", "http://b:2"));
        assert_eq!(
            way(&[("HTTPS_PROXY", ""), ("all_proxy", "http://b:2")]),
            through("all_proxy", "http://b:2")
        );
        assert_eq!(way(&[("HTTP_PROXY", "http://c:3")]), None, "the license server is asked by https");
        let exempt = [("HTTPS_PROXY", "http://a:1"), ("no_proxy", "example.com")];
        assert_eq!(way(&exempt), None);
        let option = Proxy::parse("http://d:4").unwrap();
        let way = way_in(&option, &server, |_| panic!("the environment is not looked at")).unwrap().unwrap();
        assert_eq!((way.source, way.shown.as_str()), ("proxy", "http://d:4"));
    }
}
