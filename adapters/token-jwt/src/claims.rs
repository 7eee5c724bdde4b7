//! The claims as JSON: what is written, and the only thing that is read.

use crate::object::Object;
use core::fmt;
use core::str::FromStr;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::Username;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ACCESS: &str = "access";
const REFRESH: &str = "refresh";

const fn name_of(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Access => ACCESS,
        TokenKind::Refresh => REFRESH,
    }
}

/// Claims on their way out. The order of the members is the order in the token, so equal claims give equal bytes.
#[derive(Serialize)]
pub(crate) struct WrittenClaims<'a> {
    sub: &'a str,
    iat: u64,
    exp: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(serialize_with = "as_text")]
    session_id: SessionId,
    #[serde(serialize_with = "as_text")]
    jti: TokenId,
    iss: &'a str,
    aud: &'a str,
    auth_time: u64,
    data: WrittenData,
}

#[derive(Serialize)]
struct WrittenData {
    #[serde(serialize_with = "as_text")]
    user_id: UserId,
}

impl<'a> WrittenClaims<'a> {
    pub(crate) fn new(claims: &'a Claims, issuer: &'a str, audience: &'a str) -> Self {
        Self {
            sub: claims.username.as_str(),
            iat: claims.issued_at.as_seconds(),
            exp: claims.expires_at.as_seconds(),
            kind: name_of(claims.kind),
            session_id: claims.session_id,
            jti: claims.token_id,
            iss: issuer,
            aud: audience,
            auth_time: claims.auth_time.as_seconds(),
            data: WrittenData { user_id: claims.user_id },
        }
    }
}

fn as_text<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Claims on their way in: every member is required, once, of its one type, and there is no other. Issuer and
/// audience must be one text each; which, jsonwebtoken checks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimsSet {
    #[serde(deserialize_with = "username")]
    sub: Username,
    #[serde(deserialize_with = "numeric_date")]
    iat: Timestamp,
    #[serde(deserialize_with = "numeric_date")]
    exp: Timestamp,
    #[serde(rename = "type", deserialize_with = "token_kind")]
    kind: TokenKind,
    #[serde(deserialize_with = "from_text")]
    session_id: SessionId,
    #[serde(deserialize_with = "from_text")]
    jti: TokenId,
    #[serde(rename = "iss", deserialize_with = "one_text")]
    _iss: (),
    #[serde(rename = "aud", deserialize_with = "one_text")]
    _aud: (),
    #[serde(deserialize_with = "numeric_date")]
    auth_time: Timestamp,
    data: Object<ReadData>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadData {
    #[serde(deserialize_with = "from_text")]
    user_id: UserId,
}

/// A payload that is a claims set of ours.
pub(crate) type ReadClaims = Object<ClaimsSet>;

impl From<ReadClaims> for Claims {
    fn from(Object(read): ReadClaims) -> Self {
        Self {
            kind: read.kind,
            username: read.sub,
            user_id: read.data.0.user_id,
            session_id: read.session_id,
            token_id: read.jti,
            issued_at: read.iat,
            expires_at: read.exp,
            auth_time: read.auth_time,
        }
    }
}

/// Parses a JSON string in place, without a copy of it.
struct Text<F>(F);

impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text in its canonical form")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        // Without the value in the message: it may be anything.
        (self.0)(text).ok_or_else(|| E::custom("a text is not in its canonical form"))
    }
}

fn from_text<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(Text(|text: &str| text.parse().ok()))
}

fn username<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Username, D::Error> {
    let canonical = |text: &str| Username::parse(text).ok().filter(|name| name.as_str() == text);
    deserializer.deserialize_str(Text(canonical))
}

/// By hand: an enum that derives `Deserialize` may be written as `{"access":null}` too.
fn token_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TokenKind, D::Error> {
    deserializer.deserialize_str(Text(|text: &str| match text {
        ACCESS => Some(TokenKind::Access),
        REFRESH => Some(TokenKind::Refresh),
        _ => None,
    }))
}

fn one_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    deserializer.deserialize_str(Text(|_: &str| Some(())))
}

/// Whole seconds (RFC 7519, section 2, `NumericDate`). A fraction is refused: this server writes none.
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    if seconds > Timestamp::MAX.as_seconds() {
        return Err(D::Error::custom("a time is past the year 9999"));
    }
    Ok(Timestamp::from_seconds(seconds))
}
