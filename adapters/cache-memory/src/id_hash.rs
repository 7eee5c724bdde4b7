//! A hash for identifiers that this server made.

use core::hash::{BuildHasherDefault, Hasher};

/// Builds [`IdHasher`]s.
pub(crate) type IdHash = BuildHasherDefault<IdHasher>;

/// Mixes an identifier's own random bits with one multiplication.
///
/// It has no key, and needs none: user and session ids are drawn by the server (74 random bits, RFC 9562, section 5.7),
/// and one from outside gets here only inside a token that the server signed. Nobody can choose ids that collide.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct IdHasher(u64);

/// An odd number without pattern: 2⁶⁴ divided by the golden ratio.
const MULTIPLIER: u128 = 0x9E37_79B9_7F4A_7C15;

impl IdHasher {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a product")]
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0.rotate_left(32) ^ word) * MULTIPLIER;
        self.0 = (product >> u64::BITS) as u64 ^ product as u64;
    }
}

impl Hasher for IdHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        rest.iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    /// What the standard library writes before the bytes of an array: its length, the same for all ids.
    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::hash::BuildHasher;
    use epic_domain::Timestamp;
    use epic_domain::id::SessionId;
    use std::collections::HashSet;

    #[test]
    fn ids_made_in_one_millisecond_spread_over_all_bits_that_maps_use() {
        let ids = (0..4_096_u64).map(|n| {
            let [a, b, c, d, e, f, g, h] = n.wrapping_mul(0xD129_0D3B_3C6A_4F55).to_be_bytes();
            SessionId::from_parts(Timestamp::from_seconds(1_700_000_000), &[a, b, c, d, e, f, g, h, a, b])
        });
        let hashes: Vec<u64> = ids.map(|id| IdHash::default().hash_one(id)).collect();
        for shift in [0, 16, 32, 48, 57] {
            let mut counts = [0_u32; 128];
            hashes.iter().for_each(|hash| counts[usize::try_from(hash >> shift & 127).unwrap()] += 1);
            // 32 each on average; a fair spread stays far within these bounds.
            assert!(counts.iter().all(|count| (5..=80).contains(count)), "shift {shift}: {counts:?}");
        }
        assert_eq!(hashes.iter().collect::<HashSet<_>>().len(), hashes.len());
    }
}
