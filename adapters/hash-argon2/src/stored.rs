//! A stored hash: its PHC string taken apart and put together.

use crate::Argon2Cost;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Params, Version};
use epic_domain::user::AuthKeyHash;
use subtle::ConstantTimeEq;

pub(crate) const SALT_BYTES: usize = 16;
pub(crate) const DIGEST_BYTES: usize = 32;

/// A stored hash that will not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored hash is damaged or asks for more work than this server does")]
pub(crate) struct StoredHashRefused;

/// A hash with what is needed to compute it again.
#[derive(Clone)]
pub(crate) struct StoredHash {
    pub(crate) cost: Argon2Cost,
    pub(crate) salt: Salt,
    digest: [u8; DIGEST_BYTES],
}

/// The most a stored hash may ask for, unless the server itself is configured for more: whoever can write to the
/// store must not be able to take the server's memory.
const STORED_MEMORY_KIB_MAX: u32 = 256 * 1_024;
const STORED_PASSES_MAX: u32 = 16;

impl StoredHash {
    pub(crate) fn new(
        cost: Argon2Cost,
        salt: &[u8; SALT_BYTES],
        digest: [u8; DIGEST_BYTES],
    ) -> Result<Self, StoredHashRefused> {
        let salt = Salt::new(salt).map_err(|_| StoredHashRefused)?;
        Ok(Self { cost, salt, digest })
    }

    /// Takes a PHC string apart. `current` is what new hashes cost.
    ///
    /// # Errors
    /// [`StoredHashRefused`] for another algorithm, version or length, and for costs past the bound.
    pub(crate) fn parse(stored: &AuthKeyHash, current: Argon2Cost) -> Result<Self, StoredHashRefused> {
        let refused = StoredHashRefused;
        let phc = PasswordHash::new(stored.as_str()).map_err(|_| refused)?;
        if phc.algorithm != ARGON2ID_IDENT || phc.version != Some(Version::V0x13.into()) {
            return Err(refused);
        }
        let params = Params::try_from(&phc.params).map_err(|_| refused)?;
        let cost = Argon2Cost::new(params.m_cost(), params.t_cost(), params.p_cost()).map_err(|_| refused)?;
        let extended = !params.keyid().is_empty() || !params.data().is_empty();
        let too_much = cost.memory_kib() > current.memory_kib().max(STORED_MEMORY_KIB_MAX)
            || cost.passes() > current.passes().max(STORED_PASSES_MAX);
        if extended || too_much {
            return Err(refused);
        }
        let digest = phc.hash.as_ref().and_then(|output| output.as_bytes().try_into().ok()).ok_or(refused)?;
        Ok(Self { cost, salt: phc.salt.ok_or(refused)?, digest })
    }

    /// The PHC string.
    ///
    /// # Errors
    /// [`StoredHashRefused`], which no cost that was accepted brings about.
    pub(crate) fn to_phc(&self) -> Result<AuthKeyHash, StoredHashRefused> {
        let params = self.cost.params(DIGEST_BYTES).map_err(|_| StoredHashRefused)?;
        let phc = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(|_| StoredHashRefused)?,
            salt: Some(self.salt),
            hash: Some(Output::new(&self.digest).map_err(|_| StoredHashRefused)?),
        };
        AuthKeyHash::parse(&phc.to_string()).map_err(|_| StoredHashRefused)
    }

    /// Whether the hash is `digest`, compared in constant time.
    pub(crate) fn is(&self, digest: &[u8; DIGEST_BYTES]) -> bool {
        self.digest.ct_eq(digest).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: Argon2Cost = Argon2Cost::DEFAULT;
    const SALT_AND_DIGEST: &str = "AQEBAQEBAQEBAQEBAQEBAQ$AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";

    fn parse(text: &str) -> Result<StoredHash, StoredHashRefused> {
        StoredHash::parse(&AuthKeyHash::parse(text).unwrap(), CURRENT)
    }

    #[test]
    fn a_hash_is_written_in_the_phc_form_and_read_back() {
        let hash = StoredHash::new(CURRENT, &[1; 16], [2; 32]).unwrap();
        let text = hash.to_phc().unwrap();
        assert_eq!(text.as_str(), format!("$argon2id$v=19$m=19456,t=2,p=1${SALT_AND_DIGEST}"));
        let read = parse(text.as_str()).unwrap();
        assert_eq!(read.cost, CURRENT);
        assert!(read.is(&[2; 32]) && !read.is(&[3; 32]));
    }

    #[test]
    fn a_hostile_or_damaged_hash_is_refused_before_any_work() {
        for head in [
            "$argon2id$v=19$m=4194304,t=2,p=1",
            "$argon2id$v=19$m=262145,t=2,p=1",
            "$argon2id$v=19$m=19456,t=17,p=1",
            "$argon2id$v=19$m=19456,t=4294967295,p=1",
            "$argon2id$v=19$m=19456,t=2,p=17",
            "$argon2id$v=19$m=7,t=2,p=1",
            "$argon2id$v=16$m=19456,t=2,p=1",
            "$argon2id$m=19456,t=2,p=1",
            "$argon2id$v=19$m=19456,t=2,p=1,keyid=AAAA",
            "$argon2id$v=19$m=19456,t=2,p=1,data=AAAA",
            "$argon2id$v=19$m=19456,t=2,p=1,x=1",
        ] {
            assert!(parse(&format!("{head}${SALT_AND_DIGEST}")).is_err(), "{head}");
        }
        for text in [
            "$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ",
            "$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AgICAgICAgICAgICAgICAg",
            "$argon2id$",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hash_of_other_sensible_costs_is_read() {
        for head in ["m=65536,t=3,p=1", "m=8,t=1,p=1", "m=262144,t=16,p=16"] {
            assert!(parse(&format!("$argon2id$v=19${head}${SALT_AND_DIGEST}")).is_ok(), "{head}");
        }
    }
}
