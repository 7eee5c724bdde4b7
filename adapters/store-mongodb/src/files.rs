//! The ports of files and of how much accounts store.

use crate::MongoStore;
use crate::documents::content::numbered;
use crate::file_changes::{Alteration, Subject, change};
use crate::file_lists::{changes, find_version, list, versions};
use crate::file_reading::find_live;
use crate::file_removal::{remove, remove_old_trash, remove_old_versions, remove_version};
use crate::storage::usage;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentNumber, File, FileChange, Ownership, Usage};
use epic_domain::id::{FileId, UserId};
use epic_domain::user::Version;
use epic_outbound::StoreError;
use epic_outbound::files::{Edit, FileOutcome, Files, Position, RemovalOutcome, Since, Swept, Usages};

#[async_trait]
impl Files for MongoStore {
    async fn find(&self, file_id: FileId) -> Result<Option<File>, StoreError> {
        self.call(move |shared| async move { Ok(find_live(&shared.collections, file_id).await?) }).await
    }

    async fn list(
        &self,
        owner: UserId,
        trashed: bool,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<File>, StoreError> {
        self.call(move |shared| async move { list(&shared, owner, trashed, after, limit).await }).await
    }

    async fn changes(&self, owner: UserId, since: Since, limit: u32) -> Result<Vec<FileChange>, StoreError> {
        self.call(move |shared| async move { changes(&shared, owner, since, limit).await }).await
    }

    async fn edit(
        &self,
        ownership: &Ownership,
        expected: Version,
        edit: &Edit,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        let subject = Subject { ownership: *ownership, expected };
        let edit = Alteration::Edit(edit.clone());
        self.call(move |shared| async move { change(&shared, subject, edit, now).await }).await
    }

    async fn trash(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        let subject = Subject { ownership: *ownership, expected };
        self.call(move |shared| async move { change(&shared, subject, Alteration::Trash, now).await }).await
    }

    async fn restore(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        let subject = Subject { ownership: *ownership, expected };
        self.call(move |shared| async move { change(&shared, subject, Alteration::Restore, now).await }).await
    }

    async fn remove(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<RemovalOutcome, StoreError> {
        let subject = Subject { ownership: *ownership, expected };
        self.call(move |shared| async move { remove(&shared, subject, now).await }).await
    }

    async fn versions(
        &self,
        file_id: FileId,
        before: Option<ContentNumber>,
        limit: u32,
    ) -> Result<Vec<Content>, StoreError> {
        self.call(move |shared| async move { versions(&shared, file_id, before, limit).await }).await
    }

    async fn find_version(
        &self,
        file_id: FileId,
        number: ContentNumber,
    ) -> Result<Option<Content>, StoreError> {
        self.call(move |shared| async move { find_version(&shared, numbered(file_id, number)).await }).await
    }

    async fn remove_version(&self, ownership: &Ownership, number: ContentNumber) -> Result<bool, StoreError> {
        let ownership = *ownership;
        self.call(move |shared| async move { remove_version(&shared, ownership, number).await }).await
    }

    async fn remove_old_trash(
        &self,
        trashed_until: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Swept>, StoreError> {
        self.call(move |shared| async move { remove_old_trash(&shared, trashed_until, now, limit).await })
            .await
    }

    async fn remove_old_versions(&self, superseded_until: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(move |shared| async move { remove_old_versions(&shared, superseded_until, limit).await })
            .await
    }
}

#[async_trait]
impl Usages for MongoStore {
    async fn usage(&self, owner: UserId) -> Result<Usage, StoreError> {
        self.call(move |shared| async move { usage(&shared, owner).await }).await
    }

    /// Nothing is held in memory here.
    fn changed(&self, _owner: UserId) {}
}
