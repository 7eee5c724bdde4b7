//! The compact form of a JWS (RFC 7515, section 7.1), read strictly and before anything is believed.

use crate::object::Object;
use crate::provider::ensure_installed;
use data_encoding::BASE64URL_NOPAD;
use epic_outbound::tokens::TokenError;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// The longest token that is looked at. Ours are about 500 bytes.
pub const TOKEN_BYTES_MAX: usize = 4_096;

/// The longest header that is looked at, decoded. Ours are under 80 bytes.
const HEADER_BYTES_MAX: usize = 256;

/// Exactly three parts, none of them empty.
pub(crate) struct Compact<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    signed: &'a str,
}

impl<'a> Compact<'a> {
    pub(crate) fn split(token: &'a str) -> Option<Self> {
        let (header, rest) = token.split_once('.')?;
        let (payload, signature) = rest.split_once('.')?;
        let (signed, _) = token.rsplit_once('.')?;
        let whole = [header, payload, signature].iter().all(|part| !part.is_empty());
        (whole && !signature.contains('.')).then_some(Self { header, payload, signature, signed })
    }

    /// Reads the header and hands what it says to `judge`.
    pub(crate) fn with_header<T>(&self, judge: impl FnOnce(&JoseHeader<'_>) -> Option<T>) -> Option<T> {
        let length = BASE64URL_NOPAD.decode_len(self.header.len()).ok()?;
        let mut buffer = [0; HEADER_BYTES_MAX];
        let json = buffer.get_mut(..length)?;
        // Strict: no padding, no other alphabet, no stray bits (RFC 7515, section 2).
        BASE64URL_NOPAD.decode_mut(self.header.as_bytes(), json).ok()?;
        let Object(header) = serde_json::from_slice(json).ok()?;
        judge(&header)
    }
}

/// The only header parameters there may be (RFC 7515, section 4.1), each at most once. A value that is written with
/// escapes does not borrow and is refused: no name or algorithm of ours needs one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoseHeader<'a> {
    pub(crate) alg: &'a str,
    pub(crate) typ: Option<&'a str>,
    pub(crate) kid: Option<&'a str>,
}

/// What a header calls an algorithm, for those that this crate knows.
pub(crate) const fn name_of(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::HS256 => Some("HS256"),
        // RFC 8037, section 3.1; the curve is the key's.
        Algorithm::EdDSA => Some("EdDSA"),
        _ => None,
    }
}

/// Verifies any JWS in compact form under a given secret and returns its payload: the way a token's signature is
/// checked, without what makes it a token, so that published vectors can be put to it. The secret is not judged.
///
/// # Errors
/// [`TokenError::NotGenuine`] unless its header is HS256 with nothing but `alg`, `typ` and `kid`, every part is
/// canonical base64url, and the signature is right. [`TokenError::Unavailable`] when jsonwebtoken cannot be used.
pub fn verify_compact(jws: &str, secret: &[u8]) -> Result<Vec<u8>, TokenError> {
    verify(jws, &DecodingKey::from_secret(secret), Algorithm::HS256)
}

/// The same under a public key of Ed25519, for a header of EdDSA.
///
/// # Errors
/// As [`verify_compact`].
pub fn verify_compact_eddsa(jws: &str, public: &[u8; 32]) -> Result<Vec<u8>, TokenError> {
    verify(jws, &DecodingKey::from_ed_der(public), Algorithm::EdDSA)
}

fn verify(jws: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Vec<u8>, TokenError> {
    ensure_installed().map_err(|error| TokenError::Unavailable(Box::new(error)))?;
    if jws.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::NotGenuine);
    }
    let compact = Compact::split(jws).ok_or(TokenError::NotGenuine)?;
    let ours = |header: &JoseHeader<'_>| (Some(header.alg) == name_of(algorithm)).then_some(());
    compact.with_header(ours).ok_or(TokenError::NotGenuine)?;
    match jsonwebtoken::crypto::verify(compact.signature, compact.signed.as_bytes(), key, algorithm) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(TokenError::NotGenuine),
    }
    BASE64URL_NOPAD.decode(compact.payload.as_bytes()).map_err(|_| TokenError::NotGenuine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_exactly_three_parts() {
        for text in
            ["", ".", "..", "a", "a.b", "a.b.", "a..c", ".b.c", "a.b.c.", ".a.b.c", "a.b.c.d", "a.b.c.d.e"]
        {
            assert!(Compact::split(text).is_none(), "{text:?}");
        }
        let compact = Compact::split("a.b.c").unwrap();
        assert_eq!(
            (compact.header, compact.payload, compact.signature, compact.signed),
            ("a", "b", "c", "a.b")
        );
    }
}
