//! What the people of a world do with files.

use super::{Sent, World, name_of, origin, sent};
use epic_domain::audit::EventKind;
use epic_domain::file::{ContentDigest, ContentHasher, File, IdempotencyKey, Permission, UploadSize, Usage};
use epic_domain::id::{FileId, UploadId};
use epic_domain::user::{Version, key_pair_id};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::begin_upload::{BeginRefused, BegunUpload, NewContent, NewFile};
use epic_inbound::byte_source::ByteSource;
use epic_inbound::download::ContentStream;
use epic_inbound::linking::{MadeLink, NewLink};
use epic_inbound::own_files::DeleteOutcome;
use epic_inbound::receive_upload::{Piece, ReceiveRefused, UploadStatus};
use epic_inbound::send_whole::SendRefused;
use epic_inbound::sharing::{MadeShare, NewShare, ShareRefused};
use epic_tests::builders;

/// Bytes of a content that follow from a seed.
pub(crate) fn content_of(seed: u64, length: usize) -> Vec<u8> {
    let pattern: [u8; 251] = builders::seeded_bytes(seed);
    pattern.into_iter().cycle().take(length).collect()
}

/// The SHA-256 of a content.
pub(crate) fn digest_of(content: &[u8]) -> ContentDigest {
    let mut hasher = ContentHasher::new();
    hasher.update(content);
    hasher.finish()
}

/// A file of a seed, to be uploaded, of exactly so many bytes.
pub(crate) fn new_file(seed: u64, size_bytes: u64) -> NewFile {
    NewFile {
        encrypted_filename: builders::encrypted_filename(seed),
        encrypted_data_key: builders::encrypted_data_key(seed),
        size: UploadSize::Exactly(size_bytes),
        expected_digest: None,
    }
}

/// A new content for a file as it is, under the same name and key.
pub(crate) fn new_content(file: &File, size_bytes: u64) -> NewContent {
    NewContent {
        file_id: file.id,
        expected: file.version,
        encrypted_filename: None,
        encrypted_data_key: None,
        size_bytes,
        expected_digest: None,
    }
}

/// The idempotency key with this text.
pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

/// Length of a slice, as ports count bytes.
pub(crate) fn length_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}

/// Everything a stream gives.
pub(crate) async fn read_all(mut stream: ContentStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(bytes) = stream.next().await.unwrap() {
        all.extend_from_slice(&bytes);
    }
    all
}

impl World {
    pub(crate) async fn begin(
        &self,
        caller: &Authenticated,
        new_file: NewFile,
        key: Option<&IdempotencyKey>,
    ) -> Result<BegunUpload, BeginRefused> {
        self.ports().begin_upload().begin_file(caller, new_file, key, origin()).await.result
    }

    pub(crate) async fn begin_content(
        &self,
        caller: &Authenticated,
        new_content: NewContent,
        key: Option<&IdempotencyKey>,
    ) -> Result<BegunUpload, BeginRefused> {
        self.ports().begin_upload().begin_content(caller, new_content, key, origin()).await.result
    }

    pub(crate) async fn receive(
        &self,
        caller: &Authenticated,
        upload_id: UploadId,
        offset_bytes: u64,
        source: &mut dyn ByteSource,
    ) -> Result<UploadStatus, ReceiveRefused> {
        let piece = Piece { upload_id, offset_bytes, length_bytes: None, source };
        self.ports().receive_upload().receive(caller, piece, origin()).await
    }

    pub(crate) async fn status(
        &self,
        caller: &Authenticated,
        upload_id: UploadId,
    ) -> Result<UploadStatus, ReceiveRefused> {
        self.ports().receive_upload().status(caller, upload_id, origin()).await
    }

    pub(crate) async fn send_whole(
        &self,
        caller: &Authenticated,
        new_file: NewFile,
        source: &mut Sent,
        key: Option<&IdempotencyKey>,
    ) -> Result<File, SendRefused> {
        self.ports().send_whole().send(caller, new_file, source, key, origin()).await.result
    }

    /// A file with this content, uploaded.
    pub(crate) async fn uploaded(&self, caller: &Authenticated, content: &[u8]) -> File {
        let begun = self.begin(caller, new_file(1, length_of(content)), None).await.unwrap();
        if !content.is_empty() {
            self.receive(caller, begun.upload_id, 0, &mut sent(content)).await.unwrap();
        }
        self.file(begun.file_id)
    }

