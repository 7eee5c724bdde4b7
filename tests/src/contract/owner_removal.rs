//! Laws of what belongs to removed accounts. They are part of `files_contract!`.

use super::file_steps::{
    AMPLE_BYTES, begin, begun, bytes, doomed, found, owned, people, remove_account, removed, rewritten,
    right_to, sorted, under_way, uploaded, uploaded_into_trash, usage,
};
use super::users::insert;
use super::{RACERS, Stores, race};
use crate::builders::{
    T0, blob_id, completion, file_id, link, once, progress, seconds_after_t0, share, upload, upload_id, user,
    user_id,
};
use epic_domain::Timestamp;
use epic_domain::file::{File, FileChange, Link, Revision, Share};
use epic_outbound::files::Since;
use epic_outbound::links::LinkCreation;
use epic_outbound::shares::Granting;
use epic_outbound::uploads::{BeginRight, Beginning, CompletionOutcome};
use epic_outbound::users::Insertion;
use std::sync::Arc;

async fn shared(stores: &Stores, seed: u64, file: &File, recipient_seed: u64) -> Share {
    let share = share(seed, file, user_id(recipient_seed)).to_write().build();
    let granting = stores.shares.grant(&owned(file), &share, 10, None, T0).await.unwrap();
    assert_eq!(granting, Granting::Granted);
    share
}

async fn linked(stores: &Stores, seed: u64, file: &File) -> Link {
    let link = link(seed, file).build();
    let creation = stores.links.create(&owned(file), &link, 10, None, T0).await.unwrap();
    assert_eq!(creation, LinkCreation::Created);
    link
}

async fn changes(stores: &Stores, seed: u64) -> Vec<FileChange> {
    stores.files.changes(user_id(seed), Since::Revision(Revision::NONE), 100).await.unwrap()
}

/// Account 1 with a file of two contents, one in the trash, one removed, one under way, a share and a link; and account 2.
async fn furnished(stores: &Stores) -> (File, Share, Link) {
    let file = uploaded(stores, 1, 1).await;
    let file = rewritten(stores, &file, 2, T0).await;
    uploaded_into_trash(stores, 3, 1).await;
    let gone = uploaded_into_trash(stores, 4, 1).await;
    removed(stores, &gone, T0).await;
    under_way(stores, 5, 1).await;
    let share = shared(stores, 1, &file, 2).await;
    let link = linked(stores, 1, &file).await;
    (file, share, link)
}

/// Nothing of account 1 is left, and every blob is doomed.
async fn nothing_is_left(stores: &Stores, (file, share, link): &(File, Share, Link)) {
    for seed in [1, 3] {
        assert_eq!(stores.files.find(file_id(seed)).await.unwrap(), None);
        assert_eq!(stores.files.versions(file_id(seed), None, 10).await.unwrap(), []);
    }
    for trashed in [false, true] {
        assert_eq!(stores.files.list(user_id(1), trashed, None, 10).await.unwrap(), []);
    }
    assert_eq!(changes(stores, 1).await, []);
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
    assert_eq!(stores.uploads.find(upload_id(5), user_id(1)).await.unwrap(), None);
    assert_eq!(stores.shares.find_for(file.id, share.recipient).await.unwrap(), None);
    assert_eq!(stores.shares.incoming(share.recipient, None, 10, T0).await.unwrap(), []);
    assert_eq!(stores.links.find(&link.token_digest).await.unwrap(), None);
    assert!(!stores.links.count_download(link.id, T0).await.unwrap());
    assert_eq!(doomed(stores).await, sorted([1, 2, 3, 4, 5].map(blob_id)));
}

/// All contents, the trash, and what was remembered of removed ones.
pub async fn a_removed_account_takes_its_files_along(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let before = furnished(stores).await;
    remove_account(stores, 1).await;
    nothing_is_left(stores, &before).await;
}

/// Expired, whole or under way.
pub async fn a_removed_account_takes_its_uploads_along(stores: &Stores) {
    people(stores, &[1]).await;
    let whole = under_way(stores, 1, 1).await;
    assert!(stores.uploads.advance(whole.id, whole.fence, &progress(1, 1_000), T0).await.unwrap());
    let expired = upload(2, 1).expires_at(T0).build();
    begun(stores, &expired, &BeginRight::NewFile).await;
    remove_account(stores, 1).await;
    for upload in [&whole, &expired] {
        assert_eq!(stores.uploads.find(upload.id, user_id(1)).await.unwrap(), None);
        let outcome = stores.uploads.complete(&completion(upload, T0)).await.unwrap();
        assert_eq!(outcome, CompletionOutcome::Fenced);
        assert_eq!(stores.files.find(upload.file_id).await.unwrap(), None);
    }
    assert_eq!(stores.uploads.whole(10).await.unwrap(), []);
    assert_eq!(stores.uploads.abandon_expired(Timestamp::MAX, 10).await.unwrap(), []);
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
    assert_eq!(doomed(stores).await, sorted([1, 2].map(blob_id)));
}

