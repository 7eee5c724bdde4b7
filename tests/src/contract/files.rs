//! Laws of files: round trips, listings, who sees what.

use super::Stores;
use super::file_steps::{
    begun, completed, found, people, removed, trashed, uploaded, uploaded_at, uploaded_into_trash,
};
use crate::builders::{
    T0, completion, file, file_id, maximal_upload, minimal_upload, seconds_after_t0, upload, user_id,
};
use epic_domain::Timestamp;
use epic_domain::file::{File, Target, Upload};
use epic_outbound::files::Position;
use epic_outbound::uploads::BeginRight;

/// Expands to the laws of [`Files`](epic_outbound::files::Files) and [`Usages`](epic_outbound::files::Usages). The
/// factory is an async function without arguments that returns fresh [`Stores`].
#[macro_export]
macro_rules! files_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { files, $factory;
            a_file_reads_back_as_it_was_written
            a_maximal_file_reads_back_to_the_millisecond
            a_minimal_file_reads_back
            no_file_is_found_in_an_empty_store
            an_owner_sees_their_files_and_no_one_elses
            files_are_listed_the_newest_first
            of_files_of_one_moment_the_greater_id_comes_first
            pages_of_files_follow_each_other
            a_file_removed_between_pages_takes_no_other_along
            what_lies_in_the_trash_is_listed_apart
            what_is_under_way_is_no_file
        }
        $crate::laws_on_a_store! { file_edits, $factory;
            an_edit_changes_what_it_names
            a_key_wrapped_again_is_that_of_the_newest_content_alone
            a_stale_version_edits_nothing
            of_racing_edits_one_wins
            nothing_is_edited_in_the_trash
            a_file_that_is_gone_is_not_edited
            every_change_takes_the_next_version_and_revision
            an_edit_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { trash, $factory;
            a_trashed_file_is_found_and_restored
            a_stale_version_is_neither_trashed_nor_restored
            nothing_is_trashed_twice_or_restored_unasked
            of_racing_trashings_one_wins
            only_from_the_trash_is_a_file_removed
            a_removed_file_takes_all_that_belongs_to_it
            a_removed_file_leaves_others_alone
            of_racing_removals_of_a_file_one_removes
            of_a_racing_removal_and_restoration_one_wins
            the_sweep_removes_what_has_long_been_in_the_trash
            the_sweep_of_the_trash_stops_at_its_limit
            a_removal_of_a_file_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { file_changes, $factory;
            changes_follow_each_other_by_revision
            a_file_that_changed_often_is_listed_once
            a_removal_is_a_change
            pages_of_changes_follow_each_other
            changes_since_a_time_begin_with_the_first_of_then
            changes_since_a_time_miss_nothing_when_the_clock_was_set_back
            nobody_sees_the_changes_of_another
            revisions_count_for_each_owner
            racing_changes_take_revisions_of_their_own
        }
        $crate::laws_on_a_store! { file_versions, $factory;
            earlier_contents_are_listed_the_newest_first
            pages_of_earlier_contents_follow_each_other
            the_present_content_is_no_earlier_one
            an_earlier_content_reads_back_with_its_own_key
            a_removed_content_is_gone_and_frees_its_bytes
            a_removed_content_changes_nothing_of_the_file
            of_racing_removals_of_a_content_one_removes
            the_sweep_removes_contents_long_superseded
            the_sweep_of_contents_stops_at_its_limit
            numbers_of_removed_contents_are_not_given_again
        }
        $crate::laws_on_a_store! { owner_removal, $factory;
            a_removed_account_takes_its_files_along
            a_removed_account_takes_its_uploads_along
            a_removed_account_takes_shares_and_links_along
            a_removed_account_takes_shares_with_it_along
            a_removed_account_leaves_others_alone
            the_heir_of_a_removed_account_inherits_no_files
            the_heir_of_an_expired_account_inherits_no_files
            the_sweep_of_expired_accounts_takes_their_files_along
            uploads_that_race_a_removal_leave_nothing
            completions_that_race_a_removal_leave_nothing
            what_a_removed_writer_sent_is_given_up
            what_was_sent_to_a_removed_owner_is_given_up
        }
    };
}

