//! Laws of quotas: what is used and set aside never exceeds them. They are part of `uploads_contract!`.

use super::file_steps::{
    begun, bytes, completed, people, rewritten, right_to, trashed, under_way, uploaded, usage,
};
use super::{RACERS, Stores, count_of, race};
use crate::builders::{T0, upload, user_id};
use epic_domain::file::{OverQuota, Upload, UploadSize};
use epic_outbound::uploads::{BeginRight, Beginning};
use std::sync::Arc;

async fn begin_within(stores: &Stores, upload: &Upload, quota_bytes: u64) -> Beginning {
    stores.uploads.begin(upload, &BeginRight::NewFile, quota_bytes, None).await.unwrap()
}

fn sized(seed: u64, size_bytes: u64) -> Upload {
    upload(seed, 1).size(UploadSize::Exactly(size_bytes)).build()
}

const fn over(available_bytes: u64) -> Beginning {
    Beginning::OverQuota(OverQuota { available_bytes })
}

/// Those it may bring at most, if it has not told.
pub async fn an_upload_sets_its_bytes_aside(stores: &Stores) {
    people(stores, &[1]).await;
    begun(stores, &sized(1, 300), &BeginRight::NewFile).await;
    assert_eq!(usage(stores, 1).await, bytes(0, 300));
    begun(stores, &upload(2, 1).size(UploadSize::AtMost(5_000)).build(), &BeginRight::NewFile).await;
    assert_eq!(usage(stores, 1).await, bytes(0, 5_300));
}

/// To the byte; how much there is room for is told.
pub async fn what_does_not_fit_does_not_begin(stores: &Stores) {
    people(stores, &[1]).await;
    let first = sized(1, 600);
    assert_eq!(begin_within(stores, &first, 1_000).await, Beginning::Begun);
    completed(stores, &first, T0).await;
    assert_eq!(begin_within(stores, &sized(2, 300), 1_000).await, Beginning::Begun);
    assert_eq!(begin_within(stores, &sized(3, 101), 1_000).await, over(100));
    assert_eq!(begin_within(stores, &sized(3, u64::MAX / 2), 1_000).await, over(100));
    assert_eq!(usage(stores, 1).await, bytes(600, 300));
    assert_eq!(stores.uploads.find(sized(3, 0).id, user_id(1)).await.unwrap(), None);
    assert_eq!(begin_within(stores, &sized(3, 100), 1_000).await, Beginning::Begun);
    assert_eq!(begin_within(stores, &sized(4, 1), 1_000).await, over(0));
    assert_eq!(begin_within(stores, &sized(4, 0), 1_000).await, Beginning::Begun, "nothing always fits");
}

/// Exactly as many of sixty-four pass as fit.
pub async fn racing_uploads_never_take_more_than_the_quota(stores: &Stores) {
    people(stores, &[1]).await;
    uploaded(stores, 1_000, 1).await;
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let upload = sized(u64::try_from(index).unwrap(), 100);
        async move { uploads.begin(&upload, &BeginRight::NewFile, 3_099, None).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |result| *result == Beginning::Begun), 20);
    assert_eq!(count_of(&results, |result| *result == over(99)), RACERS - 20);
    assert_eq!(usage(stores, 1).await, bytes(1_000, 2_000));
}

/// Whatever is set aside is what was begun.
pub async fn racing_uploads_of_many_sizes_never_take_more_than_the_quota(stores: &Stores) {
    people(stores, &[1]).await;
    let size_of = |index: usize| 1 + u64::try_from(index).unwrap() * 37 % 100;
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let upload = sized(u64::try_from(index).unwrap(), size_of(index));
        async move { uploads.begin(&upload, &BeginRight::NewFile, 1_000, None).await.unwrap() }
    })
    .await;
    let taken: u64 = (0..RACERS)
        .zip(&results)
        .filter(|(_, result)| **result == Beginning::Begun)
        .map(|(index, _)| size_of(index))
        .sum();
    assert!(taken <= 1_000, "{taken}");
    assert_eq!(usage(stores, 1).await, bytes(0, taken));
    for (index, result) in results.iter().enumerate() {
        if let Beginning::OverQuota(OverQuota { available_bytes }) = result {
            assert!(*available_bytes < size_of(index), "it would have fitted");
        }
    }
}

/// What others store takes no room.
pub async fn quotas_are_of_one_account_alone(stores: &Stores) {
    people(stores, &[1, 2]).await;
    uploaded(stores, 1, 2).await;
    under_way(stores, 2, 2).await;
    assert_eq!(begin_within(stores, &sized(3, 1_000), 1_000).await, Beginning::Begun);
    assert_eq!(usage(stores, 2).await, bytes(1_000, 1_000));
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
}

/// As after an operator has lowered it.
pub async fn a_quota_below_what_is_stored_leaves_no_room(stores: &Stores) {
    people(stores, &[1]).await;
    uploaded(stores, 1, 1).await;
    under_way(stores, 2, 1).await;
    for quota_bytes in [0, 500, 1_500, 2_000] {
        assert_eq!(begin_within(stores, &sized(3, 1), quota_bytes).await, over(0), "{quota_bytes}");
    }
    assert_eq!(begin_within(stores, &sized(3, 1), 2_001).await, Beginning::Begun);
}

/// Until they are removed for good.
pub async fn the_trash_and_earlier_contents_count(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let file = rewritten(stores, &file, 2, T0).await;
    assert_eq!(usage(stores, 1).await, bytes(2_000, 0));
    let file = trashed(stores, &file, T0).await;
    assert_eq!(usage(stores, 1).await, bytes(2_000, 0));
    assert_eq!(begin_within(stores, &sized(3, 1), 2_000).await, over(0));
    super::file_steps::removed(stores, &file, T0).await;
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
}

/// From the first byte that is set aside.
pub async fn the_owner_pays_for_what_others_write(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let upload = upload(2, 1).onto(&file).sent_by(user_id(2)).build();
    let outcome = stores.uploads.begin(&upload, &right_to(&file), 1_999, None).await.unwrap();
    assert_eq!(outcome, over(999));
    begun(stores, &upload, &right_to(&file)).await;
    assert_eq!((usage(stores, 1).await, usage(stores, 2).await), (bytes(1_000, 1_000), bytes(0, 0)));
    completed(stores, &upload, T0).await;
    assert_eq!((usage(stores, 1).await, usage(stores, 2).await), (bytes(2_000, 0), bytes(0, 0)));
}