/// Those that it gave.
pub async fn a_removed_account_takes_shares_and_links_along(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let (share, link) = (shared(stores, 1, &file, 2).await, linked(stores, 1, &file).await);
    remove_account(stores, 1).await;
    assert_eq!(stores.shares.incoming(user_id(2), None, 10, T0).await.unwrap(), []);
    assert_eq!(stores.shares.find_for(file.id, user_id(2)).await.unwrap(), None);
    assert_eq!(stores.shares.end(file.id, share.id, user_id(2)).await.unwrap(), None);
    assert_eq!(stores.links.find(&link.token_digest).await.unwrap(), None);
}

/// Those that others gave; their files stay.
pub async fn a_removed_account_takes_shares_with_it_along(stores: &Stores) {
    people(stores, &[1, 2, 3]).await;
    let file = uploaded(stores, 1, 1).await;
    shared(stores, 1, &file, 2).await;
    let other = shared(stores, 2, &file, 3).await;
    remove_account(stores, 2).await;
    assert_eq!(stores.shares.find_for(file.id, user_id(2)).await.unwrap(), None);
    assert_eq!(stores.shares.list(&owned(&file), None, 10, T0).await.unwrap(), [other]);
    assert_eq!(found(stores, &file).await, Some(file));
    insert(stores, &user(2).build()).await;
    assert_eq!(stores.shares.incoming(user_id(2), None, 10, T0).await.unwrap(), []);
}

/// Their files, uploads, shares, links and remembered requests.
pub async fn a_removed_account_leaves_others_alone(stores: &Stores) {
    people(stores, &[1, 2, 3]).await;
    furnished(stores).await;
    let file = uploaded(stores, 11, 2).await;
    let file = rewritten(stores, &file, 12, T0).await;
    let upload = upload(13, 2).build();
    let begun = stores.uploads.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&once(1))).await;
    assert_eq!(begun.unwrap(), Beginning::Begun);
    let share = shared(stores, 11, &file, 3).await;
    let link = linked(stores, 11, &file).await;
    remove_account(stores, 1).await;
    assert_eq!(found(stores, &file).await.as_ref(), Some(&file));
    assert_eq!(stores.files.versions(file.id, None, 10).await.unwrap().len(), 1);
    assert_eq!(stores.uploads.find(upload.id, user_id(2)).await.unwrap(), Some(upload));
    assert_eq!(stores.shares.incoming(user_id(3), None, 10, T0).await.unwrap(), [(share, file.clone())]);
    assert_eq!(stores.links.find(&link.token_digest).await.unwrap(), Some((link, file)));
    assert_eq!(usage(stores, 2).await, bytes(2_000, 1_000));
    assert_eq!(changes(stores, 2).await.len(), 1);
    let request = stores.uploads.find_request(user_id(2), &once(1).key_digest, T0).await.unwrap();
    assert_eq!(request, Some(once(1)));
}

/// Whether it gets another id, as it always should, or the very same.
pub async fn the_heir_of_a_removed_account_inherits_no_files(stores: &Stores) {
    insert(stores, &user(1).named("alice").build()).await;
    insert(stores, &user(2).build()).await;
    let before = furnished(stores).await;
    let remembered = upload(6, 1).build();
    let begun = stores.uploads.begin(&remembered, &BeginRight::NewFile, AMPLE_BYTES, Some(&once(1))).await;
    assert_eq!(begun.unwrap(), Beginning::Begun);
    assert!(stores.uploads.abandon(remembered.id, user_id(1)).await.unwrap());
    stores.ledger.removed(&[remembered.blob_id]).await.unwrap();
    remove_account(stores, 1).await;
    insert(stores, &user(1).named("alice").build()).await;
    nothing_is_left(stores, &before).await;
    assert_eq!(stores.uploads.find_request(user_id(1), &once(1).key_digest, T0).await.unwrap(), None);
    assert_eq!(uploaded(stores, 20, 1).await.revision, Revision::from_number(1));
}

/// As soon as its name is taken over.
pub async fn the_heir_of_an_expired_account_inherits_no_files(stores: &Stores) {
    insert(stores, &user(1).named("alice").pending_until(seconds_after_t0(100)).build()).await;
    insert(stores, &user(2).build()).await;
    let before = furnished(stores).await;
    let heir = user(3).named("alice").build();
    let insertion = stores.users.insert_if_absent(&heir, seconds_after_t0(100)).await.unwrap();
    assert_eq!(insertion, Insertion::Inserted);
    nothing_is_left(stores, &before).await;
    assert_eq!(stores.files.list(heir.id, false, None, 10).await.unwrap(), []);
    assert_eq!(usage(stores, 3).await, bytes(0, 0));
}

