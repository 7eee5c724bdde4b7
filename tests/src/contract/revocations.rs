//! Laws of the index of ended sessions.

use crate::builders::{T0, seconds_after_t0, session_id};
use epic_domain::Timestamp;
use epic_domain::session::Revocation;
use epic_outbound::revocations::Revocations;
use std::sync::Arc;

/// Makes a fresh, empty index.
pub type MakeRevocations = dyn Fn() -> Arc<dyn Revocations>;

/// Expands to the laws of [`Revocations`]. The factory takes nothing and
/// returns an `Arc<dyn Revocations>`.
#[macro_export]
macro_rules! revocations_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { revocations, $factory;
            nothing_is_revoked_at_first
            what_is_announced_is_seen
            other_threads_see_what_was_announced
            pruning_forgets_only_what_no_longer_matters
            an_earlier_end_does_not_shorten_a_revocation
            many_sessions_can_be_revoked
        }
    };
}

fn revocation(seed: u64, until: Timestamp) -> Revocation {
    Revocation { session_id: session_id(seed), until }
}

/// An empty index.
pub fn nothing_is_revoked_at_first(make: &MakeRevocations) {
    let index = make();
    index.prune(T0);
    assert!(!index.is_revoked(session_id(1)));
}

/// By the very next call, and no other session with it.
pub fn what_is_announced_is_seen(make: &MakeRevocations) {
    let index = make();
    index.announce(&[]);
    index.announce(&[revocation(1, T0), revocation(2, T0)]);
    assert!(index.is_revoked(session_id(1)));
    assert!(index.is_revoked(session_id(2)));
    assert!(!index.is_revoked(session_id(3)));
}

/// Calls that start after the announcement has returned.
pub fn other_threads_see_what_was_announced(make: &MakeRevocations) {
    let index = make();
    for seed in 0..200 {
        index.announce(&[revocation(seed, T0)]);
        std::thread::scope(|scope| {
            let seen = scope.spawn(|| index.is_revoked(session_id(seed)));
            assert!(seen.join().unwrap());
        });
    }
}

/// To the millisecond.
pub fn pruning_forgets_only_what_no_longer_matters(make: &MakeRevocations) {
    let index = make();
    index.announce(&[revocation(1, seconds_after_t0(10)), revocation(2, seconds_after_t0(11))]);
    index.prune(Timestamp::from_millis(seconds_after_t0(10).as_millis() - 1));
    assert!(index.is_revoked(session_id(1)));
    index.prune(seconds_after_t0(10));
    assert!(!index.is_revoked(session_id(1)));
    assert!(index.is_revoked(session_id(2)));
}

/// Announced twice, the later end holds.
pub fn an_earlier_end_does_not_shorten_a_revocation(make: &MakeRevocations) {
    let index = make();
    index.announce(&[revocation(1, seconds_after_t0(20))]);
    index.announce(&[revocation(1, seconds_after_t0(10))]);
    index.prune(seconds_after_t0(15));
    assert!(index.is_revoked(session_id(1)));
    index.prune(seconds_after_t0(20));
    assert!(!index.is_revoked(session_id(1)));
}

/// Ten thousand at once.
pub fn many_sessions_can_be_revoked(make: &MakeRevocations) {
    let index = make();
    let revocations: Vec<_> = (0..10_000).map(|seed| revocation(seed, seconds_after_t0(seed))).collect();
    index.announce(&revocations);
    assert!((0..10_000).all(|seed| index.is_revoked(session_id(seed))));
    index.prune(seconds_after_t0(4_999));
    assert!((0..10_000).all(|seed| index.is_revoked(session_id(seed)) == (seed >= 5_000)));
}
