//! Points in time: the wall clock's, in milliseconds, and the monotonic clock's, for limits.

use core::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted, between 1970 and [`Timestamp::MAX`].
///
/// Milliseconds because that is what every store keeps (BSON dates do), so a value survives a round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

const MILLIS_PER_SECOND: u64 = 1_000;

impl Timestamp {
    /// 9999-12-30T21:59:59.999Z: until then it is the year 9999 or earlier in every time zone, so RFC 3339 can write it.
    pub const MAX: Self = Self(253_402_207_199_999);
    /// 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);

    /// The instant `millis` milliseconds after 1970, or [`Timestamp::MAX`] past that.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// The instant `seconds` seconds after 1970, or [`Timestamp::MAX`] past that.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self::from_millis(seconds.saturating_mul(MILLIS_PER_SECOND))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970, as RFC 7519 `NumericDate` counts them.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0 / MILLIS_PER_SECOND
    }

    /// This instant without its fraction of a second: what a token can carry.
    #[must_use]
    pub const fn floor_to_second(self) -> Self {
        Self(self.0 - self.0 % MILLIS_PER_SECOND)
    }

    /// This instant moved forward by `span`, at most to [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This instant moved back by `span`, at most to 1970.
    #[must_use]
    pub fn saturating_sub(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// The time from `earlier` to this instant; zero when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Milliseconds of a clock that only goes forward, from an origin of its own.
///
/// Limits count on it, so that a step of the wall clock neither frees nor locks anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(u64);

impl Monotonic {
    /// The instant `millis` milliseconds after the clock's origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the clock's origin.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_leaves_what_rfc_3339_can_write() {
        assert_eq!(Timestamp::from_millis(u64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.saturating_sub(Duration::MAX), Timestamp::MIN);
    }

    #[test]
    fn a_token_time_has_no_fraction() {
        assert_eq!(Timestamp::from_millis(1_999).floor_to_second(), Timestamp::from_seconds(1));
    }

    #[test]
    fn time_since_a_later_instant_is_zero() {
        assert_eq!(Timestamp::from_seconds(1).since(Timestamp::from_seconds(2)), Duration::ZERO);
    }
}
