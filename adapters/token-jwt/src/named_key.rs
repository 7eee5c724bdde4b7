//! A key as jsonwebtoken takes it, with its name and the header it signs under.

use epic_domain::key_id::KeyId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};

/// A key of one algorithm; wiped when dropped, silent in `Debug`.
#[derive(Debug, Clone)]
pub(crate) struct NamedKey {
    id: KeyId,
    /// Boxed, being by far the largest part.
    header: Box<Header>,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl NamedKey {
    pub(crate) fn new(algorithm: Algorithm, id: KeyId, encoding: EncodingKey, decoding: DecodingKey) -> Self {
        let header = Header { kid: Some(id.as_str().to_owned()), ..Header::new(algorithm) };
        Self { id, header: Box::new(header), encoding, decoding }
    }

    pub(crate) const fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(crate) const fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    /// The secret half.
    pub(crate) fn secret(&self) -> &[u8] {
        self.encoding.as_bytes()
    }
}
