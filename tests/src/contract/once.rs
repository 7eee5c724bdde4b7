//! Laws of uploads that are to begin or complete once. They are part of `uploads_contract!`.

use super::file_steps::{
    AMPLE_BYTES, begin, bytes, completed, doomed, just_before, people, right_to, trashed, under_way,
    uploaded, usage,
};
use super::{RACERS, Stores, count_of, race};
use crate::builders::{T0, completion, file_id, once, upload, upload_id, user_id};
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, Once, RequestFingerprint, Upload};
use epic_outbound::uploads::{BeginRight, Beginning, Completion, CompletionOutcome};
use std::sync::Arc;

async fn begin_once(stores: &Stores, upload: &Upload, once: &Once) -> Beginning {
    stores.uploads.begin(upload, &BeginRight::NewFile, AMPLE_BYTES, Some(once)).await.unwrap()
}

/// The upload of a seed, begun at another time.
fn begun_at(seed: u64, created_at: Timestamp) -> Upload {
    upload(seed, 1).with(|upload| upload.created_at = created_at).build()
}

fn same(seed: u64) -> Beginning {
    Beginning::Earlier(Earlier::Same(once(seed).outcome))
}

/// The request of a seed with another fingerprint.
fn another(seed: u64) -> Once {
    Once { fingerprint: RequestFingerprint::from_bytes([0xFF; 32]), ..once(seed) }
}

/// And is told what came of the first, whatever happened since.
pub async fn a_repeated_beginning_begins_nothing(stores: &Stores) {
    people(stores, &[1]).await;
    let first = upload(1, 1).build();
    assert_eq!(begin_once(stores, &first, &once(1)).await, Beginning::Begun);
    let mine_differs = Once { outcome: [9, 9].into(), ..once(1) };
    assert_eq!(begin_once(stores, &upload(2, 1).build(), &mine_differs).await, same(1));
    assert_eq!(stores.uploads.find(upload_id(2), user_id(1)).await.unwrap(), None);
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
    completed(stores, &first, T0).await;
    let no_room = stores.uploads.begin(&upload(3, 1).build(), &BeginRight::NewFile, 0, Some(&once(1))).await;
    assert_eq!(no_room.unwrap(), same(1));
}

/// And begins nothing.
pub async fn another_request_under_a_used_key_is_told(stores: &Stores) {
    people(stores, &[1]).await;
    assert_eq!(begin_once(stores, &upload(1, 1).build(), &once(1)).await, Beginning::Begun);
    let outcome = begin_once(stores, &upload(2, 1).build(), &another(1)).await;
    assert_eq!(outcome, Beginning::Earlier(Earlier::Other));
    assert_eq!(stores.uploads.find(upload_id(2), user_id(1)).await.unwrap(), None);
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
}

/// The other sixty-three get its outcome.
pub async fn of_racing_repetitions_one_begins(stores: &Stores) {
    people(stores, &[1]).await;
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let seed = u64::try_from(index).unwrap();
        let once = Once { outcome: seed.to_be_bytes().into(), ..once(1) };
        async move {
            let upload = upload(seed, 1).build();
            uploads.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&once)).await.unwrap()
        }
    })
    .await;
    assert_eq!(count_of(&results, |result| *result == Beginning::Begun), 1);
    let winner = results.iter().position(|result| *result == Beginning::Begun).unwrap();
    let outcome: Box<[u8]> = u64::try_from(winner).unwrap().to_be_bytes().into();
    let told = Beginning::Earlier(Earlier::Same(outcome));
    assert_eq!(count_of(&results, |result| *result == told), RACERS - 1);
    assert_eq!(usage(stores, 1).await, bytes(0, 1_000));
}

/// Neither for want of room nor for a file that moved on: the same request may pass later.
pub async fn a_beginning_that_failed_is_not_remembered(stores: &Stores) {
    people(stores, &[1]).await;
    let new = upload(1, 1).build();
    let no_room = stores.uploads.begin(&new, &BeginRight::NewFile, 999, Some(&once(1))).await.unwrap();
    assert!(matches!(no_room, Beginning::OverQuota(_)), "{no_room:?}");
    let file = uploaded(stores, 2, 1).await;
    let moved_on = right_to(&file);
    let file = trashed(stores, &file, T0).await;
    let onto = upload(3, 1).onto(&file).build();
    let stale = stores.uploads.begin(&onto, &moved_on, AMPLE_BYTES, Some(&once(1))).await.unwrap();
    assert_eq!(stale, Beginning::Stale);
    assert_eq!(begin_once(stores, &new, &once(1)).await, Beginning::Begun);
}

/// To the millisecond, by the time at which the later one begins; swept or not.
pub async fn a_request_is_forgotten_after_its_time(stores: &Stores) {
    people(stores, &[1]).await;
    let end = once(1).expires_at;
    assert_eq!(begin_once(stores, &begun_at(1, T0), &once(1)).await, Beginning::Begun);
    assert_eq!(begin_once(stores, &begun_at(2, just_before(end)), &once(1)).await, same(1));
    let later = Once { expires_at: Timestamp::MAX, outcome: [7].into(), ..another(1) };
    assert_eq!(begin_once(stores, &begun_at(3, end), &later).await, Beginning::Begun);
    let repeated = begin_once(stores, &begun_at(4, end), &later).await;
    assert_eq!(repeated, Beginning::Earlier(Earlier::Same([7].into())), "the later one holds the key now");
}

