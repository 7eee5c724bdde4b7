//! A server of a test's own, which it may kill and start again on the same data.

use super::server::server_script;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server, killed when this is dropped or the test's process ends.
pub(crate) struct OwnServer {
    program: String,
    data: TempDir,
    port: u16,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl OwnServer {
    /// A server that runs and listens.
    pub(crate) fn started(arguments: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (program, data) = (server_script(&[]), tempfile::tempdir().unwrap());
        let arguments = arguments.iter().copied().map(str::to_owned).collect();
        let mut server = Self { program, data, port, arguments, process: None };
        server.start();
        server
    }

    pub(crate) fn uri(&self) -> String {
        format!("mongodb://{}/", self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its process, while it runs.
    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Starts it on the data it had, every commit flushed to the disk.
    pub(crate) fn start(&mut self) {
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", &self.program, "--port", &self.port.to_string(), "--storage-path"])
            .arg(self.data.path())
            .arg("--sync-on-commit")
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        for _ in 0..400 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(core::time::Duration::from_millis(25));
        }
        panic!("the server does not listen");
    }

    /// Starts it again on the data it has, with one more argument.
    pub(crate) fn restart_with(&mut self, argument: &str) {
        self.kill();
        self.arguments.push(argument.to_owned());
        self.start();
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.kill();
    }
}
