//! Laws of shares: giving, replacing, ending. They and the lists of shares make `shares_contract!`.

use super::file_steps::{
    AMPLE_BYTES, found, just_before, owned, people, removed, restored, trashed, uploaded, uploaded_into_trash,
};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{T0, once, seconds_after_t0, share, share_id, upload, user_id};
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, EncryptedDataKey, File, Once, Permission, RequestFingerprint, Share};
use epic_outbound::shares::Granting;
use epic_outbound::uploads::{BeginRight, Beginning};
use std::sync::Arc;

/// Expands to the laws of [`Shares`](epic_outbound::shares::Shares). The factory is an async function without arguments
/// that returns fresh [`Stores`].
#[macro_export]
macro_rules! shares_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { shares, $factory;
            a_share_reads_back_as_it_was_written
            a_maximal_share_reads_back_to_the_millisecond
            no_share_is_found_in_an_empty_store
            a_second_share_with_one_person_replaces_the_first
            of_racing_shares_with_one_person_one_is_granted
            a_file_has_no_more_shares_than_it_may
            racing_shares_keep_to_the_most_a_file_may_have
            shares_past_their_end_do_not_count
            nothing_is_shared_with_who_is_gone
            what_is_gone_or_in_the_trash_is_not_shared
            a_repeated_share_grants_nothing
            a_share_that_failed_is_not_remembered
            a_share_ends_at_the_wish_of_either_side
            nobody_ends_a_share_of_others
            of_racing_ends_of_a_share_one_ends
            the_sweep_removes_shares_past_their_end
            the_sweep_of_shares_stops_at_its_limit
            a_share_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { share_lists, $factory;
            an_owner_sees_the_shares_of_one_file
            shares_are_listed_the_newest_first
            pages_of_shares_follow_each_other
            shares_past_their_end_are_not_listed
            a_recipient_sees_what_was_shared_with_them
            pages_of_incoming_shares_follow_each_other
            incoming_shares_past_their_end_are_not_listed
            incoming_files_in_the_trash_are_not_listed
            incoming_files_are_told_as_they_are_now
        }
    };
}

/// A file of account 1 and the accounts 1 to `last_seed`.
pub(super) async fn file_among(stores: &Stores, last_seed: u64) -> File {
    people(stores, &(1..=last_seed).collect::<Vec<_>>()).await;
    uploaded(stores, 1, 1).await
}

pub(super) async fn grant(stores: &Stores, file: &File, share: &Share, now: Timestamp) -> Granting {
    stores.shares.grant(&owned(file), share, 1_000, None, now).await.unwrap()
}

pub(super) async fn granted(stores: &Stores, file: &File, share: Share) -> Share {
    assert_eq!(grant(stores, file, &share, T0).await, Granting::Granted);
    share
}

async fn found_for(stores: &Stores, file: &File, recipient_seed: u64) -> Option<Share> {
    stores.shares.find_for(file.id, user_id(recipient_seed)).await.unwrap()
}

/// Every field survives.
pub async fn a_share_reads_back_as_it_was_written(stores: &Stores) {
    let file = file_among(stores, 3).await;
    let to_read = granted(stores, &file, share(1, &file, user_id(2)).build()).await;
    let to_write = share(2, &file, user_id(3)).to_write().expires_at(seconds_after_t0(9)).build();
    let to_write = granted(stores, &file, to_write).await;
    assert_eq!(found_for(stores, &file, 2).await, Some(to_read));
    assert_eq!(found_for(stores, &file, 3).await, Some(to_write));
    assert_eq!(found_for(stores, &file, 1).await, None);
}

/// Every field survives at its largest and smallest; no fraction of a second is lost.
pub async fn a_maximal_share_reads_back_to_the_millisecond(stores: &Stores) {
    let file = file_among(stores, 3).await;
    let largest = share(1, &file, user_id(2))
        .with(|share| {
            share.recipient_key_id = [0xFF; 16];
            share.encrypted_data_key = EncryptedDataKey::parse(&[0; EncryptedDataKey::BYTES_MAX]).unwrap();
            share.permission = Permission::Write;
            share.expires_at = Some(Timestamp::MAX);
            share.created_at = Timestamp::MAX;
        })
        .build();
    let smallest = share(2, &file, user_id(3))
        .with(|share| {
            share.recipient_key_id = [0; 16];
            share.encrypted_data_key = EncryptedDataKey::parse(&[0]).unwrap();
            share.created_at = Timestamp::MIN;
        })
        .build();
    for (seed, share) in [(2, largest), (3, smallest)] {
        let share = granted(stores, &file, share).await;
        assert_eq!(found_for(stores, &file, seed).await, Some(share));
    }
}

