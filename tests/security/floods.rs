//! Floods: more than the server can do costs those who flood, and nobody else.

use crate::support::{Client, Home, Person, ServerProcess};
use futures_util::future::join_all;
use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const NO_LIMITS: &[(&str, &str)] = &[
    ("EPIC_LIMIT_LOGIN", "off"),
    ("EPIC_LIMIT_LOGIN_ACCOUNT", "off"),
    ("EPIC_LIMIT_REGISTER", "off"),
    ("EPIC_LIMIT_API", "off"),
];

/// Memory in use, in KiB.
fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d18_a_flood_of_logins_is_shed_in_bounded_memory_flood() {
    let home = Home::new();
    let settings = [NO_LIMITS, &[("EPIC_ARGON2", "19456,2,1"), ("EPIC_ARGON2_SLOTS", "2")]].concat();
    let server = ServerProcess::start(home.path(), &settings);
    let clients: Vec<_> =
        (1..=200).map(|host| Client::from_address(&server.base, Ipv4Addr::new(127, 0, 3, host))).collect();
    join_all(clients.iter().map(|client| client.get("/healthz"))).await;
    let before_kib = resident_kib(server.id());
    let over = Arc::new(AtomicBool::new(false));
    let flood = clients.iter().enumerate().map(|(index, client)| {
        let (client, over, nobody) =
            (client.clone(), Arc::clone(&over), Person::new(&format!("nobody{index}")));
        tokio::spawn(async move {
            let mut replies = Vec::new();
            while !over.load(Ordering::Relaxed) {
                replies.push(nobody.login_with(&client, "000000").await);
            }
            replies
        })
    });
    let flood: Vec<_> = flood.collect();
    let mut highest_kib = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        highest_kib = highest_kib.max(resident_kib(server.id()));
        server.client().get("/healthz").await.expect(200);
    }
    over.store(true, Ordering::Relaxed);
    let replies: Vec<_> = join_all(flood).await.into_iter().flat_map(Result::unwrap).collect();
    assert!(replies.iter().any(|reply| reply.status == 401), "some are answered");
    for reply in &replies {
        match reply.status {
            401 => {}
            503 => assert!(reply.header("retry-after").is_some(), "the surplus is told when to come back"),
            other => panic!("{other}"),
        }
    }
    let bound_kib = before_kib + 2 * 19 * 1_024 + 32 * 1_024;
    assert!(highest_kib <= bound_kib, "{highest_kib} KiB against {bound_kib} KiB");
}

#[tokio::test]
async fn g04_clients_that_never_read_do_not_hold_their_connections_flood() {
    let home = Home::new();
    let settings = [NO_LIMITS, &[("EPIC_CONNECTIONS_MAX", "8"), ("EPIC_WRITE_TIMEOUT", "1s")]].concat();
    let server = ServerProcess::start(home.path(), &settings);
    let address = server.base.trim_start_matches("http://").to_owned();
    let requests = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200);
    let deaf = join_all((0..8).map(|_| async {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        // Until its replies fill every buffer between here and there.
        for _ in 0..500 {
            let sending = stream.write_all(requests.as_bytes());
            if !matches!(tokio::time::timeout(Duration::from_millis(300), sending).await, Ok(Ok(()))) {
                break;
            }
        }
        stream
    }))
    .await;
    let answer = tokio::time::timeout(Duration::from_secs(15), server.client().get("/healthz")).await;
    answer.expect("the deaf clients' places are free again").expect(200);
    drop(deaf);
}

#[tokio::test]
async fn g02_g03_clients_that_send_slowly_are_cut_off_flood() {
    let home = Home::new();
    let settings = [
        NO_LIMITS,
        &[("EPIC_CONNECTIONS_MAX", "8"), ("EPIC_HEADER_TIMEOUT", "1s"), ("EPIC_BODY_TIMEOUT", "1s")],
    ]
    .concat();
    let server = ServerProcess::start(home.path(), &settings);
    let address = server.base.trim_start_matches("http://").to_owned();
    let slow_body = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let slow = join_all((0..8).map(|index| {
        let address = address.clone();
        async move {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let start = if index % 2 == 0 { "GET /healthz HT" } else { slow_body };
            stream.write_all(start.as_bytes()).await.unwrap();
            stream
        }
    }))
    .await;
    let answer = tokio::time::timeout(Duration::from_secs(10), server.client().get("/healthz")).await;
    answer.expect("the slow clients' places are free again").expect(200);
    drop(slow);
}
