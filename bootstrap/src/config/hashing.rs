//! How hard the server's own hashes are, and how many run at once.

use super::parse::{self, Rule};
use super::problem::Problem;
use super::reader::Reader;
use core::num::NonZeroUsize;
use epic_hash_argon2::Argon2Cost;

/// How the server hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashSettings {
    /// The cost of new hashes.
    pub cost: Argon2Cost,
    /// The most hashes that run at once.
    pub slots: NonZeroUsize,
}

const SLOTS_MAX: usize = 1_024;

/// The least that is safe: OWASP's minimum for Argon2id.
const FLOOR: Argon2Cost = Argon2Cost::DEFAULT;

fn cost(text: &str) -> Result<Argon2Cost, Rule> {
    let rule = || "must be KiB,passes,lanes such as 19456,2,1".to_owned();
    let numbers = parse::list(text, |part| part.parse::<u32>().map_err(|_| rule()))?;
    let [memory_kib, passes, lanes] = numbers.as_slice() else { return Err(rule()) };
    Argon2Cost::new(*memory_kib, *passes, *lanes).map_err(|refused| format!("must be computable: {refused}"))
}

/// Whether a stolen hash of this cost is too easy to guess at.
const fn is_weak(cost: &Argon2Cost) -> bool {
    cost.memory_kib() < FLOOR.memory_kib() || cost.passes() < FLOOR.passes() || cost.lanes() < FLOOR.lanes()
}

impl HashSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let cost = reader.read("argon2", cost);
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let slots = reader.read_or("argon2_slots", &cores.to_string(), |text| parse::count(text, SLOTS_MAX));
        let weak_allowed = reader.read("insecure_argon2", parse::truth);
        let (cost, slots, weak_allowed) = (cost?, slots?, weak_allowed?);
        if is_weak(&cost) && !weak_allowed {
            reader.problems.push(Problem::of_several(
                "argon2",
                "must be at least 19456,2,1; only a test may go below, with insecure_argon2 = true",
            ));
            return None;
        }
        Some(Self { cost, slots })
    }

    /// Whether a stolen hash would be too easy to guess at.
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        is_weak(&self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_cannot_be_computed_are_refused() {
        for text in
            ["", "19456", "19456,2", "19456,2,1,1", "7,1,1", "16,1,4", "19456,0,1", "19456,2,0", "a,b,c"]
        {
            assert!(cost(text).is_err(), "{text}");
        }
        assert!(cost("8,1,1").is_ok());
    }

    #[test]
    fn less_of_anything_is_weak() {
        for text in ["19455,2,1", "19456,1,1", "64,3,1"] {
            assert!(is_weak(&cost(text).unwrap()), "{text}");
        }
        assert!(!is_weak(&cost("19456,2,1").unwrap()));
        assert!(!is_weak(&cost("65536,3,1").unwrap()));
    }
}
