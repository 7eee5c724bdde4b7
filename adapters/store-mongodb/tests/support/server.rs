//! A server for the tests of this store.
//!
//! `TEST_MONGODB_URI` names the server; without it one is started for this process. A server that cannot be had fails
//! the tests: nothing is passed over.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

static SERVER: OnceLock<String> = OnceLock::new();

/// Runs `scripts/mongodb-server` and returns what it prints.
pub(crate) fn server_script(arguments: &[&str]) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/mongodb-server");
    let output = Command::new(script).args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "no MongoDB-compatible server can be had");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Where the server is.
pub(crate) fn server_uri() -> &'static str {
    SERVER.get_or_init(|| {
        std::env::var("TEST_MONGODB_URI")
            .unwrap_or_else(|_| server_script(&["--while", &std::process::id().to_string()]))
    })
}
