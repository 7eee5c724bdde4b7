//! The limiter keeps the laws of its port, and counts the ways in as it should.

use epic_domain::rate_limit::Quotas;
use epic_limiter_memory::{Budget, MemoryLimiter, NodeEntryLimiter};
use epic_outbound::limiter::Limiter;
use epic_tests::contract::entry_limiter::EntryLimits;
use epic_tests::fakes::FakeClock;
use std::sync::Arc;

fn fresh(quotas: Quotas) -> Arc<dyn Limiter> {
    Arc::new(MemoryLimiter::new(quotas, &[0x5A; 16], Budget::DEFAULT))
}

async fn fresh_entry_limits(quotas: Quotas) -> EntryLimits {
    let clock = Arc::<FakeClock>::default();
    let limiter = NodeEntryLimiter::new(fresh(quotas), Arc::clone(&clock) as _);
    EntryLimits::new(Arc::new(limiter), clock, ())
}

epic_tests::limiter_contract!(fresh);
epic_tests::entry_limiter_contract!(fresh_entry_limits);
