//! The configuration file: what is wrong with it, and what a reload takes of it.

use std::fs;

use end_to_end::{Answered, Host, World, notify::ServiceManager, programs, world};
use nix::sys::signal::Signal;

#[test]
fn a_reload_takes_a_new_server_and_nothing_of_a_file_that_is_wrong() {
    let mut world = World::prepared();
    let config = world.folder.path().join("licensed.toml");
    let trust = world.folder.path().join("root.pub");
    fs::write(&config, "server = 'http://127.0.0.1:1'\n").unwrap();
    world.host = Host::new(world.folder.path(), "pbx").flag("--config", &config).flag("--trust", trust);
    world.host.start();
    assert_eq!(world.host.register_as("C", "c@example.com").ended_with(4).failure(), "no_answer 1012");

    fs::write(&config, format!("server = '{}'\n", world.server.url())).unwrap();
    world.host.daemon().signal(Signal::SIGHUP);
    world.host.daemon().wait_for_log("the configuration is read again");
    world.host.register();

    let again = world.host.licensectl(&["reload"]).ended_with(0);
    assert_eq!(again.json()["message"], "The configuration is read again; no option changed.");
    for (text, named) in [
        ("sever = 'https://elsewhere.example'\n", "`sever`"),
        ("server = 'https://elsewhere.example'\nca_file = '/nonexistent/ca.pem'\n", "/nonexistent/ca.pem"),
    ] {
        fs::write(&config, text).unwrap();
        world.host.daemon().signal(Signal::SIGHUP);
        let refused = |log: &str| log.lines().any(|it| it.contains("is not taken") && it.contains(named));
        world.host.daemon().wait_for("a refusal", |log| refused(log).then_some(()));
        let asked = world.host.licensectl(&["reload"]).ended_with(2);
        assert!(asked.failure() == "refused" && asked.message().contains(named), "{asked:?}");
    }
    world.host.recheck();
    assert_eq!(world.host.status()["server"], world.server.url());
}

#[test]
fn the_configuration_in_force_is_told_and_follows_a_reload() {
    let folder = world::folder();
    let config = folder.path().join("some.toml");
    fs::write(&config, "server = 'https://lic.example'\n").unwrap();
    let host = Host::new(folder.path(), "pbx").flag("--config", &config);
    let mut host = host.variable("https_proxy", "http://anna:S3CRET@proxy.example:3128");
    host.start();
    let first = host.client().configuration().unwrap();
    assert_eq!(first.file, config.to_str().unwrap());
    let [way] = &first.servers[..] else { panic!("{first:?}") };
    assert_eq!(way.proxy.as_deref(), Some("http://proxy.example:3128"));
    assert_eq!(way.proxy_from.as_deref(), Some("https_proxy"));
    assert!(!format!("{first:?}").contains("S3CRET"), "{first:?}");

    fs::write(&config, "server = 'https://lic.example'\nproxy = 'none'\nsocket_group = 'other'\n").unwrap();
    host.licensectl(&["reload"]).ended_with(0);
    let now = host.client().configuration().unwrap();
    assert_eq!((now.servers[0].proxy.as_ref(), now.servers[0].proxy_from.as_ref()), (None, None));
    let value = |name: &str| now.options.iter().find(|it| it.name == name).unwrap().value.clone();
    assert_eq!((value("proxy"), value("socket_group")), ("\"none\"".to_owned(), "\"licensed\"".to_owned()));
}

