//! Randomness that is the same each time.

use crate::builders::split_mix;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use epic_outbound::entropy::{Entropy, EntropyError};

/// A stream of bytes that follows from a seed and never repeats a draw; it can be told to fail.
#[derive(Debug, Default)]
pub struct FakeEntropy {
    drawn: AtomicU64,
    is_failing: AtomicBool,
}

impl FakeEntropy {
    /// The stream of this seed. Streams of seeds below 2¹⁶ do not meet within 2⁴⁷ bytes.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self { drawn: AtomicU64::new(seed << 48), is_failing: AtomicBool::new(false) }
    }

    /// Whether draws fail from now on.
    pub fn set_failing(&self, is_failing: bool) {
        self.is_failing.store(is_failing, Ordering::SeqCst);
    }
}

impl Entropy for FakeEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        if self.is_failing.load(Ordering::SeqCst) {
            return Err(EntropyError("the fake was told to fail".into()));
        }
        for chunk in buffer.chunks_mut(8) {
            let word = split_mix(self.drawn.fetch_add(1, Ordering::SeqCst)).to_be_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}
