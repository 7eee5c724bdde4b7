//! How hard the client makes it to guess the password behind an `auth_key`.

use crate::Invalid;

/// Argon2id parameters (RFC 9106) that the client used, between a floor and a ceiling.
///
/// The floor is OWASP's minimum for Argon2id; the ceiling keeps a value that no device could compute out of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfParameters {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

impl KdfParameters {
    /// What the reference client uses for new accounts: 64 MiB, 3 passes, 1 lane.
    pub const CLIENT_DEFAULT: Self = Self { memory_kib: 65_536, iterations: 3, parallelism: 1 };
    /// The least that is accepted: 19 MiB, 2 passes, 1 lane.
    pub const FLOOR: Self = Self { memory_kib: 19_456, iterations: 2, parallelism: 1 };
    /// The most that is accepted: 4 GiB, 64 passes, 16 lanes.
    pub const CEILING: Self = Self { memory_kib: 4_194_304, iterations: 64, parallelism: 16 };

    /// Parses parameters.
    ///
    /// # Errors
    /// [`Invalid`] with `kdf_too_weak` below the floor or `kdf_too_strong` above the ceiling.
    pub const fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, Invalid> {
        if memory_kib < Self::FLOOR.memory_kib
            || iterations < Self::FLOOR.iterations
            || parallelism < Self::FLOOR.parallelism
        {
            return Err(Invalid::new(
                "kdf_too_weak",
                "must be at least memory_kib 19456, iterations 2, parallelism 1",
            ));
        }
        if memory_kib > Self::CEILING.memory_kib
            || iterations > Self::CEILING.iterations
            || parallelism > Self::CEILING.parallelism
        {
            return Err(Invalid::new(
                "kdf_too_strong",
                "must be at most memory_kib 4194304, iterations 64, parallelism 16",
            ));
        }
        Ok(Self { memory_kib, iterations, parallelism })
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Lanes.
    #[must_use]
    pub const fn parallelism(&self) -> u32 {
        self.parallelism
    }
}
