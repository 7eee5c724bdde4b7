//! The memory hashes are computed in, kept from one to the next.
//!
//! Fresh memory costs a page fault for every 4 KiB, which is a good part of a hash. The memory is not wiped in between:
//! what a run leaves there is worth no more than the hash itself, and the next run overwrites it.

use argon2::{Algorithm, Argon2, Block, Version};
use parking_lot::Mutex;

use crate::Argon2Cost;

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComputeError {
    #[error("no memory is left for a hash")]
    OutOfMemory(#[from] std::collections::TryReserveError),
    #[error("Argon2 refused its input")]
    Refused(#[from] argon2::Error),
}

/// Memory at rest, at most one piece a slot.
#[derive(Debug)]
pub(crate) struct MemoryPool {
    idle: Mutex<Vec<Vec<Block>>>,
    kept_blocks: usize,
}

impl MemoryPool {
    /// A pool that keeps pieces large enough for `cost`, and gives back what a stronger stored hash needed beyond it.
    pub(crate) fn new(cost: Argon2Cost) -> Self {
        let kept_blocks = usize::try_from(cost.memory_kib()).unwrap_or(usize::MAX);
        Self { idle: Mutex::new(Vec::new()), kept_blocks }
    }

    /// Computes Argon2id in kept memory.
    ///
    /// # Errors
    /// [`ComputeError`] when the system gives no memory or Argon2 refuses its input.
    pub(crate) fn derive(
        &self,
        cost: Argon2Cost,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), ComputeError> {
        let params = cost.params(output.len())?;
        let blocks = params.block_count();
        // Taken in its own statement: the lock must not be held while the hash is computed.
        let mut memory = self.idle.lock().pop().unwrap_or_default();
        if memory.len() < blocks {
            memory.try_reserve_exact(blocks - memory.len())?;
            memory.resize(blocks, Block::new());
        }
        let result = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
            password,
            salt,
            output,
            &mut memory,
        );
        memory.truncate(self.kept_blocks);
        memory.shrink_to(self.kept_blocks);
        self.idle.lock().push(memory);
        Ok(result?)
    }

    /// Gives memory at rest back to the system.
    pub(crate) fn release(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        drop(idle);
    }

    /// Memory at rest, in bytes.
    pub(crate) fn idle_bytes(&self) -> usize {
        self.idle.lock().iter().map(|memory| memory.capacity() * Block::SIZE).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(memory_kib: u32) -> Argon2Cost {
        Argon2Cost::new(memory_kib, 1, 1).unwrap()
    }

    fn derive(pool: &MemoryPool, cost: Argon2Cost) -> [u8; 32] {
        let mut output = [0; 32];
        pool.derive(cost, b"password", b"somesalt", &mut output).unwrap();
        output
    }

    #[test]
    fn used_memory_gives_the_same_hash_as_fresh_memory() {
        let pool = MemoryPool::new(cost(64));
        let first = derive(&pool, cost(64));
        derive(&pool, cost(32));
        assert_eq!(derive(&pool, cost(64)), first);
    }

    #[test]
    fn memory_is_kept_once_and_what_a_stronger_hash_needed_is_given_back() {
        let pool = MemoryPool::new(cost(64));
        derive(&pool, cost(64));
        derive(&pool, cost(1_024));
        derive(&pool, cost(64));
        assert_eq!(pool.idle_bytes(), 64 * 1_024);
        pool.release();
        assert_eq!(pool.idle_bytes(), 0);
    }

    #[test]
    fn memory_is_kept_after_a_refused_input() {
        let pool = MemoryPool::new(cost(64));
        let refused = pool.derive(cost(64), b"password", b"short", &mut [0; 32]);
        assert!(matches!(refused, Err(ComputeError::Refused(_))));
        assert_eq!(pool.idle_bytes(), 64 * 1_024);
    }
}
