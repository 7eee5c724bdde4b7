//! A server for tests: those of this store, and others that use it.
//!
//! `TEST_MONGODB_URI` names the server; without it one is started for this process. A server that cannot be had fails
//! the tests: nothing is passed over.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

static SERVER: OnceLock<String> = OnceLock::new();

/// Runs `scripts/mongodb-server` and returns what it prints.
pub(crate) fn server_script(arguments: &[&str]) -> String {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut scripts = folders.map(|folder| folder.join("scripts/mongodb-server"));
    let script = scripts.find(|script| script.exists()).unwrap();
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
