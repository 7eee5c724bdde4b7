//! The exact sliding window: a pure step over the attempts a key remembers.

use super::Quota;

/// A moment on the limiter's clock: milliseconds modulo 2³².
///
/// Four bytes instead of eight, because a limiter keeps millions of them. Ages are differences modulo 2³², which is
/// sound while no moment is kept for longer than 2³¹ ms (24.8 days): [`Quota::WINDOW_MAX`] is 7 days, and limiters
/// drop what is older than its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tick(u32);

impl Tick {
    /// The moment `millis` milliseconds after the clock's origin.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "ticks count modulo 2^32 by definition")]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis as u32)
    }

    /// The count modulo 2³².
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The moment with this count.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Milliseconds from this moment to `now`; zero when `now` is earlier (the clock stepped back).
    #[must_use]
    pub const fn age_at(self, now: Self) -> u32 {
        let difference = now.0.wrapping_sub(self.0);
        if difference > u32::MAX / 2 { 0 } else { difference }
    }

    /// The later of two moments.
    #[must_use]
    pub const fn later_of(self, other: Self) -> Self {
        if self.age_at(other) > 0 { other } else { self }
    }
}

/// What a window says of one more attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Admit {
        /// How many more would fit after it.
        remaining: u32,
        /// Milliseconds until the oldest counted attempt, this one included, leaves the window.
        reset_ms: u32,
    },
    /// It does not fit.
    Refuse {
        /// Milliseconds after which it would.
        wait_ms: u32,
    },
}

/// Judges one more attempt at `now`, given the admitted ones, oldest first.
///
/// An attempt made at `t` counts during `[t, t + window)`. When the clock stands still or steps back, `now` is taken
/// to be the newest admitted moment, so that no attempt is forgotten early.
#[must_use]
pub fn judge(admitted: &[Tick], quota: Quota, now: Tick) -> Verdict {
    let now = admitted.last().map_or(now, |newest| newest.later_of(now));
    let live = admitted.get(expired_count(admitted, quota, now)..).unwrap_or_default();
    let used = u32::try_from(live.len()).unwrap_or(u32::MAX);
    let time_left = |tick: &Tick| quota.window_ms().saturating_sub(tick.age_at(now));
    match quota.limit().checked_sub(used.saturating_add(1)) {
        Some(remaining) => {
            Verdict::Admit { remaining, reset_ms: live.first().map_or(quota.window_ms(), time_left) }
        }
        // The limit may have been lowered since: all but `limit - 1` of the live ones must leave first.
        None => {
            let last_to_leave =
                live.len().saturating_sub(usize::try_from(quota.limit()).unwrap_or(usize::MAX));
            Verdict::Refuse { wait_ms: live.get(last_to_leave).map_or(quota.window_ms(), time_left) }
        }
    }
}

/// How many of the admitted moments, oldest first, have left the window at `now`.
#[must_use]
pub fn expired_count(admitted: &[Tick], quota: Quota, now: Tick) -> usize {
    let has_left = |tick: &Tick| tick.age_at(now) >= quota.window_ms();
    match admitted {
        // Most keys have nothing that left, or nothing else: both show at the ends.
        [] => 0,
        [oldest, ..] if !has_left(oldest) => 0,
        [.., newest] if has_left(newest) => admitted.len(),
        _ => admitted.partition_point(has_left),
    }
}

/// A window that keeps its own moments: the step function with its memory, for limiters and models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    admitted: Vec<Tick>,
}

impl Window {
    /// What one more attempt at `now` would get; changes nothing.
    #[must_use]
    pub fn peek(&self, quota: Quota, now: Tick) -> Verdict {
        judge(&self.admitted, quota, now)
    }

    /// Counts an attempt at `now`, whatever [`Window::peek`] says, and forgets what has left the window.
    pub fn record(&mut self, quota: Quota, now: Tick) {
        let now = self.admitted.last().map_or(now, |newest| newest.later_of(now));
        self.prune(quota, now);
        self.admitted.push(now);
    }

    /// Takes the newest attempt back.
    pub fn give_back(&mut self) {
        self.admitted.pop();
    }

    /// Forgets what has left the window at `now`; true when nothing is left.
    pub fn prune(&mut self, quota: Quota, now: Tick) -> bool {
        let expired = expired_count(&self.admitted, quota, now);
        self.admitted.drain(..expired);
        self.admitted.is_empty()
    }
}