/// Begins an upload of a new file, completes it at `now` and reads the file back.
async fn reads_back(stores: &Stores, upload: Upload, now: Timestamp) -> File {
    begun(stores, &upload, &BeginRight::NewFile).await;
    let file = completed(stores, &upload, now).await;
    assert_eq!(found(stores, &file).await.as_ref(), Some(&file));
    let Target::NewFile { encrypted_filename, encrypted_data_key } = upload.target else {
        panic!("it becomes a new file");
    };
    assert_eq!(file.encrypted_filename, encrypted_filename);
    assert_eq!(file.content.encrypted_data_key, encrypted_data_key);
    assert_eq!(
        (file.id, file.owner, file.content.blob_id, file.content.written_by),
        (upload.file_id, upload.owner, upload.blob_id, upload.uploader)
    );
    assert_eq!((file.created_at, file.updated_at, file.content.written_at), (now, now, now));
    file
}

pub(super) fn place(file: &File) -> Position {
    Position { at: file.created_at, id: *file.id.as_bytes() }
}

pub(super) fn newest_first(mut files: Vec<File>) -> Vec<File> {
    files.sort_by_key(|file| core::cmp::Reverse((file.created_at, file.id)));
    files
}

async fn list(stores: &Stores, after: Option<Position>, limit: u32) -> Vec<File> {
    stores.files.list(user_id(1), false, after, limit).await.unwrap()
}

/// Ten files of account 1, three of which were made at each moment, the newest first.
async fn ten(stores: &Stores) -> Vec<File> {
    people(stores, &[1]).await;
    let mut files = Vec::new();
    for seed in 0..10 {
        files.push(uploaded_at(stores, seed, 1, seconds_after_t0(seed / 3)).await);
    }
    newest_first(files)
}

/// Every field survives.
pub async fn a_file_reads_back_as_it_was_written(stores: &Stores) {
    people(stores, &[1]).await;
    let uploaded = reads_back(stores, upload(7, 1).build(), T0).await;
    assert_eq!(uploaded, file(7, 1).build());
}

/// Every field survives at its largest; no fraction of a second is lost.
pub async fn a_maximal_file_reads_back_to_the_millisecond(stores: &Stores) {
    people(stores, &[1]).await;
    let file = reads_back(stores, maximal_upload(1, 1), Timestamp::MAX).await;
    assert_eq!(file.content.size_bytes, 1 << 40);
    assert_eq!(file.content.digest, completion(&maximal_upload(1, 1), T0).received.digest);
    let file = trashed(stores, &file, Timestamp::MAX).await;
    assert_eq!(found(stores, &file).await, Some(file));
}

/// Every field survives at its smallest.
pub async fn a_minimal_file_reads_back(stores: &Stores) {
    people(stores, &[1]).await;
    let file = reads_back(stores, minimal_upload(1, 1), Timestamp::MIN).await;
    assert_eq!(file.content.size_bytes, 0);
    let file = trashed(stores, &file, Timestamp::MIN).await;
    assert_eq!(file.trashed_at, Some(Timestamp::MIN));
    assert_eq!(found(stores, &file).await, Some(file));
}

/// Absence is no error.
pub async fn no_file_is_found_in_an_empty_store(stores: &Stores) {
    assert_eq!(stores.files.find(file_id(1)).await.unwrap(), None);
    assert_eq!(list(stores, None, 10).await, []);
    assert_eq!(stores.files.versions(file_id(1), None, 10).await.unwrap(), []);
    assert_eq!(stores.usages.usage(user_id(1)).await.unwrap(), epic_domain::file::Usage::default());
}

/// Whatever place they start after.
pub async fn an_owner_sees_their_files_and_no_one_elses(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let own = newest_first(vec![uploaded(stores, 1, 1).await, uploaded(stores, 2, 1).await]);
    let others = uploaded(stores, 3, 2).await;
    assert_eq!(list(stores, None, 10).await, own);
    assert_eq!(stores.files.list(user_id(2), false, None, 10).await.unwrap(), [others]);
    let all = Position { at: Timestamp::MAX, id: [0xFF; 16] };
    assert_eq!(list(stores, Some(all), 10).await, own);
    assert_eq!(stores.files.list(user_id(3), false, Some(all), 10).await.unwrap(), []);
}

