use std::time::Duration;

use clap::CommandFactory;

use super::*;

/// What the file says, on top of the defaults.
fn read(text: &str) -> Config {
    let mut config = Config::default();
    let faults = file::read(Path::new("licensed.toml"), text, &mut config);
    assert!(faults.is_empty(), "{faults:?}");
    config
}

/// What is wrong with the file.
fn faults(text: &str) -> Vec<String> {
    let faults = file::read(Path::new("licensed.toml"), text, &mut Config::default());
    faults.iter().map(|fault| fault.to_string().trim_start_matches("licensed.toml: ").to_owned()).collect()
}

#[test]
fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
    let mut config = read("server = 'https://a.example'\nstate_dir = '/s'\ntrust = ['/t']");
    let flags = Flags { server: vec!["https://b.example".to_owned()], ..Flags::default() };
    flags.apply(&mut config).unwrap();
    assert_eq!(config.server, [ServerUrl::parse("https://b.example").unwrap()]);
    assert_eq!(config.state_dir, Path::new("/s"));
    assert_eq!(config.trust, [PathBuf::from("/t")]);
    assert_eq!(config.socket, Path::new(license_ipc::DEFAULT_SOCKET));
}

#[test]
fn the_trust_flag_replaces_the_list() {
    let mut config = read("trust = ['/a', '/b']");
    Flags { trust: vec![PathBuf::from("/c")], ..Flags::default() }.apply(&mut config).unwrap();
    assert_eq!(config.trust, [PathBuf::from("/c")]);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    for (text, said) in [
        ("\n\nsever = ''", "unknown key `sever` in line 3: did you mean `server`?"),
        ("cafile = ''", "unknown key `cafile` in line 1: did you mean `ca_file`?"),
        ("[host]\n# ...\nidd = ''", "unknown key `host.idd` in line 3: did you mean `host.id`?"),
        ("host.i_d = ''", "unknown key `host.i_d` in line 1: did you mean `host.id`?"),
        ("[hots]\nid = ''", "unknown table `[hots]` in line 1: did you mean `[host]`?"),
        ("id = ''", "unknown key `id` in line 1: did you mean `host.id`, in the table [host]?"),
        (
            "[host]\nserver = ''",
            "unknown key `host.server` in line 2: did you mean `server`, above the first table?",
        ),
        (
            "[host]\ncolour = 1",
            "unknown key `host.colour` in line 2: there are `host.id`, `host.number_file`",
        ),
        ("[host.deep]\nid = ''", "unknown table `[host.deep]` in line 1: there are [host], [limits]"),
        ("host = 5", "`host` in line 1 is a table: write its options below [host]"),
    ] {
        assert_eq!(faults(text), [said], "{text}");
    }
}

