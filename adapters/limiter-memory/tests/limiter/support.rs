//! What the limiter's tests share: short ways to say who attempts what.

use core::time::Duration;
use epic_domain::Monotonic;
use epic_domain::id::UserId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Quota, Quotas, Subject};
use epic_domain::user::Username;
use epic_limiter_memory::{Budget, MemoryLimiter};
use std::net::Ipv4Addr;

/// A moment on the limiter's clock.
pub(crate) fn at(millis: u64) -> Monotonic {
    Monotonic::from_millis(millis)
}

/// An attempt that counts against the address with this number.
pub(crate) fn from_address(action: Action, number: u32) -> Attempt {
    Attempt::new(action, Subject::Address(IpPrefix::of(Ipv4Addr::from_bits(number).into())))
}

/// An attempt that counts against the account with this number.
pub(crate) fn of_account(action: Action, number: u128) -> Attempt {
    Attempt::new(action, Subject::Account(UserId::from_bytes(number.to_be_bytes())))
}

/// An attempt with this name from the address with this number.
#[expect(clippy::unwrap_used, reason = "tests name their subjects well")]
pub(crate) fn with_name(action: Action, name: &str, number: u32) -> Attempt {
    let prefix = IpPrefix::of(Ipv4Addr::from_bits(number).into());
    Attempt::new(action, Subject::NameFrom(Username::parse(name).unwrap(), prefix))
}

/// An attempt with this name, from anywhere.
#[expect(clippy::unwrap_used, reason = "tests name their subjects well")]
pub(crate) fn of_name(action: Action, name: &str) -> Attempt {
    Attempt::new(action, Subject::Name(Username::parse(name).unwrap()))
}

/// At most `limit` attempts in `window_ms`.
#[expect(clippy::unwrap_used, reason = "tests name quotas that parse")]
pub(crate) fn quota(limit: u32, window_ms: u64) -> Quota {
    Quota::new(limit, Duration::from_millis(window_ms)).unwrap()
}

/// A limiter with the default budget.
pub(crate) fn limiter(quotas: Quotas) -> MemoryLimiter {
    MemoryLimiter::new(quotas, &[0x5A; 16], Budget::DEFAULT)
}

/// Whether a decision lets the attempt pass.
macro_rules! passes {
    ($decision:expr) => {
        matches!($decision, epic_domain::rate_limit::Decision::Allowed(_))
    };
}
pub(crate) use passes;