#[test]
fn a_reload_changes_what_is_logged_and_tells_the_service_manager() {
    let folder = world::folder();
    let config = folder.path().join("some.toml");
    fs::write(&config, "").unwrap();
    let mut manager = ServiceManager::new(folder.path());
    let host = Host::new(folder.path(), "pbx").flag("--config", &config);
    let mut host = host.variable("NOTIFY_SOCKET", manager.path());
    host.start();
    while manager.is_told() != "READY=1" {}
    host.check(33);
    fs::write(&config, "log = 'debug'\n").unwrap();
    host.daemon().signal(Signal::SIGHUP);
    host.daemon().wait_for_log(r#"the configuration is read again; log: "info" → "debug""#);
    host.check(45);
    let log = host.daemon().wait_for_log("asked request=\"check\"");
    assert_eq!(log.matches("asked request=").count(), 1, "{log}");
    while manager.is_told() != "RELOADING=1" {}
    assert!(manager.is_told().starts_with("MONOTONIC_USEC="));
    assert_eq!(manager.is_told(), "READY=1");
}

#[test]
fn the_variable_for_the_log_comes_before_the_file() {
    let folder = world::folder();
    let config = folder.path().join("some.toml");
    fs::write(&config, "").unwrap();
    let host = Host::new(folder.path(), "pbx").flag("--config", &config);
    let mut host = host.variable("LICENSED_LOG", "info");
    host.start();
    fs::write(&config, "log = 'debug'\n").unwrap();
    host.daemon().signal(Signal::SIGHUP);
    host.daemon().wait_for_log("stays as LICENSED_LOG says");
    host.check(45);
    assert!(!host.daemon().log().contains("asked request="));
}

/// `licensed --check-config` on a file with this text, in an environment without its variables.
fn checked(text: &str) -> Answered {
    let folder = world::folder();
    let config = folder.path().join("licensed.toml");
    fs::write(&config, text).unwrap();
    let mut licensed = programs::program("licensed");
    Answered::by(licensed.env_clear().arg("--check-config").arg("--config").arg(&config))
}

#[test]
fn a_check_of_the_configuration_says_all_that_is_wrong() {
    let found = checked(
        "sever = 'https://lic.example.com'\nstate_dir = 7\n[limits]\nconnections = 0\nidle = '1m'\n[hots]\nid = ''\n",
    )
    .ended_with(1);
    for said in [
        "unknown key `sever` in line 1: did you mean `server`?",
        r#"`state_dir` in line 2 must be a path, not 7; the default is "/var/lib/licensed""#,
        "`limits.connections` in line 4 must be a whole number from 1 to 16384, not 0; the default is 512",
        "unknown key `limits.idle` in line 5",
        "unknown table `[hots]` in line 6: did you mean `[host]`?",
    ] {
        assert_eq!(found.stderr.matches(said).count(), 1, "{said}: {found:#?}");
    }
    assert_eq!(found.stderr.lines().count(), 5, "a line for each: {found:#?}");
}

#[test]
fn a_check_of_the_configuration_warns_of_what_will_not_work() {
    let found = checked(
        "trust = ['/nonexistent/trust.d']\nca_file = '/nonexistent/ca.pem'\nsocket = '/nonexistent/run/s'\n\
         socket_group = 'no-such-group'\nadmin_group = 'no-such-admins'\n",
    )
    .ended_with(0);
    for said in [
        "No license server is configured",
        "/nonexistent/trust.d",
        "/nonexistent/ca.pem",
        "/nonexistent/run",
        "no group no-such-group",
        "no group no-such-admins",
    ] {
        let line = found.stderr.lines().find(|line| line.contains(said));
        assert!(line.is_some_and(|line| line.contains("WARN")), "{said}: {found:#?}");
    }
}

#[test]
fn a_start_says_what_differs_from_the_defaults() {
    let folder = world::folder();
    let config = folder.path().join("some.toml");
    fs::write(&config, "[limits]\nconnections = 100\nconnections_per_uid = 256\n").unwrap();
    let mut host = Host::new(folder.path(), "pbx").flag("--config", &config);
    host.start();
    let log = host.daemon().wait_for_log("configured with");
    let line = log.lines().find(|line| line.contains("configured with")).unwrap();
    assert!(line.contains(r#"host.id = "pbx""#) && line.contains("limits.connections = 100"), "{line}");
    assert!(!line.contains("per_uid") && !line.contains("admin_group"), "{line}");
}