/// Absence is no error.
pub async fn no_share_is_found_in_an_empty_store(stores: &Stores) {
    let file = crate::builders::file(1, 1).build();
    assert_eq!(found_for(stores, &file, 2).await, None);
    assert_eq!(stores.shares.list(&owned(&file), None, 10, T0).await.unwrap(), []);
    assert_eq!(stores.shares.incoming(user_id(2), None, 10, T0).await.unwrap(), []);
    assert_eq!(stores.shares.end(file.id, share_id(1), user_id(1)).await.unwrap(), None);
    assert_eq!(stores.shares.remove_expired(Timestamp::MAX, 10).await.unwrap(), 0);
}

/// Which keeps its id; all else is as the second says.
pub async fn a_second_share_with_one_person_replaces_the_first(stores: &Stores) {
    let file = file_among(stores, 2).await;
    let first = granted(stores, &file, share(1, &file, user_id(2)).build()).await;
    let later = seconds_after_t0(5);
    let second =
        share(2, &file, user_id(2)).to_write().created_at(later).expires_at(seconds_after_t0(9)).build();
    let third = share(3, &file, user_id(2)).created_at(seconds_after_t0(60)).build();
    // The second is past its end when the third comes.
    for (share, now) in [(second, later), (third, seconds_after_t0(60))] {
        assert_eq!(grant(stores, &file, &share, now).await, Granting::Replaced(first.id));
        let kept = Share { id: first.id, ..share };
        assert_eq!(found_for(stores, &file, 2).await.as_ref(), Some(&kept));
        assert_eq!(stores.shares.list(&owned(&file), None, 10, now).await.unwrap(), [kept]);
    }
}

/// The other sixty-three replace it.
pub async fn of_racing_shares_with_one_person_one_is_granted(stores: &Stores) {
    let file = file_among(stores, 2).await;
    let results = race(RACERS, |index| {
        let (shares, file) = (Arc::clone(&stores.shares), file.clone());
        let share = share(u64::try_from(index).unwrap(), &file, user_id(2)).build();
        async move { (share.id, shares.grant(&owned(&file), &share, 1, None, T0).await.unwrap()) }
    })
    .await;
    assert_eq!(count_of(&results, |(_, granting)| *granting == Granting::Granted), 1);
    let (id, _) = results.iter().find(|(_, granting)| *granting == Granting::Granted).unwrap();
    assert_eq!(count_of(&results, |(_, granting)| *granting == Granting::Replaced(*id)), RACERS - 1);
    let listed = stores.shares.list(&owned(&file), None, 100, T0).await.unwrap();
    assert_eq!(listed.iter().map(|share| share.id).collect::<Vec<_>>(), [*id]);
}

/// Those it has may still be replaced.
pub async fn a_file_has_no_more_shares_than_it_may(stores: &Stores) {
    let file = file_among(stores, 4).await;
    let other = uploaded(stores, 2, 1).await;
    granted(stores, &other, share(9, &other, user_id(2)).build()).await;
    let at_most = |most, seed, recipient| {
        let share = share(seed, &file, user_id(recipient)).build();
        let file = &file;
        async move { stores.shares.grant(&owned(file), &share, most, None, T0).await.unwrap() }
    };
    assert_eq!(at_most(0, 1, 2).await, Granting::TooMany);
    assert_eq!(at_most(2, 1, 2).await, Granting::Granted);
    assert_eq!(at_most(2, 2, 3).await, Granting::Granted);
    assert_eq!(at_most(2, 3, 4).await, Granting::TooMany);
    assert_eq!(found_for(stores, &file, 4).await, None);
    assert_eq!(at_most(2, 4, 3).await, Granting::Replaced(share_id(2)));
}

