//! Where the chain stood at some moment, under the server's signature.

use super::{Anchor, Head};
use crate::Timestamp;
use crate::key_id::KeyId;

/// An anchor that the server has signed. Kept away from the database, it shows a chain that was cut off or rewritten,
/// whoever did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// Where the chain stood.
    pub anchor: Anchor,
    /// When.
    pub at: Timestamp,
    /// The key that signed.
    pub key_id: KeyId,
    /// The Ed25519 signature (RFC 8032) over [`SignedHead::message`].
    pub signature: [u8; 64],
}

impl SignedHead {
    /// The bytes that are signed: a label, then every field with a fixed length.
    #[must_use]
    pub fn message(anchor: &Anchor, at: Timestamp) -> Vec<u8> {
        let Anchor { length, head } = anchor;
        let parts: [&[u8]; 4] = [
            b"epic/v1/audit-head\0",
            &length.to_be_bytes(),
            Head::as_bytes(head),
            &at.as_millis().to_be_bytes(),
        ];
        parts.concat()
    }
}
