//! Requests that are to take effect once, and did.

use super::values::{binary, bytes, date, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::file::{Once, RequestFingerprint};
use epic_domain::id::UserId;
use epic_domain::moving::RememberedRequest;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};

/// A request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RequestDocument {
    /// The account and the digest of its key: the requests of an account stand together.
    #[serde(rename = "_id")]
    id: Binary,
    v: i32,
    fingerprint: Binary,
    outcome: Binary,
    expires_at: DateTime,
}

impl RequestDocument {
    pub(crate) fn encode(account: UserId, once: &Once) -> Self {
        Self {
            id: id(account, &once.key_digest),
            v: FORMAT,
            fingerprint: binary(once.fingerprint.as_bytes()),
            outcome: binary(&once.outcome),
            expires_at: date(once.expires_at),
        }
    }

    pub(crate) fn decode(self) -> Result<Once, Failure> {
        self.decode_remembered().map(|request| request.once)
    }

    /// The request and whose it is.
    pub(crate) fn decode_remembered(self) -> Result<RememberedRequest, Failure> {
        check_format(self.v)?;
        let (account, key_digest) = parsed("request", self.id.bytes.split_first_chunk::<16>().ok_or(()))?;
        let once = Once {
            key_digest: parsed("request", key_digest.try_into())?,
            fingerprint: RequestFingerprint::from_bytes(bytes(&self.fingerprint, "fingerprint")?),
            outcome: self.outcome.bytes.into(),
            expires_at: time(self.expires_at)?,
        };
        Ok(RememberedRequest { account: UserId::from_bytes(*account), once })
    }
}

fn id(account: UserId, key_digest: &[u8; 32]) -> Binary {
    binary(&[account.as_bytes().as_slice(), key_digest].concat())
}

/// The account's request with this key.
pub(crate) fn by_key(account: UserId, key_digest: &[u8; 32]) -> Document {
    doc! { "_id": id(account, key_digest) }
}

/// Requests that follow one, by account and key; all, if there is none to follow.
pub(crate) fn following(after: Option<(UserId, &[u8; 32])>) -> Document {
    match after {
        Some((account, key_digest)) => doc! { "_id": { "$gt": id(account, key_digest) } },
        None => doc! { "_id": { "$gte": id(UserId::from_bytes([0; 16]), &[0; 32]) } },
    }
}

/// All requests of an account.
pub(crate) fn of_account(account: UserId) -> Document {
    doc! { "_id": { "$gte": id(account, &[0; 32]), "$lte": id(account, &[0xFF; 32]) } }
}

/// Requests whose time is over at `now`.
pub(crate) fn forgotten(now: Timestamp) -> Document {
    doc! { "expires_at": { "$lte": date(now) } }
}
