//! The credentials of the proxy: where they come from, and who can read them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::Config;

/// Reads the file with the credentials, if there is one, and notes what is wrong with it: without them the proxy
/// is asked all the same. `file` is the configuration.
pub(super) fn complete(config: &mut Config, file: &Path) {
    let Some(path) = config.proxy_credentials_file.clone() else {
        config.notes.extend(config.proxy.has_credentials().then(|| warning(file)).flatten());
        return;
    };
    let cannot = |why: &dyn ToString| {
        format!("the credentials for the proxy in {} cannot be used: {}", path.display(), why.to_string())
    };
    let read = fs::read_to_string(&path).map_err(|error| cannot(&error));
    let proxy =
        read.and_then(|text| config.proxy.clone().with_credentials(&text).map_err(|error| cannot(&error)));
    match proxy {
        Ok(proxy) => {
            config.proxy = proxy;
            config.notes.extend(warning(&path));
        }
        Err(fault) => config.notes.push(fault),
    }
}

fn warning(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o004 != 0).then(|| {
        let path = path.display();
        format!(
            "Everybody on this host can read the password of the proxy in {path}. As root: chown root:licensed \
             {path} && chmod 640 {path}"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::super::*;

    fn load(text: &str, mode: u32) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("licensed.toml");
        let secret = folder.path().join("proxy");
        fs::write(&secret, "anna:S3CRET\n").unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(mode)).unwrap();
        fs::write(&path, text.replace("SECRET_FILE", secret.to_str().unwrap())).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        Config::load(&Flags { config: Some(path), ..Flags::default() })
    }

    #[test]
    fn a_password_that_everybody_can_read_is_warned_of_with_what_to_do() {
        for text in [
            "proxy = 'http://anna:S3CRET@proxy.example.com:3128'",
            "proxy = 'http://proxy.example.com:3128'\nproxy_credentials_file = 'SECRET_FILE'",
        ] {
            let [warning] = load(text, 0o644).unwrap().notes.try_into().unwrap();
            assert!(warning.contains("chmod 640") && warning.contains("chown root:licensed"), "{warning}");
            assert!(!warning.contains("S3CRET"), "{warning}");
            let config = load(text, 0o640).unwrap();
            assert!(config.notes.is_empty(), "{:?}", config.notes);
            assert!(config.proxy.has_credentials());
        }
        assert!(load("proxy = 'http://proxy.example.com:3128'", 0o644).unwrap().notes.is_empty());
        assert_eq!(load("", 0o644).unwrap().proxy, Proxy::Environment);
    }

    #[test]
    fn no_error_shows_a_password() {
        for text in [
            "proxy = 'http://anna:S3CRET@proxy.example.com:3128",
            "proxy = 'http://anna:S3CRET@ proxy'",
            "proxy = 'gopher://anna:S3CRET@proxy'",
            "proxy = 'http://anna:S3C@RET@proxy' and = 'more'",
            "proxy = 'http://anna:S3C RET@proxy",
            "proxies = 'http://anna:S3CRET@proxy'",
        ] {
            let error = load(text, 0o600).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("S3C") && !shown.contains("RET"), "{shown}");
        }
    }

    #[test]
    fn credentials_that_cannot_be_used_are_noted_and_not_shown() {
        for text in [
            "proxy = 'none'\nproxy_credentials_file = 'SECRET_FILE'",
            "proxy = 'http://proxy'\nproxy_credentials_file = '/nonexistent/proxy'",
        ] {
            let config = load(text, 0o600).unwrap();
            assert!(
                config.notes.len() == 1 && config.notes[0].contains("cannot be used"),
                "{:?}",
                config.notes
            );
            assert!(!format!("{config:?}").contains("S3CRET"));
        }
    }
}
