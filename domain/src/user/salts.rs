//! The two public salts of an account.

use crate::Invalid;

macro_rules! salts {
    ($($(#[$doc:meta])* $name:ident),+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Box<[u8]>);

        impl $name {
            /// Parses a salt of 16 to 32 bytes.
            ///
            /// # Errors
            /// [`Invalid`] with `invalid_length`.
            pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
                if (16..=32).contains(&bytes.len()) {
                    Ok(Self(bytes.into()))
                } else {
                    Err(Invalid::new("invalid_length", "must be 16 to 32 bytes"))
                }
            }

            pub(crate) fn decoy(bytes: &[u8]) -> Self {
                Self(bytes.into())
            }

            /// The bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }
    )+};
}

salts! {
    /// The salt from which the client derives the root of its keys.
    AuthSalt,
    /// The salt from which the client derives the key-encryption key.
    EncSalt
}

/// Both salts of an account, known to differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salts {
    auth: AuthSalt,
    enc: EncSalt,
}

impl Salts {
    /// Joins two salts.
    ///
    /// # Errors
    /// [`Invalid`] with `salts_equal` when both hold the same bytes, since then `auth_key` and the key-encryption key
    /// would hang together.
    pub fn new(auth: AuthSalt, enc: EncSalt) -> Result<Self, Invalid> {
        if auth.0 == enc.0 {
            return Err(Invalid::new("salts_equal", "must differ from auth_salt"));
        }
        Ok(Self { auth, enc })
    }

    pub(crate) const fn from_distinct(auth: AuthSalt, enc: EncSalt) -> Self {
        Self { auth, enc }
    }

    /// The salt of the root.
    #[must_use]
    pub const fn auth(&self) -> &AuthSalt {
        &self.auth
    }

    /// The salt of the key-encryption key.
    #[must_use]
    pub const fn enc(&self) -> &EncSalt {
        &self.enc
    }
}
