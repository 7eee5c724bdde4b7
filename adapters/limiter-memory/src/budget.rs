//! How much memory each action's keys may take.

use crate::lane::LANES;
use crate::slot::{CompactSlot, GrowingSlot, Slot};
use crate::table::Table;
use epic_domain::rate_limit::{Action, Quota};

const MIB: usize = 1 << 20;

/// The most bytes that each action's keys may take.
///
/// The bound is kept by counting slots, never by evicting: a key that is known stays known however many others come.
/// While a lane grows, its old and its new table exist together, which adds at most 1/256 of the action's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget([usize; Action::ALL.len()]);

impl Budget {
    /// 240 MiB in all, so that the limiter stays under 256 MiB with what the allocator adds. Half of it is for sign-ins,
    /// which are counted by address, by name and address, and by name: a flood of them fills the three about equally
    /// fast. At the design's quotas it holds 2.2 million keys of login, 840,000 each of register and totp, 150,000 of
    /// upload, 100,000 of api and 230,000 of login_account.
    pub const DEFAULT: Self = Self([80 * MIB, 30 * MIB, 30 * MIB, 15 * MIB, 45 * MIB, 40 * MIB]);

    /// This budget with another share for `action`. However small the share is, a few keys fit.
    #[must_use]
    pub fn with(mut self, action: Action, bytes: usize) -> Self {
        if let Some(share) = self.0.get_mut(action.index()) {
            *share = bytes;
        }
        self
    }

    /// The share of `action` in bytes.
    #[must_use]
    pub fn of(&self, action: Action) -> usize {
        self.0.get(action.index()).copied().unwrap_or_default()
    }

    /// The share of all actions in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> usize {
        self.0.iter().sum()
    }

    /// How many slots the table of one of the action's lanes may have under `quota`.
    pub(crate) fn slots_per_lane(&self, action: Action, quota: Quota) -> usize {
        let lane_bytes = self.of(action) / LANES;
        let slots = if CompactSlot::holds(quota) {
            lane_bytes / size_of::<CompactSlot>()
        } else {
            // Only keys have moments on the heap, and at most three slots in four are keys.
            let heap_bytes = GrowingSlot::heap_bytes_max(quota).saturating_mul(3) / 4;
            lane_bytes / size_of::<GrowingSlot>().saturating_add(heap_bytes)
        };
        slots.max(Table::<CompactSlot>::SLOTS_MIN)
    }
}