#[test]
fn a_wrong_type_is_refused_with_what_is_allowed_and_the_default() {
    for (text, said) in [
        ("state_dir = 5", "must be a path, not 5; the default is \"/var/lib/licensed\""),
        ("socket = ''", "must be a path, not an empty text; the default is \"/run/licensed/licensed.sock\""),
        ("trust = '/t'", "must be a list of paths, not a text; the default is [\"/etc/licensed/trust.d\"]"),
        ("trust = ['/t', 1]", "must be a list of paths, not such a list; the default is"),
        (
            "[server]\nurl = ''",
            "must be a URL, a list of URLs, or \"\" for none, not a table; the default is \"\"",
        ),
        ("server = 'http://a.example'", "http:// is for the loopback interface alone"),
        ("log = 'verbose'", r#"must be one of "error", "warn", "info", "debug", "trace", not "verbose";"#),
        ("limits.connections = 0", "must be a whole number from 1 to 16384, not 0; the default is 512"),
        ("limits.connections = 16385", "must be a whole number from 1 to 16384, not 16385;"),
        ("limits.connections = -1", "not -1;"),
        ("limits.connections = '5'", "must be a whole number from 1 to 16384, not \"5\";"),
        ("limits.idle_timeout = 600", r#"must be a time from "1s" to "24h", not 600; the default is "10m""#),
        ("limits.idle_timeout = '0.5s'", "must be a time from"),
        ("limits.idle_timeout = '25h'", "must be a time from"),
        ("limits.idle_timeout = '-1h'", "must be a time from"),
        ("limits.idle_timeout = '10'", "must be a time from"),
        ("limits.frame_timeout = '99ms'", r#"must be a time from "100ms" to "5m", not"#),
    ] {
        let faults = faults(text);
        let option = text.trim_start_matches('[').split([' ', ']']).next().unwrap();
        assert!(faults[0].starts_with(&format!("`{option}` in line 1 ")), "{faults:?}");
        assert!(faults.len() == 1 && faults[0].contains(said), "{text}: {faults:?}");
    }
}

#[test]
fn numbers_and_times_are_taken_up_to_their_bounds() {
    let limits = read("[limits]\nconnections = 16_384\nseats_per_uid = 1\nidle_timeout = '24h'").limits;
    assert_eq!((limits.connections, limits.seats_per_uid), (16_384, 1));
    assert_eq!(limits.idle_timeout, Duration::from_hours(24));
    for (text, time) in [("100ms", 100), ("10 s", 10_000), ("1min 30s", 90_000), ("5 minutes", 300_000)] {
        let limits = read(&format!("limits.frame_timeout = '{text}'")).limits;
        assert_eq!(limits.frame_timeout, Duration::from_millis(time), "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_said_from_top_to_bottom() {
    let found = faults("sever = ''\nstate_dir = 1\nsocket =\ntrust = 2\n[host]\nid = 3\n");
    let places =
        ["`sever` in line 1", "`state_dir` in line 2", "line 3 is not TOML", "`trust` in line 4", "line 6"];
    assert_eq!(found.len(), places.len(), "{found:?}");
    for (found, place) in found.iter().zip(places) {
        assert!(found.contains(place), "{found}");
    }
    let url = Flags { server: vec!["ftp://a".to_owned()], config: Some("/none".into()), ..Flags::default() };
    let error = Config::load(&url).unwrap_err().to_string();
    assert!(error.contains("/none") && error.contains("LICENSED_SERVER"), "{error}");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let flags = Flags { config: Some(PathBuf::from("/nonexistent.toml")), ..Flags::default() };
    assert!(matches!(&Config::load(&flags).unwrap_err().faults[..], [Fault::Read { .. }]));
}

#[test]
fn a_reload_takes_what_it_can_and_the_rest_stays() {
    let old = Config::default();
    let new = read("socket = '/other'\nca_file = '/ca'");
    let changes: Vec<_> = old.changes(&new).iter().map(|it| (it.to_string(), it.applied)).collect();
    let socket = r#"socket: "/run/licensed/licensed.sock" → "/other""#.to_owned();
    let expected = [(r#"ca_file: "" → "/ca""#.to_owned(), Applied::Reload), (socket, Applied::Restart)];
    assert_eq!(changes, expected);
    assert_eq!(old.reloaded(&new), Config { ca_file: new.ca_file, ..old.clone() });
}

/// The lines of the shipped file that say a default, as they are written without the `# `; with the comment
/// above each, and with the table that it is in.
fn shipped() -> Vec<(String, String)> {
    let (mut table, mut comment, mut lines) = (String::new(), String::new(), Vec::new());
    for line in include_str!("../../licensed.toml").lines() {
        let text = line.trim_start_matches("# ");
        let is_default = text.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        if line.starts_with('[') {
            table = format!("{line}\n");
        } else if is_default {
            lines.push((format!("{table}{text}"), comment.clone()));
        } else if line.is_empty() {
            comment.clear();
        } else {
            comment.push_str(text);
            comment.push(' ');
        }
    }
    lines
}

/// What the handbook says about the configuration.
fn handbook() -> &'static str {
    let text = include_str!("../../../../docs/operations.md");
    let (_, section) = text.split_once("\n## Configuration\n").unwrap();
    section.split_once("\n## ").unwrap().0
}

#[test]
fn the_handbook_has_a_row_for_each_option_and_none_besides() {
    let (_, table) = handbook().split_once("| --- | --- | --- | --- | --- |\n").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), OPTIONS.len());
    for (option, row) in OPTIONS.iter().zip(rows) {
        let applied = match option.applied {
            Applied::Reload => "reload",
            Applied::Restart => "restart",
        };
        let start = format!("| `{}` | ", option.name);
        let end = format!(" | `{}` | {} | {applied} |", option.default_value(), option.allowed());
        assert!(row.starts_with(&start) && row.ends_with(&end), "{row}\nshould be {start}…{end}");
    }
}

#[test]
fn the_handbook_has_a_row_for_each_flag_with_its_variable() {
    let command = Flags::command();
    for flag in command.get_arguments() {
        let Some(variable) = flag.get_env() else { continue };
        let name = format!("| `--{} ", flag.get_long().unwrap());
        let row = handbook().lines().find(|line| line.starts_with(&name));
        let row = row.unwrap_or_else(|| panic!("there is no row {name}"));
        assert!(row.contains(&format!("| `{}`", variable.display())), "{row}");
    }
}

#[test]
fn the_shipped_file_says_each_option_once_with_its_default_and_what_applies_it() {
    let shipped_text = include_str!("../../licensed.toml");
    assert_eq!(read(shipped_text), Config::default(), "as it is shipped it changes nothing");
    let shipped = shipped();
    assert_eq!(shipped.len(), OPTIONS.len());
    for (option, (line, comment)) in OPTIONS.iter().zip(shipped) {
        let (table, key) = option.name.split_once('.').map_or((None, option.name), |(t, k)| (Some(t), k));
        let table = table.map_or_else(String::new, |table| format!("[{table}]\n"));
        assert_eq!(line, format!("{table}{key} = {}", option.default_value()));
        assert_eq!(read(&line), Config::default());
        let applied = match option.applied {
            Applied::Reload => "Applied by a reload.",
            Applied::Restart => "Needs a restart.",
        };
        assert!(comment.contains(applied), "{}: {comment}", option.name);
        let range = option.allowed();
        if let Some((_, range)) = range.split_once(" from ") {
            assert!(comment.contains(range), "{}: {comment}", option.name);
        }
    }
}
