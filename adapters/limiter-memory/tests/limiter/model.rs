//! The limiter against a model too simple to be wrong, over random histories.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a model that fails must stop its test")]

use crate::support::{at, from_address, limiter, of_account, of_name, quota, with_name};
use core::time::Duration;
use epic_domain::rate_limit::{Action, Attempt, Decision, DenialCause, Quota, Quotas};
use epic_outbound::limiter::Limiter;
use proptest::prelude::*;
use std::collections::HashMap;

/// Every attempt ever admitted, with its moment; nothing is forgotten and nothing is clever.
#[derive(Default)]
struct Model {
    now: u64,
    admitted: HashMap<Attempt, Vec<u64>>,
}

/// What the model says: the tightest remaining and its reset, or the longest wait.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Unlimited,
    Allowed { remaining: u32, reset_ms: u64 },
    Denied { wait_ms: u64 },
}

impl Model {
    fn in_window(&self, key: &Attempt, quota: Quota) -> Vec<u64> {
        let window = u64::from(quota.window_ms());
        let admitted = self.admitted.get(key).map(Vec::as_slice).unwrap_or_default();
        admitted.iter().copied().filter(|moment| self.now < moment + window).collect()
    }

    fn say(&self, keys: &[(&Attempt, Quota)]) -> Said {
        let mut waits = Vec::new();
        let mut standings = Vec::new();
        for (key, quota) in keys {
            let window = u64::from(quota.window_ms());
            let inside = self.in_window(key, *quota);
            let limit = usize::try_from(quota.limit()).expect("a limit");
            if inside.len() >= limit {
                waits.push(inside[inside.len() - limit] + window - self.now);
            } else {
                let left = u32::try_from(limit - inside.len() - 1).expect("a count");
                let oldest = inside.first().copied().unwrap_or(self.now);
                standings.push((left, core::cmp::Reverse(oldest + window - self.now)));
            }
        }
        match (waits.iter().max(), standings.iter().min()) {
            (Some(wait_ms), _) => Said::Denied { wait_ms: *wait_ms },
            (None, Some((remaining, reset))) => Said::Allowed { remaining: *remaining, reset_ms: reset.0 },
            (None, None) => Said::Unlimited,
        }
    }

    fn limited<'keys>(quotas: &Quotas, keys: &'keys [Attempt]) -> Vec<(&'keys Attempt, Quota)> {
        let mut limited: Vec<(&Attempt, Quota)> = Vec::new();
        for key in keys {
            if let Some(quota) = quotas.of(key.action)
                && !limited.iter().any(|(known, _)| *known == key)
            {
                limited.push((key, quota));
            }
        }
        limited
    }
}

fn said(decision: Decision) -> Said {
    let millis = |span: Duration| u64::try_from(span.as_millis()).expect("a short span");
    match decision {
        Decision::Allowed(None) => Said::Unlimited,
        Decision::Allowed(Some(standing)) => {
            Said::Allowed { remaining: standing.remaining, reset_ms: millis(standing.reset) }
        }
        Decision::Denied(denial) => {
            assert_eq!(denial.cause, DenialCause::QuotaUsed, "the model has room for all");
            Said::Denied { wait_ms: millis(denial.retry_after) }
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Check(Vec<Attempt>),
    Peek(Vec<Attempt>),
    GiveBack(Vec<Attempt>),
    Prune,
}

fn key() -> impl Strategy<Value = Attempt> {
    let names = ["alice", "bob", "carol", "dave"];
    let action = prop::sample::select(Action::ALL.to_vec());
    (action, 0..4_u32, 0..4_u32).prop_map(move |(action, kind, number)| match kind {
        0 => from_address(action, number),
        1 => of_account(action, u128::from(number)),
        2 => of_name(action, names[number as usize]),
        _ => with_name(action, names[number as usize], number),
    })
}

/// Time mostly creeps, sometimes stands still, jumps or steps back.
fn time_step() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..30_i64,
        2 => Just(0_i64),
        1 => -50..0_i64,
        1 => 80..250_i64,
        1 => prop::sample::select(vec![99_i64, 100, 101, 199, 200]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let keys = || prop::collection::vec(key(), 0..4);
    prop_oneof![
        8 => keys().prop_map(Step::Check),
        2 => keys().prop_map(Step::Peek),
        2 => keys().prop_map(Step::GiveBack),
        1 => Just(Step::Prune),
    ]
}

fn quotas() -> Quotas {
    Action::ALL
        .iter()
        .zip([
            Some(quota(5, 100)),
            Some(quota(1, 100)),
            Some(quota(3, 200)),
            Some(quota(7, 100)),
            None,
            Some(quota(11, 150)),
        ])
        .fold(Quotas::DEFAULT, |quotas, (action, quota)| quotas.with(*action, quota))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_answer_is_the_one_a_naive_record_of_all_attempts_gives(
        start in prop::sample::select(vec![0_u64, 5, (1 << 31) - 100, (1 << 32) - 100, (5 << 32) - 100]),
        steps in prop::collection::vec((time_step(), step()), 1..200),
    ) {
        let quotas = quotas();
        let limiter = limiter(quotas);
        let mut model = Model::default();
        let mut clock = start;
        for (number, (time_step, step)) in steps.iter().enumerate() {
            clock = clock.saturating_add_signed(*time_step);
            model.now = model.now.max(clock);
            match step {
                Step::Check(keys) => {
                    let limited = Model::limited(&quotas, keys);
                    let expected = model.say(&limited);
                    prop_assert_eq!(&said(limiter.check(keys, at(clock))), &expected, "step {}", number);
                    if matches!(expected, Said::Allowed { .. }) {
                        for (key, _) in limited {
                            model.admitted.entry(key.clone()).or_default().push(model.now);
                        }
                    }
                }
                Step::Peek(keys) => {
                    let expected = model.say(&Model::limited(&quotas, keys));
                    prop_assert_eq!(said(limiter.peek(keys, at(clock))), expected, "step {}", number);
                }
                Step::GiveBack(keys) => {
                    limiter.give_back(keys, at(clock));
                    for (key, quota) in Model::limited(&quotas, keys) {
                        if !model.in_window(key, quota).is_empty() {
                            model.admitted.get_mut(key).and_then(Vec::pop);
                        }
                    }
                }
                Step::Prune => limiter.prune(at(clock)),
            }
        }
    }
}