    /// A new content of a file, uploaded.
    pub(crate) async fn written(&self, caller: &Authenticated, file: &File, content: &[u8]) -> File {
        let begun = self.begin_content(caller, new_content(file, length_of(content)), None).await.unwrap();
        self.receive(caller, begun.upload_id, 0, &mut sent(content)).await.unwrap();
        self.file(file.id)
    }

    /// A file as the store has it.
    pub(crate) fn file(&self, file_id: FileId) -> File {
        self.find_file(file_id).unwrap()
    }

    pub(crate) fn find_file(&self, file_id: FileId) -> Option<File> {
        self.store.all_files().into_iter().find(|file| file.id == file_id)
    }

    /// What a person stores.
    pub(crate) async fn usage(&self, caller: &Authenticated) -> Usage {
        self.ports().storage_usage().of(caller).await.unwrap()
    }

    /// A person who may store so much, signed in.
    pub(crate) async fn caller_with_quota(&self, seed: u64, limit_bytes: u64) -> Authenticated {
        let (signed_in, _) = self.confirmed(seed).await;
        self.set_quota(seed, limit_bytes);
        self.authenticate(&signed_in.tokens).await.unwrap()
    }

    /// Lets a person store so much and no more.
    pub(crate) fn set_quota(&self, seed: u64, limit_bytes: u64) {
        self.store.edit_user(self.user(seed).id, |user| user.quota.limit_bytes = limit_bytes);
    }

    pub(crate) async fn delete(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        expected: Version,
    ) -> DeleteOutcome {
        self.ports().own_files().delete(caller, file_id, expected, origin()).await.unwrap()
    }

    /// A file, put into the trash.
    pub(crate) async fn trashed(&self, caller: &Authenticated, file: &File) -> File {
        match self.delete(caller, file.id, file.version).await {
            DeleteOutcome::Trashed(file) => *file,
            other => panic!("not trashed: {other:?}"),
        }
    }

    /// A share of a file with the person of a seed, for the key that they have.
    pub(crate) fn new_share(&self, file: &File, recipient: u64, permission: Permission) -> NewShare {
        let keys = self.user(recipient).keys;
        NewShare {
            file_id: file.id,
            recipient: name_of(recipient),
            recipient_key_id: key_pair_id(&keys.public_key, &keys.signing_key),
            encrypted_data_key: builders::encrypted_data_key(recipient),
            permission,
            expires_at: None,
        }
    }

    pub(crate) async fn share(
        &self,
        owner: &Authenticated,
        new_share: NewShare,
        key: Option<&IdempotencyKey>,
    ) -> Result<MadeShare, ShareRefused> {
        self.ports().sharing().share(owner, new_share, key, origin()).await
    }

    /// Shares a file with the person of a seed.
    pub(crate) async fn shared(
        &self,
        owner: &Authenticated,
        file: &File,
        recipient: u64,
        permission: Permission,
    ) -> MadeShare {
        self.share(owner, self.new_share(file, recipient, permission), None).await.unwrap()
    }

    /// A link to a file, without an end, for so many downloads.
    pub(crate) async fn linked(
        &self,
        owner: &Authenticated,
        file: &File,
        max_downloads: Option<u32>,
    ) -> MadeLink {
        let new_link = NewLink { file_id: file.id, expires_at: None, max_downloads };
        self.ports().linking().make(owner, &new_link, None, origin()).await.unwrap()
    }

    /// What the owner of a file, or whoever may see it, gets when they fetch it.
    pub(crate) async fn fetched(&self, caller: &Authenticated, file_id: FileId) -> Option<Vec<u8>> {
        let download = self.ports().download();
        let fetchable = download.find(caller, file_id).await.unwrap()?;
        let range = 0..fetchable.content().size_bytes;
        Some(read_all(download.fetch(caller, &fetchable, range, origin()).await.unwrap()).await)
    }

    /// Removes the blobs that nobody needs any more.
    pub(crate) async fn remove_blobs(&self) {
        self.ports().file_housekeeping().remove_doomed_blobs().await.unwrap();
    }

    /// The kinds of all events about files so far.
    pub(crate) fn file_kinds(&self) -> Vec<EventKind> {
        let events = self.audit.events();
        events.iter().filter(|event| event.file.is_some()).map(|event| event.kind).collect()
    }
}
