//! The protected route beside a bare warp route, in one run: CPU time a request, of the server alone.
//!
//! `cargo bench -p epic-tests --bench protected_route`. Server and load are pinned to a core each (`taskset`), the two
//! servers take turns (A B B A …), and what is read is the processes' own CPU clocks, so that a busy machine moves the
//! requests per second and not the figure.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark"
)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "it measures time")]

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::Person;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;
const REQUESTS_A_TURN: usize = 60_000;
const TURNS: [usize; 8] = [0, 1, 1, 0, 0, 1, 1, 0];

/// A server under load.
struct Target {
    name: &'static str,
    process: Child,
    address: String,
    /// One ready-made request for each connection.
    requests: Vec<Vec<u8>>,
    cpu_nanos: u64,
    user_ticks: u64,
    answered: usize,
    seconds: f64,
}

fn release_folder() -> PathBuf {
    let bench = std::env::current_exe().unwrap();
    bench.parent().and_then(Path::parent).unwrap().to_owned()
}

fn pinned(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Nanoseconds on a core, by the scheduler, and ticks in user mode, of a whole process.
fn cpu(process: u32) -> (u64, u64) {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanos = tasks
        .filter_map(|task| fs::read_to_string(task.unwrap().path().join("schedstat")).ok())
        .map(|stat| stat.split(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let user = stat.rsplit(')').next().unwrap().split(' ').nth(12).unwrap().parse().unwrap();
    (nanos, user)
}

async fn load(address: &str, requests: &[Vec<u8>], total: usize) -> f64 {
    let left = Arc::new(AtomicUsize::new(total));
    let started = Instant::now();
    let connections: Vec<_> = requests
        .iter()
        .cloned()
        .map(|request| {
            let (address, left) = (address.to_owned(), Arc::clone(&left));
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut buffer = vec![0; 16_384];
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    stream.write_all(&request).await.unwrap();
                    let read = stream.read(&mut buffer).await.unwrap();
                    assert!(
                        buffer[..read].starts_with(b"HTTP/1.1 200"),
                        "{}",
                        String::from_utf8_lossy(&buffer[..read])
                    );
                }
            })
        })
        .collect();
    for connection in connections {
        connection.await.unwrap();
    }
    started.elapsed().as_secs_f64()
}

impl Target {
    fn new(name: &'static str, process: Child, address: String, requests: Vec<Vec<u8>>) -> Self {
        Self { name, process, address, requests, cpu_nanos: 0, user_ticks: 0, answered: 0, seconds: 0.0 }
    }

    async fn turn(&mut self, requests: usize, counts: bool) {
        let (nanos_before, user_before) = cpu(self.process.id());
        let seconds = load(&self.address, &self.requests, requests).await;
        let (nanos_after, user_after) = cpu(self.process.id());
        if counts {
            self.cpu_nanos += nanos_after - nanos_before;
            self.user_ticks += user_after - user_before;
            self.answered += requests;
            self.seconds += seconds;
        }
    }

    fn micros(&self) -> f64 {
        self.cpu_nanos as f64 / 1_000.0 / self.answered as f64
    }

    fn user_micros(&self) -> f64 {
        self.user_ticks as f64 * 10_000.0 / self.answered as f64
    }

    fn report(&self) {
        let rate = self.answered as f64 / self.seconds;
        println!(
            "{:<22} {:>6.2} µs CPU a request (user {:.1}) {:>8.0} requests/s, busy {:.0} % of a core",
            self.name,
            self.micros(),
            self.user_micros(),
            rate,
            rate * self.micros() / 10_000.0
        );
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn request(path: &str, token: Option<&str>) -> Vec<u8> {
    let authorization = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}\r\n").into_bytes()
}

async fn bare_warp() -> Target {
    let program = release_folder().join("examples/bare_warp");
    assert!(program.exists(), "run: cargo build --release -p epic-tests --example bare_warp");
    let process = pinned(0, &program).stdout(Stdio::null()).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    Target::new(
        "bare warp route",
        process,
        "127.0.0.1:18080".into(),
        vec![request("/hello", None); CONNECTIONS],
    )
}

/// The server with what it has out of the box, but for limits that a load would run into.
async fn epic_server(folder: &Path) -> Target {
    let program = release_folder().join("epic-server");
    assert!(program.exists(), "run: cargo build --release");
    let process = pinned(0, &program)
        .env("EPIC_DATA_DIR", folder.join("data"))
        .env("EPIC_LISTEN", "127.0.0.1:18081")
        .env("EPIC_LIMIT_API", "100000/1h")
        .env("EPIC_LIMIT_LOGIN", "1000/1h")
        .env("EPIC_LIMIT_REGISTER", "1000/1h")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let client = support::Client::new("http://127.0.0.1:18081");
    let mut requests = Vec::new();
    for index in 0..CONNECTIONS {
        let mut person = Person::new(&format!("user{index}"));
        person.register(&client).await.expect(201);
        let now = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        let login = person.login_with(&client, &person.code_at(now)).await.expect(200);
        requests.push(request("/api/user/profile", Some(&login.text("access_token"))));
    }
    Target::new("protected route", process, "127.0.0.1:18081".into(), requests)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let own = std::process::id().to_string();
    Command::new("taskset").args(["-apc", "1", &own]).stdout(Stdio::null()).status().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut targets = [bare_warp().await, epic_server(folder.path()).await];
    for target in &mut targets {
        target.turn(REQUESTS_A_TURN / 4, false).await;
    }
    for turn in TURNS {
        targets[turn].turn(REQUESTS_A_TURN, true).await;
    }
    targets.iter().for_each(Target::report);
    let [bare, protected] = &targets;
    println!(
        "protected ÷ bare: {:.2}; user µs above bare: {:.1}",
        protected.micros() / bare.micros(),
        protected.user_micros() - bare.user_micros()
    );
}
