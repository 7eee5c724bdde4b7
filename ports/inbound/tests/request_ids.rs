//! Request ids: never twice, in no run.

use epic_domain::id::RequestId;
use epic_inbound::Fault;
use epic_inbound::request_ids::RequestIds;
use epic_outbound::entropy::MockEntropy;
use epic_tests::builders::{T0, seconds_after_t0};
use epic_tests::fakes::{FakeClock, FakeEntropy};
use std::collections::HashSet;
use std::sync::Arc;

#[test]
fn two_runs_that_share_a_clock_never_make_the_same_id() {
    let clock = Arc::new(FakeClock::default());
    let runs =
        [1, 2].map(|seed| RequestIds::new(Arc::clone(&clock) as _, &FakeEntropy::seeded(seed)).unwrap());
    let ids: HashSet<RequestId> = runs.iter().flat_map(|run| (0..10_000).map(|_| run.next())).collect();
    assert_eq!(ids.len(), 20_000);
}

#[test]
fn the_counter_goes_on_past_its_end() {
    let mut entropy = MockEntropy::new();
    entropy.expect_fill().times(2).returning(|buffer| {
        buffer.fill(0xFF);
        Ok(())
    });
    let ids = RequestIds::new(Arc::new(FakeClock::default()), &entropy).unwrap();
    assert_ne!(ids.next(), ids.next());
}

#[test]
fn an_id_begins_with_the_time_of_its_request() {
    let clock = Arc::new(FakeClock::default());
    let ids = RequestIds::new(Arc::clone(&clock) as _, &FakeEntropy::default()).unwrap();
    assert_eq!(ids.next().as_bytes()[..6], T0.as_millis().to_be_bytes()[2..]);
    clock.set_wall(seconds_after_t0(9));
    assert_eq!(ids.next().as_bytes()[..6], seconds_after_t0(9).as_millis().to_be_bytes()[2..]);
}

#[test]
fn i17_a_run_does_not_begin_without_randomness() {
    let entropy = FakeEntropy::default();
    entropy.set_failing(true);
    let begun = RequestIds::new(Arc::new(FakeClock::default()), &entropy);
    assert!(matches!(begun.err(), Some(Fault::Unavailable(_))));
}
