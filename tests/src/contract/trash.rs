//! Laws of the trash, and of files that are removed from it for good. They are part of `files_contract!`.

use super::file_steps::{
    bytes, doomed, doomed_list, found, just_before, owned, people, removed, restored, rewritten, sorted,
    trashed, uploaded, uploaded_into_trash, usage,
};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{T0, blob_id, file_id, link, seconds_after_t0, share, user_id};
use epic_domain::Timestamp;
use epic_domain::file::{File, StageState};
use epic_domain::user::Version;
use epic_outbound::files::{FileOutcome, RemovalOutcome, Swept};
use std::sync::Arc;

async fn remove(stores: &Stores, file: &File, expected: Version) -> RemovalOutcome {
    stores.files.remove(&owned(file), expected, T0).await.unwrap()
}

/// With all it holds.
pub async fn a_trashed_file_is_found_and_restored(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let (in_trash_at, out_at) = (seconds_after_t0(10), seconds_after_t0(20));
    let in_trash = trashed(stores, &file, in_trash_at).await;
    let expected = File {
        version: file.version.next(),
        revision: file.revision.next(),
        updated_at: in_trash_at,
        trashed_at: Some(in_trash_at),
        ..file.clone()
    };
    assert_eq!(in_trash, expected);
    assert_eq!(found(stores, &file).await, Some(expected));
    let out = restored(stores, &in_trash, out_at).await;
    let expected = File {
        version: in_trash.version.next(),
        revision: in_trash.revision.next(),
        updated_at: out_at,
        ..file.clone()
    };
    assert_eq!(out, expected);
    assert_eq!(found(stores, &file).await, Some(expected));
    assert_eq!(stores.files.list(user_id(1), true, None, 10).await.unwrap(), []);
}

/// To either side.
pub async fn a_stale_version_is_neither_trashed_nor_restored(stores: &Stores) {
    people(stores, &[1]).await;
    let first = uploaded(stores, 1, 1).await;
    let second = rewritten(stores, &first, 2, T0).await;
    for expected in [first.version, second.version.next()] {
        let outcome = stores.files.trash(&owned(&first), expected, T0).await.unwrap();
        assert_eq!(outcome, FileOutcome::Stale);
    }
    let third = trashed(stores, &second, T0).await;
    for expected in [second.version, third.version.next()] {
        let outcome = stores.files.restore(&owned(&first), expected, T0).await.unwrap();
        assert_eq!(outcome, FileOutcome::Stale);
        assert_eq!(remove(stores, &first, expected).await, RemovalOutcome::Stale);
    }
    assert_eq!(found(stores, &first).await, Some(third));
}

/// The time at which it was trashed stays.
pub async fn nothing_is_trashed_twice_or_restored_unasked(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let outcome = stores.files.restore(&owned(&file), file.version, T0).await.unwrap();
    assert_eq!(outcome, FileOutcome::Stale);
    let file = trashed(stores, &file, T0).await;
    let again = stores.files.trash(&owned(&file), file.version, seconds_after_t0(9)).await.unwrap();
    assert_eq!(again, FileOutcome::Stale);
    assert_eq!(found(stores, &file).await, Some(file));
}

