//! Records: what a store keeps of each kind.

use super::{Key, Kind};
use crate::Timestamp;
use crate::audit::{Anchor, Link as EventLink, SignedHead};
use crate::file::{Content, File, Link, Once, Revision, Share, StageState, Upload, Usage};
use crate::id::{BlobId, FileId, UserId};
use crate::session::{Revocation, Session};
use crate::user::{RecoveryCodeDigest, User};
use std::collections::BTreeSet;

/// An account and its recovery codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// The account.
    pub user: User,
    /// The codes that are not used up.
    pub recovery_codes: BTreeSet<RecoveryCodeDigest>,
}

/// What is kept of an account's files as a whole. There is nothing before its first upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredUsage {
    /// The account.
    pub owner: UserId,
    /// How much it stores.
    pub usage: Usage,
    /// The last change of its files.
    pub revision: Revision,
    /// The time of the latest change. Unlike the times of changes, it rises with the revision.
    pub latest: Timestamp,
}

/// A file, and where its last change stands in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The file.
    pub file: File,
    /// The latest time of all its owner's changes up to this one.
    pub ordered_at: Timestamp,
}

/// A file that was removed for good, as a change of its owner's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedFile {
    /// Whose it was.
    pub owner: UserId,
    /// The change.
    pub revision: Revision,
    /// The file.
    pub file_id: FileId,
    /// When it was removed.
    pub at: Timestamp,
    /// The latest time of all its owner's changes up to this one.
    pub ordered_at: Timestamp,
}

/// An earlier content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierContent {
    /// The file.
    pub file_id: FileId,
    /// The content.
    pub content: Content,
    /// When a newer one took its place.
    pub superseded_at: Timestamp,
}

/// A request that is to take effect once, and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedRequest {
    /// Who made it.
    pub account: UserId,
    /// The request.
    pub once: Once,
}

/// A blob that nothing needs any more, in its place among those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoomedBlob {
    /// Its place, from 1: those doomed first come first.
    pub place: u64,
    /// The blob.
    pub blob_id: BlobId,
    /// What the blob store knows of it, if it was never whole.
    pub stage: StageState,
}

/// One thing that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An account.
    Account(Box<StoredAccount>),
    /// A session that has not ended.
    Session(Box<Session>),
    /// A session that has.
    Revocation(Revocation),
    /// How much an account stores.
    Usage(StoredUsage),
    /// A file.
    File(Box<StoredFile>),
    /// A file that was removed for good.
    RemovedFile(RemovedFile),
    /// An earlier content of a file.
    EarlierContent(Box<EarlierContent>),
    /// An upload under way.
    Upload(Box<Upload>),
    /// A share.
    Share(Box<Share>),
    /// A link.
    Link(Box<Link>),
    /// A request.
    Request(Box<RememberedRequest>),
    /// A doomed blob.
    DoomedBlob(DoomedBlob),
    /// An event in its place in the audit chain.
    Event(Box<EventLink>),
    /// Where the audit chain stands.
    Anchor(Anchor),
    /// Where it stood, signed.
    SignedHead(Box<SignedHead>),
}

impl Record {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Account(_) => Kind::Account,
            Self::Session(_) => Kind::Session,
            Self::Revocation(_) => Kind::Revocation,
            Self::Usage(_) => Kind::Usage,
            Self::File(_) => Kind::File,
            Self::RemovedFile(_) => Kind::RemovedFile,
            Self::EarlierContent(_) => Kind::EarlierContent,
            Self::Upload(_) => Kind::Upload,
            Self::Share(_) => Kind::Share,
            Self::Link(_) => Kind::Link,
            Self::Request(_) => Kind::Request,
            Self::DoomedBlob(_) => Kind::DoomedBlob,
            Self::Event(_) => Kind::Event,
            Self::Anchor(_) => Kind::Anchor,
            Self::SignedHead(_) => Kind::SignedHead,
        }
    }

    /// Its key among the records of its kind.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Account(account) => Key::of_id(*account.user.id.as_bytes()),
            Self::Session(session) => Key::of_id(*session.id.as_bytes()),
            Self::Revocation(revocation) => Key::of_id(*revocation.session_id.as_bytes()),
            Self::Usage(usage) => Key::of_id(*usage.owner.as_bytes()),
            Self::File(stored) => Key::of_id(*stored.file.id.as_bytes()),
            Self::RemovedFile(removed) => Key::numbered(*removed.owner.as_bytes(), removed.revision.get()),
            Self::EarlierContent(earlier) => {
                Key::numbered(*earlier.file_id.as_bytes(), earlier.content.number.get().into())
            }
            Self::Upload(upload) => Key::of_id(*upload.id.as_bytes()),
            Self::Share(share) => Key::of_id(*share.id.as_bytes()),
            Self::Link(link) => Key::of_id(*link.id.as_bytes()),
            Self::Request(request) => Key::of_request(request.account, request.once.key_digest),
            Self::DoomedBlob(doomed) => Key::at(doomed.place),
            Self::Event(link) => Key::at(link.sequence),
            Self::Anchor(_) => Key::at(0),
            Self::SignedHead(head) => Key::at(head.anchor.length),
        }
    }
}
