//! F08: whatever comes and goes, what is stored and set aside never passes the quota.
#![expect(clippy::arithmetic_side_effects, reason = "the model counts small numbers")]

use epic_domain::file::{OverQuota, Usage};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Begin(u64),
    /// One of the open uploads ends in that share of its bytes, out of four.
    Settle(prop::sample::Index, u64),
    GiveUp(prop::sample::Index),
    /// One of the contents is removed.
    Remove(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..60_u64).prop_map(Step::Begin),
        2 => (any::<prop::sample::Index>(), 0..=4_u64).prop_map(|(which, quarters)| Step::Settle(which, quarters)),
        1 => any::<prop::sample::Index>().prop_map(Step::GiveUp),
        1 => any::<prop::sample::Index>().prop_map(Step::Remove),
    ]
}

proptest! {
    #[test]
    fn f08_usage_is_the_sum_of_what_is_there_and_never_more_than_the_quota(
        limit in 0..200_u64,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let (mut usage, mut open, mut whole) = (Usage::default(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Begin(size) => {
                    let taken: u64 = open.iter().chain(&whole).sum();
                    match usage.reserve(size, limit) {
                        Ok(after) => {
                            prop_assert!(taken + size <= limit);
                            usage = after;
                            open.push(size);
                        }
                        Err(OverQuota { available_bytes }) => {
                            prop_assert!(taken + size > limit);
                            prop_assert_eq!(available_bytes, limit - taken);
                        }
                    }
                }
                Step::Settle(which, quarters) if !open.is_empty() => {
                    let reserved = open.swap_remove(which.index(open.len()));
                    let size = reserved * quarters / 4;
                    usage = usage.settle(reserved, size);
                    whole.push(size);
                }
                Step::GiveUp(which) if !open.is_empty() => {
                    usage = usage.give_up(open.swap_remove(which.index(open.len())));
                }
                Step::Remove(which) if !whole.is_empty() => {
                    usage = usage.free(whole.swap_remove(which.index(whole.len())));
                }
                _ => {}
            }
            let expected =
                Usage { used_bytes: whole.iter().sum(), reserved_bytes: open.iter().sum() };
            prop_assert_eq!(usage, expected);
            prop_assert!(usage.used_bytes + usage.reserved_bytes <= limit);
        }
    }

    #[test]
    fn no_sizes_overflow(used in any::<u64>(), reserved in any::<u64>(), size in any::<u64>(), limit in any::<u64>()) {
        let usage = Usage { used_bytes: used, reserved_bytes: reserved };
        if let Ok(after) = usage.reserve(size, limit) {
            prop_assert!(u128::from(after.used_bytes) + u128::from(after.reserved_bytes) <= u128::from(limit));
        }
        let _ = usage.settle(size, limit).free(size).give_up(limit);
    }
}
