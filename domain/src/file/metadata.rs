//! What clients say of a file, encrypted: opaque to the server.

use crate::Invalid;
use core::fmt;

macro_rules! opaque_bytes {
    ($(#[$doc:meta])* $name:ident, $most:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Box<[u8]>);

        impl $name {
            /// The most bytes it may have.
            pub const BYTES_MAX: usize = $most;

            /// Parses the bytes.
            ///
            /// # Errors
            /// [`Invalid`] with `invalid_length`.
            pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
                if (1..=Self::BYTES_MAX).contains(&bytes.len()) {
                    Ok(Self(bytes.into()))
                } else {
                    Err(Invalid::new("invalid_length", $rule))
                }
            }

            /// The bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({} bytes)"), self.0.len())
            }
        }
    };
}

opaque_bytes! {
    /// A file's name under its data key: 1 to 2048 opaque bytes.
    EncryptedFilename, 2_048, "must be 1 to 2048 bytes"
}

opaque_bytes! {
    /// A file's data key under the key of whoever may open it: 1 to 512 opaque bytes.
    EncryptedDataKey, 512, "must be 1 to 512 bytes"
}
