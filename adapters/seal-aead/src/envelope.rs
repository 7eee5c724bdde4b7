//! The bytes of an envelope.

use epic_domain::Invalid;

/// The one layout there is so far.
pub(crate) const VERSION: u8 = 1;

/// The nonce of XChaCha20-Poly1305.
pub(crate) const NONCE_BYTES: usize = 24;

/// An envelope taken apart, not yet known to be authentic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes an envelope apart; `None` when it is not one.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (length, rest) = rest.split_first()?;
        let (key_id, rest) = rest.split_at_checked(usize::from(*length))?;
        let (nonce, ciphertext) = rest.split_first_chunk()?;
        Some(Self { key_id: str::from_utf8(key_id).ok()?, nonce: *nonce, ciphertext })
    }

    /// Puts an envelope together.
    ///
    /// # Errors
    /// [`Invalid`] when the key id is too long.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Invalid> {
        let key_id_length = u8::try_from(self.key_id.len())
            .map_err(|_| Invalid::new("invalid_length", "must have a key id of at most 255 bytes"))?;
        let mut bytes = Vec::with_capacity(2 + self.key_id.len() + NONCE_BYTES + self.ciphertext.len());
        bytes.extend_from_slice(&[VERSION, key_id_length]);
        bytes.extend_from_slice(self.key_id.as_bytes());
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(self.ciphertext);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_comes_apart_as_it_was_put_together() {
        let envelope = Envelope { key_id: "k1", nonce: [7; NONCE_BYTES], ciphertext: &[9; 36] };
        let bytes = envelope.to_bytes().unwrap();
        assert_eq!(Envelope::parse(&bytes), Some(envelope));
    }

    #[test]
    fn what_is_cut_short_or_of_another_version_is_no_envelope() {
        let envelope = Envelope { key_id: "k1", nonce: [7; NONCE_BYTES], ciphertext: &[] };
        let bytes = envelope.to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert_eq!(Envelope::parse(&bytes[..length]), None, "{length} bytes");
        }
        let mut newer = bytes;
        newer[0] = VERSION + 1;
        assert_eq!(Envelope::parse(&newer), None);
    }
}