/// Sixty-four share one file with as many people at one moment.
pub async fn racing_shares_keep_to_the_most_a_file_may_have(stores: &Stores) {
    let file = file_among(stores, 65).await;
    let results = race(RACERS, |index| {
        let (shares, file) = (Arc::clone(&stores.shares), file.clone());
        let seed = 2 + u64::try_from(index).unwrap();
        let share = share(seed, &file, user_id(seed)).build();
        async move { shares.grant(&owned(&file), &share, 10, None, T0).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |granting| *granting == Granting::Granted), 10);
    assert_eq!(count_of(&results, |granting| *granting == Granting::TooMany), RACERS - 10);
    assert_eq!(stores.shares.list(&owned(&file), None, 100, T0).await.unwrap().len(), 10);
}

/// Swept or not; to let one begin anew takes room like a new one.
pub async fn shares_past_their_end_do_not_count(stores: &Stores) {
    let file = file_among(stores, 4).await;
    let end = seconds_after_t0(10);
    granted(stores, &file, share(1, &file, user_id(2)).expires_at(end).build()).await;
    let second = share(2, &file, user_id(3)).build();
    let at = |share: Share, now| {
        let file = &file;
        async move { stores.shares.grant(&owned(file), &share, 1, None, now).await.unwrap() }
    };
    assert_eq!(at(second.clone(), just_before(end)).await, Granting::TooMany);
    assert_eq!(at(second, end).await, Granting::Granted);
    assert_eq!(at(share(3, &file, user_id(2)).build(), end).await, Granting::TooMany);
}

/// Nor with who never was.
pub async fn nothing_is_shared_with_who_is_gone(stores: &Stores) {
    let file = file_among(stores, 2).await;
    super::file_steps::remove_account(stores, 2).await;
    for seed in [2, 3] {
        let share = share(seed, &file, user_id(seed)).build();
        assert_eq!(grant(stores, &file, &share, T0).await, Granting::RecipientGone);
        assert_eq!(found_for(stores, &file, seed).await, None);
    }
}

/// Until it is restored; then its shares hold again.
pub async fn what_is_gone_or_in_the_trash_is_not_shared(stores: &Stores) {
    let file = file_among(stores, 3).await;
    let before = granted(stores, &file, share(1, &file, user_id(2)).build()).await;
    let in_trash = trashed(stores, &file, T0).await;
    let share = share(2, &file, user_id(3)).build();
    assert_eq!(grant(stores, &file, &share, T0).await, Granting::FileGone);
    let file = restored(stores, &in_trash, T0).await;
    assert_eq!(found_for(stores, &file, 2).await.as_ref(), Some(&before));
    let incoming = stores.shares.incoming(user_id(2), None, 10, T0).await.unwrap();
    assert_eq!(incoming, [(before, found(stores, &file).await.unwrap())]);
    assert_eq!(grant(stores, &file, &share, T0).await, Granting::Granted);

    let gone = uploaded_into_trash(stores, 2, 1).await;
    removed(stores, &gone, T0).await;
    let share = crate::builders::share(3, &gone, user_id(2)).build();
    assert_eq!(grant(stores, &gone, &share, T0).await, Granting::FileGone);
}

/// And is told what came of the first, or that the key was used; keys are those of all requests of the owner.
pub async fn a_repeated_share_grants_nothing(stores: &Stores) {
    let file = file_among(stores, 3).await;
    let first = share(1, &file, user_id(2)).build();
    let second = share(2, &file, user_id(3)).build();
    let grant_once = |share: Share, once: Once, now| {
        let file = &file;
        async move { stores.shares.grant(&owned(file), &share, 10, Some(&once), now).await.unwrap() }
    };
    let other = Once { fingerprint: RequestFingerprint::from_bytes([7; 32]), ..once(1) };
    assert_eq!(grant_once(first, once(1), T0).await, Granting::Granted);
    let same = Earlier::Same(once(1).outcome);
    let last_moment = just_before(once(1).expires_at);
    assert_eq!(grant_once(second.clone(), once(1), last_moment).await, Granting::Earlier(same.clone()));
    assert_eq!(grant_once(second.clone(), other, T0).await, Granting::Earlier(Earlier::Other));
    assert_eq!(found_for(stores, &file, 3).await, None);
    let upload = upload(9, 1).build();
    let begun = stores.uploads.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&once(1))).await;
    assert_eq!(begun.unwrap(), Beginning::Earlier(same));
    assert_eq!(grant_once(second, once(1), once(1).expires_at).await, Granting::Granted);
}

/// The same request may pass later.
pub async fn a_share_that_failed_is_not_remembered(stores: &Stores) {
    let file = file_among(stores, 2).await;
    let grant_once = |recipient, most| {
        let share = share(1, &file, user_id(recipient)).build();
        let file = &file;
        async move { stores.shares.grant(&owned(file), &share, most, Some(&once(1)), T0).await.unwrap() }
    };
    assert_eq!(grant_once(9, 10).await, Granting::RecipientGone);
    assert_eq!(grant_once(2, 0).await, Granting::TooMany);
    assert_eq!(grant_once(2, 10).await, Granting::Granted);
}

