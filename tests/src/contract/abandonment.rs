//! Laws of uploads that are given up. They are part of `uploads_contract!`.

use super::file_steps::{
    begun, bytes, completed, doomed, doomed_list, just_before, people, right_to, sorted, under_way, uploaded,
    usage,
};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{
    T0, blob_id, completion, file_id, progress, seconds_after_t0, stage_state, upload, upload_id, user_id,
};
use epic_domain::Timestamp;
use epic_domain::file::Upload;
use epic_outbound::uploads::{BeginRight, CompletionOutcome, DoomedBlob};
use std::sync::Arc;

async fn abandon(stores: &Stores, upload: &Upload) -> bool {
    stores.uploads.abandon(upload.id, upload.uploader).await.unwrap()
}

/// An upload that is given up at a time.
async fn until(stores: &Stores, seed: u64, expires_at: Timestamp) -> Upload {
    let upload = upload(seed, 1).expires_at(expires_at).build();
    begun(stores, &upload, &BeginRight::NewFile).await;
    upload
}

/// With what the blob store wants to know of it; to abandon it again tells so.
pub async fn an_abandoned_upload_frees_its_bytes_and_dooms_its_blob(stores: &Stores) {
    people(stores, &[1]).await;
    let other = under_way(stores, 1, 1).await;
    let upload = under_way(stores, 2, 1).await;
    assert!(
        stores.uploads.advance(upload.id, upload.fence, &progress(7, 10), upload.expires_at).await.unwrap()
    );
    assert!(abandon(stores, &upload).await);
    assert_eq!(stores.uploads.find(upload.id, user_id(1)).await.unwrap(), None);
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
    let expected = [DoomedBlob { blob_id: upload.blob_id, stage: stage_state(7) }];
    assert_eq!(doomed_list(stores).await, expected);
    assert!(!abandon(stores, &upload).await);
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
    assert_eq!(doomed_list(stores).await, expected);
    assert!(stores.uploads.find(other.id, user_id(1)).await.unwrap().is_some());
}

/// Not even the owner of the file that it is for.
pub async fn nobody_abandons_the_upload_of_another(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let upload = upload(2, 1).onto(&file).sent_by(user_id(2)).build();
    begun(stores, &upload, &right_to(&file)).await;
    assert!(!stores.uploads.abandon(upload.id, user_id(1)).await.unwrap());
    assert_eq!(usage(stores, 1).await, bytes(1_000, 1_000));
    assert!(abandon(stores, &upload).await);
    assert_eq!(usage(stores, 1).await, bytes(1_000, 0), "the owner's bytes are free again");
}

/// And its bytes are freed once.
pub async fn of_racing_abandonments_one_abandons(stores: &Stores) {
    people(stores, &[1]).await;
    under_way(stores, 1, 1).await;
    under_way(stores, 2, 1).await;
    let results = race(RACERS, |_| {
        let uploads = Arc::clone(&stores.uploads);
        async move { uploads.abandon(upload_id(1), user_id(1)).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |abandoned| *abandoned), 1);
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
    assert_eq!(doomed(stores).await, [blob_id(1)]);
}

/// To the millisecond.
pub async fn the_sweep_abandons_expired_uploads_alone(stores: &Stores) {
    people(stores, &[1]).await;
    let now = seconds_after_t0(50);
    let expired = until(stores, 1, now).await;
    let live = until(stores, 2, seconds_after_t0(51)).await;
    uploaded(stores, 3, 1).await;
    assert_eq!(stores.uploads.abandon_expired(just_before(now), 10).await.unwrap(), []);
    assert_eq!(stores.uploads.abandon_expired(now, 10).await.unwrap(), [user_id(1)]);
    assert_eq!(stores.uploads.find(expired.id, user_id(1)).await.unwrap(), None);
    assert_eq!(stores.uploads.find(live.id, user_id(1)).await.unwrap(), Some(live));
    assert_eq!(usage(stores, 1).await, bytes(1_000, 1_000));
    assert_eq!(
        doomed_list(stores).await,
        [DoomedBlob { blob_id: blob_id(1), stage: expired.progress.stage }]
    );
}

/// So that it never holds the store for long.
pub async fn the_sweep_of_uploads_stops_at_its_limit(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..5 {
        until(stores, seed, T0).await;
    }
    for (limit, expected, left) in [(0, 0, 5), (3, 3, 2), (3, 2, 0), (3, 0, 0)] {
        let owners = stores.uploads.abandon_expired(Timestamp::MAX, limit).await.unwrap();
        assert_eq!(owners.len(), expected);
        assert_eq!(usage(stores, 1).await, bytes(0, left * 1_000));
    }
    assert_eq!(doomed(stores).await, sorted((0..5).map(blob_id)));
}

/// Not the sender.
pub async fn the_sweep_tells_the_owner_once_for_each_upload(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let by_another = upload(2, 1).onto(&file).sent_by(user_id(2)).build();
    begun(stores, &by_another, &right_to(&file)).await;
    under_way(stores, 3, 1).await;
    under_way(stores, 4, 2).await;
    let owners = stores.uploads.abandon_expired(Timestamp::MAX, 10).await.unwrap();
    assert_eq!(sorted(owners), sorted([1, 1, 2].map(user_id)));
}

/// By whoever held it.
pub async fn an_abandoned_upload_is_not_completed(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    assert!(abandon(stores, &upload).await);
    let outcome = stores.uploads.complete(&completion(&upload, T0)).await.unwrap();
    assert_eq!(outcome, CompletionOutcome::Fenced);
    assert_eq!(stores.files.find(file_id(1)).await.unwrap(), None);
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
    assert_eq!(doomed(stores).await, [upload.blob_id]);
}

/// Of thirty-two pairs each has one winner: a blob is a file's or doomed, never both and never neither.
pub async fn of_a_racing_abandonment_and_completion_one_wins(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..32 {
        under_way(stores, seed, 1).await;
    }
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let upload = upload(u64::try_from(index / 2).unwrap(), 1).build();
        async move {
            if index % 2 == 0 {
                uploads.abandon(upload.id, upload.uploader).await.unwrap()
            } else {
                let outcome = uploads.complete(&completion(&upload, T0)).await.unwrap();
                matches!(outcome, CompletionOutcome::Completed(_))
            }
        }
    })
    .await;
    let mut files = 0;
    for (seed, pair) in (0..).zip(results.chunks(2)) {
        assert_ne!(pair[0], pair[1], "{seed}");
        assert_eq!(stores.files.find(file_id(seed)).await.unwrap().is_some(), pair[1]);
        assert_eq!(doomed(stores).await.contains(&blob_id(seed)), pair[0]);
        files += u64::from(pair[1]);
    }
    assert_eq!(usage(stores, 1).await, bytes(files * 1_000, 0));
}

/// A call that is dropped half-way has freed the bytes of just those uploads that are gone, and doomed their blobs.
pub async fn an_abandonment_given_up_is_whole_or_absent(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..16 {
        let upload = under_way(stores, seed, 1).await;
        begin_and_drop(stores.uploads.abandon(upload.id, upload.uploader)).await;
    }
    let last = under_way(stores, 100, 1).await;
    completed(stores, &last, T0).await;
    let mut gone = Vec::new();
    for seed in 0..16 {
        if stores.uploads.find(upload_id(seed), user_id(1)).await.unwrap().is_none() {
            gone.push(blob_id(seed));
        }
    }
    assert_eq!(doomed(stores).await, sorted(gone.clone()));
    let left = 16 - u64::try_from(gone.len()).unwrap();
    assert_eq!(usage(stores, 1).await, bytes(1_000, left * 1_000));
}
