//! The ports of files and of how much accounts store.

use crate::SqliteStore;
use crate::file_changes::{Subject, edit, restore, trash};
use crate::file_lists::{changes, list};
use crate::file_removal::{remove, remove_old_trash, remove_old_versions, remove_version};
use crate::storage::Storage;
use crate::{content_row, file_row};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentNumber, File, FileChange, Ownership, Usage};
use epic_domain::id::{FileId, UserId};
use epic_domain::user::Version;
use epic_outbound::StoreError;
use epic_outbound::files::{Edit, FileOutcome, Files, Position, RemovalOutcome, Since, Swept, Usages};

#[async_trait]
impl Files for SqliteStore {
    async fn find(&self, file_id: FileId) -> Result<Option<File>, StoreError> {
        self.read(move |connection| file_row::find(connection, file_id)).await
    }

    async fn list(
        &self,
        owner: UserId,
        trashed: bool,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<File>, StoreError> {
        self.read(move |connection| list(connection, owner, trashed, after, limit)).await
    }

    async fn changes(&self, owner: UserId, since: Since, limit: u32) -> Result<Vec<FileChange>, StoreError> {
        self.read(move |connection| changes(connection, owner, since, limit)).await
    }

    async fn edit(
        &self,
        ownership: &Ownership,
        expected: Version,
        wish: &Edit,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        let (subject, wish) = (Subject { ownership: *ownership, expected }, wish.clone());
        self.write(move |connection| edit(connection, subject, wish, now)).await
    }

    async fn trash(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        let subject = Subject { ownership: *ownership, expected };
        self.write(move |connection| trash(connection, subject, now)).await
    }

    async fn restore(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        let subject = Subject { ownership: *ownership, expected };
        self.write(move |connection| restore(connection, subject, now)).await
    }

    async fn remove(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<RemovalOutcome, StoreError> {
        let subject = Subject { ownership: *ownership, expected };
        self.write(move |connection| remove(connection, subject, now)).await
    }

    async fn versions(
        &self,
        file_id: FileId,
        before: Option<ContentNumber>,
        limit: u32,
    ) -> Result<Vec<Content>, StoreError> {
        self.read(move |connection| content_row::page(connection, file_id, before, limit)).await
    }

    async fn find_version(
        &self,
        file_id: FileId,
        number: ContentNumber,
    ) -> Result<Option<Content>, StoreError> {
        self.read(move |connection| content_row::find(connection, file_id, number)).await
    }

    async fn remove_version(&self, ownership: &Ownership, number: ContentNumber) -> Result<bool, StoreError> {
        let ownership = *ownership;
        self.write(move |connection| remove_version(connection, &ownership, number)).await
    }

    async fn remove_old_trash(
        &self,
        trashed_until: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Swept>, StoreError> {
        self.write(move |connection| remove_old_trash(connection, trashed_until, now, limit)).await
    }

    async fn remove_old_versions(&self, superseded_until: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.write(move |connection| remove_old_versions(connection, superseded_until, limit)).await
    }
}

#[async_trait]
impl Usages for SqliteStore {
    async fn usage(&self, owner: UserId) -> Result<Usage, StoreError> {
        let storage = self.read(move |connection| Storage::find(connection, owner)).await?;
        Ok(storage.map(|storage| storage.usage).unwrap_or_default())
    }

    /// Nothing is held in memory here.
    fn changed(&self, _owner: UserId) {}
}