/// By the time of their first content, whatever changed since.
pub async fn files_are_listed_the_newest_first(stores: &Stores) {
    people(stores, &[1]).await;
    let second = uploaded_at(stores, 1, 1, seconds_after_t0(20)).await;
    let third = uploaded_at(stores, 2, 1, seconds_after_t0(10)).await;
    let first = uploaded_at(stores, 3, 1, seconds_after_t0(30)).await;
    let third = super::file_steps::rewritten(stores, &third, 4, seconds_after_t0(99)).await;
    assert_eq!(list(stores, None, 10).await, [first, second, third]);
}

/// So that a place between them can be told.
pub async fn of_files_of_one_moment_the_greater_id_comes_first(stores: &Stores) {
    people(stores, &[1]).await;
    let mut files = Vec::new();
    for seed in 0..20 {
        files.push(uploaded(stores, seed, 1).await);
    }
    let files = newest_first(files);
    assert_eq!(list(stores, None, 100).await, files);
    assert_eq!(list(stores, Some(place(&files[6])), 100).await, files[7..]);
}

/// Without a gap and without an overlap, while newer files appear; past the last there is nothing.
pub async fn pages_of_files_follow_each_other(stores: &Stores) {
    let all = ten(stores).await;
    for (round, limit) in (1..).zip([1, 3, 4, 10, u32::MAX]) {
        let mut pages = list(stores, Some(Position { at: seconds_after_t0(50), id: [0; 16] }), limit).await;
        while pages.len() < all.len() {
            let newer = 1_000 * round + u64::try_from(pages.len()).unwrap();
            uploaded_at(stores, newer, 1, seconds_after_t0(100)).await;
            let page = list(stores, pages.last().map(place), limit).await;
            assert!(!page.is_empty(), "a gap before the end");
            pages.extend(page);
        }
        assert_eq!(pages, all, "{limit}");
        assert_eq!(list(stores, pages.last().map(place), limit).await, []);
    }
    assert_eq!(list(stores, None, 0).await, []);
}

/// Even when it is the one that the next page starts after.
pub async fn a_file_removed_between_pages_takes_no_other_along(stores: &Stores) {
    let all = ten(stores).await;
    let first = list(stores, None, 4).await;
    assert_eq!(first, all[..4]);
    for gone in [&all[2], &all[3], &all[5]] {
        let gone = trashed(stores, gone, T0).await;
        removed(stores, &gone, T0).await;
    }
    let rest = list(stores, Some(place(&first[3])), 10).await;
    assert_eq!(rest, [&all[4..5], &all[6..]].concat());
}

/// In the same order.
pub async fn what_lies_in_the_trash_is_listed_apart(stores: &Stores) {
    people(stores, &[1]).await;
    let kept = uploaded(stores, 1, 1).await;
    let trash = newest_first(vec![
        uploaded_into_trash(stores, 2, 1).await,
        uploaded_into_trash(stores, 3, 1).await,
        uploaded_into_trash(stores, 4, 1).await,
    ]);
    let listed = |after, limit| stores.files.list(user_id(1), true, after, limit);
    assert_eq!(list(stores, None, 10).await, [kept]);
    assert_eq!(listed(None, 10).await.unwrap(), trash);
    assert_eq!(listed(Some(place(&trash[0])), 1).await.unwrap(), trash[1..2]);
}

/// Neither by its id nor in a list.
pub async fn what_is_under_way_is_no_file(stores: &Stores) {
    people(stores, &[1]).await;
    super::file_steps::under_way(stores, 1, 1).await;
    assert_eq!(stores.files.find(file_id(1)).await.unwrap(), None);
    assert_eq!(list(stores, None, 10).await, []);
    assert_eq!(stores.files.list(user_id(1), true, None, 10).await.unwrap(), []);
}
