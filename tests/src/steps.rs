//! Steps over the port of uploads that laws and the tests of stores share.

use crate::builders::{T0, completion, upload};
use epic_domain::Timestamp;
use epic_domain::file::{File, Upload};
use epic_outbound::uploads::{BeginRight, Beginning, CompletionOutcome, Uploads};

/// A quota that no test reaches unless it is about quotas.
pub const AMPLE_BYTES: u64 = 1 << 50;

/// The right to write a new content of a file as it is now, as its owner.
///
/// # Panics
/// Never: a file's owner may write it.
#[must_use]
pub fn right_to(file: &File) -> BeginRight {
    let access = file.access_of_owner(file.owner).unwrap().to_write().unwrap();
    BeginRight::NewContent { access, expected: file.version }
}

/// Begins the upload of a new file, that of a seed.
///
/// # Panics
/// When it is refused.
pub async fn begin(uploads: &dyn Uploads, seed: u64, owner_seed: u64) -> Upload {
    let upload = upload(seed, owner_seed).build();
    begin_this(uploads, &upload, &BeginRight::NewFile).await;
    upload
}

/// Begins the upload of a new content of a file, that of a seed, by its owner.
///
/// # Panics
/// When it is refused.
pub async fn begin_onto(uploads: &dyn Uploads, file: &File, seed: u64) -> Upload {
    let upload = upload(seed, 0).onto(file).sent_by(file.owner).build();
    begin_this(uploads, &upload, &right_to(file)).await;
    upload
}

/// Begins an upload.
///
/// # Panics
/// When it is refused.
pub async fn begin_this(uploads: &dyn Uploads, upload: &Upload, right: &BeginRight) {
    let begun = uploads.begin(upload, right, AMPLE_BYTES, None).await.unwrap();
    assert_eq!(begun, Beginning::Begun);
}

/// The file that an upload has become, completed at `now`.
///
/// # Panics
/// When it is refused.
pub async fn complete(uploads: &dyn Uploads, upload: &Upload, now: Timestamp) -> File {
    match uploads.complete(&completion(upload, now)).await.unwrap() {
        CompletionOutcome::Completed(file) => *file,
        other => panic!("{other:?}"),
    }
}

/// The file of a seed, uploaded at [`T0`].
///
/// # Panics
/// When it is refused.
pub async fn uploaded(uploads: &dyn Uploads, seed: u64, owner_seed: u64) -> File {
    let upload = begin(uploads, seed, owner_seed).await;
    complete(uploads, &upload, T0).await
}

/// The file with a new content, that of a seed, written by its owner at `now`.
///
/// # Panics
/// When it is refused.
pub async fn rewritten(uploads: &dyn Uploads, file: &File, seed: u64, now: Timestamp) -> File {
    let upload = begin_onto(uploads, file, seed).await;
    complete(uploads, &upload, now).await
}
