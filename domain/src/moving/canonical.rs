//! The canonical hash of a record: one encoding, whatever store the record is in.
//!
//! SHA-256 over the text `epic/v1/record` and a zero byte, the name of the kind, and the fields in the order of
//! `encodings`. Each value is written after its length in 8 bytes, big-endian; a number has 8 bytes; what may be absent has a
//! zero or a one before it; a set has its size before its members. So no two records share an encoding.

use super::Record;
use sha2::{Digest, Sha256};

/// The hash of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHash([u8; 32]);

impl RecordHash {
    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Record {
    /// Its canonical hash. It covers every field, those with secrets included; it tells nothing of them.
    #[must_use]
    pub fn hash(&self) -> RecordHash {
        let mut encoder = Encoder(Sha256::new_with_prefix(b"epic/v1/record\0"));
        encoder.bytes(self.kind().as_str().as_bytes());
        match self {
            Self::Account(account) => account.encode(&mut encoder),
            Self::Session(session) => session.encode(&mut encoder),
            Self::Revocation(revocation) => revocation.encode(&mut encoder),
            Self::Usage(usage) => usage.encode(&mut encoder),
            Self::File(file) => file.encode(&mut encoder),
            Self::RemovedFile(removed) => removed.encode(&mut encoder),
            Self::EarlierContent(earlier) => earlier.encode(&mut encoder),
            Self::Upload(upload) => upload.encode(&mut encoder),
            Self::Share(share) => share.encode(&mut encoder),
            Self::Link(link) => link.encode(&mut encoder),
            Self::Request(request) => request.encode(&mut encoder),
            Self::DoomedBlob(doomed) => doomed.encode(&mut encoder),
            Self::Event(link) => link.encode(&mut encoder),
            Self::Anchor(anchor) => anchor.encode(&mut encoder),
            Self::SignedHead(head) => head.encode(&mut encoder),
        }
        RecordHash(encoder.0.finalize().into())
    }
}

/// What a record is written into, value by value.
pub(super) struct Encoder(Sha256);

impl Encoder {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    pub(super) fn number(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    /// Which of several cases follows.
    pub(super) fn case(&mut self, name: &str) {
        self.bytes(name.as_bytes());
    }
}

/// What has a canonical encoding.
pub(super) trait Canonical {
    fn encode(&self, encoder: &mut Encoder);
}
