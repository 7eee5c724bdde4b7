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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::audit::{Anchor, Head};
    use crate::file::{Once, RequestFingerprint};
    use crate::id::{SessionId, UserId};
    use crate::moving::RememberedRequest;
    use crate::session::Revocation;

    fn with_length(bytes: &[u8]) -> Vec<u8> {
        [&u64::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }

    #[test]
    fn a_hash_is_over_the_kind_and_every_field_after_its_length() {
        let (session_id, until) = (SessionId::from_bytes([7; 16]), Timestamp::from_millis(5));
        let parts = [
            b"epic/v1/record\0".to_vec(),
            with_length(b"revocations"),
            with_length(&[7; 16]),
            with_length(&5_u64.to_be_bytes()),
        ];
        let expected: [u8; 32] = Sha256::digest(parts.concat()).into();
        let record = Record::Revocation(Revocation { session_id, until });
        assert_eq!(record.hash().as_bytes(), &expected);
    }

    #[test]
    fn bytes_that_move_from_one_field_into_the_next_make_another_record() {
        let request = |outcome: &[u8], fingerprint| {
            let once = Once {
                key_digest: [1; 32],
                fingerprint: RequestFingerprint::from_bytes(fingerprint),
                outcome: outcome.into(),
                expires_at: Timestamp::MIN,
            };
            let account = UserId::from_bytes([0; 16]);
            Record::Request(Box::new(RememberedRequest { account, once })).hash()
        };
        let hashes = [request(&[], [0; 32]), request(&[0], [0; 32]), request(&[0, 0], [0; 32])];
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2]);
    }

    #[test]
    fn every_part_of_an_anchor_counts() {
        let anchor = Anchor::empty();
        let longer = Anchor { length: 1, ..anchor };
        let other = Anchor { head: Head::from_bytes([0; 32]), ..anchor };
        let hashes = [anchor, longer, other].map(|anchor| Record::Anchor(anchor).hash());
        assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2] && hashes[1] != hashes[2]);
    }
}