/// As a removal by the owner does.
pub async fn the_sweep_of_expired_accounts_takes_their_files_along(stores: &Stores) {
    insert(stores, &user(1).pending_until(seconds_after_t0(100)).build()).await;
    insert(stores, &user(2).build()).await;
    let before = furnished(stores).await;
    assert_eq!(stores.users.remove_expired_pending(seconds_after_t0(100), 10).await.unwrap(), 1);
    nothing_is_left(stores, &before).await;
}

/// Whichever comes first: what began before the removal is gone, what comes after it does not begin.
pub async fn uploads_that_race_a_removal_leave_nothing(stores: &Stores) {
    people(stores, &[1]).await;
    let results = race(RACERS, |index| {
        let (users, uploads) = (Arc::clone(&stores.users), Arc::clone(&stores.uploads));
        let upload = upload(u64::try_from(index).unwrap(), 1).build();
        async move {
            if index == RACERS / 2 {
                assert!(users.remove(user_id(1), seconds_after_t0(60)).await.unwrap().is_some());
                return false;
            }
            let outcome = uploads.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
            outcome == Beginning::Begun
        }
    })
    .await;
    let began: Vec<_> = (0..).zip(&results).filter(|(_, began)| **began).map(|(seed, _)| seed).collect();
    for seed in 0..64 {
        assert_eq!(stores.uploads.find(upload_id(seed), user_id(1)).await.unwrap(), None);
    }
    assert_eq!(doomed(stores).await, sorted(began.into_iter().map(blob_id)));
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
}

/// Every blob is doomed, whether its file appeared for a moment or not.
pub async fn completions_that_race_a_removal_leave_nothing(stores: &Stores) {
    people(stores, &[1]).await;
    for seed in 0..64 {
        under_way(stores, seed, 1).await;
    }
    race(RACERS, |index| {
        let (users, uploads) = (Arc::clone(&stores.users), Arc::clone(&stores.uploads));
        let upload = upload(u64::try_from(index).unwrap(), 1).build();
        async move {
            if index == RACERS / 2 {
                assert!(users.remove(user_id(1), seconds_after_t0(60)).await.unwrap().is_some());
            } else {
                uploads.complete(&completion(&upload, T0)).await.unwrap();
            }
        }
    })
    .await;
    assert_eq!(stores.files.list(user_id(1), false, None, 100).await.unwrap(), []);
    assert_eq!(changes(stores, 1).await, []);
    assert_eq!(doomed(stores).await, sorted((0..64).map(blob_id)));
    assert_eq!(usage(stores, 1).await, bytes(0, 0));
}

/// What the owner had set aside for it is free; what was written before stays the owner's.
pub async fn what_a_removed_writer_sent_is_given_up(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let written = upload(2, 1).onto(&file).sent_by(user_id(2)).build();
    begun(stores, &written, &right_to(&file)).await;
    let file = super::file_steps::completed(stores, &written, T0).await;
    let partial = upload(3, 1).onto(&file).sent_by(user_id(2)).build();
    begun(stores, &partial, &right_to(&file)).await;
    remove_account(stores, 2).await;
    assert_eq!(found(stores, &file).await, Some(file));
    assert_eq!(usage(stores, 1).await, bytes(2_000, 0));
    assert_eq!(doomed(stores).await, [partial.blob_id]);
    let outcome = stores.uploads.complete(&completion(&partial, T0)).await.unwrap();
    assert_eq!(outcome, CompletionOutcome::Fenced);
}

/// At the latest when it is whole; and nothing more begins.
pub async fn what_was_sent_to_a_removed_owner_is_given_up(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let file = uploaded(stores, 1, 1).await;
    let partial = upload(2, 1).onto(&file).sent_by(user_id(2)).build();
    begun(stores, &partial, &right_to(&file)).await;
    remove_account(stores, 1).await;
    let late = upload(3, 1).onto(&file).sent_by(user_id(2)).build();
    assert_eq!(begin(stores, &late, &right_to(&file)).await, Beginning::Stale);
    let outcome = stores.uploads.complete(&completion(&partial, T0)).await.unwrap();
    assert!(matches!(outcome, CompletionOutcome::Stale | CompletionOutcome::Fenced), "{outcome:?}");
    assert_eq!(stores.uploads.find(partial.id, user_id(2)).await.unwrap(), None);
    assert_eq!(found(stores, &file).await, None);
    assert_eq!(doomed(stores).await, sorted([file.content.blob_id, partial.blob_id]));
    assert_eq!((usage(stores, 1).await, usage(stores, 2).await), (bytes(0, 0), bytes(0, 0)));
}
