//! How much is allowed in how long.

use super::Action;
use crate::Invalid;
use core::num::NonZeroU32;
use core::time::Duration;

/// At most `limit` attempts in any window of `window_ms` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    limit: NonZeroU32,
    window_ms: u32,
}

impl Quota {
    /// The largest limit: each attempt of a window is remembered, so the limit bounds a key's memory.
    pub const LIMIT_MAX: u32 = 100_000;
    /// The longest window. Well under half of what a 32-bit millisecond counter spans (24.8 days), so that ages
    /// computed modulo 2³² are never ambiguous.
    pub const WINDOW_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);

    /// Parses a quota.
    ///
    /// # Errors
    /// [`Invalid`] when the limit is 0 or above [`Quota::LIMIT_MAX`], or the window is under one millisecond or above
    /// [`Quota::WINDOW_MAX`].
    pub fn new(limit: u32, window: Duration) -> Result<Self, Invalid> {
        let limit = NonZeroU32::new(limit)
            .filter(|limit| limit.get() <= Self::LIMIT_MAX)
            .ok_or(Invalid::new("invalid_limit", "must allow between 1 and 100000 attempts"))?;
        let refused = Invalid::new("invalid_window", "must be a window between 1 millisecond and 7 days");
        if window > Self::WINDOW_MAX {
            return Err(refused);
        }
        match u32::try_from(window.as_millis()) {
            Ok(window_ms) if window_ms > 0 => Ok(Self { limit, window_ms }),
            _ => Err(refused),
        }
    }

    const fn of(limit: NonZeroU32, seconds: u32) -> Self {
        Self { limit, window_ms: seconds * 1_000 }
    }

    /// The most attempts in a window.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit.get()
    }

    /// The window in milliseconds.
    #[must_use]
    pub const fn window_ms(&self) -> u32 {
        self.window_ms
    }
}

/// The quota of each action; `None` where the operator switched it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas([Option<Quota>; Action::ALL.len()]);

const fn count(limit: u32) -> NonZeroU32 {
    match NonZeroU32::new(limit) {
        Some(limit) => limit,
        None => NonZeroU32::MIN,
    }
}

impl Quotas {
    /// The design's limits: login 5 in 5 minutes, register 3 in an hour, totp 3 in 5 minutes, upload 10 in 15 minutes,
    /// api 100 in an hour; and 30 sign-ins in a minute to one account from anywhere, so that a victim of someone else's
    /// attempts waits for a minute at most.
    pub const DEFAULT: Self = Self([
        Some(Quota::of(count(5), 300)),
        Some(Quota::of(count(3), 3_600)),
        Some(Quota::of(count(3), 300)),
        Some(Quota::of(count(10), 900)),
        Some(Quota::of(count(100), 3_600)),
        Some(Quota::of(count(30), 60)),
    ]);

    /// These quotas with another one for `action`.
    #[must_use]
    pub fn with(mut self, action: Action, quota: Option<Quota>) -> Self {
        if let Some(slot) = self.0.get_mut(action.index()) {
            *slot = quota;
        }
        self
    }

    /// The quota of `action`.
    #[must_use]
    pub fn of(&self, action: Action) -> Option<Quota> {
        self.0.get(action.index()).copied().flatten()
    }
}
