//! What the store in memory keeps of files, and the steps on it that several ports share.

use epic_domain::Timestamp;
use epic_domain::file::{
    Content, ContentNumber, Earlier, File, Link, Once, Revision, Share, StageState, Upload, Usage,
};
use epic_domain::id::{BlobId, FileId, LinkId, ShareId, UploadId, UserId};
use epic_outbound::files::Position;
use epic_outbound::uploads::DoomedBlob;
use std::collections::BTreeMap;

/// Files and whatever belongs to them.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) files: BTreeMap<FileId, File>,
    pub(super) versions: BTreeMap<(FileId, ContentNumber), Superseded>,
    pub(super) removals: BTreeMap<(UserId, Revision), Removal>,
    pub(super) revisions: BTreeMap<UserId, Revision>,
    pub(super) usages: BTreeMap<UserId, Usage>,
    pub(super) uploads: BTreeMap<UploadId, Upload>,
    pub(super) shares: BTreeMap<ShareId, Share>,
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) requests: BTreeMap<(UserId, [u8; 32]), Once>,
    pub(super) doomed: Vec<DoomedBlob>,
}

/// An earlier content.
#[derive(Debug, Clone)]
pub(super) struct Superseded {
    pub(super) content: Content,
    pub(super) at: Timestamp,
}

/// A file that was removed for good.
#[derive(Debug, Clone, Copy)]
pub(super) struct Removal {
    pub(super) file_id: FileId,
    pub(super) at: Timestamp,
}

impl Shelf {
    /// The owner's next revision, which is taken from now on.
    pub(super) fn next_revision(&mut self, owner: UserId) -> Revision {
        let revision = self.revision(owner).next();
        self.revisions.insert(owner, revision);
        revision
    }

    /// The owner's revision so far.
    pub(super) fn revision(&self, owner: UserId) -> Revision {
        self.revisions.get(&owner).copied().unwrap_or(Revision::NONE)
    }

    /// Makes what is stored as `change` says, and nothing when it is nothing.
    pub(super) fn account_for(&mut self, owner: UserId, change: impl FnOnce(Usage) -> Usage) {
        let usage = change(self.usage(owner));
        self.usages.insert(owner, usage);
    }

    pub(super) fn usage(&self, owner: UserId) -> Usage {
        self.usages.get(&owner).copied().unwrap_or_default()
    }

    pub(super) fn doom(&mut self, blob_id: BlobId, stage: StageState) {
        self.doomed.push(DoomedBlob { blob_id, stage });
    }

    /// What an earlier request with the key of `once` means for it, if there was one.
    pub(super) fn judge(&self, by: UserId, once: Option<&Once>, now: Timestamp) -> Option<Earlier> {
        let once = once?;
        once.judge(self.requests.get(&(by, once.key_digest))?, now)
    }

    pub(super) fn remember(&mut self, by: UserId, once: Option<&Once>) {
        if let Some(once) = once {
            self.requests.insert((by, once.key_digest), once.clone());
        }
    }

    /// Gives an upload up: its blob is doomed, and what was set aside is free.
    pub(super) fn give_up(&mut self, upload: Upload) {
        self.uploads.remove(&upload.id);
        self.account_for(upload.owner, |usage| usage.give_up(upload.size.reserved_bytes()));
        self.doom(upload.blob_id, upload.progress.stage);
    }

    /// Removes an earlier content; false when there is none.
    pub(super) fn remove_version(&mut self, owner: UserId, key: (FileId, ContentNumber)) -> bool {
        let Some(Superseded { content, .. }) = self.versions.remove(&key) else { return false };
        self.account_for(owner, |usage| usage.free(content.size_bytes));
        self.doom(content.blob_id, StageState::default());
        true
    }

    /// Removes a file with its contents, shares and links, and remembers its removal.
    pub(super) fn remove_file(&mut self, file_id: FileId, now: Timestamp) {
        let Some(file) = self.files.remove(&file_id) else { return };
        let numbers: Vec<_> = self.versions.keys().copied().filter(|(of, _)| *of == file_id).collect();
        for key in numbers {
            self.remove_version(file.owner, key);
        }
        self.account_for(file.owner, |usage| usage.free(file.content.size_bytes));
        self.doom(file.content.blob_id, StageState::default());
        self.shares.retain(|_, share| share.file_id != file_id);
        self.links.retain(|_, link| link.file_id != file_id);
        let revision = self.next_revision(file.owner);
        self.removals.insert((file.owner, revision), Removal { file_id, at: now });
    }

    /// Removes everything that belongs to an account.
    pub(super) fn remove_owner(&mut self, user_id: UserId) {
        let files: Vec<_> =
            self.files.values().filter(|file| file.owner == user_id).map(|file| file.id).collect();
        for file_id in files {
            self.remove_file(file_id, Timestamp::MIN);
        }
        let is_theirs = |upload: &&Upload| upload.uploader == user_id || upload.owner == user_id;
        let uploads: Vec<_> = self.uploads.values().filter(is_theirs).cloned().collect();
        for upload in uploads {
            self.give_up(upload);
        }
        self.shares.retain(|_, share| share.recipient != user_id);
        self.requests.retain(|(by, _), _| *by != user_id);
        self.removals.retain(|(owner, _), _| *owner != user_id);
        self.revisions.remove(&user_id);
        self.usages.remove(&user_id);
    }

    /// The upload, if `uploader` sends it.
    pub(super) fn upload_of(&mut self, upload_id: UploadId, uploader: UserId) -> Option<&mut Upload> {
        self.uploads.get_mut(&upload_id).filter(|upload| upload.uploader == uploader)
    }

    /// The file, if it is not in the trash.
    pub(super) fn file_in_use(&self, file_id: FileId) -> Option<&File> {
        self.files.get(&file_id).filter(|file| !file.is_trashed())
    }
}

/// At most `limit` of `items`, the newest first, after a place.
pub(super) fn page<T>(
    items: impl Iterator<Item = T>,
    position: impl Fn(&T) -> Position,
    after: Option<Position>,
    limit: u32,
) -> Vec<T> {
    let key = |position: Position| (position.at, position.id);
    let mut items: Vec<T> =
        items.filter(|item| after.is_none_or(|after| key(position(item)) < key(after))).collect();
    items.sort_by_key(|item| core::cmp::Reverse(key(position(item))));
    items.truncate(usize::try_from(limit).unwrap());
    items
}
