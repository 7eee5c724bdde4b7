//! The gate: counts a call against one subject.

use crate::support::{Ports, World, denial, elsewhere, origin};
use epic_domain::Monotonic;
use epic_domain::rate_limit::{Action, Attempt, Decision, Subject};
use epic_outbound::limiter::MockLimiter;
use epic_tests::builders;
use std::sync::Arc;

#[test]
fn a_call_by_an_account_counts_against_it_alone() {
    let mut limiter = MockLimiter::new();
    limiter
        .expect_check()
        .withf(|attempts, now| {
            *attempts == [Attempt::new(Action::Api, Subject::Account(builders::user_id(1)))]
                && *now == Monotonic::from_millis(1_000_000)
        })
        .times(1)
        .return_const(Decision::Denied(denial(Action::Api)));
    let ports = Ports { limiter: Arc::new(limiter), ..Ports::untouched() };
    assert_eq!(ports.gate().admit_account(builders::user_id(1)).unwrap_err(), denial(Action::Api));
}

#[test]
fn e01_a_hundred_calls_pass_and_the_next_waits_for_the_window() {
    let world = World::limited();
    let gate = world.ports().gate();
    for left in (0..100).rev() {
        let admission = gate.admit_address(origin()).unwrap();
        assert_eq!(admission.standing().map(|standing| standing.remaining), Some(left));
    }
    let denial = gate.admit_address(origin()).unwrap_err();
    assert!(gate.admit_address(elsewhere()).is_ok(), "another address waits for nobody");
    world.clock.advance(denial.retry_after);
    assert!(gate.admit_address(origin()).is_ok());
}
