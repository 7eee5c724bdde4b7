//! Steps that laws of files, uploads and grants share.

use super::Stores;
use super::users::insert;
use crate::builders::{T0, seconds_after_t0, user, user_id};
use crate::steps;
pub(super) use crate::steps::{AMPLE_BYTES, right_to};
use epic_domain::Timestamp;
use epic_domain::file::{File, Ownership, Upload, Usage};
use epic_domain::id::BlobId;
use epic_domain::user::Version;
use epic_outbound::files::{FileOutcome, RemovalOutcome};
use epic_outbound::uploads::{BeginRight, Beginning, DoomedBlob};

/// Stores the accounts of these seeds.
pub(super) async fn people(stores: &Stores, seeds: &[u64]) {
    for seed in seeds {
        insert(stores, &user(*seed).build()).await;
    }
}

/// Proof that a file is its owner's.
pub(super) fn owned(file: &File) -> Ownership {
    file.owned_by(file.owner).unwrap()
}

/// Begins an upload.
pub(super) async fn begun(stores: &Stores, upload: &Upload, right: &BeginRight) {
    steps::begin_this(stores.uploads.as_ref(), upload, right).await;
}

/// Tries to begin an upload.
pub(super) async fn begin(stores: &Stores, upload: &Upload, right: &BeginRight) -> Beginning {
    stores.uploads.begin(upload, right, AMPLE_BYTES, None).await.unwrap()
}

/// Begins an upload of a new file, the one of a seed, and leaves it under way.
pub(super) async fn under_way(stores: &Stores, seed: u64, owner_seed: u64) -> Upload {
    steps::begin(stores.uploads.as_ref(), seed, owner_seed).await
}

/// Completes an upload at `now`.
pub(super) async fn completed(stores: &Stores, upload: &Upload, now: Timestamp) -> File {
    steps::complete(stores.uploads.as_ref(), upload, now).await
}

/// The file of a seed, uploaded at [`T0`].
pub(super) async fn uploaded(stores: &Stores, seed: u64, owner_seed: u64) -> File {
    uploaded_at(stores, seed, owner_seed, T0).await
}

/// The file of a seed, uploaded at `now`.
pub(super) async fn uploaded_at(stores: &Stores, seed: u64, owner_seed: u64, now: Timestamp) -> File {
    let upload = under_way(stores, seed, owner_seed).await;
    completed(stores, &upload, now).await
}

/// The file of a seed, uploaded and put into the trash.
pub(super) async fn uploaded_into_trash(stores: &Stores, seed: u64, owner_seed: u64) -> File {
    let file = uploaded(stores, seed, owner_seed).await;
    trashed(stores, &file, T0).await
}

/// A file with a new content, that of a seed, written by the owner at `now`.
pub(super) async fn rewritten(stores: &Stores, file: &File, seed: u64, now: Timestamp) -> File {
    steps::rewritten(stores.uploads.as_ref(), file, seed, now).await
}

/// A file that lies in the trash now.
pub(super) async fn trashed(stores: &Stores, file: &File, now: Timestamp) -> File {
    made(stores.files.trash(&owned(file), file.version, now).await.unwrap())
}

/// A file that is out of the trash again.
pub(super) async fn restored(stores: &Stores, file: &File, now: Timestamp) -> File {
    made(stores.files.restore(&owned(file), file.version, now).await.unwrap())
}

/// A file in the trash is removed for good.
pub(super) async fn removed(stores: &Stores, file: &File, now: Timestamp) {
    let outcome = stores.files.remove(&owned(file), file.version, now).await.unwrap();
    assert_eq!(outcome, RemovalOutcome::Removed);
}

/// The account of a seed is removed.
pub(super) async fn remove_account(stores: &Stores, seed: u64) {
    assert!(stores.users.remove(user_id(seed), seconds_after_t0(60)).await.unwrap().is_some());
}

/// The file that a change left.
pub(super) fn made(outcome: FileOutcome) -> File {
    match outcome {
        FileOutcome::Made(file) => *file,
        other => panic!("{other:?}"),
    }
}

/// The file as the store has it.
pub(super) async fn found(stores: &Stores, file: &File) -> Option<File> {
    stores.files.find(file.id).await.unwrap()
}

/// What the account of a seed stores, not from memory.
pub(super) async fn usage(stores: &Stores, seed: u64) -> Usage {
    stores.usages.changed(user_id(seed));
    stores.usages.usage(user_id(seed)).await.unwrap()
}

/// So many bytes used and set aside.
pub(super) const fn bytes(used_bytes: u64, reserved_bytes: u64) -> Usage {
    Usage { used_bytes, reserved_bytes }
}

/// The list of doomed blobs.
pub(super) async fn doomed_list(stores: &Stores) -> Vec<DoomedBlob> {
    stores.ledger.doomed(1_000).await.unwrap()
}

/// The doomed blobs, sorted.
pub(super) async fn doomed(stores: &Stores) -> Vec<BlobId> {
    sorted(doomed_list(stores).await.into_iter().map(|doomed| doomed.blob_id))
}

/// Ids in their order.
pub(super) fn sorted<T: Ord>(ids: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.into_iter().collect();
    ids.sort_unstable();
    ids
}

/// One millisecond before.
pub(super) const fn just_before(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis() - 1)
}

/// The version after so many changes.
pub(super) fn version_after(changes: usize) -> Version {
    (0..changes).fold(Version::FIRST, |version, _| version.next())
}
