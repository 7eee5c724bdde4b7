//! What the settings as a whole promise.

use super::*;
use crate::keys::{TokenAlgorithm, TokenKeys};
use core::time::Duration;
use epic_domain::rate_limit::{Action, Quota, Quotas};
use epic_hash_argon2::Argon2Cost;
use std::os::unix::fs::PermissionsExt;

fn given(texts: &[(&'static str, &str)]) -> Given {
    let mut given = Given::default();
    for (name, text) in texts {
        given.set(name, (*text).to_owned(), Origin::Environment);
    }
    given
}

fn parse(texts: &[(&'static str, &str)]) -> Result<Settings, Problems> {
    Settings::parse(&given(texts), Vec::new())
}

fn problems(texts: &[(&'static str, &str)]) -> Vec<String> {
    parse(texts).map_or_else(|problems| problems.0.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

const KEY: &str = "k1:7TOiyW6vJbQ4hWBsMkdSVwd2LZeY1fUz0VPnwjXJEGo";

#[test]
fn with_nothing_given_the_design_holds() {
    let settings = parse(&[]).unwrap();
    assert_eq!(settings.network.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(settings.storage.data_dir, Path::new("./epic-data"));
    assert_eq!(settings.storage.quota_bytes, 10 << 30);
    assert_eq!(settings.sessions, SessionPolicy::DEFAULT);
    assert_eq!(settings.limits.quotas, Quotas::DEFAULT);
    assert_eq!(settings.hashing.cost, Argon2Cost::DEFAULT);
    assert!(matches!(settings.token_keys, TokenKeySource::File(TokenAlgorithm::Hs256)));
    assert!(settings.introspection_clients.is_empty());
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
}

#[test]
fn every_setting_is_read_into_its_place() {
    let settings = parse(&[
        ("listen", "[::1]:0"),
        ("data_dir", "/srv/epic"),
        ("token_keys", KEY),
        ("access_ttl", "1m"),
        ("refresh_ttl", "2h"),
        ("session_ttl", "3days"),
        ("refresh_grace", "1s"),
        ("sessions_max", "3"),
        ("step_up_ttl", "10s"),
        ("limit_login", "9/1m"),
        ("limit_register", "off"),
        ("limit_login_account", "4/2m"),
        ("introspection_clients", "files:mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe"),
        ("trusted_proxies", "10.0.0.0/8, ::1"),
        ("allowed_origins", "https://a.example"),
        ("argon2", "65536,3,1"),
        ("argon2_slots", "3"),
        ("quota", "1GiB"),
        ("connections_max", "7"),
        ("header_timeout", "1s"),
        ("body_timeout", "2s"),
        ("request_timeout", "3s"),
        ("shutdown_grace", "4s"),
        ("log", "warn"),
        ("log_format", "json"),
    ])
    .unwrap();
    let network = &settings.network;
    assert_eq!(network.listen, "[::1]:0".parse().unwrap());
    assert_eq!(network.trusted_proxies.len(), 2);
    assert_eq!(network.allowed_origins, ["https://a.example"]);
    assert_eq!(network.connections_max.get(), 7);
    let seconds =
        [network.header_timeout, network.body_timeout, network.request_timeout, network.shutdown_grace]
            .map(|span| span.as_secs());
    assert_eq!(seconds, [1, 2, 3, 4]);
    assert_eq!(settings.storage.data_dir, Path::new("/srv/epic"));
    assert!(matches!(settings.storage.store, StoreChoice::Sqlite));
    assert_eq!(settings.storage.quota_bytes, 1 << 30);
    assert!(
        matches!(settings.token_keys, TokenKeySource::Given(keys) if matches!(*keys, TokenKeys::Hs256(_)))
    );
    assert!(!settings.introspection_clients.is_empty());
    let policy = [60, 7_200, 3 * 86_400, 1].map(Duration::from_secs);
    let policy = SessionPolicy::new(policy[0], policy[1], policy[2], policy[3]).unwrap();
    let policy = policy.with_sessions_max(3).unwrap().with_step_up(Duration::from_secs(10));
    assert_eq!(Ok(settings.sessions), policy);
    let login = Quota::new(9, Duration::from_secs(60)).ok();
    assert_eq!(
        settings.limits.quotas,
        Quotas::DEFAULT
            .with(Action::Login, login)
            .with(Action::Register, None)
            .with(Action::LoginAccount, Quota::new(4, Duration::from_secs(120)).ok())
    );
    assert_eq!(settings.hashing.cost, Argon2Cost::new(65_536, 3, 1).unwrap());
    assert_eq!(settings.hashing.slots.get(), 3);
    assert_eq!(settings.log, LogSettings { filter: "warn".to_owned(), format: LogFormat::Json });
}

#[test]
fn token_keys_are_judged_by_their_algorithm() {
    let eddsa = parse(&[("token_algorithm", "eddsa"), ("token_keys", KEY)]).unwrap();
    assert!(matches!(eddsa.token_keys, TokenKeySource::Given(keys) if matches!(*keys, TokenKeys::Eddsa(_))));
    let generated = parse(&[("token_algorithm", "eddsa")]).unwrap();
    assert!(matches!(generated.token_keys, TokenKeySource::File(TokenAlgorithm::Eddsa)));
    // Longer than a seed: good for HS256 alone.
    let long = format!("{KEY}7TOiyW6vJbQ4hWBsMkdSVwd2LZeY1fUz0VPnwjXJEGo");
    let long = format!("{}A", &long[..long.len() - 1]);
    let found = problems(&[("token_algorithm", "eddsa"), ("token_keys", &long)]);
    assert!(found.len() == 1 && found[0].contains("EPIC_TOKEN_KEYS"), "{found:?}");
    let found = problems(&[("token_algorithm", "rs256"), ("token_keys", KEY)]);
    assert!(found.len() == 1 && found[0].contains("EPIC_TOKEN_ALGORITHM"), "{found:?}");
}

#[test]
fn a_cap_or_a_freshness_out_of_bounds_is_refused_by_its_own_name() {
    for (name, text) in [
        ("sessions_max", "0"),
        ("sessions_max", "10001"),
        ("sessions_max", "-1"),
        ("step_up_ttl", "9s"),
        ("step_up_ttl", "61m"),
    ] {
        let found = problems(&[(name, text)]);
        let variable = Setting::find(name).unwrap().variable();
        assert!(found.len() == 1 && found[0].contains(&variable), "{found:?}");
    }
}

#[test]
fn every_setting_refuses_what_it_cannot_be_and_is_named() {
    for setting in SETTINGS {
        // No text fits every rule but a folder's and a filter's.
        let text = match setting.name {
            "data_dir" => "",
            "log" => "=,=",
            _ => "no such thing",
        };
        let found = problems(&[(setting.name, text)]);
        assert!(found.len() == 1 && found[0].contains(&setting.variable()), "{}: {found:?}", setting.name);
    }
}

#[test]
fn all_problems_are_found_at_once() {
    let found = problems(&[("listen", "x"), ("argon2", "y"), ("limit_api", "z"), ("token_keys", "")]);
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn flags_weigh_more_than_variables_and_variables_more_than_the_file() {
    let layer = |texts: &[(&'static str, &str)], origin| {
        let mut given = Given::default();
        texts.iter().for_each(|(name, text)| given.set(name, (*text).to_owned(), origin));
        given
    };
    let file = layer(&[("quota", "1"), ("connections_max", "1"), ("argon2_slots", "1")], Origin::File);
    let environment = layer(&[("quota", "2"), ("connections_max", "2")], Origin::Environment);
    let flags = layer(&[("quota", "3")], Origin::Flag);
    let settings = Settings::parse(&flags.over(environment).over(file), Vec::new()).unwrap();
    assert_eq!(settings.storage.quota_bytes, 3);
    assert_eq!(settings.network.connections_max.get(), 2);
    assert_eq!(settings.hashing.slots.get(), 1);
}

#[test]
fn the_preset_raises_what_is_not_given_itself() {
    let quotas = parse(&[("limit_preset", "sync"), ("limit_upload", "7/1m")]).unwrap().limits.quotas;
    assert_eq!(quotas.of(Action::Api), Quota::new(5_000, Duration::from_secs(3_600)).ok());
    assert_eq!(quotas.of(Action::Upload), Quota::new(7, Duration::from_secs(60)).ok());
    assert_eq!(quotas.of(Action::Login), Quotas::DEFAULT.of(Action::Login));
}

#[test]
fn a_weak_hash_takes_an_explicit_word_and_warns() {
    let weak = ("argon2", "64,1,1");
    let found = problems(&[weak]);
    assert!(found.len() == 1 && found[0].contains("insecure_argon2"), "{found:?}");
    let settings = parse(&[weak, ("insecure_argon2", "true")]).unwrap();
    assert!(settings.warnings.iter().any(|warning| warning.contains("argon2")));
}

#[test]
fn a_limit_that_is_off_warns() {
    let settings = parse(&[("limit_totp", "off")]).unwrap();
    assert!(settings.warnings.iter().any(|warning| warning.contains("totp")));
}

#[test]
fn a_bucket_that_is_reached_without_tls_warns() {
    let warnings = |endpoint: &str| {
        let blobs = format!("s3://files?endpoint={endpoint}");
        parse(&[("blobs", &blobs)]).unwrap().warnings
    };
    assert!(warnings("HTTP://s3.example.org").iter().any(|warning| warning.contains("TLS")));
    assert!(warnings("https://s3.example.org").is_empty());
}

#[test]
fn a_secret_in_a_flag_warns() {
    let mut given = Given::default();
    given.set("token_keys", KEY.to_owned(), Origin::Flag);
    let settings = Settings::parse(&given, Vec::new()).unwrap();
    assert!(settings.warnings.iter().any(|warning| warning.contains("EPIC_TOKEN_KEYS")));
}

#[test]
fn lifetimes_that_do_not_fit_together_are_refused() {
    let found = problems(&[("access_ttl", "8h"), ("refresh_ttl", "7h")]);
    assert!(found.len() == 1 && found[0].contains("access_ttl"), "{found:?}");
}

#[test]
fn a_connection_string_names_a_mongodb_database_and_is_never_shown() {
    let uri = "mongodb://epic:hunter2@db.example.org/notes?replicaSet=rs0&tls=true";
    let settings = parse(&[("store", uri), ("blobs", "s3://bucket")]).unwrap();
    let StoreChoice::Mongodb(options) = &settings.storage.store else { panic!("{settings:?}") };
    assert_eq!(options.database, "notes");
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    for refused in ["mongodb", "mongodb://", "postgres://db/notes", "sqlite://x"] {
        assert_eq!(problems(&[("store", refused)]).len(), 1, "{refused}");
    }
}

#[test]
fn a_database_elsewhere_warns_without_tls_and_without_a_bucket() {
    let warnings = |uri, blobs| parse(&[("store", uri), ("blobs", blobs)]).unwrap().warnings;
    let clear = warnings("mongodb://db.example.org", "s3://bucket");
    assert!(clear.len() == 1 && clear[0].contains("TLS"), "{clear:?}");
    let apart = warnings("mongodb://localhost", "");
    assert!(apart.len() == 1 && apart[0].contains("blobs"), "{apart:?}");
}

#[test]
fn no_secret_is_shown_anywhere() {
    let secret = "hunter2-hunter2";
    let bad = [
        ("token_keys", secret),
        ("introspection_clients", secret),
        ("store", secret),
        ("blobs", secret),
        ("limit_api", "bad"),
    ];
    assert!(!problems(&bad).join(" ").contains(secret));
    assert!(!format!("{:?}", given(&bad)).contains(secret));

    let client = "mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe";
    let clients = format!("files:{client}");
    let settings = parse(&[("token_keys", KEY), ("introspection_clients", &clients)]).unwrap();
    let effective: Vec<_> = settings.effective.iter().map(ToString::to_string).collect();
    for bytes in [KEY.trim_start_matches("k1:"), client] {
        assert!(!effective.join("\n").contains(bytes));
        assert!(!format!("{settings:?}").contains(bytes));
    }
}

#[test]
fn the_effective_settings_are_a_settings_file_again() {
    let settings = parse(&[("listen", "127.0.0.1:1"), ("limit_preset", "sync")]).unwrap();
    let lines: Vec<_> = settings.effective.iter().map(ToString::to_string).collect();
    let mut found = Vec::new();
    let again = Settings::parse(&Given::from_toml(&lines.join("\n"), &mut found), found).unwrap();
    assert_eq!(again.network, settings.network);
    assert_eq!(again.limits, settings.limits);
    assert_eq!(lines.len(), SETTINGS.len());
}

#[test]
fn h10_a_file_that_holds_a_secret_must_be_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    let exposed = |content: &str, mode| {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let mut problems = Vec::new();
        let _given = read_file(Some(&path), &mut problems);
        !problems.is_empty()
    };
    assert!(exposed("token_keys = \"k1:x\"", 0o644));
    assert!(exposed("token_keys = \"k1:x\"", 0o620));
    assert!(!exposed("token_keys = \"k1:x\"", 0o600));
    assert!(!exposed("listen = \"127.0.0.1:0\"", 0o644), "nothing in it is secret");
}
