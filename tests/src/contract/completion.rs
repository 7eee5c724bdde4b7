//! Laws of uploads that become new files. They are part of `uploads_contract!`.

use super::file_steps::{begun, bytes, completed, doomed, found, people, sorted, under_way, usage};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{
    T0, completion, content_digest, file, file_id, seconds_after_t0, upload, upload_id, user_id,
};
use epic_domain::file::{Content, ContentNumber, File, Received, Revision, UploadSize};
use epic_domain::user::Version;
use epic_outbound::uploads::{BeginRight, Completion, CompletionOutcome};
use std::sync::Arc;

/// With its first content, at its first version; the upload is gone.
pub async fn a_whole_upload_is_a_file(stores: &Stores) {
    people(stores, &[1]).await;
    let now = seconds_after_t0(60);
    let upload = under_way(stores, 1, 1).await;
    let uploaded = completed(stores, &upload, now).await;
    let sample = file(1, 1).build();
    let expected = File {
        content: Content { number: ContentNumber::FIRST, written_at: now, ..sample.content },
        version: Version::FIRST,
        revision: Revision::from_number(1),
        created_at: now,
        updated_at: now,
        trashed_at: None,
        ..sample
    };
    assert_eq!(uploaded, expected);
    assert_eq!(found(stores, &uploaded).await, Some(expected));
    assert_eq!(stores.uploads.find(upload.id, user_id(1)).await.unwrap(), None);
    assert_eq!(stores.files.versions(uploaded.id, None, 10).await.unwrap(), []);
    assert_eq!(doomed(stores).await, []);
}

/// Byte for byte.
pub async fn what_was_set_aside_becomes_used(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = upload(1, 1).size(UploadSize::Exactly(1 << 40)).build();
    begun(stores, &upload, &BeginRight::NewFile).await;
    under_way(stores, 2, 1).await;
    let file = completed(stores, &upload, T0).await;
    assert_eq!(file.content.size_bytes, 1 << 40);
    assert_eq!(usage(stores, 1).await, bytes(1 << 40, 1_000));
}

/// When fewer bytes came than might have; the digest is theirs.
pub async fn what_was_set_aside_too_much_is_free_again(stores: &Stores) {
    people(stores, &[1]).await;
    let upload =
        upload(1, 1).size(UploadSize::AtMost(1_000_000)).with(|upload| upload.expected_digest = None).build();
    begun(stores, &upload, &BeginRight::NewFile).await;
    let received = Received { size_bytes: 7, digest: content_digest(9), at: T0 };
    let completion = Completion { received, ..completion(&upload, T0) };
    let outcome = stores.uploads.complete(&completion).await.unwrap();
    assert!(matches!(outcome, CompletionOutcome::Completed(_)), "{outcome:?}");
    let file = stores.files.find(upload.file_id).await.unwrap().unwrap();
    assert_eq!((file.content.size_bytes, file.content.digest), (7, content_digest(9)));
    assert_eq!(usage(stores, 1).await, bytes(7, 0));
}

/// And changes nothing.
pub async fn a_second_completion_is_fenced(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let file = completed(stores, &upload, T0).await;
    let again = stores.uploads.complete(&completion(&upload, seconds_after_t0(1))).await.unwrap();
    assert_eq!(again, CompletionOutcome::Fenced);
    assert_eq!(found(stores, &file).await, Some(file));
    assert_eq!(usage(stores, 1).await, bytes(1_000, 0));
    assert_eq!(doomed(stores).await, []);
}

/// Neither who held it before nor one who guesses ahead.
pub async fn who_was_taken_over_from_completes_nothing(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let holder = stores.uploads.take_over(upload.id, user_id(1), T0).await.unwrap().unwrap();
    for fence in [upload.fence, holder.fence.next()] {
        let outcome =
            stores.uploads.complete(&Completion { fence, ..completion(&upload, T0) }).await.unwrap();
        assert_eq!(outcome, CompletionOutcome::Fenced);
        assert_eq!(stores.files.find(file_id(1)).await.unwrap(), None);
        assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
    }
    completed(stores, &holder, T0).await;
}

/// Sixty-four complete one upload at one moment.
pub async fn of_racing_completions_one_completes(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let results = race(RACERS, |_| {
        let uploads = Arc::clone(&stores.uploads);
        let completion = completion(&upload, T0);
        async move { uploads.complete(&completion).await.unwrap() }
    })
    .await;
    let completed = CompletionOutcome::Completed(Box::new(file(1, 1).build()));
    assert_eq!(count_of(&results, |result| *result == completed), 1);
    assert_eq!(count_of(&results, |result| *result == CompletionOutcome::Fenced), RACERS - 1);
    assert_eq!(usage(stores, 1).await, bytes(1_000, 0));
}

/// With revisions of their own, and no byte is lost.
pub async fn racing_uploads_of_one_account_all_become_files(stores: &Stores) {
    people(stores, &[1]).await;
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let upload = upload(u64::try_from(index).unwrap(), 1).build();
        async move {
            uploads.begin(&upload, &BeginRight::NewFile, 64_000, None).await.unwrap();
            uploads.complete(&completion(&upload, T0)).await.unwrap()
        }
    })
    .await;
    let revisions = results.into_iter().map(|outcome| match outcome {
        CompletionOutcome::Completed(file) => file.revision,
        other => panic!("{other:?}"),
    });
    assert_eq!(sorted(revisions), (1..=64).map(Revision::from_number).collect::<Vec<_>>());
    assert_eq!(usage(stores, 1).await, bytes(64_000, 0));
    assert_eq!(stores.files.list(user_id(1), false, None, 100).await.unwrap().len(), RACERS);
}

/// A call that is dropped half-way leaves the upload or the file, never both and never neither.
pub async fn a_completion_given_up_is_whole_or_absent(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..16 {
        let upload = under_way(stores, seed, 1).await;
        begin_and_drop(stores.uploads.complete(&completion(&upload, T0))).await;
    }
    under_way(stores, 100, 1).await;
    let mut files = 0;
    for seed in 0..16 {
        let upload = stores.uploads.find(upload_id(seed), user_id(1)).await.unwrap();
        let file = stores.files.find(file_id(seed)).await.unwrap();
        assert_ne!(upload.is_some(), file.is_some(), "{seed}");
        files += u64::from(file.is_some());
    }
    assert_eq!(usage(stores, 1).await, bytes(files * 1_000, (17 - files) * 1_000));
    assert_eq!(doomed(stores).await, []);
}
