//! Fills the revocation index with a million sessions and says what one takes.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that measures and prints")]

use epic_cache_memory::RevocationIndex;
use epic_domain::session::Revocation;
use epic_outbound::revocations::Revocations;
use epic_tests::builders::{seconds_after_t0, session_id};

const REVOCATIONS: u64 = 1_000_000;
const PAGE_BYTES: u64 = 4_096;

/// Memory of this process in use, as Linux tells it.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap() * PAGE_BYTES
}

fn main() {
    let index = RevocationIndex::new();
    let before = resident_bytes();
    for seed in 0..REVOCATIONS {
        index.announce(&[Revocation { session_id: session_id(seed), until: seconds_after_t0(1_800) }]);
    }
    let bytes = resident_bytes() - before;
    println!("{} revocations: {} MiB, {} bytes each", index.len(), bytes >> 20, bytes / REVOCATIONS);
    // The index gives memory back as it is used: readers may still be in what was replaced.
    for seed in 0..3 {
        index.prune(seconds_after_t0(1_800));
        index.announce(&[Revocation { session_id: session_id(seed), until: seconds_after_t0(1_800) }]);
    }
    println!("pruned: {} MiB", resident_bytes().saturating_sub(before) >> 20);
}
