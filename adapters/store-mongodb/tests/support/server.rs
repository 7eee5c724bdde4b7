//! A server for tests: those of this store, and others that use it.
//!
//! `TEST_MONGODB_URI` names the server; without it one is started for this process. A server that cannot be had fails
//! the tests: nothing is passed over.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

static SERVER: OnceLock<Server> = OnceLock::new();

struct Server {
    uri: String,
    is_thrown_away: bool,
}

/// Runs `scripts/mongodb-server` and returns what it prints.
pub(crate) fn server_script(arguments: &[&str]) -> String {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut scripts = folders.map(|folder| folder.join("scripts/mongodb-server"));
    let script = scripts.find(|script| script.exists()).unwrap();
    let output = Command::new(script).args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "no MongoDB-compatible server can be had");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn server() -> &'static Server {
    SERVER.get_or_init(|| match std::env::var("TEST_MONGODB_URI") {
        Ok(uri) => Server { uri, is_thrown_away: std::env::var_os("TEST_MONGODB_IS_THROWN_AWAY").is_some() },
        Err(_) => {
            let uri = server_script(&["--while", &std::process::id().to_string()]);
            Server { uri, is_thrown_away: true }
        }
    })
}

/// Where the server is.
pub(crate) fn server_uri() -> &'static str {
    &server().uri
}

/// Whether the server goes with all its databases when the tests are over.
pub(crate) fn is_thrown_away() -> bool {
    server().is_thrown_away
}
