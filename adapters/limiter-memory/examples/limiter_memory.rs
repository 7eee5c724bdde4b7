//! Fills the limiter with ten million login keys and says what a key takes, before and after they expire.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that measures and prints")]
#![cfg(target_os = "linux")]

use core::net::Ipv4Addr;
use epic_domain::Monotonic;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Quotas, Subject};
use epic_limiter_memory::{Budget, MemoryLimiter};
use epic_outbound::limiter::Limiter;

const KEYS: u32 = 10_000_000;
const PAGE_BYTES: usize = 4_096;

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap() * PAGE_BYTES
}

/// Makes one login attempt from each of so many addresses; returns how many were let through.
fn fill(limiter: &MemoryLimiter, now: u64) -> usize {
    (0..KEYS)
        .filter(|number| {
            let subject = Subject::Address(IpPrefix::of(Ipv4Addr::from_bits(*number).into()));
            let decision =
                limiter.check(&[Attempt::new(Action::Login, subject)], Monotonic::from_millis(now));
            matches!(decision, Decision::Allowed(_))
        })
        .count()
}

fn report(budget_name: &str, budget: Budget) {
    let before = resident_bytes();
    let limiter = MemoryLimiter::new(Quotas::DEFAULT, &[0x5A; 16], budget);
    let passed = fill(&limiter, 1_000);
    let full = resident_bytes().saturating_sub(before);
    let keys = limiter.key_count(Action::Login);
    println!("{budget_name}: {passed} of {KEYS} new keys let in, {keys} remembered");
    println!("  resident: {} MiB, {} bytes a key", full >> 20, full / keys.max(1));
    limiter.prune(Monotonic::from_millis(301_000));
    let after = resident_bytes().saturating_sub(before);
    println!("  after their window: {} MiB resident, {} keys", after >> 20, limiter.key_count(Action::Login));
}

fn main() {
    report("default budget", Budget::DEFAULT);
    report("a budget that holds them all", Budget::DEFAULT.with(Action::Login, 1 << 30));
}
