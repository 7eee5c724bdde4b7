//! How long the commonest calls take against the server that `TEST_MONGODB_URI` names, or one that is started for it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench fails by panicking")]

#[path = "../tests/support/mod.rs"]
mod support;

use core::cell::Cell;
use core::time::Duration;
use criterion::{Criterion, criterion_group, criterion_main};
use epic_domain::user::Version;
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{Rotation, RotationOutcome, Sessions};
use epic_outbound::users::Users;
use epic_tests::builders::{T0, event, grant, opening, session, user, user_id};
use futures_util::future::join_all;
use support::FreshDatabase;

/// Appends that come at one moment.
const TOGETHER: u64 = 64;

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let database = FreshDatabase::new();
    let store = runtime.block_on(database.store());
    let opened = session(1, user_id(1)).build();
    runtime.block_on(async {
        store.insert_if_absent(&user(1).build(), T0).await.unwrap();
        store.open(&opening(&opened, Version::FIRST)).await.unwrap();
    });

    let mut group = criterion.benchmark_group("mongodb");
    group.sample_size(30).measurement_time(Duration::from_secs(5));
    group.bench_function("find an account by its id", |bencher| {
        bencher.iter(|| runtime.block_on(store.find_by_id(user_id(1))).unwrap());
    });
    let (presented, seed) = (Cell::new(opened.current.refresh_id), Cell::new(100_u64));
    group.bench_function("rotate a session", |bencher| {
        bencher.iter(|| {
            let next = grant(seed.get(), T0);
            let rotation = Rotation {
                session_id: opened.id,
                presented: presented.get(),
                next,
                reuse_grace: Duration::ZERO,
                now: T0,
                revoked_until: T0,
            };
            presented.set(rotation.next.refresh_id);
            seed.set(seed.get() + 1);
            let outcome = runtime.block_on(store.rotate(&rotation)).unwrap();
            assert!(matches!(outcome, RotationOutcome::Rotated(_)));
        });
    });
    group.bench_function("append an event", |bencher| {
        bencher.iter(|| runtime.block_on(store.append(&[event(1)])).unwrap());
    });
    group.bench_function("append 64 events that come at one moment", |bencher| {
        let events: Vec<_> = (0..TOGETHER).map(event).collect();
        bencher.iter(|| {
            runtime.block_on(join_all(events.iter().map(|event| store.append(std::slice::from_ref(event)))))
        });
    });
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
