//! Where it is kept which files there are.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{
    Content, ContentNumber, EncryptedDataKey, EncryptedFilename, File, FileChange, Ownership, Revision, Usage,
};
use epic_domain::id::{FileId, UserId};
use epic_domain::user::Version;

/// A place in a listing whose newest comes first: what is listed next is older, or of the same time and a smaller id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When the last one listed was made.
    pub at: Timestamp,
    /// Its sixteen bytes of id.
    pub id: [u8; 16],
}

/// From where changes are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// After this revision.
    Revision(Revision),
    /// From the first revision on whose change was made at this time or later.
    Time(Timestamp),
}

/// What is said of a file anew; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub encrypted_filename: Option<EncryptedFilename>,
    /// The data key of its newest content, wrapped again for the owner.
    pub encrypted_data_key: Option<EncryptedDataKey>,
}

/// What became of a change to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOutcome {
    /// It was made, durably; the file as it is now. Its version and revision are the next.
    Made(Box<File>),
    /// The file has moved on, or is not where this change could be made (in the trash, or not in it); nothing changed.
    Stale,
    /// The file is gone; nothing changed.
    Gone,
}

/// What became of the removal of a file for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalOutcome {
    /// It is gone, with all its contents, shares and links. The blobs of its contents are doomed.
    Removed,
    /// The file has moved on or does not lie in the trash; nothing changed.
    Stale,
    /// The file is gone already.
    Gone,
}

/// A file that a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// The file.
    pub file_id: FileId,
    /// Whose it was.
    pub owner: UserId,
}

/// Files: whole ones only. What is under way is with [`Uploads`](crate::uploads::Uploads).
///
/// A change gives the file the owner's next revision and the next version in the same step.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Files: Send + Sync {
    /// The file with this id, in the trash or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find(&self, file_id: FileId) -> Result<Option<File>, StoreError>;

    /// At most `limit` of an owner's files, those in the trash or those not, the newest first, after a place.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        owner: UserId,
        trashed: bool,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<File>, StoreError>;

    /// At most `limit` files of an owner that have changed since then, each once, as they are now, by rising revision.
    /// Removals are among them for as long as the account lives.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn changes(&self, owner: UserId, since: Since, limit: u32) -> Result<Vec<FileChange>, StoreError>;

    /// Changes what is said of a file that has version `expected` and is not in the trash.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn edit(
        &self,
        ownership: &Ownership,
        expected: Version,
        edit: &Edit,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError>;

    /// Puts a file that has version `expected` into the trash.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn trash(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError>;

    /// Takes a file that has version `expected` out of the trash.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn restore(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError>;

    /// Removes a file that has version `expected` and lies in the trash for good, with its contents, shares and links;
    /// frees its bytes, dooms its blobs and remembers its removal as a change, all in one step.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn remove(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<RemovalOutcome, StoreError>;

    /// At most `limit` earlier contents of a file, the newest first, before a number. The present one is not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn versions(
        &self,
        file_id: FileId,
        before: Option<ContentNumber>,
        limit: u32,
    ) -> Result<Vec<Content>, StoreError>;

    /// One earlier content of a file.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find_version(
        &self,
        file_id: FileId,
        number: ContentNumber,
    ) -> Result<Option<Content>, StoreError>;

    /// Removes an earlier content, frees its bytes and dooms its blob. False when there is none. The file's version and
    /// revision stay: what clients see of the file has not changed.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn remove_version(&self, ownership: &Ownership, number: ContentNumber) -> Result<bool, StoreError>;

    /// Removes at most `limit` files that were trashed at `trashed_until` or before, as [`Files::remove`] does. It may do less
    /// at once than it was asked for: there are no more when it removes none.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was removed.
    async fn remove_old_trash(
        &self,
        trashed_until: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Swept>, StoreError>;

    /// Removes at most `limit` earlier contents that were superseded at `superseded_until` or before, as
    /// [`Files::remove_version`] does; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_old_versions(&self, superseded_until: Timestamp, limit: u32) -> Result<u32, StoreError>;
}

/// How much accounts store.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Usages: Send + Sync {
    /// What an account stores. It may come from memory, and is then at most a second old unless
    /// [`Usages::changed`] was called meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn usage(&self, owner: UserId) -> Result<Usage, StoreError>;

    /// Tells that the usage of an account has changed: what memory holds of it is forgotten.
    fn changed(&self, owner: UserId);
}
