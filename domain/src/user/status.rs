//! The life of an account: pending, active, disabled.

use crate::Timestamp;
use core::time::Duration;

/// Where an account is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Registered, its authenticator not yet confirmed; gone at `expires_at`.
    Pending {
        /// The instant from which the account no longer exists.
        expires_at: Timestamp,
    },
    /// Confirmed by a first login.
    Active,
    /// Shut by the operator. Nothing leads out of it.
    Disabled,
}

/// A transition that the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitionRefused;

impl core::fmt::Display for TransitionRefused {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("the account's status does not allow this")
    }
}

impl core::error::Error for TransitionRefused {}

impl Status {
    /// How long an account may stay unconfirmed.
    pub const PENDING_FOR: Duration = Duration::from_secs(24 * 3_600);

    /// The status of an account registered at `now`.
    #[must_use]
    pub fn registered(now: Timestamp) -> Self {
        Self::Pending { expires_at: now.saturating_add(Self::PENDING_FOR) }
    }

    /// Whether the account still exists at `now`: an unconfirmed one ends at its expiry, swept or not.
    #[must_use]
    pub fn exists_at(self, now: Timestamp) -> bool {
        match self {
            Self::Pending { expires_at } => now < expires_at,
            Self::Active | Self::Disabled => true,
        }
    }

    /// Whether the account may sign in at `now`. A pending one may: that is how it is confirmed.
    #[must_use]
    pub fn may_sign_in(self, now: Timestamp) -> bool {
        self.exists_at(now) && self != Self::Disabled
    }

    /// Confirms a pending account.
    ///
    /// # Errors
    /// [`TransitionRefused`] when it is not pending or has expired.
    pub fn confirm(self, now: Timestamp) -> Result<Self, TransitionRefused> {
        match self {
            Self::Pending { expires_at } if now < expires_at => Ok(Self::Active),
            _ => Err(TransitionRefused),
        }
    }

    /// Disables an active account.
    ///
    /// # Errors
    /// [`TransitionRefused`] when it is not active: a pending one just expires.
    pub const fn disable(self) -> Result<Self, TransitionRefused> {
        match self {
            Self::Active => Ok(Self::Disabled),
            Self::Pending { .. } | Self::Disabled => Err(TransitionRefused),
        }
    }
}
