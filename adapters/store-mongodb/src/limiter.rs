//! The limiter of the ways in that nodes share.

use crate::MongoStore;
use crate::documents::limit::MOMENTS_MAX;
use crate::errors::Failure;
use crate::limiter_denials::Denials;
use crate::limiter_key::LimitKeys;
use crate::limiter_step::{Counted, Limit, read, write};
use crate::store::Shared;
use crate::turns::Turns;
use async_trait::async_trait;
use core::fmt;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, DenialCause, Quota, Quotas, Verdict};
use epic_domain::secret::Secret;
use epic_outbound::StoreError;
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::EntryLimiter;
use std::sync::Arc;

/// How often a step begins anew when a rival came first. Each time a rival's attempt has been counted.
const TRIES_MAX: u32 = 64;

/// A quota allows more than one document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shared limit allows at most {} attempts in its window", SharedLimiter::LIMIT_MAX)]
pub struct LimitTooLarge;

/// Exact sliding windows in the database, one document a key, so that all nodes count together.
///
/// It goes by the wall clock, which nodes share as well as their clocks agree: of a window, what they differ by may be
/// missing. A node does not ask again about a key that it was told was used up less than a second ago; what the answer
/// says of the wait then rests on the keys that it knows to be used up.
#[derive(Clone)]
pub struct SharedLimiter {
    store: MongoStore,
    counting: Arc<Counting>,
}

struct Counting {
    quotas: Quotas,
    keys: LimitKeys,
    clock: Arc<dyn Clock>,
    turns: Turns,
    denials: Denials,
}

impl fmt::Debug for SharedLimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SharedLimiter").finish_non_exhaustive()
    }
}

impl SharedLimiter {
    /// The largest limit that can be shared: each attempt of a window is remembered, in one document.
    #[expect(clippy::cast_possible_truncation, reason = "a constant far below")]
    pub const LIMIT_MAX: u32 = MOMENTS_MAX as u32;

    /// A limiter of `quotas`. Nodes count together when they have the same store and the same `secret`, under which the
    /// database knows addresses and names.
    ///
    /// # Errors
    /// [`LimitTooLarge`] when a quota is above [`SharedLimiter::LIMIT_MAX`].
    pub fn new(
        store: MongoStore,
        quotas: Quotas,
        secret: &Secret<32>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LimitTooLarge> {
        let is_too_large = |quota: Quota| quota.limit() > Self::LIMIT_MAX;
        if Action::ALL.into_iter().filter_map(|action| quotas.of(action)).any(is_too_large) {
            return Err(LimitTooLarge);
        }
        let (turns, denials) = (Turns::default(), Denials::default());
        let counting = Counting { quotas, keys: LimitKeys::new(secret), clock, turns, denials };
        Ok(Self { store, counting: Arc::new(counting) })
    }
}

#[async_trait]
impl EntryLimiter for SharedLimiter {
    async fn check(&self, attempts: &[Attempt]) -> Result<Decision, StoreError> {
        let limits = self.counting.limits_of(attempts);
        if let Some(denial) = self.counting.known_denial(&limits) {
            return Ok(Decision::Denied(denial));
        }
        if limits.is_empty() {
            return Ok(Decision::Allowed(None));
        }
        let counting = Arc::clone(&self.counting);
        self.store.call(|shared| async move { counting.take(&shared, &limits).await }).await
    }

    fn known_denial(&self, attempts: &[Attempt]) -> Option<Denial> {
        self.counting.known_denial(&self.counting.limits_of(attempts))
    }

    async fn give_back(&self, attempts: &[Attempt]) -> Result<(), StoreError> {
        let limits = self.counting.limits_of(attempts);
        if limits.is_empty() {
            return Ok(());
        }
        let counting = Arc::clone(&self.counting);
        self.store.call(|shared| async move { counting.give_back(&shared, &limits).await }).await
    }
}

impl Counting {
    /// The keys that have a quota, each once, in the order that every step keeps.
    fn limits_of(&self, attempts: &[Attempt]) -> Vec<Limit> {
        let limited = attempts.iter().filter_map(|attempt| {
            let (action, quota) = (attempt.action, self.quotas.of(attempt.action)?);
            Some(Limit { key: self.keys.of(attempt), action, quota })
        });
        let mut limits: Vec<Limit> = limited.collect();
        limits.sort_unstable_by_key(|limit| limit.key);
        limits.dedup_by_key(|limit| limit.key);
        limits
    }

    fn known_denial(&self, limits: &[Limit]) -> Option<Denial> {
        let now = self.clock.monotonic();
        let denials = limits.iter().filter_map(|Limit { key, action, quota }| {
            let retry_after = self.denials.wait_of(*key, now)?;
            Some(Denial { action: *action, quota: *quota, retry_after, cause: DenialCause::QuotaUsed })
        });
        denials.max_by_key(|denial| denial.retry_after)
    }

    async fn take(&self, shared: &Shared, limits: &[Limit]) -> Result<Decision, Failure> {
        let _turns = self.turns.of_all(limits.iter().map(|limit| limit.key.spread())).await;
        // Those whose turn it was may have used a key up.
        if let Some(denial) = self.known_denial(limits) {
            return Ok(Decision::Denied(denial));
        }
        for _ in 0..TRIES_MAX {
            let mut counted = read(shared, limits, self.clock.now()).await?;
            let decision = self.judge(&counted);
            if matches!(decision, Decision::Denied(_)) {
                return Ok(decision);
            }
            counted.iter_mut().for_each(|counted| counted.count.record());
            if write(shared, counted).await? {
                return Ok(decision);
            }
        }
        Err(Failure::Contended)
    }

    /// The decision for all keys together; those that are used up are remembered.
    fn judge(&self, counted: &[Counted]) -> Decision {
        let now = self.clock.monotonic();
        let decisions =
            counted.iter().map(|Counted { limit: Limit { key, action, quota }, count, .. }| {
                let verdict = count.judge(*quota);
                if let Verdict::Refuse { wait_ms } = verdict {
                    self.denials.remember(*key, wait_ms, now);
                }
                Decision::of(*action, *quota, verdict)
            });
        decisions.fold(Decision::Allowed(None), Decision::stricter)
    }

    /// Gives back one attempt of each key, one key after the other: what was given back stays so when the next one fails.
    async fn give_back(&self, shared: &Shared, limits: &[Limit]) -> Result<(), Failure> {
        let _turns = self.turns.of_all(limits.iter().map(|limit| limit.key.spread())).await;
        for limit in limits {
            self.give_one_back(shared, limit).await?;
            self.denials.forget(limit.key);
        }
        Ok(())
    }

    async fn give_one_back(&self, shared: &Shared, limit: &Limit) -> Result<(), Failure> {
        for _ in 0..TRIES_MAX {
            let mut counted = read(shared, core::slice::from_ref(limit), self.clock.now()).await?;
            let counts = counted.iter_mut().any(|counted| counted.count.give_back());
            if !counts || write(shared, counted).await? {
                return Ok(());
            }
        }
        Err(Failure::Contended)
    }
}
