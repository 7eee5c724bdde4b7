//! Laws of what clients ask for to catch up: the changes since they last looked. They are part of `files_contract!`.

use super::file_steps::{
    owned, people, removed, rewritten, sorted, trashed, uploaded, uploaded_at, uploaded_into_trash,
};
use super::{RACERS, Stores, race};
use crate::builders::{T0, file_id, seconds_after_t0, user_id};
use epic_domain::Timestamp;
use epic_domain::file::{File, FileChange, Revision};
use epic_outbound::files::Since;
use std::sync::Arc;

const fn revision(number: u64) -> Revision {
    Revision::from_number(number)
}

async fn changes(stores: &Stores, since: Since, limit: u32) -> Vec<FileChange> {
    stores.files.changes(user_id(1), since, limit).await.unwrap()
}

async fn all(stores: &Stores) -> Vec<FileChange> {
    changes(stores, Since::Revision(Revision::NONE), 1_000).await
}

fn present(file: &File) -> FileChange {
    FileChange::Present(Box::new(file.clone()))
}

fn revisions(changes: &[FileChange]) -> Vec<u64> {
    changes.iter().map(|change| change.revision().get()).collect()
}

/// Those that a client has seen are left out.
pub async fn changes_follow_each_other_by_revision(stores: &Stores) {
    people(stores, &[1]).await;
    assert_eq!(all(stores).await, []);
    let first = uploaded(stores, 1, 1).await;
    let second = uploaded(stores, 2, 1).await;
    let third = uploaded_into_trash(stores, 3, 1).await;
    assert_eq!(all(stores).await, [present(&first), present(&second), present(&third)]);
    let since = Since::Revision(first.revision);
    assert_eq!(changes(stores, since, 10).await, [present(&second), present(&third)]);
    for seen in [third.revision, revision(u64::MAX / 2)] {
        assert_eq!(changes(stores, Since::Revision(seen), 10).await, []);
    }
}

/// As it is now.
pub async fn a_file_that_changed_often_is_listed_once(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let other = uploaded(stores, 2, 1).await;
    let file = rewritten(stores, &file, 3, T0).await;
    let file = trashed(stores, &file, T0).await;
    assert_eq!(all(stores).await, [present(&other), present(&file)]);
    assert_eq!(changes(stores, Since::Revision(other.revision), 10).await, [present(&file)]);
}

/// The file's last, told to whoever has seen the file and to whoever has not.
pub async fn a_removal_is_a_change(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let other = uploaded(stores, 2, 1).await;
    let file = trashed(stores, &file, T0).await;
    let by_owner = seconds_after_t0(70);
    removed(stores, &file, by_owner).await;
    let swept = uploaded_into_trash(stores, 3, 1).await;
    let by_sweep = seconds_after_t0(80);
    stores.files.remove_old_trash(Timestamp::MAX, by_sweep, 10).await.unwrap();
    let expected = [
        present(&other),
        FileChange::Removed { file_id: file.id, revision: file.revision.next(), at: by_owner },
        FileChange::Removed { file_id: swept.id, revision: swept.revision.next(), at: by_sweep },
    ];
    assert_eq!(all(stores).await, expected);
    assert_eq!(changes(stores, Since::Revision(file.revision), 10).await, expected[1..]);
}

/// Without a gap and without an overlap; what changes meanwhile moves to the end.
pub async fn pages_of_changes_follow_each_other(stores: &Stores) {
    people(stores, &[1]).await;
    let mut files = Vec::new();
    for seed in 0..6 {
        files.push(uploaded(stores, seed, 1).await);
    }
    for seed in 6..9 {
        let file = uploaded_into_trash(stores, seed, 1).await;
        removed(stores, &file, T0).await;
    }
    for limit in [1, 2, 4, 100] {
        let expected = all(stores).await;
        let mut pages: Vec<FileChange> = Vec::new();
        while pages.len() < expected.len() {
            let seen = pages.last().map_or(Revision::NONE, FileChange::revision);
            let page = changes(stores, Since::Revision(seen), limit).await;
            assert!(!page.is_empty() && page.len() <= usize::try_from(limit).unwrap());
            pages.extend(page);
        }
        assert_eq!(pages, expected, "{limit}");
    }
    assert_eq!(changes(stores, Since::Revision(Revision::NONE), 0).await, []);

    let first = changes(stores, Since::Revision(Revision::NONE), 3).await;
    assert_eq!(first, [&files[0], &files[1], &files[2]].map(present));
    let again = rewritten(stores, &files[0], 100, T0).await;
    let moved = rewritten(stores, &files[4], 101, T0).await;
    let rest = changes(stores, Since::Revision(files[2].revision), 100).await;
    assert_eq!((&rest[0], &rest[1]), (&present(&files[3]), &present(&files[5])));
    assert_eq!(rest[5..], [present(&again), present(&moved)]);
}

