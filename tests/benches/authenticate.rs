//! What a protected call costs without HTTP: token, revocation index, limit, user, access note, through the real adapters.
//!
//! `cargo bench -p epic-tests --bench authenticate` prints the time (criterion) and the allocations of a call.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark")]

use criterion::{Criterion, criterion_group, criterion_main};
use epic_bootstrap::config::{Given, Origin, Settings};
use epic_bootstrap::wire::{Application, Machine, Parts};
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId};
use epic_domain::network::IpPrefix;
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::{Status, User};
use epic_inbound::authenticate::Authenticate;
use epic_tests::builders;
use futures_util::FutureExt;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

/// A server with one user, and an access token of theirs.
struct Prepared {
    authenticate: Authenticate,
    token: String,
    runtime: tokio::runtime::Runtime,
}

fn prepare(folder: &Path) -> Prepared {
    let mut given = Given::default();
    given.set("data_dir", folder.to_string_lossy().into_owned(), Origin::Flag);
    given.set("limit_api", "100000/10ms".to_owned(), Origin::Flag);
    let settings = Settings::parse(&given, Vec::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let parts = runtime.block_on(Box::pin(Parts::from_settings(settings, Machine::system()))).unwrap();
    let now = parts.clock.now();
    let user = builders::user(1).status(Status::Active).build();
    runtime.block_on(parts.users.insert_if_absent(&user, now)).unwrap();
    let token = parts.tokens.issue(&claims(&user, now), &parts.tokens.signing_key_id()).unwrap();
    let token = token.expose().to_owned();
    let application = Application::assemble(parts).unwrap();
    Prepared { authenticate: application.api.authenticate, token, runtime }
}

fn claims(user: &User, now: Timestamp) -> Claims {
    Claims {
        kind: TokenKind::Access,
        username: user.username.clone(),
        user_id: user.id,
        session_id: SessionId::from_parts(now, &[1; 10]),
        token_id: TokenId::from_parts(now, &[2; 10]),
        issued_at: now.floor_to_second(),
        expires_at: now.floor_to_second().saturating_add(Duration::from_secs(3_600)),
        auth_time: now.floor_to_second(),
    }
}

/// One call, which waits for nothing once user and token are in memory.
fn call(prepared: &Prepared) {
    let caller = prepared.authenticate.authenticate(Some(&prepared.token), IpPrefix::unspecified());
    black_box(caller.now_or_never().unwrap().unwrap());
}

fn authenticate(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepare(folder.path());
    let first = prepared.authenticate.authenticate(Some(&prepared.token), IpPrefix::unspecified());
    prepared.runtime.block_on(first).unwrap();
    call(&prepared);
    let allocations = allocation_counter::measure(|| call(&prepared));
    println!(
        "authenticate: {} allocations, {} bytes a call",
        allocations.count_total, allocations.bytes_total
    );
    criterion.bench_function("authenticate without HTTP", |bencher| bencher.iter(|| call(&prepared)));
}

criterion_group!(benches, authenticate);
criterion_main!(benches);
