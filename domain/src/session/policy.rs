//! How long tokens and sessions live.

use super::Grant;
use crate::Timestamp;
use crate::id::TokenId;
use crate::key_id::KeyId;
use core::time::Duration;

/// Lifetimes, known to be sensible together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    access: Duration,
    refresh: Duration,
    session: Duration,
    reuse_grace: Duration,
    sessions_max: u32,
    step_up: Duration,
}

/// Lifetimes that do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyRefused(&'static str);

impl core::fmt::Display for PolicyRefused {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl core::error::Error for PolicyRefused {}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);

impl SessionPolicy {
    /// The design's lifetimes: 30 minutes, 7 days, and 30 days at the most; 10 seconds for a lost reply.
    pub const DEFAULT: Self = Self {
        access: Duration::from_secs(30 * 60),
        refresh: Duration::from_secs(7 * 24 * 3_600),
        session: Duration::from_secs(30 * 24 * 3_600),
        reuse_grace: Duration::from_secs(10),
        sessions_max: 50,
        step_up: Duration::from_secs(5 * 60),
    };

    /// Joins lifetimes.
    ///
    /// # Errors
    /// [`PolicyRefused`] unless one second ≤ access ≤ refresh ≤ session ≤ 365 days, access ≤ one day, and the grace is at most one
    /// minute.
    pub fn new(
        access: Duration,
        refresh: Duration,
        session: Duration,
        reuse_grace: Duration,
    ) -> Result<Self, PolicyRefused> {
        // `revoked_until` counts on the upper bound.
        if access < Duration::from_secs(1) || access > DAY {
            return Err(PolicyRefused("an access token must live between 1 second and 1 day"));
        }
        if refresh < access || session < refresh {
            return Err(PolicyRefused("lifetimes must rise from access token to refresh token to session"));
        }
        if session > 365 * DAY {
            return Err(PolicyRefused("a session must end within 365 days"));
        }
        if reuse_grace > MINUTE {
            return Err(PolicyRefused("the reuse grace must be at most 1 minute"));
        }
        Ok(Self { access, refresh, session, reuse_grace, ..Self::DEFAULT })
    }

    /// This policy with another cap on the sessions of an account.
    ///
    /// # Errors
    /// [`PolicyRefused`] unless it is between 1 and 10,000.
    pub fn with_sessions_max(self, sessions_max: u32) -> Result<Self, PolicyRefused> {
        if (1..=10_000).contains(&sessions_max) {
            Ok(Self { sessions_max, ..self })
        } else {
            Err(PolicyRefused("an account may have between 1 and 10000 sessions"))
        }
    }

    /// This policy with another time for which a proof of who someone is stays fresh.
    ///
    /// # Errors
    /// [`PolicyRefused`] unless it is between 10 seconds and 1 hour.
    pub fn with_step_up(self, step_up: Duration) -> Result<Self, PolicyRefused> {
        if (Duration::from_secs(10)..=60 * MINUTE).contains(&step_up) {
            Ok(Self { step_up, ..self })
        } else {
            Err(PolicyRefused("a proof must stay fresh for between 10 seconds and 1 hour"))
        }
    }

    /// The most sessions an account may have. One more ends the one that was not seen for the longest.
    #[must_use]
    pub const fn sessions_max(&self) -> u32 {
        self.sessions_max
    }

    /// How long after proving who they are a person may change what guards the account.
    #[must_use]
    pub const fn step_up(&self) -> Duration {
        self.step_up
    }

    /// Whether someone who proved who they are at `auth_time` need not do so again at `now`.
    #[must_use]
    pub fn is_fresh(&self, auth_time: Timestamp, now: Timestamp) -> bool {
        now < auth_time.saturating_add(self.step_up)
    }

    /// The end of an access token made at `now` in a session that ends at `session_ends_at`.
    #[must_use]
    pub fn access_end(&self, session_ends_at: Timestamp, now: Timestamp) -> Timestamp {
        now.floor_to_second().saturating_add(self.access).min(session_ends_at)
    }

    /// How long the token just replaced still gives its successor.
    #[must_use]
    pub const fn reuse_grace(&self) -> Duration {
        self.reuse_grace
    }

    /// The absolute end of a session opened at `now`.
    #[must_use]
    pub fn session_end(&self, now: Timestamp) -> Timestamp {
        now.floor_to_second().saturating_add(self.session)
    }

    /// The pair of tokens to hand out at `now` in a session that ends at `session_ends_at`: neither outlives it.
    #[must_use]
    pub fn grant(
        &self,
        access_id: TokenId,
        refresh_id: TokenId,
        key_id: KeyId,
        session_ends_at: Timestamp,
        now: Timestamp,
    ) -> Grant {
        let issued_at = now.floor_to_second();
        Grant {
            access_id,
            refresh_id,
            key_id,
            issued_at,
            access_expires_at: self.access_end(session_ends_at, now),
            refresh_expires_at: issued_at.saturating_add(self.refresh).min(session_ends_at),
        }
    }

    /// Until when a session that ends at `now` must be remembered as revoked: no access token of it lives longer.
    ///
    /// It is the longest that any policy lets an access token live, not what this one does: tokens made under an earlier
    /// setting may live longer than those made now, and a wall clock that jumps by an hour and back must not bring any of
    /// them to life.
    #[must_use]
    pub fn revoked_until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(DAY).saturating_add(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b11_no_token_outlives_its_session() {
        let policy = SessionPolicy::DEFAULT;
        let opened = Timestamp::from_seconds(1_000_000);
        let ends_at = policy.session_end(opened);
        let id = TokenId::from_bytes([1; 16]);
        let key = KeyId::parse("k1").unwrap();
        let late = ends_at.saturating_sub(Duration::from_secs(1));
        let grant = policy.grant(id, id, key, ends_at, late);
        assert_eq!(grant.access_expires_at, ends_at);
        assert_eq!(grant.refresh_expires_at, ends_at);
    }

    #[test]
    fn lifetimes_that_do_not_fit_are_refused() {
        let second = Duration::from_secs(1);
        assert!(SessionPolicy::new(Duration::ZERO, DAY, DAY, second).is_err());
        assert!(SessionPolicy::new(2 * DAY, 3 * DAY, 4 * DAY, second).is_err());
        assert!(SessionPolicy::new(MINUTE, second, DAY, second).is_err());
        assert!(SessionPolicy::new(MINUTE, 2 * DAY, DAY, second).is_err());
        assert!(SessionPolicy::new(MINUTE, DAY, 400 * DAY, second).is_err());
        assert!(SessionPolicy::new(MINUTE, DAY, DAY, 2 * MINUTE).is_err());
        assert!(SessionPolicy::new(MINUTE, DAY, 30 * DAY, second).is_ok());
    }
    #[test]
    fn a_proof_is_fresh_for_as_long_as_the_policy_says() {
        let policy = SessionPolicy::DEFAULT.with_step_up(MINUTE).unwrap();
        let proved = Timestamp::from_seconds(1_000_000);
        assert!(policy.is_fresh(proved, proved.saturating_add(MINUTE - Duration::from_millis(1))));
        assert!(!policy.is_fresh(proved, proved.saturating_add(MINUTE)));
        for refused in [Duration::ZERO, Duration::from_millis(9_999), 61 * MINUTE] {
            assert!(SessionPolicy::DEFAULT.with_step_up(refused).is_err(), "{refused:?}");
        }
        assert!(SessionPolicy::DEFAULT.with_step_up(Duration::from_secs(10)).is_ok());
        assert!(SessionPolicy::DEFAULT.with_step_up(60 * MINUTE).is_ok());
    }
}
