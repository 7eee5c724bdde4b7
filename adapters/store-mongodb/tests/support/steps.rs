//! Steps that tests of stored files share.

use epic_domain::file::{File, Upload};
use epic_outbound::uploads::{BeginRight, Beginning, CompletionOutcome, Uploads};
use epic_store_mongodb::MongoStore;
use epic_tests::builders::{T0, completion, upload};

/// A quota that no test reaches.
pub(crate) const AMPLE_BYTES: u64 = 1 << 50;

/// Begins the upload of a new file, that of a seed.
pub(crate) async fn begin(store: &MongoStore, seed: u64, owner_seed: u64) -> Upload {
    let upload = upload(seed, owner_seed).build();
    let begun = store.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
    assert_eq!(begun, Beginning::Begun);
    upload
}

/// The file of a seed, uploaded.
pub(crate) async fn uploaded(store: &MongoStore, seed: u64, owner_seed: u64) -> File {
    let upload = begin(store, seed, owner_seed).await;
    complete(store, &upload).await
}

/// An upload of a new content of a file, that of a seed, begun by its owner.
pub(crate) async fn begin_onto(store: &MongoStore, file: &File, seed: u64) -> Upload {
    let upload = upload(seed, 0).onto(file).sent_by(file.owner).build();
    let access = file.access_of_owner(file.owner).unwrap().to_write().unwrap();
    let right = BeginRight::NewContent { access, expected: file.version };
    assert_eq!(store.begin(&upload, &right, AMPLE_BYTES, None).await.unwrap(), Beginning::Begun);
    upload
}

/// The file with a new content, that of a seed.
pub(crate) async fn rewritten(store: &MongoStore, file: &File, seed: u64) -> File {
    let upload = begin_onto(store, file, seed).await;
    complete(store, &upload).await
}

/// The file that an upload has become.
pub(crate) async fn complete(store: &MongoStore, upload: &Upload) -> File {
    match store.complete(&completion(upload, T0)).await.unwrap() {
        CompletionOutcome::Completed(file) => *file,
        other => panic!("{other:?}"),
    }
}
