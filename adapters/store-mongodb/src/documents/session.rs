//! Sessions. One document is the session while it lives and its revocation from then on, so that to end a session is one
//! step on one document: it can never be gone and not revoked.

use super::values::{binary, bytes, date, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::network::IpPrefix;
use epic_domain::session::{DeviceName, Grant, Revocation, Session, Superseded};
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

/// A session: alive when it has `live`, revoked when it has `revoked_until`, never both.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_until: Option<DateTime>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LiveDocument {
    user_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<String>,
    origin: Binary,
    created_at: DateTime,
    auth_time: DateTime,
    last_seen_at: DateTime,
    ends_at: DateTime,
    /// When it is of no more use: the earlier of its end and that of its refresh token.
    expires_at: DateTime,
    current: GrantDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded: Option<SupersededDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GrantDocument {
    access_id: Uuid,
    refresh_id: Uuid,
    key_id: String,
    issued_at: DateTime,
    access_expires_at: DateTime,
    refresh_expires_at: DateTime,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SupersededDocument {
    refresh_id: Uuid,
    replaced_at: DateTime,
}

impl SessionDocument {
    pub(crate) fn encode(session: &Session) -> Self {
        let live = LiveDocument {
            user_id: Uuid::from_bytes(*session.user_id.as_bytes()),
            device_name: session.device_name.as_ref().map(|name| name.as_str().to_owned()),
            origin: binary(&session.origin.to_bytes()),
            created_at: date(session.created_at),
            auth_time: date(session.auth_time),
            last_seen_at: date(session.last_seen_at),
            ends_at: date(session.ends_at),
            expires_at: expiry(session),
            current: encode_grant(&session.current),
            superseded: session.superseded.as_ref().map(encode_superseded),
        };
        Self {
            id: Uuid::from_bytes(*session.id.as_bytes()),
            v: FORMAT,
            live: Some(live),
            revoked_until: None,
        }
    }

    /// What is left of a session that has ended.
    pub(crate) fn encode_revocation(revocation: &Revocation) -> Self {
        let id = Uuid::from_bytes(*revocation.session_id.as_bytes());
        Self { id, v: FORMAT, live: None, revoked_until: Some(date(revocation.until)) }
    }

    /// The session, unless it has ended.
    pub(crate) fn decode(self) -> Result<Option<Session>, Failure> {
        check_format(self.v)?;
        let id = SessionId::from_bytes(self.id.bytes());
        self.live.map(|live| live.decode(id)).transpose()
    }
}

impl LiveDocument {
    fn decode(self, id: SessionId) -> Result<Session, Failure> {
        let device_name = self.device_name.map(|name| DeviceName::parse(&name)).transpose();
        Ok(Session {
            id,
            user_id: UserId::from_bytes(self.user_id.bytes()),
            device_name: parsed("device name", device_name)?,
            origin: IpPrefix::from_bytes(bytes(&self.origin, "origin")?),
            created_at: time(self.created_at)?,
            auth_time: time(self.auth_time)?,
            last_seen_at: time(self.last_seen_at)?,
            ends_at: time(self.ends_at)?,
            current: self.current.decode()?,
            superseded: self.superseded.map(|old| old.decode()).transpose()?,
        })
    }
}

impl GrantDocument {
    fn decode(self) -> Result<Grant, Failure> {
        Ok(Grant {
            access_id: TokenId::from_bytes(self.access_id.bytes()),
            refresh_id: TokenId::from_bytes(self.refresh_id.bytes()),
            key_id: parsed("key id", KeyId::parse(&self.key_id))?,
            issued_at: time(self.issued_at)?,
            access_expires_at: time(self.access_expires_at)?,
            refresh_expires_at: time(self.refresh_expires_at)?,
        })
    }
}

impl SupersededDocument {
    fn decode(&self) -> Result<Superseded, Failure> {
        let refresh_id = TokenId::from_bytes(self.refresh_id.bytes());
        Ok(Superseded { refresh_id, replaced_at: time(self.replaced_at)? })
    }
}

pub(crate) fn encode_grant(grant: &Grant) -> GrantDocument {
    GrantDocument {
        access_id: Uuid::from_bytes(*grant.access_id.as_bytes()),
        refresh_id: Uuid::from_bytes(*grant.refresh_id.as_bytes()),
        key_id: grant.key_id.as_str().to_owned(),
        issued_at: date(grant.issued_at),
        access_expires_at: date(grant.access_expires_at),
        refresh_expires_at: date(grant.refresh_expires_at),
    }
}

pub(crate) fn encode_superseded(old: &Superseded) -> SupersededDocument {
    SupersededDocument {
        refresh_id: Uuid::from_bytes(*old.refresh_id.as_bytes()),
        replaced_at: date(old.replaced_at),
    }
}

/// When the session is of no more use.
pub(crate) fn expiry(session: &Session) -> DateTime {
    date(session.ends_at.min(session.current.refresh_expires_at))
}

/// What is read of a session to choose which ones end.
#[derive(Debug, Deserialize)]
pub(crate) struct SeenDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    live: LastSeenDocument,
}

#[derive(Debug, Deserialize)]
struct LastSeenDocument {
    last_seen_at: DateTime,
}

impl SeenDocument {
    /// The fields that are read.
    pub(crate) fn projection() -> Document {
        doc! { "live.last_seen_at": 1 }
    }

    /// When the session was last seen, and its id: in this order sessions end to make room.
    pub(crate) fn decode(&self) -> Result<(Timestamp, SessionId), Failure> {
        Ok((time(self.live.last_seen_at)?, SessionId::from_bytes(self.id.bytes())))
    }
}

/// What is read of a session that has ended.
#[derive(Debug, Deserialize)]
pub(crate) struct RevocationDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    revoked_until: DateTime,
}

impl RevocationDocument {
    /// The fields that are read.
    pub(crate) fn projection() -> Document {
        doc! { "revoked_until": 1 }
    }

    pub(crate) fn decode(&self) -> Result<Revocation, Failure> {
        Ok(Revocation {
            session_id: SessionId::from_bytes(self.id.bytes()),
            until: time(self.revoked_until)?,
        })
    }
}
