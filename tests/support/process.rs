//! The server as a process: started, killed and started again on the same data.

use super::Client;
use super::home::store_setting;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running `epic-server`. Dropped, it is killed.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) base: String,
    /// Where standard error goes: the log.
    pub(crate) log: PathBuf,
}

/// The binary: `EPIC_SERVER_BIN`, or the one beside this test in the target folder.
pub(crate) fn binary() -> PathBuf {
    if let Ok(path) = std::env::var("EPIC_SERVER_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("epic-server");
    assert!(path.exists(), "{} is missing: cargo build --package epic-bootstrap", path.display());
    path
}

/// A command on the binary, its environment free of settings that the caller did not make.
pub(crate) fn command(folder: &Path) -> Command {
    command_of(&binary(), folder)
}

fn command_of(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EPIC_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).env("EPIC_DATA_DIR", folder.join("data"));
    command.envs(store_setting(folder).map(|store| ("EPIC_STORE", store)));
    command
}

/// A command on the binary whose data folder is a file system of its own, in memory, of `size_bytes`: it is there for the
/// process alone, and goes with it.
fn command_on_small_disk(folder: &Path, size_bytes: u64) -> Command {
    let data_dir = folder.join("data");
    std::fs::create_dir(&data_dir).unwrap();
    let mut command = command_of(Path::new("unshare"), folder);
    // Whoever is not root becomes it in a namespace of their own.
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    command.arg(if is_root { "--mount" } else { "--map-root-user" }).arg("--mount");
    let script = "mount -t tmpfs -o size=$1,mode=700 none \"$EPIC_DATA_DIR\" && exec \"$0\"";
    command.args(["sh", "-c", script]).arg(binary()).arg(size_bytes.to_string());
    command
}

impl ServerProcess {
    /// Starts on the data under `folder`, on a free port, with cheap hashes, and with further settings.
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_by(command(folder), folder, settings)
    }

    /// Starts on an empty disk of `size_bytes`, which only the process sees.
    pub(crate) fn start_on_small_disk(folder: &Path, size_bytes: u64, settings: &[(&str, &str)]) -> Self {
        Self::start_by(command_on_small_disk(folder, size_bytes), folder, settings)
    }

    fn start_by(mut command: Command, folder: &Path, settings: &[(&str, &str)]) -> Self {
        let log = folder.join("log.txt");
        let log_file = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        command
            .env("EPIC_LISTEN", "127.0.0.1:0")
            .env("EPIC_ARGON2", "64,1,1")
            .env("EPIC_INSECURE_ARGON2", "true")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file);
        let mut child = command.spawn().expect("the server starts");
        let base = read_address(&mut child, &log);
        Self { child, base, log }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// Kills it as a power cut would: no signal it could handle.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and returns its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.child.wait().unwrap().code()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A path as the process sees it, from outside.
    pub(crate) fn path_inside(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.child.id(), path.display()))
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads standard output up to the line that says where the server listens, and keeps draining it after that.
fn read_address(child: &mut Child, log: &Path) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned))
        .unwrap_or_else(|| panic!("it did not start: {}", std::fs::read_to_string(log).unwrap_or_default()));
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    address
}
