//! Signed heads of the audit chain. The signature is their checksum.

use super::values::{binary, bytes, date, integer, number, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::audit::{Anchor, Head, SignedHead};
use epic_domain::key_id::KeyId;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};

/// Where the chain stood, signed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SignedHeadDocument {
    /// The length of the chain: the first head kept of a length stays.
    #[serde(rename = "_id")]
    length: i64,
    v: i32,
    head: Binary,
    at: DateTime,
    key_id: String,
    signature: Binary,
}

impl SignedHeadDocument {
    pub(crate) fn encode(head: &SignedHead) -> Result<Self, Failure> {
        Ok(Self {
            length: integer(head.anchor.length)?,
            v: FORMAT,
            head: binary(head.anchor.head.as_bytes()),
            at: date(head.at),
            key_id: head.key_id.as_str().to_owned(),
            signature: binary(&head.signature),
        })
    }

    pub(crate) fn decode(&self) -> Result<SignedHead, Failure> {
        check_format(self.v)?;
        let head = Head::from_bytes(bytes(&self.head, "head")?);
        Ok(SignedHead {
            anchor: Anchor { length: number(self.length)?, head },
            at: time(self.at)?,
            key_id: parsed("key id", KeyId::parse(&self.key_id))?,
            signature: bytes(&self.signature, "signature")?,
        })
    }
}

/// Heads of chains that are longer.
pub(crate) fn longer_than(length: i64) -> Document {
    doc! { "_id": { "$gt": length } }
}
