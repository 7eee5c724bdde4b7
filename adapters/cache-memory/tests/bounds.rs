//! The bounds of what is gathered and remembered.

use epic_cache_memory::{MemoryAccessLog, RevocationIndex};
use epic_domain::network::IpPrefix;
use epic_domain::session::Revocation;
use epic_outbound::access_log::{Access, AccessLog};
use epic_outbound::revocations::Revocations;
use epic_tests::builders::{seconds_after_t0, session_id, user_id};

fn access(seed: u64) -> Access {
    Access {
        user_id: user_id(seed),
        session_id: session_id(seed),
        origin: IpPrefix::unspecified(),
        at: seconds_after_t0(seed),
    }
}

#[test]
fn uses_of_more_sessions_than_the_bound_go_uncounted_and_those_known_go_on() {
    let log = MemoryAccessLog::with_sessions_max(100);
    (0..150).for_each(|seed| log.note(&access(seed)));
    (0..100).for_each(|seed| log.note(&access(seed)));
    assert_eq!(log.uncounted(), 50);
    let summaries = log.drain();
    assert_eq!(summaries.len(), 100);
    assert!(summaries.iter().all(|summary| summary.count == 2));
}

#[test]
fn a_drain_makes_room_for_other_sessions() {
    let log = MemoryAccessLog::with_sessions_max(10);
    for round in 0..5 {
        (round * 10..round * 10 + 10).for_each(|seed| log.note(&access(seed)));
        assert_eq!(log.drain().len(), 10);
    }
    assert_eq!(log.uncounted(), 0);
}

#[test]
fn summaries_come_in_the_order_of_their_last_use() {
    let log = MemoryAccessLog::default();
    [5, 3, 9, 1, 7].iter().for_each(|seed| log.note(&access(*seed)));
    assert!(log.drain().is_sorted_by_key(|summary| summary.last.at));
}

#[test]
fn a_pruned_index_remembers_only_what_still_matters() {
    let index = RevocationIndex::new();
    let revocations: Vec<_> = (0..100_000)
        .map(|seed| Revocation { session_id: session_id(seed), until: seconds_after_t0(seed % 100) })
        .collect();
    index.announce(&revocations);
    assert_eq!(index.len(), 100_000);
    index.prune(seconds_after_t0(98));
    assert_eq!(index.len(), 1_000);
    index.prune(seconds_after_t0(99));
    assert!(index.is_empty());
}
