//! Laws of the earlier contents of files. They are part of `files_contract!`.

use super::file_steps::{
    begun, bytes, completed, doomed, doomed_list, found, just_before, owned, people, rewritten, right_to,
    sorted, trashed, uploaded, usage,
};
use super::{RACERS, Stores, count_of, race};
use crate::builders::{T0, blob_id, encrypted_data_key, seconds_after_t0, upload};
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentNumber, File, StageState, Target, UploadSize};
use epic_outbound::uploads::DoomedBlob;
use std::sync::Arc;

const fn number(number: u32) -> ContentNumber {
    ContentNumber::from_number(number)
}

/// A file with contents 1 to `count`, of which each took over a second after the one before; and these contents.
async fn with_contents(stores: &Stores, count: u64) -> (File, Vec<Content>) {
    people(stores, &[1]).await;
    let mut file = uploaded(stores, 1, 1).await;
    let mut contents = vec![file.content.clone()];
    for seed in 2..=count {
        file = rewritten(stores, &file, seed, seconds_after_t0(seed)).await;
        contents.push(file.content.clone());
    }
    (file, contents)
}

async fn versions(stores: &Stores, file: &File) -> Vec<Content> {
    stores.files.versions(file.id, None, 1_000).await.unwrap()
}

fn numbers(contents: &[Content]) -> Vec<u32> {
    contents.iter().map(|content| content.number.get()).collect()
}

/// And those of no other file; the trash changes nothing of it.
pub async fn earlier_contents_are_listed_the_newest_first(stores: &Stores) {
    let (file, mut contents) = with_contents(stores, 4).await;
    let other = uploaded(stores, 100, 1).await;
    rewritten(stores, &other, 101, T0).await;
    contents.pop();
    contents.reverse();
    assert_eq!(versions(stores, &file).await, contents);
    trashed(stores, &file, T0).await;
    assert_eq!(versions(stores, &file).await, contents);
}

/// Without a gap and without an overlap.
pub async fn pages_of_earlier_contents_follow_each_other(stores: &Stores) {
    let (file, _) = with_contents(stores, 8).await;
    let page = |before: Option<u32>, limit| async move {
        numbers(&stores.files.versions(file.id, before.map(number), limit).await.unwrap())
    };
    assert_eq!(page(None, 3).await, [7, 6, 5]);
    assert_eq!(page(Some(5), 3).await, [4, 3, 2]);
    assert_eq!(page(Some(2), 3).await, [1]);
    assert_eq!(page(Some(1), 3).await, []);
    assert_eq!(page(Some(0), 3).await, []);
    assert_eq!(page(Some(u32::MAX), 2).await, [7, 6]);
    assert_eq!(page(None, 0).await, []);
}

/// Neither listed nor found nor removed as one.
pub async fn the_present_content_is_no_earlier_one(stores: &Stores) {
    let (file, _) = with_contents(stores, 2).await;
    assert_eq!(numbers(&versions(stores, &file).await), [1]);
    for none in [0, 2, 3, u32::MAX] {
        assert_eq!(stores.files.find_version(file.id, number(none)).await.unwrap(), None);
        assert!(!stores.files.remove_version(&owned(&file), number(none)).await.unwrap());
    }
    assert_eq!(found(stores, &file).await, Some(file));
    assert_eq!(usage(stores, 1).await, bytes(2_000, 0));
}

/// And with its size, its digest and its writer.
pub async fn an_earlier_content_reads_back_with_its_own_key(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let first = uploaded(stores, 1, 1).await;
    let upload = upload(2, 1)
        .onto(&first)
        .sent_by(crate::builders::user_id(2))
        .size(UploadSize::Exactly(77))
        .with(|upload| {
            upload.target = Target::NewContent {
                encrypted_filename: None,
                encrypted_data_key: Some(encrypted_data_key(9)),
            };
        })
        .build();
    begun(stores, &upload, &right_to(&first)).await;
    let second = completed(stores, &upload, seconds_after_t0(5)).await;
    let third = rewritten(stores, &second, 3, seconds_after_t0(6)).await;
    for content in [first.content, second.content] {
        let found = stores.files.find_version(third.id, content.number).await.unwrap();
        assert_eq!(found, Some(content));
    }
}

