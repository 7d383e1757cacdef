//! The URL of a license server.

use std::{fmt, net::IpAddr};

use reqwest::Url;

/// The URL of a license server: `https`, or `http` on the loopback interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    /// Checks a URL from the configuration.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        // What stands before an `@` or behind a `?` may be a secret.
        let Ok(url) = Url::parse(text) else {
            let shown = if text.contains(['@', '?']) { "(not shown)" } else { text };
            return Err(UrlError { url: shown.to_owned(), why: "it is no URL" });
        };
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let shown = format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default());
        let refuse = |why| UrlError { url: shown.clone(), why };
        let is_loopback = is_loopback(url.host_str().ok_or(refuse("it names no host"))?);
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(refuse("it may hold neither user, password, query nor fragment"));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback => Ok(Self(url)),
            "http" => Err(refuse("http:// is for the loopback interface alone; use https://")),
            _ => Err(refuse("it must begin with https://")),
        }
    }

    /// The URL without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The host, without the brackets of an address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// Whether it is `http://`.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether it is on this host.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.host_str().is_some_and(is_loopback)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base())
    }
}

/// Why a URL is none of a license server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the license server URL {url} cannot be used: {why}, such as https://lic.example.com")]
pub struct UrlError {
    url: String,
    why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for good in
            ["https://lic.example.com", "http://127.0.0.1:8080", "http://[::1]:1/", "http://localhost:9/base"]
        {
            assert!(ServerUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://lic.example.com",
            "http://127.0.0.1.example.com",
            "http://192.168.0.1",
            "ftp://127.0.0.1",
            "lic.example.com",
            "",
            "https://user:secret@lic.example.com",
            "https://lic.example.com/?key=1",
        ] {
            let error = ServerUrl::parse(bad).unwrap_err();
            assert!(error.to_string().contains("cannot be used"), "{bad}");
        }
        let error = ServerUrl::parse("http://lic.example.com").unwrap_err();
        assert!(error.to_string().contains("use https://"), "{error}");
        let error = ServerUrl::parse("https://user:S3CRET@lic.example.com/?k=T0K").unwrap_err().to_string();
        assert!(
            error.contains("lic.example.com") && !error.contains("S3CRET") && !error.contains("T0K"),
            "{error}"
        );
    }
}
