//! Durable commits by one writer and by many at once: what grouping them gains.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use epic_domain::user::Version;
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{Rotation, RotationOutcome, Sessions};
use epic_outbound::users::Users;
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::builders::{T0, event, grant, opening, session, session_id, token_id, user, user_id};
use tokio::runtime::Runtime;

const CALLS_PER_WRITER: u64 = 16;

fn fixture() -> (Runtime, tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    (runtime, folder, store)
}

async fn append_by_many(store: &SqliteStore, writers: u64) {
    let writers: Vec<_> = (0..writers)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for call in 0..CALLS_PER_WRITER {
                    store.append(&[event(writer * CALLS_PER_WRITER + call)]).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

fn audit_appends(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("audit append of one event, durable");
    for writers in [1, 64] {
        let (runtime, _folder, store) = fixture();
        group.throughput(Throughput::Elements(writers * CALLS_PER_WRITER));
        group.bench_function(format!("{writers} writers"), |bencher| {
            bencher.iter(|| runtime.block_on(append_by_many(&store, writers)));
        });
    }
    group.finish();
}

fn audit_batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("audit append of a batch, one writer");
    let (runtime, _folder, store) = fixture();
    let batch: Vec<_> = (0..64).map(event).collect();
    group.throughput(Throughput::Elements(64));
    group.bench_function("64 events", |bencher| {
        bencher.iter(|| runtime.block_on(store.append(&batch)).unwrap());
    });
    group.finish();
}

async fn rotate_by_many(store: &SqliteStore, writers: u64, round: u64) {
    let writers: Vec<_> = (0..writers)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let seed = |round| 1_000_000 * (writer + 1) + round;
                let rotation = Rotation {
                    session_id: session_id(writer),
                    presented: if round == 0 {
                        token_id(2 * writer + 1)
                    } else {
                        grant(seed(round - 1), T0).refresh_id
                    },
                    next: grant(seed(round), T0),
                    reuse_grace: core::time::Duration::ZERO,
                    now: T0,
                    revoked_until: T0,
                };
                let outcome = store.rotate(&rotation).await.unwrap();
                assert!(matches!(outcome, RotationOutcome::Rotated(_)));
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

fn rotations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rotation, durable");
    for writers in [1, 64] {
        let (runtime, _folder, store) = fixture();
        runtime.block_on(async {
            store.insert_if_absent(&user(1).build(), T0).await.unwrap();
            for writer in 0..writers {
                let session = session(writer, user_id(1)).build();
                store.open(&opening(&session, Version::FIRST)).await.unwrap();
            }
        });
        let mut round = 0;
        group.throughput(Throughput::Elements(writers));
        group.bench_function(format!("{writers} writers"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(rotate_by_many(&store, writers, round));
                round += 1;
            });
        });
    }
    group.finish();
}

criterion_group!(benches, audit_appends, audit_batches, rotations);
criterion_main!(benches);