/// Sixty-four put one file into the trash at one moment.
pub async fn of_racing_trashings_one_wins(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let results = race(RACERS, |_| {
        let (files, file) = (Arc::clone(&stores.files), file.clone());
        async move { files.trash(&owned(&file), file.version, T0).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |outcome| matches!(outcome, FileOutcome::Made(_))), 1);
    assert_eq!(count_of(&results, |outcome| *outcome == FileOutcome::Stale), RACERS - 1);
}

/// One that is in use stays, even at its present version; one that is gone is told.
pub async fn only_from_the_trash_is_a_file_removed(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    assert_eq!(remove(stores, &file, file.version).await, RemovalOutcome::Stale);
    assert_eq!(found(stores, &file).await.as_ref(), Some(&file));
    let file = trashed(stores, &file, T0).await;
    assert_eq!(remove(stores, &file, file.version).await, RemovalOutcome::Removed);
    assert_eq!(remove(stores, &file, file.version).await, RemovalOutcome::Gone);
    assert_eq!(found(stores, &file).await, None);
}

/// All its contents, whose blobs are doomed, and its shares and links.
pub async fn a_removed_file_takes_all_that_belongs_to_it(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let file = rewritten(stores, &file, 2, T0).await;
    let file = rewritten(stores, &file, 3, T0).await;
    let (share, link) = (share(1, &file, user_id(2)).build(), link(1, &file).build());
    stores.shares.grant(&owned(&file), &share, 10, None, T0).await.unwrap();
    stores.links.create(&owned(&file), &link, 10, None, T0).await.unwrap();
    let file = trashed(stores, &file, T0).await;
    removed(stores, &file, T0).await;

    assert_eq!(found(stores, &file).await, None);
    assert_eq!(stores.files.versions(file.id, None, 10).await.unwrap(), []);
    assert_eq!(stores.files.list(user_id(1), true, None, 10).await.unwrap(), []);
    assert_eq!(stores.shares.find_for(file.id, user_id(2)).await.unwrap(), None);
    assert_eq!(stores.shares.incoming(user_id(2), None, 10, T0).await.unwrap(), []);
    assert_eq!(stores.shares.end(file.id, share.id, user_id(1)).await.unwrap(), None);
    assert_eq!(stores.links.find(&link.token_digest).await.unwrap(), None);
    assert!(!stores.links.count_download(link.id, T0).await.unwrap());
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
    assert_eq!(doomed(stores).await, sorted([1, 2, 3].map(blob_id)));
    let list = doomed_list(stores).await;
    assert!(list.iter().all(|doomed| doomed.stage == StageState::default()), "they were whole");
}

/// Of the same owner or another.
pub async fn a_removed_file_leaves_others_alone(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let own = uploaded(stores, 1, 1).await;
    let own = rewritten(stores, &own, 2, T0).await;
    let anothers = uploaded(stores, 3, 2).await;
    for (seed, file, recipient) in [(1, &own, 2), (2, &anothers, 1)] {
        let share = share(seed, file, user_id(recipient)).build();
        stores.shares.grant(&owned(file), &share, 10, None, T0).await.unwrap();
    }
    let gone = uploaded_into_trash(stores, 4, 1).await;
    removed(stores, &gone, T0).await;
    assert_eq!(found(stores, &own).await.as_ref(), Some(&own));
    assert_eq!(stores.files.versions(own.id, None, 10).await.unwrap().len(), 1);
    assert_eq!(found(stores, &anothers).await.as_ref(), Some(&anothers));
    assert!(stores.shares.find_for(own.id, user_id(2)).await.unwrap().is_some());
    assert!(stores.shares.find_for(anothers.id, user_id(1)).await.unwrap().is_some());
    assert_eq!((usage(stores, 1).await, usage(stores, 2).await), (bytes(2_000, 0), bytes(1_000, 0)));
    assert_eq!(doomed(stores).await, [blob_id(4)]);
}

/// And frees its bytes once.
pub async fn of_racing_removals_of_a_file_one_removes(stores: &Stores) {
    people(stores, &[1]).await;
    uploaded(stores, 1, 1).await;
    let file = uploaded_into_trash(stores, 2, 1).await;
    let results = race(RACERS, |_| {
        let (files, file) = (Arc::clone(&stores.files), file.clone());
        async move { files.remove(&owned(&file), file.version, T0).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |outcome| *outcome == RemovalOutcome::Removed), 1);
    assert_eq!(count_of(&results, |outcome| *outcome == RemovalOutcome::Gone), RACERS - 1);
    assert_eq!(usage(stores, 1).await, bytes(1_000, 0));
    assert_eq!(doomed(stores).await, [blob_id(2)]);
}

/// The file is there, out of the trash, or it is gone.
pub async fn of_a_racing_removal_and_restoration_one_wins(stores: &Stores) {
    people(stores, &[1]).await;
    let mut files = Vec::new();
    for seed in 0..32 {
        files.push(uploaded_into_trash(stores, seed, 1).await);
    }
    let results = race(RACERS, |index| {
        let (stored, file) = (Arc::clone(&stores.files), files[index / 2].clone());
        async move {
            if index % 2 == 0 {
                let outcome = stored.remove(&owned(&file), file.version, T0).await.unwrap();
                outcome == RemovalOutcome::Removed
            } else {
                let outcome = stored.restore(&owned(&file), file.version, T0).await.unwrap();
                matches!(outcome, FileOutcome::Made(_))
            }
        }
    })
    .await;
    let mut left = 0;
    for (file, pair) in files.iter().zip(results.chunks(2)) {
        assert_ne!(pair[0], pair[1]);
        let found = found(stores, file).await;
        assert_eq!(found.map(|file| file.is_trashed()), pair[1].then_some(false));
        left += u64::from(pair[1]);
    }
    assert_eq!(usage(stores, 1).await, bytes(left * 1_000, 0));
}

/// To the millisecond, whoever owns it; its owner is told.
pub async fn the_sweep_removes_what_has_long_been_in_the_trash(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let until = seconds_after_t0(50);
    let mut expected = Vec::new();
    for (seed, owner) in [(1, 1), (2, 2)] {
        let file = uploaded(stores, seed, owner).await;
        let file = rewritten(stores, &file, 10 + seed, T0).await;
        trashed(stores, &file, until).await;
        expected.push(Swept { file_id: file.id, owner: file.owner });
    }
    let later = uploaded(stores, 3, 1).await;
    let later = trashed(stores, &later, Timestamp::from_millis(until.as_millis() + 1)).await;
    let in_use = uploaded(stores, 4, 1).await;
    let now = seconds_after_t0(100);

    let sweep = |until| stores.files.remove_old_trash(until, now, 10);
    assert_eq!(sweep(just_before(until)).await.unwrap(), []);
    let mut swept = sweep(until).await.unwrap();
    for list in [&mut swept, &mut expected] {
        list.sort_unstable_by_key(|swept| swept.file_id);
    }
    assert_eq!(swept, expected);
    assert_eq!(sweep(until).await.unwrap(), []);
    assert_eq!(stores.files.find(file_id(1)).await.unwrap(), None);
    assert_eq!(found(stores, &later).await, Some(later));
    assert_eq!(found(stores, &in_use).await, Some(in_use));
    assert_eq!((usage(stores, 1).await, usage(stores, 2).await), (bytes(2_000, 0), bytes(0, 0)));
    assert_eq!(doomed(stores).await, sorted([1, 11, 2, 12].map(blob_id)));
}

/// So that it never holds the store for long.
pub async fn the_sweep_of_the_trash_stops_at_its_limit(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..5 {
        uploaded_into_trash(stores, seed, 1).await;
    }
    for (limit, expected) in [(0, 0), (3, 3), (3, 2), (3, 0)] {
        let swept = stores.files.remove_old_trash(Timestamp::MAX, T0, limit).await.unwrap();
        assert_eq!(swept.len(), expected);
    }
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
}

/// A call that is dropped half-way has freed the bytes of just those files that are gone, and doomed their blobs.
pub async fn a_removal_of_a_file_given_up_is_whole_or_absent(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..16 {
        let file = uploaded_into_trash(stores, seed, 1).await;
        begin_and_drop(stores.files.remove(&owned(&file), file.version, T0)).await;
    }
    uploaded(stores, 100, 1).await;
    let mut gone = Vec::new();
    for seed in 0..16 {
        if stores.files.find(file_id(seed)).await.unwrap().is_none() {
            gone.push(blob_id(seed));
        }
    }
    assert_eq!(doomed(stores).await, sorted(gone.clone()));
    let left = 17 - u64::try_from(gone.len()).unwrap();
    assert_eq!(usage(stores, 1).await, bytes(left * 1_000, 0));
}
