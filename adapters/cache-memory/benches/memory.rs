//! What a protected call pays for the memory in front of the store.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up must stop")]

use core::hint::black_box;
use core::time::Duration;
use criterion::{Criterion, criterion_group, criterion_main};
use epic_cache_memory::{CachedUsers, MemoryAccessLog, RevocationIndex};
use epic_domain::id::SessionId;
use epic_domain::network::IpPrefix;
use epic_domain::session::Revocation;
use epic_outbound::access_log::{Access, AccessLog};
use epic_outbound::revocations::Revocations;
use epic_outbound::users::Users;
use epic_tests::builders::{T0, seconds_after_t0, session_id, user, user_id};
use epic_tests::fakes::MemoryStore;
use std::sync::{Arc, Barrier};

const REVOCATIONS: u64 = 1_000_000;
const CALLERS: u64 = 1_024;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed(threads: usize, calls: u64, call: impl Fn(u64) + Sync) -> Duration {
    let start = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let began = std::time::Instant::now();
                    (0..calls).for_each(&call);
                    began.elapsed()
                })
            })
            .collect();
        start.wait();
        handles.into_iter().map(|handle| handle.join().unwrap()).max().unwrap_or_default()
    })
}

fn bench_revocations(criterion: &mut Criterion) {
    let index = RevocationIndex::new();
    let revocations: Vec<_> = (0..REVOCATIONS)
        .map(|seed| Revocation { session_id: session_id(seed), until: seconds_after_t0(1_800) })
        .collect();
    index.announce(&revocations);
    // The usual call: a session of many, none of them revoked.
    let live: Vec<SessionId> = (0..CALLERS).map(|n| session_id(REVOCATIONS + n)).collect();
    for threads in [1, 2] {
        criterion.bench_function(&format!("revocations/miss/{threads} threads"), |bencher| {
            bencher.iter_custom(|calls| {
                timed(threads, calls, |n| {
                    let id = live.get(usize::try_from(n % CALLERS).unwrap()).unwrap();
                    black_box(index.is_revoked(*id));
                })
            });
        });
    }
}

fn bench_users(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Arc::new(MemoryStore::default());
    let users = CachedUsers::new(store.clone(), 10_000);
    runtime.block_on(async {
        for seed in 0..CALLERS {
            store.insert_if_absent(&user(seed).build(), T0).await.unwrap();
            users.find_by_id(user_id(seed)).await.unwrap();
        }
    });
    let ids: Vec<_> = (0..CALLERS).map(user_id).collect();
    let mut next = ids.iter().cycle();
    criterion.bench_function("users/find_by_id/hit", |bencher| {
        bencher.iter_custom(|calls| {
            runtime.block_on(async {
                #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
                let began = std::time::Instant::now();
                for _ in 0..calls {
                    black_box(users.find_by_id(*next.next().unwrap()).await.unwrap());
                }
                began.elapsed()
            })
        });
    });
}

fn bench_access_log(criterion: &mut Criterion) {
    let log = MemoryAccessLog::default();
    let accesses: Vec<Access> = (0..CALLERS)
        .map(|n| Access {
            user_id: user_id(n),
            session_id: session_id(n),
            origin: IpPrefix::unspecified(),
            at: T0,
        })
        .collect();
    for threads in [1, 2] {
        criterion.bench_function(&format!("access/note/{threads} threads"), |bencher| {
            bencher.iter_custom(|calls| {
                timed(threads, calls, |n| {
                    log.note(accesses.get(usize::try_from(n % CALLERS).unwrap()).unwrap());
                })
            });
        });
    }
}

criterion_group!(benches, bench_revocations, bench_users, bench_access_log);
criterion_main!(benches);
