//! Several servers on one database, each a process with a data folder of its own and the keys of the first.

use super::{Client, ServerProcess};
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Settings without limits.
pub(crate) const NO_LIMITS: &[(&str, &str)] = &[
    ("EPIC_LIMIT_LOGIN_ACCOUNT", "off"),
    ("EPIC_LIMIT_LOGIN", "off"),
    ("EPIC_LIMIT_REGISTER", "off"),
    ("EPIC_LIMIT_TOTP", "off"),
    ("EPIC_LIMIT_UPLOAD", "off"),
    ("EPIC_LIMIT_API", "off"),
];

/// Nodes. When this is dropped they have stopped; the database may go then.
pub(crate) struct Nodes {
    /// None while a node is down.
    processes: Vec<Option<ServerProcess>>,
    /// By which connection string each reaches the database.
    stores: Vec<String>,
    settings: Vec<(String, String)>,
    folder: TempDir,
}

impl Nodes {
    /// So many nodes on the database that the connection string `store` names.
    pub(crate) fn start(count: usize, store: &str, settings: &[&[(&str, &str)]]) -> Self {
        let settings = settings.iter().copied().flatten();
        let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut nodes = Self { processes: Vec::new(), stores: Vec::new(), settings, folder };
        for _ in 0..count {
            nodes.add(store);
        }
        nodes
    }

    /// One more node, which reaches the database by this connection string.
    pub(crate) fn add(&mut self, store: &str) {
        let node = self.count();
        self.make_home(node);
        self.stores.push(store.to_owned());
        let process = self.launch(node);
        self.processes.push(Some(process));
    }

    fn home(&self, node: usize) -> PathBuf {
        self.folder.path().join(node.to_string())
    }

    /// An empty folder for the first node, one with its keys for each further one.
    fn make_home(&self, node: usize) {
        let data = self.home(node).join("data");
        std::fs::create_dir_all(self.home(node)).unwrap();
        if node > 0 {
            std::fs::create_dir(&data).unwrap();
            let keys = self.home(0).join("data/keys");
            assert!(Command::new("cp").arg("-rp").args([&keys, &data]).status().unwrap().success());
        }
    }

    fn launch(&self, node: usize) -> ServerProcess {
        let mut settings = vec![("EPIC_STORE", self.stores[node].as_str())];
        settings.extend(self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        ServerProcess::start(&self.home(node), &settings)
    }

    pub(crate) fn count(&self) -> usize {
        self.processes.len()
    }

    pub(crate) fn process(&self, node: usize) -> &ServerProcess {
        self.processes[node].as_ref().expect("the node is up")
    }

    pub(crate) fn base(&self, node: usize) -> &str {
        &self.process(node).base
    }

    pub(crate) fn client(&self, node: usize) -> Client {
        self.process(node).client()
    }

    /// A client of each node.
    pub(crate) fn clients(&self) -> Vec<Client> {
        (0..self.count()).map(|node| self.client(node)).collect()
    }

    /// Ends a node at once, as a power cut does.
    pub(crate) fn kill(&mut self, node: usize) {
        self.processes[node].take().expect("the node is up").kill();
    }

    /// Starts a node again that was killed.
    pub(crate) fn start_again(&mut self, node: usize) {
        assert!(self.processes[node].is_none(), "the node is down");
        self.processes[node] = Some(self.launch(node));
    }

    /// Runs another command of the binary where a node is at home.
    pub(crate) fn run(&self, node: usize, arguments: &[&str]) -> Output {
        let mut command = super::process::command(&self.home(node));
        command.env("EPIC_STORE", &self.stores[node]).args(arguments).output().unwrap()
    }

    /// What the nodes have written to their logs.
    pub(crate) fn logs(&self) -> String {
        let logs = (0..self.count()).map(|node| std::fs::read_to_string(self.home(node).join("log.txt")));
        logs.map(Result::unwrap).collect()
    }
}

impl Drop for Nodes {
    /// In order: one that breaks off in the middle of a transaction would leave it open on a server that goes on.
    fn drop(&mut self) {
        for process in self.processes.drain(..).flatten() {
            process.terminate();
        }
    }
}
