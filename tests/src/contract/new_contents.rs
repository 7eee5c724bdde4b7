//! Laws of uploads that become new contents of files. They are part of `uploads_contract!`.

use super::file_steps::{
    begun, bytes, completed, doomed, doomed_list, found, people, removed, rewritten, right_to, sorted,
    trashed, uploaded, usage, version_after,
};
use super::{RACERS, Stores, race};
use crate::builders::{
    T0, blob_id, completion, content_digest, encrypted_data_key, encrypted_filename, file_id, progress,
    seconds_after_t0, stage_state, upload, user_id,
};
use epic_domain::file::{Content, ContentNumber, File, Revision, Target, Upload, UploadSize};
use epic_outbound::uploads::{CompletionOutcome, DoomedBlob};
use std::sync::Arc;

/// An upload onto a file, begun.
async fn onto(stores: &Stores, seed: u64, file: &File) -> Upload {
    let upload = upload(seed, 1).onto(file).build();
    begun(stores, &upload, &right_to(file)).await;
    upload
}

/// A content whose file is gone or in the trash leaves nothing but a doomed blob.
async fn is_given_up(stores: &Stores, upload: &Upload) {
    let stage = progress(7, 10);
    assert!(stores.uploads.advance(upload.id, upload.fence, &stage, upload.expires_at).await.unwrap());
    let outcome = stores.uploads.complete(&completion(upload, T0)).await.unwrap();
    assert_eq!(outcome, CompletionOutcome::Stale);
    assert_eq!(stores.uploads.find(upload.id, upload.uploader).await.unwrap(), None);
    let last = doomed_list(stores).await.pop();
    assert_eq!(last, Some(DoomedBlob { blob_id: upload.blob_id, stage: stage_state(7) }));
    let again = stores.uploads.complete(&completion(upload, T0)).await.unwrap();
    assert_eq!(again, CompletionOutcome::Fenced);
}

/// Which becomes an earlier one. The file has the next version and revision, and keeps the time of its beginning.
pub async fn a_new_content_takes_the_place_of_the_one_before(stores: &Stores) {
    people(stores, &[1]).await;
    let first = uploaded(stores, 1, 1).await;
    let upload = upload(2, 1).onto(&first).size(UploadSize::Exactly(77)).build();
    begun(stores, &upload, &right_to(&first)).await;
    let now = seconds_after_t0(60);
    let second = completed(stores, &upload, now).await;
    let expected = File {
        content: Content {
            number: ContentNumber::from_number(2),
            blob_id: blob_id(2),
            size_bytes: 77,
            digest: content_digest(2),
            written_at: now,
            ..first.content.clone()
        },
        version: first.version.next(),
        revision: first.revision.next(),
        updated_at: now,
        ..first.clone()
    };
    assert_eq!(second, expected);
    assert_eq!(found(stores, &second).await, Some(second.clone()));
    assert_eq!(stores.files.versions(first.id, None, 10).await.unwrap(), [first.content]);
    assert_eq!(usage(stores, 1).await, bytes(1_077, 0));
    assert_eq!(doomed(stores).await, []);
}

/// Either, both or none.
pub async fn a_new_content_keeps_name_and_key_unless_it_brings_others(stores: &Stores) {
    people(stores, &[1]).await;
    let mut file = uploaded(stores, 1, 1).await;
    let (name, key) = (Some(encrypted_filename(9)), Some(encrypted_data_key(9)));
    for (seed, (encrypted_filename, encrypted_data_key)) in
        (2..).zip([(None, None), (name, None), (None, key), (None, None)])
    {
        let expected_name = encrypted_filename.clone().unwrap_or(file.encrypted_filename.clone());
        let expected_key = encrypted_data_key.clone().unwrap_or(file.content.encrypted_data_key.clone());
        let upload = upload(seed, 1)
            .onto(&file)
            .with(|upload| upload.target = Target::NewContent { encrypted_filename, encrypted_data_key })
            .build();
        begun(stores, &upload, &right_to(&file)).await;
        file = completed(stores, &upload, T0).await;
        assert_eq!(file.encrypted_filename, expected_name);
        assert_eq!(file.content.encrypted_data_key, expected_key);
        assert_eq!(found(stores, &file).await.as_ref(), Some(&file));
    }
}

