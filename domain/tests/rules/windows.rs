//! Sliding windows against a list of every attempt that was ever let through.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a model that fails must stop its test")]

use core::time::Duration;
use epic_domain::rate_limit::{Quota, Tick, Verdict, Window, judge};
use proptest::prelude::*;

fn quota(limit: u32, window_ms: u32) -> Quota {
    Quota::new(limit, Duration::from_millis(window_ms.into())).expect("a quota")
}

fn tick(millis: u64) -> Tick {
    Tick::from_millis(millis)
}

/// Tries once: counts the attempt if it fits.
fn attempt(window: &mut Window, quota: Quota, now: u64) -> Verdict {
    let verdict = window.peek(quota, tick(now));
    if matches!(verdict, Verdict::Admit { .. }) {
        window.record(quota, tick(now));
    }
    verdict
}

/// What the rule says when every admitted moment is remembered in full.
fn naive(admitted: &[u64], quota: Quota, now: u64) -> Verdict {
    let now = admitted.iter().copied().fold(now, u64::max);
    let window_ms = u64::from(quota.window_ms());
    let live: Vec<u64> = admitted.iter().copied().filter(|moment| now < moment + window_ms).collect();
    let limit = usize::try_from(quota.limit()).expect("a limit");
    let left = |moment: u64| u32::try_from(moment + window_ms - now).expect("within the window");
    if live.len() < limit {
        Verdict::Admit {
            remaining: u32::try_from(limit - live.len() - 1).expect("below the limit"),
            reset_ms: left(live.first().copied().unwrap_or(now)),
        }
    } else {
        Verdict::Refuse { wait_ms: left(live[live.len() - limit]) }
    }
}

