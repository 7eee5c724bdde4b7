//! What one hash costs.

use argon2::Params;
use epic_domain::user::KdfParameters;

/// Memory, passes and lanes of Argon2id. What is strong enough is for the configuration to say; this type holds what
/// can be computed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Costs that cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Argon2 takes 1 to 16 lanes, 1 to 64 passes, and from 8 KiB a lane to 4 GiB of memory")]
pub struct CostRefused;

impl Argon2Cost {
    /// 19 MiB, 2 passes, 1 lane: what is stored unless configured otherwise.
    pub const DEFAULT: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// Joins costs; `memory_kib` is in KiB.
    ///
    /// # Errors
    /// [`CostRefused`] outside 1–16 lanes, 1–64 passes, and 8 KiB a lane to 4 GiB.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostRefused> {
        let ceiling = KdfParameters::CEILING;
        let fits = lanes >= 1
            && lanes <= ceiling.parallelism()
            && passes >= 1
            && passes <= ceiling.iterations()
            && memory_kib >= 8 * lanes
            && memory_kib <= ceiling.memory_kib();
        if fits { Ok(Self { memory_kib, passes, lanes }) } else { Err(CostRefused) }
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes.
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }

    /// The work of one hash, in KiB filled.
    pub(crate) fn work_kib(&self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    pub(crate) fn params(&self, output_bytes: usize) -> Result<Params, argon2::Error> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(output_bytes))
    }
}

impl Default for Argon2Cost {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl From<&KdfParameters> for Argon2Cost {
    fn from(kdf: &KdfParameters) -> Self {
        Self { memory_kib: kdf.memory_kib(), passes: kdf.iterations(), lanes: kdf.parallelism() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_outside_what_can_be_computed_are_refused() {
        for (memory_kib, passes, lanes) in
            [(7, 1, 1), (15, 1, 2), (8, 0, 1), (8, 1, 0), (8, 65, 1), (1 << 20, 1, 17), (u32::MAX, 1, 1)]
        {
            assert_eq!(Argon2Cost::new(memory_kib, passes, lanes), Err(CostRefused));
        }
        assert!(Argon2Cost::new(8, 1, 1).is_ok());
        assert!(Argon2Cost::new(16, 1, 2).is_ok());
    }

    #[test]
    fn the_default_is_what_its_parts_say() {
        assert_eq!(Argon2Cost::new(19_456, 2, 1), Ok(Argon2Cost::DEFAULT));
    }
}
