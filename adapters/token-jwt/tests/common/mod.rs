//! Helpers: sample claims, and tokens forged with the real key.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]
#![allow(dead_code, reason = "each test file uses some of the helpers")]

use data_encoding::BASE64URL_NOPAD;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::Username;
use epic_outbound::tokens::{TokenError, Tokens};
use epic_token_jwt::{JwtTokens, Keyring, TokenKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(crate) const SECRET: &[u8; 32] = b"\x9f\x04\x11\xd3\x7a\x58\xee\x20\xb1\x6c\x99\x01\xf4\x83\x2d\xc6\
    \x35\xaa\x0e\x71\xdc\x4b\x92\xe8\x57\x1f\x66\xb0\x03\xcd\x8a\x29";
pub(crate) const OTHER_SECRET: &[u8; 32] =
    b"\x12\xe7\x8c\x45\xb9\x30\xfd\x6a\x01\xc4\x97\x5e\xd8\x2b\x73\xaf\
    \x1c\x86\xf0\x49\x3d\xe2\xb5\x08\x64\x9b\xd1\x7f\x2a\xc9\x50\x16";
pub(crate) const ISSUER: &str = "epic-server";
pub(crate) const AUDIENCE: &str = "epic";

pub(crate) fn key_id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

pub(crate) fn key(id: &str, secret: &[u8]) -> TokenKey {
    TokenKey::parse(key_id(id), secret).unwrap()
}

pub(crate) fn tokens_with(keys: Vec<TokenKey>) -> JwtTokens {
    JwtTokens::new(Keyring::new(keys).unwrap(), ISSUER.into(), AUDIENCE.into(), 1_000).unwrap()
}

pub(crate) fn tokens() -> JwtTokens {
    tokens_with(vec![key("k1", SECRET)])
}

pub(crate) fn claims(kind: TokenKind) -> Claims {
    Claims {
        kind,
        username: Username::parse("alice").unwrap(),
        user_id: UserId::from_bytes([1; 16]),
        session_id: SessionId::from_bytes([2; 16]),
        token_id: TokenId::from_bytes([3; 16]),
        issued_at: Timestamp::from_seconds(1_800_000_000),
        expires_at: Timestamp::from_seconds(1_800_001_800),
        auth_time: Timestamp::from_seconds(1_799_999_000),
    }
}

pub(crate) fn access_token() -> String {
    tokens().issue(&claims(TokenKind::Access), &key_id("k1")).unwrap().expose().to_owned()
}

pub(crate) const HEADER: &str = r#"{"typ":"JWT","alg":"HS256","kid":"k1"}"#;

pub(crate) const PAYLOAD: &str = r#"{"sub":"alice","iat":1800000000,"exp":1800001800,"type":"access","session_id":"02020202-0202-0202-0202-020202020202","jti":"03030303-0303-0303-0303-030303030303","iss":"epic-server","aud":"epic","auth_time":1799999000,"data":{"user_id":"01010101-0101-0101-0101-010101010101"}}"#;

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

pub(crate) fn hs256(secret: &[u8], message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message);
    encoded(mac.finalize().into_bytes())
}

/// A token of any header and payload, signed with `secret`.
pub(crate) fn signed_with(secret: &[u8], header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let message = format!("{}.{}", encoded(header), encoded(payload));
    let signature = hs256(secret, &message);
    format!("{message}.{signature}")
}

/// The same, signed with the server's own key: whatever is refused about it, it is not the signature.
pub(crate) fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    signed_with(SECRET, header, payload)
}

/// The payload with one piece of its text replaced by another.
pub(crate) fn payload_with(from: &str, to: &str) -> String {
    assert!(PAYLOAD.contains(from), "{from} is not in the payload");
    PAYLOAD.replacen(from, to, 1)
}

pub(crate) fn refuses(tokens: &JwtTokens, token: &str) -> bool {
    matches!(tokens.read(token), Err(TokenError::NotGenuine))
}
