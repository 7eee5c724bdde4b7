//! The one document that says where the audit chain stands, and how it came there.

use super::link::LinkDocument;
use super::values::{binary, bytes, integer, number, parsed};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::audit::{Anchor, Head};
use mongodb::bson::{Binary, Document, doc, serialize_to_bson};
use serde::{Deserialize, Serialize};

const ID: &str = "chain";

/// Where the chain stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AnchorDocument {
    #[serde(rename = "_id")]
    id: String,
    v: i32,
    length: i64,
    head: Binary,
    /// The last links up to there: those that came with the last append, which may not be in their places yet.
    #[serde(default)]
    links: Vec<LinkDocument>,
}

impl AnchorDocument {
    pub(crate) fn encode(anchor: Anchor) -> Result<Self, Failure> {
        let (length, head) = (integer(anchor.length)?, binary(anchor.head.as_bytes()));
        Ok(Self { id: ID.to_owned(), v: FORMAT, length, head, links: Vec::new() })
    }

    pub(crate) fn decode(&self) -> Result<Anchor, Failure> {
        check_format(self.v)?;
        Ok(Anchor { length: number(self.length)?, head: Head::from_bytes(bytes(&self.head, "head")?) })
    }

    pub(crate) fn links(&self) -> &[LinkDocument] {
        &self.links
    }
}

/// The anchor, wherever it stands.
pub(crate) fn the_anchor() -> Document {
    doc! { "_id": ID }
}

/// The anchor, if it stands there.
pub(crate) fn standing_at(anchor: Anchor) -> Result<Document, Failure> {
    Ok(doc! { "_id": ID, "length": integer(anchor.length)?, "head": binary(anchor.head.as_bytes()) })
}

/// Moves the anchor there, by these links.
pub(crate) fn move_to(anchor: Anchor, links: &[LinkDocument]) -> Result<Document, Failure> {
    let (length, head) = (integer(anchor.length)?, binary(anchor.head.as_bytes()));
    let links = parsed("link", serialize_to_bson(links))?;
    Ok(doc! { "$set": { "length": length, "head": head, "links": links } })
}
