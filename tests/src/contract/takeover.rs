//! Laws of uploads that break off and go on: fences, progress, expiry. They are part of `uploads_contract!`.

use super::file_steps::{begun, just_before, people, sorted, under_way};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{
    T0, maximal_upload, progress, seconds_after_t0, stage_state, upload, upload_id, user_id,
};
use epic_domain::Timestamp;
use epic_domain::file::{Fence, Progress, StageState, Upload, UploadSize};
use epic_outbound::uploads::BeginRight;
use std::sync::Arc;

async fn found(stores: &Stores, upload: &Upload) -> Upload {
    stores.uploads.find(upload.id, upload.uploader).await.unwrap().unwrap()
}

async fn taken_over(stores: &Stores, upload: &Upload, now: Timestamp) -> Option<Upload> {
    stores.uploads.take_over(upload.id, upload.uploader, now).await.unwrap()
}

async fn advances(stores: &Stores, upload: &Upload, progress: &Progress) -> bool {
    stores.uploads.advance(upload.id, upload.fence, progress, upload.expires_at).await.unwrap()
}

/// One by one, and changes nothing else.
pub async fn a_takeover_raises_the_fence(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let first = taken_over(stores, &upload, T0).await.unwrap();
    assert_eq!(first, Upload { fence: Fence::NONE.next(), ..upload });
    let second = taken_over(stores, &first, T0).await.unwrap();
    assert_eq!(second.fence, first.fence.next());
    assert_eq!(found(stores, &second).await, second);
}

/// Nor learns whether it is there.
pub async fn nobody_takes_over_the_upload_of_another(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let upload = under_way(stores, 1, 1).await;
    for (id, by) in [(upload.id, user_id(2)), (upload_id(2), user_id(1))] {
        assert_eq!(stores.uploads.take_over(id, by, T0).await.unwrap(), None);
    }
    assert_eq!(found(stores, &upload).await, upload);
}

/// Neither those before nor one who guesses ahead.
pub async fn who_was_taken_over_from_changes_nothing(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let first = taken_over(stores, &upload, T0).await.unwrap();
    let second = taken_over(stores, &first, T0).await.unwrap();
    let ahead = Upload { fence: second.fence.next(), ..second.clone() };
    for other in [&upload, &first, &ahead] {
        assert!(!advances(stores, other, &progress(1, 100)).await);
        assert_eq!(found(stores, &upload).await, second);
    }
    assert!(advances(stores, &second, &progress(1, 100)).await);
    assert!(!advances(stores, &Upload { id: upload_id(2), ..second }, &progress(1, 100)).await);
}

/// Sixty-four take one upload over at one moment, and each gets a fence of its own.
pub async fn of_racing_takeovers_the_last_one_goes_on(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let holders = race(RACERS, |_| {
        let uploads = Arc::clone(&stores.uploads);
        async move { uploads.take_over(upload_id(1), user_id(1), T0).await.unwrap().unwrap() }
    })
    .await;
    let fences = sorted(holders.iter().map(|holder| holder.fence));
    assert_eq!(fences, (1..=64).map(Fence::from_number).collect::<Vec<_>>());
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let holder = holders[index].clone();
        async move {
            let offset_bytes = u64::try_from(index).unwrap();
            let progress = progress(offset_bytes, offset_bytes);
            (
                holder.fence,
                uploads.advance(holder.id, holder.fence, &progress, holder.expires_at).await.unwrap(),
            )
        }
    })
    .await;
    assert_eq!(count_of(&results, |(_, advanced)| *advanced), 1);
    assert_eq!(count_of(&results, |(fence, advanced)| *advanced && *fence == Fence::from_number(64)), 1);
    let last = results.iter().position(|(_, advanced)| *advanced).unwrap();
    assert_eq!(found(stores, &upload).await.progress.offset_bytes, u64::try_from(last).unwrap());
}

/// Step by step, with the time until which it is kept; nothing else changes.
pub async fn progress_reads_back_to_the_byte(stores: &Stores) {
    people(stores, &[1]).await;
    let mut upload = under_way(stores, 1, 1).await;
    for offset_bytes in [1, 999, 1_000, 0] {
        upload.progress = progress(offset_bytes, offset_bytes);
        upload.expires_at = seconds_after_t0(offset_bytes);
        assert!(advances(stores, &upload, &upload.progress).await);
        assert_eq!(found(stores, &upload).await, upload);
    }
}