/// Times of attempts: mostly a little later, now and then at once, after a long pause or earlier than before.
fn times() -> impl Strategy<Value = Vec<u64>> {
    let step = prop_oneof![
        5 => 0..40_i64,
        2 => Just(0_i64),
        1 => -60..0_i64,
        1 => 90..220_i64,
    ];
    prop::collection::vec(step, 1..120).prop_map(|steps| {
        let mut now = 1_000_u64;
        steps
            .into_iter()
            .map(|step| {
                now = now.saturating_add_signed(step);
                now
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn a_window_says_what_a_full_record_says(times in times(), limit in 1..8_u32, window_ms in 1..200_u32) {
        let quota = quota(limit, window_ms);
        let mut window = Window::default();
        let mut admitted: Vec<u64> = Vec::new();
        for now in times {
            let expected = naive(&admitted, quota, now);
            prop_assert_eq!(attempt(&mut window, quota, now), expected);
            if matches!(expected, Verdict::Admit { .. }) {
                // A clock that stepped back is taken to stand still.
                admitted.push(admitted.last().copied().unwrap_or(0).max(now));
            }
        }
    }

    #[test]
    fn e13_no_window_wherever_it_begins_holds_more_than_the_limit(
        times in times(), limit in 1..8_u32, window_ms in 1..200_u32,
    ) {
        let quota = quota(limit, window_ms);
        let mut window = Window::default();
        let mut admitted: Vec<u64> = Vec::new();
        let mut latest = 0;
        for now in times {
            latest = now.max(latest);
            if matches!(attempt(&mut window, quota, latest), Verdict::Admit { .. }) {
                admitted.push(latest);
            }
        }
        // A fullest window begins at an attempt.
        for start in &admitted {
            let end = start + u64::from(window_ms);
            let inside = admitted.iter().filter(|moment| (*start..end).contains(moment)).count();
            prop_assert!(inside <= usize::try_from(limit).expect("a limit"));
        }
    }

    #[test]
    fn e01_the_told_wait_is_exact_to_the_millisecond(
        times in times(), limit in 1..8_u32, window_ms in 1..200_u32,
    ) {
        let quota = quota(limit, window_ms);
        let mut window = Window::default();
        let mut latest = 0;
        for now in times {
            latest = now.max(latest);
            if let Verdict::Refuse { wait_ms } = attempt(&mut window, quota, latest) {
                prop_assert!((1..=window_ms).contains(&wait_ms));
                let then = latest + u64::from(wait_ms);
                prop_assert_eq!(window.peek(quota, tick(then - 1)), Verdict::Refuse { wait_ms: 1 });
                prop_assert!(matches!(window.peek(quota, tick(then)), Verdict::Admit { .. }), "at the told moment");
            }
        }
    }

    #[test]
    fn an_attempt_that_was_denied_leaves_no_trace(times in times(), limit in 1..8_u32, window_ms in 1..200_u32) {
        let quota = quota(limit, window_ms);
        let (mut patient, mut knocking) = (Window::default(), Window::default());
        for now in times {
            let verdict = attempt(&mut patient, quota, now);
            prop_assert_eq!(attempt(&mut knocking, quota, now), verdict);
            if matches!(verdict, Verdict::Refuse { .. }) {
                for _ in 0..3 {
                    prop_assert_eq!(attempt(&mut knocking, quota, now), verdict);
                }
            }
        }
        prop_assert_eq!(patient, knocking);
    }

    #[test]
    fn pruning_at_any_time_changes_no_verdict(
        times in prop::collection::vec(0..40_u64, 1..120), limit in 1..8_u32, window_ms in 1..200_u32,
    ) {
        let quota = quota(limit, window_ms);
        let (mut pruned, mut plain) = (Window::default(), Window::default());
        let mut now = 0;
        for step in times {
            now += step;
            pruned.prune(quota, tick(now));
            prop_assert_eq!(attempt(&mut pruned, quota, now), attempt(&mut plain, quota, now));
        }
    }

    #[test]
    fn an_attempt_given_back_is_as_if_it_had_not_been(times in times(), limit in 1..8_u32, window_ms in 1..200_u32) {
        let quota = quota(limit, window_ms);
        let (mut lending, mut plain) = (Window::default(), Window::default());
        let mut latest = 0;
        for now in times {
            latest = now.max(latest);
            if matches!(attempt(&mut lending, quota, latest), Verdict::Admit { .. }) {
                lending.give_back();
            }
            prop_assert_eq!(attempt(&mut lending, quota, latest), attempt(&mut plain, quota, latest));
        }
    }

    #[test]
    fn where_the_32_bit_count_begins_makes_no_difference(
        times in times(),
        limit in 1..8_u32,
        window_ms in 1..200_u32,
        origin in prop_oneof![any::<u32>().prop_map(u64::from), ((1_u64 << 32) - 5_000)..(1 << 32)],
    ) {
        let quota = quota(limit, window_ms);
        let (mut here, mut there) = (Window::default(), Window::default());
        for now in times {
            prop_assert_eq!(attempt(&mut here, quota, now), attempt(&mut there, quota, now + origin));
        }
    }

    #[test]
    fn a_lowered_limit_holds_at_once_and_its_wait_is_exact(
        gaps in prop::collection::vec(0..20_u64, 1..12), lowered in 1..12_u32, window_ms in 100..400_u32,
    ) {
        let moments: Vec<u64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
        let admitted: Vec<Tick> = moments.iter().map(|moment| tick(*moment)).collect();
        let quota = quota(lowered, window_ms);
        let now = moments.last().copied().unwrap_or(0);
        prop_assert_eq!(judge(&admitted, quota, tick(now)), naive(&moments, quota, now));
        if let Verdict::Refuse { wait_ms } = judge(&admitted, quota, tick(now)) {
            let then = now + u64::from(wait_ms);
            prop_assert_eq!(judge(&admitted, quota, tick(then - 1)), Verdict::Refuse { wait_ms: 1 });
            prop_assert!(
                matches!(judge(&admitted, quota, tick(then)), Verdict::Admit { .. }),
                "at the told moment"
            );
        }
    }
}

#[test]
fn a_window_of_seven_days_is_judged_right_up_to_its_last_millisecond() {
    let week_ms = u32::try_from(Quota::WINDOW_MAX.as_millis()).unwrap();
    let quota = quota(1, week_ms);
    let week = u64::from(week_ms);
    let admitted = [tick(u64::from(u32::MAX))];
    let at = |age: u64| judge(&admitted, quota, tick(u64::from(u32::MAX) + age));
    assert_eq!(at(0), Verdict::Refuse { wait_ms: week_ms });
    assert_eq!(at(week - 1), Verdict::Refuse { wait_ms: 1 });
    assert_eq!(at(week), Verdict::Admit { remaining: 0, reset_ms: week_ms });
    // As long as a limiter may keep a moment: a day over twice the longest window.
    assert_eq!(at(2 * week + 86_400_000), Verdict::Admit { remaining: 0, reset_ms: week_ms });
}

#[test]
fn quotas_outside_their_bounds_are_refused() {
    let second = Duration::from_secs(1);
    for (limit, window) in [
        (0, second),
        (Quota::LIMIT_MAX + 1, second),
        (1, Duration::ZERO),
        (1, Duration::from_micros(999)),
        (1, Quota::WINDOW_MAX + Duration::from_nanos(1)),
        (1, Duration::MAX),
    ] {
        assert!(Quota::new(limit, window).is_err(), "{limit} in {window:?}");
    }
    assert!(Quota::new(1, Duration::from_millis(1)).is_ok());
    assert!(Quota::new(Quota::LIMIT_MAX, Quota::WINDOW_MAX).is_ok());
}