/// To remove it again tells so.
pub async fn a_removed_content_is_gone_and_frees_its_bytes(stores: &Stores) {
    let (file, contents) = with_contents(stores, 3).await;
    assert!(stores.files.remove_version(&owned(&file), number(2)).await.unwrap());
    assert_eq!(stores.files.find_version(file.id, number(2)).await.unwrap(), None);
    assert_eq!(versions(stores, &file).await, contents[..1]);
    assert!(!stores.files.remove_version(&owned(&file), number(2)).await.unwrap());
    assert_eq!(usage(stores, 1).await, bytes(2_000, 0));
    let expected = [DoomedBlob { blob_id: blob_id(2), stage: StageState::default() }];
    assert_eq!(doomed_list(stores).await, expected);
}

/// Neither its version nor its revision: clients need not look at it again.
pub async fn a_removed_content_changes_nothing_of_the_file(stores: &Stores) {
    let (file, _) = with_contents(stores, 3).await;
    assert!(stores.files.remove_version(&owned(&file), number(1)).await.unwrap());
    assert_eq!(stores.files.remove_old_versions(Timestamp::MAX, 10).await.unwrap(), 1);
    assert_eq!(found(stores, &file).await.as_ref(), Some(&file));
    assert_eq!(rewritten(stores, &file, 9, T0).await.revision, file.revision.next());
}

/// And frees its bytes once.
pub async fn of_racing_removals_of_a_content_one_removes(stores: &Stores) {
    let (file, _) = with_contents(stores, 3).await;
    let results = race(RACERS, |_| {
        let (files, owned) = (Arc::clone(&stores.files), owned(&file));
        async move { files.remove_version(&owned, number(1)).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |removed| *removed), 1);
    assert_eq!(usage(stores, 1).await, bytes(2_000, 0));
    assert_eq!(doomed(stores).await, [blob_id(1)]);
}

/// By when a newer one took over, to the millisecond, not by when they were written; never the present one.
pub async fn the_sweep_removes_contents_long_superseded(stores: &Stores) {
    let (file, contents) = with_contents(stores, 4).await;
    let sweep = |until| stores.files.remove_old_versions(until, 10);
    assert_eq!(sweep(just_before(contents[1].written_at)).await.unwrap(), 0);
    assert_eq!(sweep(contents[1].written_at).await.unwrap(), 1);
    assert_eq!(numbers(&versions(stores, &file).await), [3, 2]);
    assert_eq!(sweep(just_before(contents[3].written_at)).await.unwrap(), 1);
    assert_eq!(numbers(&versions(stores, &file).await), [3]);
    assert_eq!(usage(stores, 1).await, bytes(2_000, 0));
    assert_eq!(sweep(Timestamp::MAX).await.unwrap(), 1);
    assert_eq!(found(stores, &file).await, Some(file));
    assert_eq!(doomed(stores).await, sorted([1, 2, 3].map(blob_id)));
}

/// So that it never holds the store for long.
pub async fn the_sweep_of_contents_stops_at_its_limit(stores: &Stores) {
    with_contents(stores, 6).await;
    for (limit, expected, left) in [(0, 0, 6_000), (3, 3, 3_000), (3, 2, 1_000), (3, 0, 1_000)] {
        assert_eq!(stores.files.remove_old_versions(Timestamp::MAX, limit).await.unwrap(), expected);
        assert_eq!(usage(stores, 1).await, bytes(left, 0));
    }
}

/// Whoever knows a content by its number never gets another.
pub async fn numbers_of_removed_contents_are_not_given_again(stores: &Stores) {
    let (file, _) = with_contents(stores, 3).await;
    stores.files.remove_old_versions(Timestamp::MAX, 10).await.unwrap();
    let file = rewritten(stores, &file, 9, T0).await;
    assert_eq!(file.content.number, number(4));
    assert_eq!(numbers(&versions(stores, &file).await), [3]);
}
