//! Links to files.

use super::values::{binary, bytes, date, number, small_number, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::file::{Link, LinkTokenDigest};
use epic_domain::id::{FileId, LinkId, UserId};
use mongodb::bson::{Binary, DateTime, Uuid};
use serde::{Deserialize, Serialize};

/// A link to a file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileLinkDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    file_id: Uuid,
    owner: Uuid,
    token_digest: Binary,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_downloads: Option<i64>,
    downloads: i64,
    /// How many more it allows, so that a filter can tell: more than there will ever be if it allows any number.
    downloads_left: i64,
    created_at: DateTime,
}

impl FileLinkDocument {
    pub(crate) fn encode(link: &Link) -> Self {
        let left = link.max_downloads.map(|most| most.saturating_sub(link.downloads).into());
        Self {
            id: Uuid::from_bytes(*link.id.as_bytes()),
            v: FORMAT,
            file_id: Uuid::from_bytes(*link.file_id.as_bytes()),
            owner: Uuid::from_bytes(*link.owner.as_bytes()),
            token_digest: binary(link.token_digest.as_bytes()),
            expires_at: link.expires_at.map(date),
            max_downloads: link.max_downloads.map(i64::from),
            downloads: link.downloads.into(),
            downloads_left: left.unwrap_or(i64::MAX),
            created_at: date(link.created_at),
        }
    }

    pub(crate) fn decode(self) -> Result<Link, Failure> {
        check_format(self.v)?;
        Ok(Link {
            id: LinkId::from_bytes(self.id.bytes()),
            file_id: FileId::from_bytes(self.file_id.bytes()),
            owner: self.owner(),
            token_digest: LinkTokenDigest::from_bytes(bytes(&self.token_digest, "token digest")?),
            expires_at: self.expires_at.map(time).transpose()?,
            max_downloads: self.max_downloads.map(small_number).transpose()?,
            // Nobody counts so far; a link that did would not be damaged.
            downloads: u32::try_from(number(self.downloads)?).unwrap_or(u32::MAX),
            created_at: time(self.created_at)?,
        })
    }

    /// Whose file it is.
    pub(crate) fn owner(&self) -> UserId {
        UserId::from_bytes(self.owner.bytes())
    }
}
