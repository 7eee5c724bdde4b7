//! The one document that says that another store is moving in. It stands beside the format for as long as the move takes.

use super::values::{binary, bytes, date, integer, number, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::audit::{Anchor, Head};
use epic_domain::moving::{Key, Kind, Mark, Progress};
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};

const ID: &str = "moving";

/// The mark.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MovingMarkDocument {
    #[serde(rename = "_id")]
    id: String,
    v: i32,
    source_length: i64,
    source_head: Binary,
    began_at: DateTime,
    /// The kind that is moving, once a page is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_key: Option<Binary>,
}

impl MovingMarkDocument {
    pub(crate) fn encode(mark: &Mark) -> Result<Self, Failure> {
        let Mark { source, began_at, progress } = mark;
        let last = progress.and_then(|progress| progress.last);
        Ok(Self {
            id: ID.to_owned(),
            v: FORMAT,
            source_length: integer(source.length)?,
            source_head: binary(source.head.as_bytes()),
            began_at: date(*began_at),
            kind: progress.map(|progress| progress.kind.as_str().to_owned()),
            last_key: last.map(|key| binary(&key.to_bytes())),
        })
    }

    pub(crate) fn decode(&self) -> Result<Mark, Failure> {
        check_format(self.v)?;
        let head = Head::from_bytes(bytes(&self.source_head, "head")?);
        let kind = self.kind.as_ref().map(|kind| Kind::parse(kind)).transpose();
        let last = self.last_key.as_ref().map(|key| bytes(key, "key")).transpose()?;
        let last = last.map(|bytes| Key::from_bytes(&bytes));
        Ok(Mark {
            source: Anchor { length: number(self.source_length)?, head },
            began_at: time(self.began_at)?,
            progress: parsed("kind", kind)?.map(|kind| Progress { kind, last }),
        })
    }
}

/// The one document.
pub(crate) fn the_mark() -> Document {
    doc! { "_id": ID }
}
