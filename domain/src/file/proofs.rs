//! Proofs of who may do what with a file. Use cases and ports ask for them, so that a forgotten check does not compile.

use super::{Content, File, Link, Permission, Share};
use crate::Timestamp;
use crate::id::{FileId, LinkId, ShareId, UserId};

/// Proof that a file is someone's own.
///
/// Only [`File::owned_by`] makes one:
///
/// ```compile_fail
/// fn forge(file_id: epic_domain::id::FileId, owner: epic_domain::id::UserId) -> epic_domain::file::Ownership {
///     epic_domain::file::Ownership { file_id, owner }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    file_id: FileId,
    owner: UserId,
}

impl Ownership {
    pub(super) fn prove(file: &File, user_id: UserId) -> Option<Self> {
        (file.owner == user_id).then_some(Self { file_id: file.id, owner: file.owner })
    }

    /// The file.
    #[must_use]
    pub const fn file_id(&self) -> FileId {
        self.file_id
    }

    /// Its owner.
    #[must_use]
    pub const fn owner(&self) -> UserId {
        self.owner
    }
}

/// By what right someone sees a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// It is theirs.
    Owner,
    /// It was shared with them.
    Share(ShareId),
    /// They hold a link.
    Link(LinkId),
}

/// Proof that someone may see a file.
///
/// It is made from the file and a right that held at that moment; a right that ends afterwards ends the next call, not
/// this one.
#[derive(Debug, Clone)]
pub struct FileAccess {
    file: File,
    right: Right,
    may_write: bool,
}

impl FileAccess {
    pub(super) fn of_owner(file: &File, user_id: UserId) -> Option<Self> {
        (file.owner == user_id).then(|| Self { file: file.clone(), right: Right::Owner, may_write: true })
    }

    /// The access that a share gives its recipient at `now`: none to another, none once it has expired, none to a file in
    /// the trash.
    #[must_use]
    pub fn by_share(file: &File, share: &Share, recipient: UserId, now: Timestamp) -> Option<Self> {
        let holds = share.file_id == file.id
            && share.owner == file.owner
            && share.recipient == recipient
            && share.is_live_at(now)
            && !file.is_trashed();
        holds.then(|| Self {
            file: file.clone(),
            right: Right::Share(share.id),
            may_write: share.permission == Permission::Write,
        })
    }

    /// The access that a link gives whoever holds it at `now`.
    #[must_use]
    pub fn by_link(file: &File, link: &Link, now: Timestamp) -> Option<Self> {
        let holds =
            link.file_id == file.id && link.owner == file.owner && link.is_live_at(now) && !file.is_trashed();
        holds.then(|| Self { file: file.clone(), right: Right::Link(link.id), may_write: false })
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// By what right.
    #[must_use]
    pub const fn right(&self) -> Right {
        self.right
    }

    /// The file's newest content.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.file.content
    }

    /// Proof that a new content may be written too, if it may. Not into the trash.
    #[must_use]
    pub fn to_write(&self) -> Option<WriteAccess> {
        (self.may_write && !self.file.is_trashed())
            .then_some(WriteAccess { file_id: self.file.id, owner: self.file.owner })
    }
}

/// Proof that someone may write a new content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteAccess {
    file_id: FileId,
    owner: UserId,
}

impl WriteAccess {
    /// The file.
    #[must_use]
    pub const fn file_id(&self) -> FileId {
        self.file_id
    }

    /// Its owner, who pays for the bytes.
    #[must_use]
    pub const fn owner(&self) -> UserId {
        self.owner
    }
}
