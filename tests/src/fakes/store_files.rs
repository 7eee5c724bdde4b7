//! The ports of files and of what accounts store, on the store in memory.

use super::MemoryStore;
use super::shelf::{Shelf, page};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentNumber, File, FileChange, Ownership, Usage};
use epic_domain::id::{FileId, UserId};
use epic_domain::user::Version;
use epic_outbound::StoreError;
use epic_outbound::files::{Edit, FileOutcome, Files, Position, RemovalOutcome, Since, Swept, Usages};

impl Shelf {
    /// Changes a file that has version `expected`, if the domain says that this can be done.
    fn change(
        &mut self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
        alter: impl FnOnce(File) -> Option<File>,
    ) -> FileOutcome {
        let Some(file) = self.files.get(&ownership.file_id()).cloned() else { return FileOutcome::Gone };
        if file.version != expected {
            return FileOutcome::Stale;
        }
        let Some(altered) = alter(file) else { return FileOutcome::Stale };
        let file = altered.changed(self.next_revision(ownership.owner()), now);
        self.files.insert(file.id, file.clone());
        FileOutcome::Made(Box::new(file))
    }

    fn changes(&self, owner: UserId) -> Vec<FileChange> {
        let present = self.files.values().filter(|file| file.owner == owner).cloned();
        let removed = self.removals.iter().filter(|((of, _), _)| *of == owner);
        let mut changes: Vec<_> = present
            .map(|file| FileChange::Present(Box::new(file)))
            .chain(removed.map(|((_, revision), removal)| FileChange::Removed {
                file_id: removal.file_id,
                revision: *revision,
                at: removal.at,
            }))
            .collect();
        changes.sort_by_key(FileChange::revision);
        changes
    }
}

fn time_of(change: &FileChange) -> Timestamp {
    match change {
        FileChange::Present(file) => file.updated_at,
        FileChange::Removed { at, .. } => *at,
    }
}

#[async_trait]
impl Files for MemoryStore {
    async fn find(&self, file_id: FileId) -> Result<Option<File>, StoreError> {
        self.step(|state| state.shelf.files.get(&file_id).cloned())
    }

    async fn list(
        &self,
        owner: UserId,
        trashed: bool,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<File>, StoreError> {
        self.step(|state| {
            let files = state.shelf.files.values().cloned();
            let listed = files.filter(|file| file.owner == owner && file.is_trashed() == trashed);
            page(listed, |file| Position { at: file.created_at, id: *file.id.as_bytes() }, after, limit)
        })
    }

    async fn changes(&self, owner: UserId, since: Since, limit: u32) -> Result<Vec<FileChange>, StoreError> {
        self.step(|state| {
            let is_before = |change: &FileChange| match since {
                Since::Revision(revision) => change.revision() <= revision,
                Since::Time(time) => time_of(change) < time,
            };
            let following = state.shelf.changes(owner).into_iter().skip_while(is_before);
            following.zip(0..limit).map(|(change, _)| change).collect()
        })
    }

    async fn edit(
        &self,
        ownership: &Ownership,
        expected: Version,
        edit: &Edit,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        let Edit { encrypted_filename, encrypted_data_key } = edit.clone();
        self.step(|state| {
            state
                .shelf
                .change(ownership, expected, now, |file| file.edited(encrypted_filename, encrypted_data_key))
        })
    }

    async fn trash(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        self.step(|state| state.shelf.change(ownership, expected, now, |file| file.trashed(now)))
    }

    async fn restore(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<FileOutcome, StoreError> {
        self.step(|state| state.shelf.change(ownership, expected, now, File::restored))
    }

    async fn remove(
        &self,
        ownership: &Ownership,
        expected: Version,
        now: Timestamp,
    ) -> Result<RemovalOutcome, StoreError> {
        self.step(|state| match state.shelf.files.get(&ownership.file_id()) {
            None => RemovalOutcome::Gone,
            Some(file) if file.version != expected || !file.is_trashed() => RemovalOutcome::Stale,
            Some(_) => {
                state.shelf.remove_file(ownership.file_id(), now);
                RemovalOutcome::Removed
            }
        })
    }

    async fn versions(
        &self,
        file_id: FileId,
        before: Option<ContentNumber>,
        limit: u32,
    ) -> Result<Vec<Content>, StoreError> {
        self.step(|state| {
            let versions = state.shelf.versions.iter().rev();
            let listed = versions
                .filter(|((of, number), _)| *of == file_id && before.is_none_or(|before| *number < before));
            listed.zip(0..limit).map(|((_, version), _)| version.content.clone()).collect()
        })
    }

    async fn find_version(
        &self,
        file_id: FileId,
        number: ContentNumber,
    ) -> Result<Option<Content>, StoreError> {
        self.step(|state| state.shelf.versions.get(&(file_id, number)).map(|version| version.content.clone()))
    }

    async fn remove_version(&self, ownership: &Ownership, number: ContentNumber) -> Result<bool, StoreError> {
        self.step(|state| state.shelf.remove_version(ownership.owner(), (ownership.file_id(), number)))
    }

    async fn remove_old_trash(
        &self,
        trashed_until: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Swept>, StoreError> {
        self.step(|state| {
            let files = state.shelf.files.values();
            let old = files.filter(|file| file.trashed_at.is_some_and(|at| at <= trashed_until));
            let swept: Vec<_> =
                old.zip(0..limit).map(|(file, _)| Swept { file_id: file.id, owner: file.owner }).collect();
            for Swept { file_id, .. } in &swept {
                state.shelf.remove_file(*file_id, now);
            }
            swept
        })
    }

    async fn remove_old_versions(&self, superseded_until: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.step(|state| {
            let versions = state.shelf.versions.iter();
            let old = versions.filter(|(_, version)| version.at <= superseded_until);
            let keys: Vec<_> = old.zip(0..limit).map(|((key, _), _)| *key).collect();
            for key in &keys {
                let owner = state.shelf.files[&key.0].owner;
                state.shelf.remove_version(owner, *key);
            }
            u32::try_from(keys.len()).unwrap()
        })
    }
}

#[async_trait]
impl Usages for MemoryStore {
    async fn usage(&self, owner: UserId) -> Result<Usage, StoreError> {
        self.step(|state| state.shelf.usage(owner))
    }

    fn changed(&self, _owner: UserId) {}
}
