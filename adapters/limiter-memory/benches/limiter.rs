//! What a check costs: the rule alone, and the limiter with one and two threads over few and many keys.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up must stop")]

use core::hint::black_box;
use core::net::Ipv4Addr;
use core::time::Duration;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use epic_domain::Monotonic;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Quota, Quotas, Subject, Tick, judge};
use epic_limiter_memory::{Budget, MemoryLimiter};
use epic_outbound::limiter::Limiter;
use std::sync::Barrier;

fn attempt(number: u32) -> [Attempt; 1] {
    [Attempt::new(Action::Login, Subject::Address(IpPrefix::of(Ipv4Addr::from_bits(number).into())))]
}

/// A generator good enough to visit keys in an order that no cache foresees (Marsaglia's xorshift).
fn next(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

/// Five attempts in a window; in windows of a millisecond a key is almost never used up.
fn quota(window_ms: u64) -> Quota {
    Quota::new(5, Duration::from_millis(window_ms)).unwrap()
}

fn filled(keys: u32, window_ms: u64) -> MemoryLimiter {
    let quotas = Quotas::DEFAULT.with(Action::Login, Some(quota(window_ms)));
    let limiter = MemoryLimiter::new(quotas, &[0x5A; 16], Budget::DEFAULT);
    for number in 0..keys {
        for _ in 0..5 {
            limiter.check(&attempt(number), Monotonic::from_millis(1_000));
        }
    }
    limiter
}

fn bench_rule(criterion: &mut Criterion) {
    let quota = quota(300_000);
    let moments: Vec<Tick> = (0..4).map(|n| Tick::from_millis(1_000 + n)).collect();
    criterion.bench_function("judge/4 moments", |bencher| {
        bencher.iter(|| judge(black_box(&moments), black_box(quota), black_box(Tick::from_millis(2_000))));
    });
}

fn run(limiter: &MemoryLimiter, keys: u32, seed: u32, checks: u64) {
    let mut state = seed;
    for number in 0..checks {
        // A thousand checks a millisecond is what a busy server makes.
        let now = Monotonic::from_millis(1_001 + number / 1_024);
        black_box(limiter.check(&attempt(next(&mut state) % keys), now));
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed(threads: u32, checks: u64, limiter: &MemoryLimiter, keys: u32) -> Duration {
    let start = Barrier::new(usize::try_from(threads).unwrap() + 1);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let began = std::time::Instant::now();
                    run(limiter, keys, 0x9E37_79B9 ^ (thread * 77 + 1), checks);
                    began.elapsed()
                })
            })
            .collect();
        start.wait();
        handles.into_iter().map(|handle| handle.join().unwrap()).max().unwrap_or_default()
    })
}

fn bench_check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    for (outcome, window_ms) in [("allowed", 1), ("denied", 604_800_000)] {
        for keys in [10_000, 1_000_000] {
            let limiter = filled(keys, window_ms);
            for threads in [1, 2] {
                let id = BenchmarkId::new(format!("{outcome}/{threads} threads"), keys);
                // Each thread makes all the checks: the figure is the time one of them takes on its thread.
                group.bench_function(id, |bencher| {
                    bencher.iter_custom(|checks| timed(threads, checks, &limiter, keys));
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, bench_rule, bench_check);
criterion_main!(benches);
