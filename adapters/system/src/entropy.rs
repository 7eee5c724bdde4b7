//! The operating system's randomness.

use epic_outbound::entropy::{Entropy, EntropyError};

/// Randomness straight from the operating system, with no generator of our own in between.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this adapter is where randomness is drawn")]
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(buffer).map_err(|error| EntropyError(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_outbound::entropy::random_bytes;
    use std::collections::HashSet;

    #[test]
    fn f03_no_two_draws_are_alike() {
        let draws: HashSet<[u8; 16]> = (0..10_000).map(|_| random_bytes(&SystemEntropy).unwrap()).collect();
        assert_eq!(draws.len(), 10_000);
    }

    #[test]
    fn every_byte_of_a_long_buffer_is_filled() {
        let mut ever_set = [0_u8; 1_024];
        for _ in 0..16 {
            let mut buffer = [0_u8; 1_024];
            SystemEntropy.fill(&mut buffer).unwrap();
            ever_set.iter_mut().zip(buffer).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(ever_set.iter().all(|byte| *byte != 0));
    }
}