/// And no other.
pub async fn the_sweep_forgets_requests_whose_time_is_over(stores: &Stores) {
    people(stores, &[1]).await;
    let end = once(1).expires_at;
    let longer = Once { expires_at: Timestamp::MAX, ..once(2) };
    assert_eq!(begin_once(stores, &begun_at(1, T0), &once(1)).await, Beginning::Begun);
    assert_eq!(begin_once(stores, &begun_at(2, T0), &longer).await, Beginning::Begun);
    assert_eq!(stores.uploads.forget_requests(just_before(end), 10).await.unwrap(), 0);
    assert_eq!(stores.uploads.forget_requests(end, 10).await.unwrap(), 1);
    assert_eq!(stores.uploads.forget_requests(end, 10).await.unwrap(), 0);
    assert_eq!(begin_once(stores, &begun_at(3, T0), &once(2)).await, same(2));
    assert_eq!(begin_once(stores, &begun_at(4, T0), &once(1)).await, Beginning::Begun);
}

/// So that it never holds the store for long.
pub async fn the_sweep_of_requests_stops_at_its_limit(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..5 {
        assert_eq!(begin_once(stores, &upload(seed, 1).build(), &once(seed)).await, Beginning::Begun);
    }
    for (limit, expected) in [(0, 0), (3, 3), (3, 2), (3, 0)] {
        let forgotten = stores.uploads.forget_requests(Timestamp::MAX, limit).await.unwrap();
        assert_eq!(forgotten, expected);
    }
}

/// Another's request with the same key is another request.
pub async fn keys_are_of_one_account_alone(stores: &Stores) {
    people(stores, &[1, 2]).await;
    assert_eq!(begin_once(stores, &upload(1, 1).build(), &once(1)).await, Beginning::Begun);
    assert_eq!(begin_once(stores, &upload(2, 2).build(), &another(1)).await, Beginning::Begun);
    assert_eq!(begin_once(stores, &upload(3, 1).build(), &once(1)).await, same(1));
    let file = uploaded(stores, 4, 1).await;
    let onto = upload(5, 1).onto(&file).sent_by(user_id(2)).build();
    let told = stores.uploads.begin(&onto, &right_to(&file), AMPLE_BYTES, Some(&once(1))).await.unwrap();
    assert_eq!(told, Beginning::Earlier(Earlier::Other), "the key is the sender's, not the owner's");
}

/// Whole, and as long as it is remembered; every byte survives.
pub async fn a_request_is_found_by_its_key(stores: &Stores) {
    people(stores, &[1]).await;
    let begun = Once { outcome: (0..=255).collect(), ..once(1) };
    let completed = Once { key_digest: [0; 32], outcome: [].into(), ..once(2) };
    assert_eq!(begin_once(stores, &upload(1, 1).build(), &begun).await, Beginning::Begun);
    let whole = under_way(stores, 2, 1).await;
    let completion = Completion { once: Some(completed.clone()), ..completion(&whole, T0) };
    stores.uploads.complete(&completion).await.unwrap();
    let found = |seed, key_digest, now| async move {
        stores.uploads.find_request(user_id(seed), &key_digest, now).await.unwrap()
    };
    assert_eq!(found(1, begun.key_digest, just_before(begun.expires_at)).await.as_ref(), Some(&begun));
    assert_eq!(found(1, begun.key_digest, begun.expires_at).await, None);
    assert_eq!(found(1, [0; 32], T0).await, Some(completed));
    assert_eq!(found(2, begun.key_digest, T0).await, None);
    assert_eq!(found(1, [1; 32], T0).await, None);
}

/// When the whole upload was one request.
pub async fn a_repeated_completion_is_given_up(stores: &Stores) {
    people(stores, &[1]).await;
    let complete_once = |upload: Upload, once: Once| async move {
        let completion = Completion { once: Some(once), ..completion(&upload, T0) };
        stores.uploads.complete(&completion).await.unwrap()
    };
    let first = complete_once(under_way(stores, 1, 1).await, once(1)).await;
    assert!(matches!(first, CompletionOutcome::Completed(_)), "{first:?}");
    for (seed, repeated, told) in
        [(2, once(1), Earlier::Same(once(1).outcome)), (3, another(1), Earlier::Other)]
    {
        let upload = under_way(stores, seed, 1).await;
        assert_eq!(complete_once(upload.clone(), repeated).await, CompletionOutcome::Earlier(told));
        assert_eq!(stores.uploads.find(upload.id, user_id(1)).await.unwrap(), None);
        assert_eq!(stores.files.find(file_id(seed)).await.unwrap(), None);
        assert!(doomed(stores).await.contains(&upload.blob_id));
        assert_eq!(usage(stores, 1).await, bytes(1_000, 0));
    }
    let begun_under_it = begin(stores, &upload(4, 1).build(), &BeginRight::NewFile).await;
    assert_eq!(begun_under_it, Beginning::Begun, "without a key it is no repetition");
    assert_eq!(begin_once(stores, &upload(5, 1).build(), &once(1)).await, same(1));
}

/// The others leave nothing but doomed blobs.
pub async fn of_racing_completions_with_one_key_one_completes(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..64 {
        under_way(stores, seed, 1).await;
    }
    let results = race(RACERS, |index| {
        let uploads = Arc::clone(&stores.uploads);
        let upload = upload(u64::try_from(index).unwrap(), 1).build();
        let completion = Completion { once: Some(once(1)), ..completion(&upload, T0) };
        async move { uploads.complete(&completion).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |result| matches!(result, CompletionOutcome::Completed(_))), 1);
    let told = CompletionOutcome::Earlier(Earlier::Same(once(1).outcome));
    assert_eq!(count_of(&results, |result| *result == told), RACERS - 1);
    assert_eq!(usage(stores, 1).await, bytes(1_000, 0));
    assert_eq!(doomed(stores).await.len(), RACERS - 1);
    assert_eq!(stores.files.list(user_id(1), false, None, 100).await.unwrap().len(), 1);
}
