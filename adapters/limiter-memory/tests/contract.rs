//! The limiter keeps the laws of its port.

use epic_domain::rate_limit::Quotas;
use epic_limiter_memory::{Budget, MemoryLimiter};
use epic_outbound::limiter::Limiter;
use std::sync::Arc;

fn fresh(quotas: Quotas) -> Arc<dyn Limiter> {
    Arc::new(MemoryLimiter::new(quotas, &[0x5A; 16], Budget::DEFAULT))
}

epic_tests::limiter_contract!(fresh);
