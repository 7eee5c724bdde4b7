//! What a client does with a password: raw Argon2id, for the demonstration client and for tests. The server never
//! calls it.

use crate::Argon2Cost;
use argon2::{Algorithm, Argon2, Version};
use epic_domain::secret::Secret;
use epic_domain::user::KdfParameters;
use zeroize::Zeroizing;

/// The root could not be derived.
#[derive(Debug, thiserror::Error)]
#[error("the root of the keys could not be derived")]
pub struct DeriveError(#[from] argon2::Error);

/// Bytes of the root from which a client derives all its keys.
pub const ROOT_BYTES: usize = 64;

/// Derives the root of a client's keys from a password, already in normal form NFKC, and the account's `auth_salt`.
///
/// # Errors
/// [`DeriveError`] when the salt is shorter than 8 bytes or there is not enough memory.
pub fn derive_root(
    password: &[u8],
    salt: &[u8],
    kdf: &KdfParameters,
) -> Result<Secret<ROOT_BYTES>, DeriveError> {
    let params = Argon2Cost::from(kdf).params(ROOT_BYTES)?;
    let mut root = Zeroizing::new([0; ROOT_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
        password,
        salt,
        root.as_mut_slice(),
    )?;
    Ok(Secret::new(*root))
}
