//! Who may depend on whom: the table of ARCHITECTURE.md, and no other edge.

use crate::workspace::{normal_dependencies, root, set};
use std::collections::BTreeSet;
use std::process::Command;

/// Crates that keep or count or compute, each behind ports.
const ADAPTERS: &[&str] = &[
    "epic-blob-object-store",
    "epic-cache-memory",
    "epic-hash-argon2",
    "epic-limiter-memory",
    "epic-otp-totp",
    "epic-seal-aead",
    "epic-sign-ed25519",
    "epic-store-mongodb",
    "epic-store-sqlite",
    "epic-system",
    "epic-token-jwt",
];

fn allowed(package: &str) -> BTreeSet<String> {
    match package {
        "epic-domain" => BTreeSet::new(),
        "epic-outbound" => set(&["epic-domain"]),
        "epic-inbound" | "epic-tests" => set(&["epic-outbound", "epic-domain"]),
        "epic-http-warp" => set(&["epic-inbound", "epic-domain"]),
        "epic-bootstrap" => {
            let mut all = set(&["epic-domain", "epic-outbound", "epic-inbound", "epic-http-warp"]);
            all.extend(ADAPTERS.iter().map(|name| (*name).to_owned()));
            all
        }
        adapter if ADAPTERS.contains(&adapter) => set(&["epic-outbound", "epic-domain"]),
        other => panic!("{other} is a new crate: give it its edges here and in ARCHITECTURE.md"),
    }
}

#[test]
fn no_crate_has_an_edge_that_the_table_does_not_allow() {
    for (package, (inside, _)) in normal_dependencies() {
        let surplus: Vec<_> = inside.difference(&allowed(&package)).cloned().collect();
        assert!(surplus.is_empty(), "{package} must not depend on {surplus:?}");
    }
}

#[test]
fn the_domain_depends_on_arithmetic_alone() {
    let dependencies = normal_dependencies();
    let (_, outside) = &dependencies["epic-domain"];
    let listed = set(&["curve25519-dalek", "hmac", "sha2", "subtle", "thiserror", "uuid", "zeroize"]);
    assert!(outside.is_subset(&listed), "{outside:?}");
}

#[test]
fn every_driver_stands_under_one_adapter() {
    let homes = [
        ("argon2", "epic-hash-argon2"),
        ("jsonwebtoken", "epic-token-jwt"),
        ("mongodb", "epic-store-mongodb"),
        ("object_store", "epic-blob-object-store"),
        ("rusqlite", "epic-store-sqlite"),
        ("totp-rs", "epic-otp-totp"),
        ("warp", "epic-http-warp"),
    ];
    let dependencies = normal_dependencies();
    for (driver, home) in homes {
        let users: Vec<_> = dependencies
            .iter()
            .filter(|(_, (_, outside))| outside.contains(driver))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(users, [home], "{driver}");
    }
}

#[test]
fn the_ports_know_no_runtime_and_no_format() {
    let dependencies = normal_dependencies();
    for package in ["epic-domain", "epic-outbound", "epic-inbound"] {
        let (_, outside) = &dependencies[package];
        for foreign in ["tokio", "serde", "serde_json", "http", "hyper", "warp", "rusqlite", "mongodb"] {
            assert!(!outside.contains(foreign), "{package} must not depend on {foreign}");
        }
    }
}

#[test]
fn doubles_never_reach_the_release_build() {
    let tree = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--offline",
            "--package",
            "epic-bootstrap",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ])
        .output()
        .unwrap();
    let listed = String::from_utf8(tree.stdout).unwrap();
    assert!(listed.contains("epic-outbound"), "the tree was read: {}", String::from_utf8_lossy(&tree.stderr));
    assert!(!listed.contains("mockall"), "mockall is in the release build");
    assert!(!listed.contains("epic-tests"), "test code is in the release build");
}
