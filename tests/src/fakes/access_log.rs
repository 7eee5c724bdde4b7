//! Uses of sessions in a plain map.

use epic_domain::id::SessionId;
use epic_outbound::access_log::{Access, AccessLog, AccessSummary};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Sums up the uses of each session, without a bound.
#[derive(Debug, Default)]
pub struct FakeAccessLog {
    summaries: Mutex<BTreeMap<SessionId, AccessSummary>>,
}

impl AccessLog for FakeAccessLog {
    fn note(&self, access: &Access) {
        let mut summaries = self.summaries.lock();
        let summary = summaries.entry(access.session_id).or_insert(AccessSummary { last: *access, count: 0 });
        summary.count = summary.count.saturating_add(1);
        if access.at > summary.last.at {
            summary.last = *access;
        }
    }

    fn drain(&self) -> Vec<AccessSummary> {
        core::mem::take(&mut *self.summaries.lock()).into_values().collect()
    }
}
