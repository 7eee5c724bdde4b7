//! How many hashes run and wait.

use crate::Argon2Cost;
use core::num::NonZeroUsize;
use core::time::Duration;

/// How hashes are made and bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasherSettings {
    /// What a new hash costs.
    pub cost: Argon2Cost,
    /// How many hashes run at once; each holds its memory. More than there are cores only makes each slower.
    pub slots: NonZeroUsize,
    /// How many calls may wait for a slot.
    pub queue_max: usize,
    /// How long a call waits for a slot at the most.
    pub wait_max: Duration,
}

impl HasherSettings {
    /// Calls that may wait for each slot.
    pub const QUEUE_PER_SLOT: usize = 128;
    /// How long a call waits for a slot.
    pub const WAIT_MAX: Duration = Duration::from_secs(2);

    /// Hashes of `cost` in `slots` slots, with the default queue.
    #[must_use]
    pub const fn new(cost: Argon2Cost, slots: NonZeroUsize) -> Self {
        Self {
            cost,
            slots,
            queue_max: slots.get().saturating_mul(Self::QUEUE_PER_SLOT),
            wait_max: Self::WAIT_MAX,
        }
    }

    /// The same with one slot for each core this process may use.
    #[must_use]
    pub fn per_core(cost: Argon2Cost) -> Self {
        Self::new(cost, std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}