/// Fifty kilobytes of what the blob store wants to know, then none.
pub async fn large_progress_reads_back_to_the_byte(stores: &Stores) {
    people(stores, &[1]).await;
    let mut upload = upload(1, 1).size(UploadSize::AtMost(1 << 40)).build();
    begun(stores, &upload, &BeginRight::NewFile).await;
    let large = maximal_upload(1, 1).progress;
    for progress in [large.clone(), Progress { stage: StageState::default(), ..large }] {
        assert!(advances(stores, &upload, &progress).await);
        upload.progress = progress;
        assert_eq!(found(stores, &upload).await, upload);
    }
}

/// To the millisecond, swept or not; its sender still sees it.
pub async fn an_expired_upload_is_not_taken_over(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let first = taken_over(stores, &upload, just_before(upload.expires_at)).await.unwrap();
    assert_eq!(taken_over(stores, &first, upload.expires_at).await, None);
    assert_eq!(found(stores, &first).await, first);
}

/// From its last step on.
pub async fn an_upload_that_goes_on_lives_longer(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    let later = upload.expires_at.saturating_add(core::time::Duration::from_secs(60));
    let longer = Upload { expires_at: later, ..upload.clone() };
    assert!(advances(stores, &longer, &progress(1, 10)).await);
    assert!(taken_over(stores, &upload, just_before(later)).await.is_some());
    assert_eq!(stores.uploads.abandon_expired(upload.expires_at, 10).await.unwrap(), []);
    assert_eq!(stores.uploads.abandon_expired(later, 10).await.unwrap(), [user_id(1)]);
}

/// It is taken over, and never swept, however old.
pub async fn a_whole_upload_waits_for_nobody(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    assert!(advances(stores, &upload, &progress(1, 1_000)).await);
    assert_eq!(stores.uploads.abandon_expired(Timestamp::MAX, 10).await.unwrap(), []);
    assert!(taken_over(stores, &upload, Timestamp::MAX).await.is_some());
}

/// Whatever their age; those whose size nobody told are never known to be whole.
pub async fn whole_uploads_are_listed(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let mut whole = Vec::new();
    for (seed, owner) in [(1, 1), (2, 1), (3, 2)] {
        let upload = under_way(stores, seed, owner).await;
        let progress = progress(seed, 1_000);
        assert!(advances(stores, &upload, &progress).await);
        whole.push(Upload { progress, ..upload });
    }
    let partial = under_way(stores, 4, 1).await;
    assert!(advances(stores, &partial, &progress(4, 999)).await);
    let untold = upload(5, 1).size(UploadSize::AtMost(1_000)).build();
    begun(stores, &untold, &BeginRight::NewFile).await;
    assert!(advances(stores, &untold, &progress(5, 1_000)).await);
    let empty = upload(6, 1).size(UploadSize::Exactly(0)).build();
    begun(stores, &empty, &BeginRight::NewFile).await;
    whole.push(empty);

    let by_id = |mut uploads: Vec<Upload>| {
        uploads.sort_unstable_by_key(|upload| upload.id);
        uploads
    };
    let whole = by_id(whole);
    assert_eq!(by_id(stores.uploads.whole(100).await.unwrap()), whole);
    let some = stores.uploads.whole(3).await.unwrap();
    assert_eq!(some.len(), 3);
    assert!(some.iter().all(|upload| whole.contains(upload)));
    assert_eq!(stores.uploads.whole(0).await.unwrap(), []);
    super::file_steps::completed(stores, &whole[0], T0).await;
    assert_eq!(by_id(stores.uploads.whole(100).await.unwrap()), whole[1..]);
}

/// A call that is dropped half-way has noted all of a step or nothing of it.
pub async fn an_advance_given_up_is_whole_or_absent(stores: &Stores) {
    people(stores, &[1]).await;
    let upload = under_way(stores, 1, 1).await;
    for offset_bytes in 1..16 {
        let progress = progress(offset_bytes, offset_bytes);
        let expires_at = seconds_after_t0(offset_bytes);
        begin_and_drop(stores.uploads.advance(upload.id, upload.fence, &progress, expires_at)).await;
        let found = found(stores, &upload).await;
        let at = found.progress.offset_bytes;
        assert!(at <= offset_bytes);
        if at > 0 {
            assert_eq!(found.progress.stage, stage_state(at));
            assert_eq!(found.expires_at, seconds_after_t0(at));
        }
    }
}
