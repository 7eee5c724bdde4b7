//! Steps that tests of stored files share.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use epic_domain::file::{File, Upload};
use epic_outbound::uploads::{BeginRight, Beginning, CompletionOutcome, Uploads};
use epic_store_sqlite::SqliteStore;
use epic_tests::builders::{T0, completion, upload};

/// A quota that no test reaches.
const AMPLE_BYTES: u64 = 1 << 50;

/// Begins the upload of a new file, that of a seed.
pub(crate) async fn begin(store: &SqliteStore, seed: u64, owner_seed: u64) -> Upload {
    let upload = upload(seed, owner_seed).build();
    let begun = store.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
    assert_eq!(begun, Beginning::Begun);
    upload
}

/// The file of a seed, uploaded.
pub(crate) async fn uploaded(store: &SqliteStore, seed: u64, owner_seed: u64) -> File {
    let upload = begin(store, seed, owner_seed).await;
    complete(store, &upload).await
}

/// The file with a new content, that of a seed.
pub(crate) async fn rewritten(store: &SqliteStore, file: &File, seed: u64) -> File {
    let upload = upload(seed, 0).onto(file).sent_by(file.owner).build();
    let access = file.access_of_owner(file.owner).unwrap().to_write().unwrap();
    let right = BeginRight::NewContent { access, expected: file.version };
    assert_eq!(store.begin(&upload, &right, AMPLE_BYTES, None).await.unwrap(), Beginning::Begun);
    complete(store, &upload).await
}

async fn complete(store: &SqliteStore, upload: &Upload) -> File {
    match store.complete(&completion(upload, T0)).await.unwrap() {
        CompletionOutcome::Completed(file) => *file,
        other => panic!("{other:?}"),
    }
}