/// To the millisecond, a removal by the time of the removal.
pub async fn changes_since_a_time_begin_with_the_first_of_then(stores: &Stores) {
    people(stores, &[1]).await;
    for (seed, seconds) in [(1, 10), (2, 20), (3, 30)] {
        uploaded_at(stores, seed, 1, seconds_after_t0(seconds)).await;
    }
    let file = uploaded_at(stores, 4, 1, T0).await;
    let file = trashed(stores, &file, seconds_after_t0(40)).await;
    removed(stores, &file, seconds_after_t0(50)).await;
    let expected: [(Timestamp, &[u64]); 6] = [
        (Timestamp::MIN, &[1, 2, 3, 6]),
        (seconds_after_t0(10), &[1, 2, 3, 6]),
        (Timestamp::from_millis(seconds_after_t0(10).as_millis() + 1), &[2, 3, 6]),
        (seconds_after_t0(30), &[3, 6]),
        (seconds_after_t0(50), &[6]),
        (seconds_after_t0(51), &[]),
    ];
    for (time, expected) in expected {
        assert_eq!(revisions(&changes(stores, Since::Time(time), 10).await), expected, "{time:?}");
    }
    assert_eq!(revisions(&changes(stores, Since::Time(seconds_after_t0(20)), 1).await), [2]);
}

/// What has a later revision than the first of then comes with it, whatever its time.
pub async fn changes_since_a_time_miss_nothing_when_the_clock_was_set_back(stores: &Stores) {
    people(stores, &[1]).await;
    for (seed, seconds) in [(1, 10), (2, 50), (3, 20), (4, 60)] {
        uploaded_at(stores, seed, 1, seconds_after_t0(seconds)).await;
    }
    let since = |seconds| changes(stores, Since::Time(seconds_after_t0(seconds)), 10);
    assert_eq!(revisions(&since(30).await), [2, 3, 4]);
    assert_eq!(revisions(&since(55).await), [4]);
}

/// Neither files nor removals.
pub async fn nobody_sees_the_changes_of_another(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let own = uploaded(stores, 1, 1).await;
    uploaded(stores, 2, 2).await;
    let gone = uploaded_into_trash(stores, 3, 2).await;
    removed(stores, &gone, T0).await;
    assert_eq!(all(stores).await, [present(&own)]);
    assert_eq!(changes(stores, Since::Time(Timestamp::MIN), 10).await, [present(&own)]);
    let none = stores.files.changes(user_id(3), Since::Revision(Revision::NONE), 10).await.unwrap();
    assert_eq!(none, []);
}

/// From one.
pub async fn revisions_count_for_each_owner(stores: &Stores) {
    people(stores, &[1, 2]).await;
    for (seed, owner, number) in [(1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 2, 2), (5, 2, 3)] {
        assert_eq!(uploaded(stores, seed, owner).await.revision, revision(number));
    }
}

/// Sixty-four files of one owner change at one moment.
pub async fn racing_changes_take_revisions_of_their_own(stores: &Stores) {
    people(stores, &[1]).await;
    let mut files = Vec::new();
    for seed in 0..64 {
        files.push(uploaded(stores, seed, 1).await);
    }
    race(RACERS, |index| {
        let (stored, file) = (Arc::clone(&stores.files), files[index].clone());
        async move { stored.trash(&owned(&file), file.version, T0).await.unwrap() }
    })
    .await;
    let changes = all(stores).await;
    assert_eq!(revisions(&changes), (65..=128).collect::<Vec<_>>());
    let ids = changes.into_iter().map(|change| match change {
        FileChange::Present(file) => file.id,
        FileChange::Removed { file_id, .. } => file_id,
    });
    assert_eq!(sorted(ids), sorted((0..64).map(file_id)));
}
