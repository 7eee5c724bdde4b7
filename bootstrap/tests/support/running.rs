//! The process `epic-server`, started and stopped by tests.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// The command with no settings from outside.
pub(crate) fn epic_server(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_epic-server"));
    command.env_clear().current_dir(data_dir.parent().unwrap());
    command.env("EPIC_DATA_DIR", data_dir).env("EPIC_LISTEN", "127.0.0.1:0").args(arguments);
    command.stdin(Stdio::null());
    command
}

pub(crate) fn outcome_of(mut command: Command) -> Output {
    command.output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server under way; it is killed if the test ends early.
pub(crate) struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What it has said so far.
    pub(crate) lines: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Running {
    pub(crate) fn start(command: Command) -> Self {
        Self::try_start(command).unwrap_or_else(|log| panic!("the server ended: {log}"))
    }

    /// The server once it listens, or the log of one that ended before.
    pub(crate) fn try_start(mut command: Command) -> Result<Self, String> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.starts_with("listening on ")) {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                let mut log = String::new();
                child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
                child.wait().unwrap();
                return Err(log);
            }
            lines.push(line.trim_end().to_owned());
        }
        Ok(Self { child, output, lines })
    }

    pub(crate) fn url(&self) -> &str {
        self.lines.last().unwrap().strip_prefix("listening on ").unwrap()
    }

    /// Sends SIGTERM, waits for the end, and returns the exit code and the log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "nothing more goes to standard output");
        (self.child.wait().unwrap().code(), log)
    }
}