/// And is told whole; to end it again tells so.
pub async fn a_share_ends_at_the_wish_of_either_side(stores: &Stores) {
    let file = file_among(stores, 3).await;
    for (seed, by) in [(2, 1), (3, 3)] {
        let share = granted(stores, &file, share(seed, &file, user_id(seed)).build()).await;
        let ended = stores.shares.end(file.id, share.id, user_id(by)).await.unwrap();
        assert_eq!(ended.as_ref(), Some(&share));
        assert_eq!(found_for(stores, &file, seed).await, None);
        assert_eq!(stores.shares.incoming(user_id(seed), None, 10, T0).await.unwrap(), []);
        assert_eq!(stores.shares.end(file.id, share.id, user_id(by)).await.unwrap(), None);
    }
    assert_eq!(found(stores, &file).await, Some(file));
}

/// Neither a stranger nor another recipient, nor its owner by way of another file.
pub async fn nobody_ends_a_share_of_others(stores: &Stores) {
    let file = file_among(stores, 4).await;
    let other = uploaded(stores, 2, 1).await;
    let held = granted(stores, &file, share(1, &file, user_id(2)).build()).await;
    granted(stores, &file, share(2, &file, user_id(3)).build()).await;
    for (file_id, by) in [(file.id, 3), (file.id, 4), (file.id, 9), (other.id, 1), (other.id, 2)] {
        assert_eq!(stores.shares.end(file_id, held.id, user_id(by)).await.unwrap(), None, "{by}");
    }
    assert_eq!(found_for(stores, &file, 2).await, Some(held));
}

/// Sixty-four end one share at one moment, every second as its recipient.
pub async fn of_racing_ends_of_a_share_one_ends(stores: &Stores) {
    let file = file_among(stores, 2).await;
    let held = granted(stores, &file, share(1, &file, user_id(2)).build()).await;
    let results = race(RACERS, |index| {
        let shares = Arc::clone(&stores.shares);
        let (file_id, share_id, by) = (file.id, held.id, 1 + u64::try_from(index % 2).unwrap());
        async move { shares.end(file_id, share_id, user_id(by)).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, Option::is_some), 1);
}

/// To the millisecond, and no other.
pub async fn the_sweep_removes_shares_past_their_end(stores: &Stores) {
    let file = file_among(stores, 4).await;
    let end = seconds_after_t0(10);
    let over = granted(stores, &file, share(1, &file, user_id(2)).expires_at(end).build()).await;
    let later = share(2, &file, user_id(3)).expires_at(seconds_after_t0(11)).build();
    let later = granted(stores, &file, later).await;
    let endless = granted(stores, &file, share(3, &file, user_id(4)).build()).await;
    assert_eq!(stores.shares.remove_expired(just_before(end), 10).await.unwrap(), 0);
    assert_eq!(found_for(stores, &file, 2).await, Some(over));
    assert_eq!(stores.shares.remove_expired(end, 10).await.unwrap(), 1);
    assert_eq!(found_for(stores, &file, 2).await, None);
    assert_eq!(found_for(stores, &file, 3).await, Some(later));
    assert_eq!(found_for(stores, &file, 4).await, Some(endless));
    assert_eq!(stores.shares.remove_expired(end, 10).await.unwrap(), 0);
}

/// So that it never holds the store for long.
pub async fn the_sweep_of_shares_stops_at_its_limit(stores: &Stores) {
    let file = file_among(stores, 6).await;
    for seed in 2..=6 {
        let share = share(seed, &file, user_id(seed)).expires_at(seconds_after_t0(1)).build();
        granted(stores, &file, share).await;
    }
    for (limit, expected) in [(0, 0), (3, 3), (3, 2), (3, 0)] {
        assert_eq!(stores.shares.remove_expired(Timestamp::MAX, limit).await.unwrap(), expected);
    }
}

/// A call that is dropped half-way has remembered its request if it granted, and not if it did not.
pub async fn a_share_given_up_is_whole_or_absent(stores: &Stores) {
    let file = file_among(stores, 17).await;
    for seed in 2..=17 {
        let share = share(seed, &file, user_id(seed)).build();
        let once = once(seed);
        begin_and_drop(stores.shares.grant(&owned(&file), &share, 100, Some(&once), T0)).await;
        let again = stores.shares.grant(&owned(&file), &share, 100, Some(&once), T0).await.unwrap();
        let told = Granting::Earlier(Earlier::Same(once.outcome));
        assert!(again == told || again == Granting::Granted, "{again:?}");
        assert_eq!(found_for(stores, &file, seed).await, Some(share));
    }
}
