//! Shares.

use super::values::{binary, bytes, date, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::file::{EncryptedDataKey, Permission, Share};
use epic_domain::id::{FileId, ShareId, UserId};
use mongodb::bson::{Binary, DateTime, Uuid};
use serde::{Deserialize, Serialize};

/// A share of a file with one person.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShareDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    file_id: Uuid,
    owner: Uuid,
    recipient: Uuid,
    recipient_key_id: Binary,
    encrypted_data_key: Binary,
    permission: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime>,
    created_at: DateTime,
}

impl ShareDocument {
    pub(crate) fn encode(share: &Share) -> Self {
        Self {
            id: Uuid::from_bytes(*share.id.as_bytes()),
            v: FORMAT,
            file_id: Uuid::from_bytes(*share.file_id.as_bytes()),
            owner: Uuid::from_bytes(*share.owner.as_bytes()),
            recipient: Uuid::from_bytes(*share.recipient.as_bytes()),
            recipient_key_id: binary(&share.recipient_key_id),
            encrypted_data_key: binary(share.encrypted_data_key.as_bytes()),
            permission: share.permission.as_str().to_owned(),
            expires_at: share.expires_at.map(date),
            created_at: date(share.created_at),
        }
    }

    pub(crate) fn decode(self) -> Result<Share, Failure> {
        check_format(self.v)?;
        Ok(Share {
            id: ShareId::from_bytes(self.id.bytes()),
            file_id: FileId::from_bytes(self.file_id.bytes()),
            owner: UserId::from_bytes(self.owner.bytes()),
            recipient: UserId::from_bytes(self.recipient.bytes()),
            recipient_key_id: bytes(&self.recipient_key_id, "key id")?,
            encrypted_data_key: parsed("data key", EncryptedDataKey::parse(&self.encrypted_data_key.bytes))?,
            permission: parsed("permission", Permission::parse(&self.permission))?,
            expires_at: self.expires_at.map(time).transpose()?,
            created_at: time(self.created_at)?,
        })
    }
}
