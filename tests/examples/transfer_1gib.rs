//! What it costs the server to take and to give 1 GiB, beside `dd` and, where it is installed, nginx, on the same disk.
//!
//! `cargo build --release -p epic-bootstrap --bins && cargo run --release -p epic-tests --example transfer_1gib`. The
//! servers take turns. Processor time is the process's own, to ten milliseconds; the client is as cheap as can be, since it
//! shares the machine.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it measures and tells"
)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "it measures time")]
#![allow(dead_code, reason = "it uses a part of what the tests use")]

#[path = "../e2e/files/account.rs"]
mod account;
#[path = "../e2e/files/content.rs"]
mod content;
#[path = "../support/mod.rs"]
mod support;

use account::{Account, NO_LIMITS};
use content::Content;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::ServerProcess;
use support::consumption::{forget_peak, memory, processor_time};

const MIB: u64 = 1_024 * 1_024;
const SIZE_BYTES: u64 = 1_024 * MIB;
const ROUNDS: u64 = 3;

/// What one kind of transfer cost, over all rounds.
#[derive(Default)]
struct Cost {
    megabytes_per_second: Vec<f64>,
    user_millis: u64,
    system_millis: u64,
    growth_bytes: Vec<u64>,
}

impl Cost {
    fn measure(&mut self, process: Option<u32>, transfer: impl FnOnce()) {
        let before = process.map(|process| {
            forget_peak(process);
            (processor_time(process), memory(process).now_bytes)
        });
        let begun = Instant::now();
        transfer();
        self.megabytes_per_second.push(SIZE_BYTES as f64 / 1e6 / begun.elapsed().as_secs_f64());
        if let (Some(process), Some((time, now_bytes))) = (process, before) {
            let after = processor_time(process);
            self.user_millis += after.user_millis - time.user_millis;
            self.system_millis += after.system_millis - time.system_millis;
            self.growth_bytes.push(memory(process).peak_bytes.saturating_sub(now_bytes));
        }
    }

    fn tell(&self, name: &str) {
        let per_gb = |millis: u64| millis as f64 / (ROUNDS * SIZE_BYTES) as f64 * 1e9;
        let speeds: Vec<_> = self.megabytes_per_second.iter().map(|speed| format!("{speed:.0}")).collect();
        let growth: Vec<_> = self.growth_bytes.iter().map(|bytes| (bytes / 1_024).to_string()).collect();
        println!(
            "{name:22} {:>18} MB/s   CPU {:>4.0} ms/GB (user {:.0}, system {:.0})   memory + {} KiB",
            speeds.join(" "),
            per_gb(self.user_millis + self.system_millis),
            per_gb(self.user_millis),
            per_gb(self.system_millis),
            growth.join(" "),
        );
    }
}

/// Sends a request with 1 GiB behind it, and checks the status of the reply.
fn send(address: &str, head: &str, status: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let piece: Vec<u8> = Content { seed: 1, size_bytes: MIB }.bytes();
    for _ in 0..SIZE_BYTES / MIB {
        stream.write_all(&piece).unwrap();
    }
    let mut reply = vec![0; 4_096];
    let length = stream.read(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply[..length]).into_owned();
    assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{reply}");
}

/// Sends a request and reads 1 GiB after the head of the reply.
fn fetch(address: &str, head: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut buffer = vec![0; 1_024 * 1_024];
    let mut received_bytes = 0;
    loop {
        let length = stream.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        if received_bytes == 0 {
            assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..length]));
        }
        received_bytes += u64::try_from(length).unwrap();
    }
    assert!((SIZE_BYTES..SIZE_BYTES + 4_096).contains(&received_bytes), "{received_bytes}");
}

/// nginx with what it needs to take and to give files in a folder, in one process.
fn start_nginx(folder: &Path) -> Option<(Child, String)> {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let at = folder.display();
    let configuration = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/log; user root; events {{ }}
        http {{ access_log off; sendfile on; client_max_body_size 0; client_body_temp_path {at}/body;
          proxy_temp_path {at}/p; fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
          server {{ listen {address}; root {at}; dav_methods PUT; }} }}"
    );
    fs::write(folder.join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-c").arg(folder.join("nginx.conf")).stdin(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().ok()?;
    for _ in 0..100 {
        if TcpStream::connect(&address).is_ok() {
            return Some((child, address));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("nginx does not answer: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
}

fn write_by_dd(path: &Path) {
    let dd = Command::new("dd")
        .args(["if=/dev/zero", "bs=1M", "count=1024", "conv=fdatasync", "status=none"])
        .arg(format!("of={}", path.display()))
        .status();
    assert!(dd.unwrap().success());
    fs::remove_file(path).unwrap();
}

#[derive(Default)]
struct Costs {
    dd: Cost,
    up: Cost,
    form: Cost,
    down: Cost,
    nginx_up: Cost,
    nginx_down: Cost,
}

/// One upload and one download, resumable and as a form.
fn round(
    costs: &mut Costs,
    runtime: &tokio::runtime::Runtime,
    server: &ServerProcess,
    account: &Account,
    seed: u64,
) {
    let address = server.base.trim_start_matches("http://").to_owned();
    let process = Some(server.id());
    let content = Content { seed, size_bytes: SIZE_BYTES };
    let upload = runtime.block_on(account.begin(content));
    let common =
        format!("Host: {address}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n", account.token);
    let patch = format!(
        "PATCH {upload} HTTP/1.1\r\n{common}Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: {SIZE_BYTES}\r\n\r\n"
    );
    costs.up.measure(process, || send(&address, &patch, "204"));
    let files = runtime.block_on(account.files());
    let file_id = files.last().unwrap()["file_id"].as_str().unwrap();
    let get = format!("GET /api/files/{file_id}/content HTTP/1.1\r\n{common}\r\n");
    costs.down.measure(process, || fetch(&address, &get));
    runtime.block_on(account.remove(file_id));
    costs.form.measure(process, || {
        let file_id = runtime.block_on(account.send_whole(content));
        runtime.block_on(account.remove(&file_id));
    });
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let nginx_folder = folder.path().join("nginx");
    fs::create_dir(&nginx_folder).unwrap();
    let mut nginx = start_nginx(&nginx_folder);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = ServerProcess::start(folder.path(), NO_LIMITS);
    let account = runtime.block_on(Account::sign_up(&server.base, "alice"));
    let mut costs = Costs::default();
    for seed in 0..ROUNDS {
        costs.dd.measure(None, || write_by_dd(&folder.path().join("dd")));
        round(&mut costs, &runtime, &server, &account, seed);
        if let Some((child, address)) = &nginx {
            let put = format!(
                "PUT /file{seed} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {SIZE_BYTES}\r\n\r\n"
            );
            costs.nginx_up.measure(Some(child.id()), || send(address, &put, "201"));
            let get = format!("GET /file{seed} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            costs.nginx_down.measure(Some(child.id()), || fetch(address, &get));
            fs::remove_file(nginx_folder.join(format!("file{seed}"))).unwrap();
        }
        // The contents that were removed leave the disk.
        std::thread::sleep(Duration::from_secs(3));
    }
    costs.dd.tell("dd, fdatasync");
    costs.up.tell("up, resumable");
    costs.form.tell("up, form (own client)");
    costs.down.tell("down");
    if let Some((child, _)) = &mut nginx {
        costs.nginx_up.tell("nginx up, no flush");
        costs.nginx_down.tell("nginx down, sendfile");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