/// The file remains the owner's, and the change is told to the owner.
pub async fn what_was_shared_to_write_is_written_by_another(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    uploaded(stores, 2, 2).await;
    let upload = upload(3, 1).onto(&file).sent_by(user_id(2)).build();
    begun(stores, &upload, &right_to(&file)).await;
    let written = completed(stores, &upload, T0).await;
    assert_eq!((written.owner, written.content.written_by), (user_id(1), user_id(2)));
    assert_eq!(written.revision, Revision::from_number(2));
    assert_eq!(found(stores, &written).await, Some(written));
}

/// The version was compared when it began; what came between stays as an earlier content.
pub async fn a_file_that_moved_on_meanwhile_still_gets_its_content(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let slow = onto(stores, 2, &file).await;
    let between = rewritten(stores, &file, 3, T0).await;
    let last = completed(stores, &slow, T0).await;
    assert_eq!(last.content.blob_id, slow.blob_id);
    assert_eq!((last.version, last.content.number.get()), (version_after(2), 3));
    let earlier = stores.files.versions(file.id, None, 10).await.unwrap();
    assert_eq!(earlier, [between.content, file.content]);
}

/// The file stays as it is.
pub async fn a_content_for_a_file_in_the_trash_is_given_up(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let upload = onto(stores, 2, &file).await;
    let file = trashed(stores, &file, T0).await;
    is_given_up(stores, &upload).await;
    assert_eq!(found(stores, &file).await, Some(file));
    assert_eq!(usage(stores, 1).await, bytes(1_000, 0));
}

/// It does not come back.
pub async fn a_content_for_a_file_that_is_gone_is_given_up(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let upload = onto(stores, 2, &file).await;
    let file = trashed(stores, &file, T0).await;
    removed(stores, &file, T0).await;
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
    is_given_up(stores, &upload).await;
    assert_eq!(found(stores, &file).await, None);
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
}

/// Each has a number of its own, and none is lost.
pub async fn racing_contents_follow_each_other(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1_000, 1).await;
    for seed in 0..64 {
        onto(stores, seed, &file).await;
    }
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let upload = upload(u64::try_from(index).unwrap(), 1).onto(&file).build();
        async move { uploads.complete(&completion(&upload, T0)).await.unwrap() }
    })
    .await;
    let numbers = results.into_iter().map(|outcome| match outcome {
        CompletionOutcome::Completed(file) => file.content.number,
        other => panic!("{other:?}"),
    });
    assert_eq!(sorted(numbers), (2..=65).map(ContentNumber::from_number).collect::<Vec<_>>());
    let last = found(stores, &file).await.unwrap();
    assert_eq!(last.version, version_after(64));
    let mut blobs: Vec<_> = stores.files.versions(file.id, None, 100).await.unwrap();
    assert_eq!(blobs.len(), 64);
    blobs.push(last.content);
    let expected = (0..64).chain([1_000]).map(blob_id);
    assert_eq!(sorted(blobs.into_iter().map(|content| content.blob_id)), sorted(expected));
    assert_eq!(usage(stores, 1).await, bytes(65_000, 0));
}

/// Whichever comes first: every blob is doomed in the end, and nothing is used or set aside.
pub async fn of_a_racing_content_and_removal_nothing_is_left_over(stores: &Stores) {
    people(stores, &[1]).await;
    let mut files = Vec::new();
    for seed in 0..32 {
        let file = uploaded(stores, seed, 1).await;
        onto(stores, 100 + seed, &file).await;
        files.push(file);
    }
    let results = race(RACERS, |index| {
        let (uploads, stored) = (Arc::clone(&stores.uploads), Arc::clone(&stores.files));
        let file = files[index / 2].clone();
        let seed = u64::try_from(index / 2).unwrap();
        async move {
            if index % 2 == 0 {
                stored.trash(&super::file_steps::owned(&file), file.version, T0).await.unwrap();
                return false;
            }
            let upload = upload(100 + seed, 1).onto(&file).build();
            let outcome = uploads.complete(&completion(&upload, T0)).await.unwrap();
            matches!(outcome, CompletionOutcome::Completed(_))
        }
    })
    .await;
    for (seed, pair) in (0..).zip(results.chunks(2)) {
        let file = stores.files.find(file_id(seed)).await.unwrap().unwrap();
        assert_ne!(file.is_trashed(), pair[1], "either was first, and the other came to nothing");
        let file = if file.is_trashed() { file } else { trashed(stores, &file, T0).await };
        removed(stores, &file, T0).await;
    }
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
    let blobs = (0..32).flat_map(|seed| [blob_id(seed), blob_id(100 + seed)]);
    assert_eq!(doomed(stores).await, sorted(blobs));
}
