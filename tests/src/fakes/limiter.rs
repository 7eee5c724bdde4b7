//! A limiter by the book: every attempt is remembered in full, and the arithmetic is written out anew, so that it can
//! stand as a model beside the real one.

use core::time::Duration;
use epic_domain::Monotonic;
use epic_domain::rate_limit::{Attempt, Decision, Denial, DenialCause, Quota, Quotas, Standing};
use epic_outbound::limiter::Limiter;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Remembers the time of each attempt, oldest first, and never runs full.
#[derive(Debug)]
pub struct FakeLimiter {
    quotas: Quotas,
    attempts: Mutex<HashMap<Attempt, Vec<u64>>>,
}

impl FakeLimiter {
    /// A limiter with these quotas.
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self { quotas, attempts: Mutex::default() }
    }

    /// The attempts that have a quota, with it, each once.
    fn limited<'a>(&self, attempts: &'a [Attempt]) -> Vec<(&'a Attempt, Quota)> {
        let mut limited: Vec<(&Attempt, Quota)> = Vec::new();
        for key in attempts {
            if let Some(quota) = self.quotas.of(key.action)
                && limited.iter().all(|(other, _)| *other != key)
            {
                limited.push((key, quota));
            }
        }
        limited
    }
}

/// The clock as this key sees it: never before its newest attempt.
fn seen_from(times: &[u64], now: Monotonic) -> u64 {
    times.last().copied().unwrap_or(0).max(now.as_millis())
}

/// The times that still count, oldest first.
fn live(times: &[u64], quota: Quota, now: Monotonic) -> Vec<u64> {
    let now = seen_from(times, now);
    times.iter().copied().filter(|time| now - time < u64::from(quota.window_ms())).collect()
}

fn judge(key: &Attempt, quota: Quota, times: &[u64], now: Monotonic) -> Decision {
    let live = live(times, quota, now);
    let now = seen_from(times, now);
    let window = u64::from(quota.window_ms());
    let limit = usize::try_from(quota.limit()).unwrap();
    let left_ms = |time: u64| Duration::from_millis(time + window - now);
    if live.len() < limit {
        Decision::Allowed(Some(Standing {
            action: key.action,
            quota,
            remaining: u32::try_from(limit - live.len() - 1).unwrap(),
            reset: left_ms(live.first().copied().unwrap_or(now)),
        }))
    } else {
        Decision::Denied(Denial {
            action: key.action,
            quota,
            retry_after: left_ms(live[live.len() - limit]),
            cause: DenialCause::QuotaUsed,
        })
    }
}

/// The decision for several keys: the longest denial if there is one, otherwise the tightest standing.
fn join(one: Decision, other: Decision) -> Decision {
    match (one, other) {
        (Decision::Denied(a), Decision::Denied(b)) => {
            Decision::Denied(if b.retry_after > a.retry_after { b } else { a })
        }
        (denied @ Decision::Denied(_), Decision::Allowed(_))
        | (Decision::Allowed(_), denied @ Decision::Denied(_)) => denied,
        (allowed, Decision::Allowed(None)) | (Decision::Allowed(None), allowed) => allowed,
        (Decision::Allowed(Some(a)), Decision::Allowed(Some(b))) => {
            let is_tighter =
                (b.remaining, core::cmp::Reverse(b.reset)) < (a.remaining, core::cmp::Reverse(a.reset));
            Decision::Allowed(Some(if is_tighter { b } else { a }))
        }
    }
}

fn decide(all: &HashMap<Attempt, Vec<u64>>, keys: &[(&Attempt, Quota)], now: Monotonic) -> Decision {
    keys.iter()
        .map(|(key, quota)| judge(key, *quota, all.get(*key).map_or(&[], Vec::as_slice), now))
        .fold(Decision::Allowed(None), join)
}

impl Limiter for FakeLimiter {
    fn check(&self, attempts: &[Attempt], now: Monotonic) -> Decision {
        let keys = self.limited(attempts);
        let mut all = self.attempts.lock();
        let decision = decide(&all, &keys, now);
        if matches!(decision, Decision::Allowed(_)) {
            for (key, _) in keys {
                let times = all.entry(key.clone()).or_default();
                times.push(seen_from(times, now));
            }
        }
        decision
    }

    fn peek(&self, attempts: &[Attempt], now: Monotonic) -> Decision {
        decide(&self.attempts.lock(), &self.limited(attempts), now)
    }

    fn give_back(&self, attempts: &[Attempt], now: Monotonic) {
        let mut all = self.attempts.lock();
        for (key, quota) in self.limited(attempts) {
            if let Some(times) = all.get_mut(key)
                && !live(times, quota, now).is_empty()
            {
                times.pop();
            }
        }
    }

    fn prune(&self, now: Monotonic) {
        self.attempts.lock().retain(|key, times| {
            self.quotas.of(key.action).is_some_and(|quota| !live(times, quota, now).is_empty())
        });
    }
}
