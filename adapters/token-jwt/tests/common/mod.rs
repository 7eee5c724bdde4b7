//! Helpers: sample claims, and tokens of either algorithm forged with the real key.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]
#![allow(dead_code, reason = "each test file uses some of the helpers")]

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::secret::Secret;
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::Username;
use epic_outbound::tokens::{TokenError, Tokens};
use epic_token_jwt::{EddsaKey, EddsaKeyring, EddsaTokens, JwtTokens, Keyring, TokenKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Debug;

pub(crate) const SECRET: &[u8; 32] = b"\x9f\x04\x11\xd3\x7a\x58\xee\x20\xb1\x6c\x99\x01\xf4\x83\x2d\xc6\
    \x35\xaa\x0e\x71\xdc\x4b\x92\xe8\x57\x1f\x66\xb0\x03\xcd\x8a\x29";
pub(crate) const OTHER_SECRET: &[u8; 32] =
    b"\x12\xe7\x8c\x45\xb9\x30\xfd\x6a\x01\xc4\x97\x5e\xd8\x2b\x73\xaf\
    \x1c\x86\xf0\x49\x3d\xe2\xb5\x08\x64\x9b\xd1\x7f\x2a\xc9\x50\x16";
pub(crate) const ISSUER: &str = "epic-server";
pub(crate) const AUDIENCE: &str = "epic";

/// What both adapters offer beyond their port.
pub(crate) trait Remembering: Tokens + Debug {
    fn cached_tokens(&self) -> usize;
}

impl Remembering for JwtTokens {
    fn cached_tokens(&self) -> usize {
        Self::cached_tokens(self)
    }
}

impl Remembering for EddsaTokens {
    fn cached_tokens(&self) -> usize {
        Self::cached_tokens(self)
    }
}

/// An algorithm, so that one test may ask the same of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Hs256,
    Eddsa,
}

pub(crate) const SCHEMES: [Scheme; 2] = [Scheme::Hs256, Scheme::Eddsa];

impl Scheme {
    pub(crate) fn alg(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Eddsa => "EdDSA",
        }
    }

    pub(crate) fn header(self) -> String {
        HEADER.replace("ALG", self.alg())
    }

    /// Tokens under named keys, the first of which signs.
    pub(crate) fn tokens_with(
        self,
        keys: &[(&str, &[u8; 32])],
        cache_capacity: usize,
    ) -> Box<dyn Remembering> {
        let (issuer, audience) = (ISSUER.into(), AUDIENCE.into());
        match self {
            Self::Hs256 => {
                let keys = keys.iter().map(|(id, secret)| key(id, secret.as_slice())).collect();
                let keyring = Keyring::new(keys).unwrap();
                Box::new(JwtTokens::new(keyring, issuer, audience, cache_capacity).unwrap())
            }
            Self::Eddsa => {
                let keys = keys.iter().map(|(id, seed)| eddsa_key(id, seed)).collect();
                let keyring = EddsaKeyring::new(keys).unwrap();
                Box::new(EddsaTokens::new(keyring, issuer, audience, cache_capacity).unwrap())
            }
        }
    }

    pub(crate) fn tokens(self) -> Box<dyn Remembering> {
        self.tokens_with(&[("k1", SECRET)], 1_000)
    }

    pub(crate) fn access_token(self) -> String {
        self.tokens().issue(&claims(TokenKind::Access), &key_id("k1")).unwrap().expose().to_owned()
    }

    /// The signature of a message, made without the adapter.
    pub(crate) fn signature(self, secret: &[u8; 32], message: &str) -> String {
        match self {
            Self::Hs256 => hs256(secret, message),
            Self::Eddsa => encoded(SigningKey::from_bytes(secret).sign(message.as_bytes()).to_bytes()),
        }
    }

    pub(crate) fn signature_bytes(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Eddsa => 64,
        }
    }

    /// A token of any header and payload, signed with `secret`. `ALG` in the header stands for the algorithm.
    pub(crate) fn signed_with(
        self,
        secret: &[u8; 32],
        header: impl AsRef<[u8]>,
        payload: impl AsRef<[u8]>,
    ) -> String {
        let message = self.message(header, payload);
        format!("{message}.{}", self.signature(secret, &message))
    }

    /// What is signed of such a token.
    pub(crate) fn message(self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        format!("{}.{}", encoded(filled_in(header.as_ref(), self.alg())), encoded(payload))
    }

    /// The same, signed with the server's own key: whatever is refused about it, it is not the signature.
    pub(crate) fn signed(self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.signed_with(SECRET, header, payload)
    }
}

/// The bytes with every `ALG` replaced by the name of an algorithm; they need not be text.
fn filled_in(mut bytes: &[u8], alg: &str) -> Vec<u8> {
    let mut filled = Vec::new();
    while let Some((first, rest)) = bytes.split_first() {
        if let Some(rest) = bytes.strip_prefix(b"ALG") {
            filled.extend_from_slice(alg.as_bytes());
            bytes = rest;
        } else {
            filled.push(*first);
            bytes = rest;
        }
    }
    filled
}

pub(crate) fn key_id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

pub(crate) fn key(id: &str, secret: &[u8]) -> TokenKey {
    TokenKey::parse(key_id(id), secret).unwrap()
}

pub(crate) fn eddsa_key(id: &str, seed: &[u8; 32]) -> EddsaKey {
    EddsaKey::parse(key_id(id), &Secret::new(*seed)).unwrap()
}

/// The public half of the key pair of a seed.
pub(crate) fn public_of(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
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

/// The header of a token; `ALG` stands for the algorithm.
pub(crate) const HEADER: &str = r#"{"typ":"JWT","alg":"ALG","kid":"k1"}"#;

pub(crate) const PAYLOAD: &str = r#"{"sub":"alice","iat":1800000000,"exp":1800001800,"type":"access","session_id":"02020202-0202-0202-0202-020202020202","jti":"03030303-0303-0303-0303-030303030303","iss":"epic-server","aud":"epic","auth_time":1799999000,"data":{"user_id":"01010101-0101-0101-0101-010101010101"}}"#;

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

pub(crate) fn hs256(secret: &[u8], message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message);
    encoded(mac.finalize().into_bytes())
}

/// The payload with one piece of its text replaced by another.
pub(crate) fn payload_with(from: &str, to: &str) -> String {
    assert!(PAYLOAD.contains(from), "{from} is not in the payload");
    PAYLOAD.replacen(from, to, 1)
}

pub(crate) fn refuses(tokens: &dyn Remembering, token: &str) -> bool {
    matches!(tokens.read(token), Err(TokenError::NotGenuine))
}
