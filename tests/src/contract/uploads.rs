//! Laws of uploads that begin: round trips, and what they begin against.

use super::file_steps::{
    AMPLE_BYTES, begin, begun, bytes, people, removed, rewritten, right_to, trashed, under_way, uploaded,
    usage,
};
use super::{Stores, begin_and_drop};
use crate::builders::{
    T0, encrypted_data_key, encrypted_filename, maximal_upload, minimal_upload, progress, upload, upload_id,
    user_id,
};
use epic_domain::file::{Target, Upload, UploadSize};
use epic_outbound::uploads::{BeginRight, Beginning};

/// Expands to the laws of [`Uploads`](epic_outbound::uploads::Uploads). The factory is an async function without
/// arguments that returns fresh [`Stores`].
#[macro_export]
macro_rules! uploads_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { uploads, $factory;
            an_upload_reads_back_as_it_was_written
            a_maximal_upload_reads_back_to_the_millisecond
            a_minimal_upload_reads_back
            no_upload_is_found_in_an_empty_store
            nobody_sees_the_upload_of_another
            an_upload_to_a_file_that_moved_on_does_not_begin
            an_upload_to_a_file_in_the_trash_does_not_begin
            an_upload_to_a_file_that_is_gone_does_not_begin
            an_account_that_is_gone_begins_no_upload
            a_beginning_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { quota, $factory;
            an_upload_sets_its_bytes_aside
            what_does_not_fit_does_not_begin
            racing_uploads_never_take_more_than_the_quota
            racing_uploads_of_many_sizes_never_take_more_than_the_quota
            quotas_are_of_one_account_alone
            a_quota_below_what_is_stored_leaves_no_room
            the_trash_and_earlier_contents_count
            the_owner_pays_for_what_others_write
        }
        $crate::laws_on_a_store! { once, $factory;
            a_repeated_beginning_begins_nothing
            another_request_under_a_used_key_is_told
            of_racing_repetitions_one_begins
            a_beginning_that_failed_is_not_remembered
            a_request_is_forgotten_after_its_time
            the_sweep_forgets_requests_whose_time_is_over
            the_sweep_of_requests_stops_at_its_limit
            keys_are_of_one_account_alone
            a_request_is_found_by_its_key
            a_repeated_completion_is_given_up
            of_racing_completions_with_one_key_one_completes
        }
        $crate::laws_on_a_store! { takeover, $factory;
            a_takeover_raises_the_fence
            nobody_takes_over_the_upload_of_another
            who_was_taken_over_from_changes_nothing
            of_racing_takeovers_the_last_one_goes_on
            progress_reads_back_to_the_byte
            large_progress_reads_back_to_the_byte
            an_expired_upload_is_not_taken_over
            an_upload_that_goes_on_lives_longer
            a_whole_upload_waits_for_nobody
            whole_uploads_are_listed
            an_advance_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { abandonment, $factory;
            an_abandoned_upload_frees_its_bytes_and_dooms_its_blob
            nobody_abandons_the_upload_of_another
            of_racing_abandonments_one_abandons
            the_sweep_abandons_expired_uploads_alone
            the_sweep_of_uploads_stops_at_its_limit
            the_sweep_tells_the_owner_once_for_each_upload
            an_abandoned_upload_is_not_completed
            of_a_racing_abandonment_and_completion_one_wins
            an_abandonment_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { completion, $factory;
            a_whole_upload_is_a_file
            what_was_set_aside_becomes_used
            what_was_set_aside_too_much_is_free_again
            a_second_completion_is_fenced
            who_was_taken_over_from_completes_nothing
            of_racing_completions_one_completes
            racing_uploads_of_one_account_all_become_files
            a_completion_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { new_contents, $factory;
            a_new_content_takes_the_place_of_the_one_before
            a_new_content_keeps_name_and_key_unless_it_brings_others
            what_was_shared_to_write_is_written_by_another
            a_file_that_moved_on_meanwhile_still_gets_its_content
            a_content_for_a_file_in_the_trash_is_given_up
            a_content_for_a_file_that_is_gone_is_given_up
            racing_contents_follow_each_other
            of_a_racing_content_and_removal_nothing_is_left_over
        }
    };
}

async fn found(stores: &Stores, upload: &Upload) -> Option<Upload> {
    stores.uploads.find(upload.id, upload.uploader).await.unwrap()
}

/// An upload that is not to begin leaves nothing.
async fn does_not_begin(stores: &Stores, upload: &Upload, right: &BeginRight) {
    let before = usage(stores, 1).await;
    assert_eq!(begin(stores, upload, right).await, Beginning::Stale);
    assert_eq!(found(stores, upload).await, None);
    assert_eq!(usage(stores, 1).await, before);
    assert_eq!(stores.ledger.unknown(&[upload.blob_id]).await.unwrap(), [upload.blob_id]);
}

/// Every field survives, of either target and size.
pub async fn an_upload_reads_back_as_it_was_written(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let new_file = upload(2, 1).build();
    let at_most = upload(3, 1).size(UploadSize::AtMost(7)).build();
    let under_way = upload(4, 1).with(|upload| upload.progress = progress(4, 500)).build();
    for upload in [new_file, at_most, under_way] {
        begun(stores, &upload, &BeginRight::NewFile).await;
        assert_eq!(found(stores, &upload).await, Some(upload));
    }
    let (name, key) = (Some(encrypted_filename(9)), Some(encrypted_data_key(9)));
    for (seed, (encrypted_filename, encrypted_data_key)) in
        (5..).zip([(None, None), (name.clone(), None), (None, key.clone()), (name, key)])
    {
        let upload = upload(seed, 1)
            .onto(&file)
            .with(|upload| upload.target = Target::NewContent { encrypted_filename, encrypted_data_key })
            .build();
        begun(stores, &upload, &right_to(&file)).await;
        assert_eq!(found(stores, &upload).await, Some(upload));
    }
}

/// Every field survives at its largest; no fraction of a second is lost.
pub async fn a_maximal_upload_reads_back_to_the_millisecond(stores: &Stores) {
    people(stores, &[1]).await;
    let maximal = maximal_upload(1, 1);
    begun(stores, &maximal, &BeginRight::NewFile).await;
    assert_eq!(found(stores, &maximal).await, Some(maximal));
}

/// Every field survives at its smallest.
pub async fn a_minimal_upload_reads_back(stores: &Stores) {
    people(stores, &[1]).await;
    let exactly = minimal_upload(1, 1);
    let at_most = Upload { size: UploadSize::AtMost(0), ..minimal_upload(2, 1) };
    for upload in [exactly, at_most] {
        begun(stores, &upload, &BeginRight::NewFile).await;
        assert_eq!(found(stores, &upload).await, Some(upload));
    }
}

/// Absence is no error.
pub async fn no_upload_is_found_in_an_empty_store(stores: &Stores) {
    assert_eq!(stores.uploads.find(upload_id(1), user_id(1)).await.unwrap(), None);
    assert_eq!(stores.uploads.take_over(upload_id(1), user_id(1), T0).await.unwrap(), None);
    assert!(!stores.uploads.abandon(upload_id(1), user_id(1)).await.unwrap());
    assert_eq!(stores.uploads.whole(10).await.unwrap(), []);
    assert_eq!(stores.uploads.abandon_expired(T0, 10).await.unwrap(), []);
}

/// Not even the owner of the file that it is for.
pub async fn nobody_sees_the_upload_of_another(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let upload = upload(2, 1).onto(&file).sent_by(user_id(2)).build();
    begun(stores, &upload, &right_to(&file)).await;
    assert_eq!(stores.uploads.find(upload.id, user_id(1)).await.unwrap(), None);
    assert_eq!(found(stores, &upload).await, Some(upload));
}

/// To either side.
pub async fn an_upload_to_a_file_that_moved_on_does_not_begin(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let rewritten = rewritten(stores, &file, 2, T0).await;
    let upload = upload(3, 1).onto(&file).build();
    does_not_begin(stores, &upload, &right_to(&file)).await;
    let ahead = epic_domain::file::File { version: rewritten.version.next(), ..rewritten.clone() };
    does_not_begin(stores, &upload, &right_to(&ahead)).await;
    begun(stores, &upload, &right_to(&rewritten)).await;
}

/// Even at its present version.
pub async fn an_upload_to_a_file_in_the_trash_does_not_begin(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let trashed = trashed(stores, &file, T0).await;
    let upload = upload(2, 1).onto(&file).build();
    let seen_before = epic_domain::file::File { trashed_at: None, ..trashed };
    does_not_begin(stores, &upload, &right_to(&seen_before)).await;
}

/// Removed for good, or never there.
pub async fn an_upload_to_a_file_that_is_gone_does_not_begin(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let in_trash = trashed(stores, &file, T0).await;
    removed(stores, &in_trash, T0).await;
    does_not_begin(stores, &upload(2, 1).onto(&file).build(), &right_to(&file)).await;
    let never_there = crate::builders::file(9, 1).build();
    does_not_begin(stores, &upload(3, 1).onto(&never_there).build(), &right_to(&never_there)).await;
}

/// Its own or another's file.
pub async fn an_account_that_is_gone_begins_no_upload(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let nobodys = upload(2, 9).build();
    assert_eq!(begin(stores, &nobodys, &BeginRight::NewFile).await, Beginning::Stale);
    assert_eq!(found(stores, &nobodys).await, None);
    assert_eq!(usage(stores, 9).await, bytes(0, 0));
    let by_nobody = upload(3, 1).onto(&file).sent_by(user_id(9)).build();
    does_not_begin(stores, &by_nobody, &right_to(&file)).await;
}

/// A call that is dropped half-way has set bytes aside if it left an upload, and none if it did not.
pub async fn a_beginning_given_up_is_whole_or_absent(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..16 {
        let upload = upload(seed, 1).build();
        begin_and_drop(stores.uploads.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, None)).await;
    }
    under_way(stores, 100, 1).await;
    let mut left = 1_u64;
    for seed in 0..16 {
        left += u64::from(found(stores, &upload(seed, 1).build()).await.is_some());
    }
    assert_eq!(usage(stores, 1).await, bytes(0, left * 1_000));
}
