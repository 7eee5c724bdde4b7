//! Shares: who can be given one, how one ends, and who sees what.

use crate::support::{World, name_of, origin};
use epic_domain::audit::{EventKind, GrantMark};
use epic_domain::file::{Permission, Share};
use epic_domain::user::Status;
use epic_inbound::fresh::Fresh;
use epic_inbound::sharing::{NewShare, ShareRefused};
use epic_outbound::clock::Clock;
use epic_outbound::shares::Shares;
use epic_tests::builders;
use std::time::Duration;

#[tokio::test]
async fn a_share_lets_its_recipient_in_and_says_with_what_key() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    let made = world.shared(&alice, &file, 2, Permission::Read).await;
    assert!(!made.replaced);
    let incoming = world.ports().sharing().incoming(&bob, None, 9).await.unwrap();
    assert_eq!(incoming.items.len(), 1);
    let seen = &incoming.items[0];
    assert_eq!((seen.share.id, seen.file.id, seen.owner.id), (made.share_id, file.id, alice.user().id));
    assert_eq!(seen.share.encrypted_data_key, builders::encrypted_data_key(2));
    let event = world.audit.events().pop().unwrap();
    assert_eq!((event.kind, event.user_id), (EventKind::FileShared, Some(alice.user().id)));
    assert_eq!(event.file.unwrap().grant, Some(GrantMark::Share(made.share_id)));
}

#[tokio::test]
async fn f18_unknown_deleted_unconfirmed_and_disabled_recipients_and_changed_keys_are_refused_alike() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let deleted: Fresh = world.fresh_caller(2).await;
    let of_deleted = world.new_share(&file, 2, Permission::Read);
    world.ports().delete_account().delete(&deleted, origin()).await.unwrap();
    world.register(3).await.unwrap();
    let of_unconfirmed = world.new_share(&file, 3, Permission::Read);
    world.confirmed(4).await;
    let of_disabled = world.new_share(&file, 4, Permission::Read);
    world.store.edit_user(world.user(4).id, |user| user.status = Status::Disabled);
    world.confirmed(5).await;
    let mut of_other_key = world.new_share(&file, 5, Permission::Read);
    of_other_key.recipient_key_id[15] ^= 1;
    let of_unknown = NewShare { recipient: name_of(99), ..of_deleted.clone() };
    for new_share in [of_deleted, of_unconfirmed, of_disabled, of_other_key, of_unknown] {
        let refused = world.share(&alice, new_share, None).await;
        assert!(matches!(refused, Err(ShareRefused::RecipientKeyChanged)));
    }
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded]);
}

#[tokio::test]
async fn a_file_is_not_shared_with_its_owner() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let refused = world.share(&alice, world.new_share(&file, 1, Permission::Read), None).await;
    assert!(matches!(refused, Err(ShareRefused::WithOwner)));
}

#[tokio::test]
async fn only_the_owner_shares_and_not_out_of_the_trash() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    world.confirmed(3).await;
    let file = world.uploaded(&alice, b"one").await;
    world.shared(&alice, &file, 2, Permission::Write).await;
    let refused = world.share(&bob, world.new_share(&file, 3, Permission::Read), None).await;
    assert!(matches!(refused, Err(ShareRefused::NotFound)));
    world.trashed(&alice, &file).await;
    let refused = world.share(&alice, world.new_share(&file, 3, Permission::Read), None).await;
    assert!(matches!(refused, Err(ShareRefused::NotFound)));
}

#[tokio::test]
async fn the_end_of_a_share_lies_ahead_and_within_ten_years() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.confirmed(2).await;
    let file = world.uploaded(&alice, b"one").await;
    let now = world.clock.now();
    let day = Duration::from_secs(24 * 60 * 60);
    for (expires_at, is_fine) in [
        (now.saturating_sub(day), false),
        (now, false),
        (now.saturating_add(Duration::from_millis(1)), true),
        (now.saturating_add(3_650 * day), true),
        (now.saturating_add(3_661 * day), false),
    ] {
        let new_share =
            NewShare { expires_at: Some(expires_at), ..world.new_share(&file, 2, Permission::Read) };
        let made = world.share(&alice, new_share, None).await;
        assert_eq!(made.is_ok(), is_fine, "{expires_at:?}");
        assert!(is_fine || matches!(made, Err(ShareRefused::EndsInThePast)));
    }
}

#[tokio::test]
async fn a_second_share_with_the_same_person_takes_the_place_of_the_first_and_keeps_its_id() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    let first = world.shared(&alice, &file, 2, Permission::Read).await;
    let second = world.shared(&alice, &file, 2, Permission::Write).await;
    assert_eq!((second.share_id, second.replaced), (first.share_id, true));
    let incoming = world.ports().sharing().incoming(&bob, None, 9).await.unwrap().items;
    assert_eq!(incoming.len(), 1);
    assert_eq!(incoming[0].share.permission, Permission::Write);
    assert_eq!(world.file_kinds().last(), Some(&EventKind::ShareReplaced));
}

#[tokio::test]
async fn a_file_has_a_thousand_shares_and_no_more() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.confirmed(2).await;
    let file = world.uploaded(&alice, b"one").await;
    let ownership = file.owned_by(alice.user().id).unwrap();
    for seed in 0..u64::from(Share::PER_FILE_MAX) {
        let other = builders::user(10_000 + seed).build();
        epic_outbound::users::Users::insert_if_absent(&*world.store, &other, world.clock.now())
            .await
            .unwrap();
        let share = builders::share(seed, &file, other.id).build();
        world.store.grant(&ownership, &share, Share::PER_FILE_MAX, None, world.clock.now()).await.unwrap();
    }
    let refused = world.share(&alice, world.new_share(&file, 2, Permission::Read), None).await;
    assert!(matches!(refused, Err(ShareRefused::TooMany)));
}

#[tokio::test]
async fn the_owner_and_the_recipient_end_a_share_and_nobody_else_does() {
    let world = World::unlimited();
    let (alice, bob, stranger) = (world.caller(1).await, world.caller(2).await, world.caller(3).await);
    let file = world.uploaded(&alice, b"one").await;
    let sharing = world.ports().sharing();
    for ending in [&alice, &bob] {
        let share = world.shared(&alice, &file, 2, Permission::Read).await.share_id;
        assert!(!sharing.end(&stranger, file.id, share, origin()).await.unwrap());
        assert!(!sharing.end(ending, builders::file_id(99), share, origin()).await.unwrap());
        assert!(sharing.end(ending, file.id, share, origin()).await.unwrap());
        assert!(!sharing.end(ending, file.id, share, origin()).await.unwrap());
        assert!(world.fetched(&bob, file.id).await.is_none());
        let event = world.audit.events().pop().unwrap();
        assert_eq!((event.kind, event.user_id), (EventKind::ShareEnded, Some(ending.user().id)));
    }
}

#[tokio::test]
async fn the_owner_sees_the_shares_of_a_file_on_pages_with_the_names_of_their_recipients() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    for seed in 3..7 {
        world.confirmed(seed).await;
        world.shared(&alice, &file, seed, Permission::Read).await;
    }
    let sharing = world.ports().sharing();
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = sharing.list(&alice, file.id, after, 3).await.unwrap().unwrap();
        names.extend(page.items.into_iter().map(|outgoing| outgoing.recipient.unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names, [6, 5, 4, 3].map(name_of));
    assert!(sharing.list(&bob, file.id, None, 9).await.unwrap().is_none());
}

#[tokio::test]
async fn what_others_share_is_listed_on_pages_without_what_lies_in_their_trash() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let mut shared = Vec::new();
    for _ in 0..5 {
        let file = world.uploaded(&alice, b"one").await;
        world.shared(&alice, &file, 2, Permission::Read).await;
        world.clock.advance(Duration::from_secs(1));
        shared.push(file);
    }
    world.trashed(&alice, &shared.remove(2)).await;
    shared.reverse();
    let sharing = world.ports().sharing();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = sharing.incoming(&bob, after, 2).await.unwrap();
        listed.extend(page.items.into_iter().map(|incoming| incoming.file.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, shared.iter().map(|file| file.id).collect::<Vec<_>>());
    assert!(sharing.incoming(&alice, None, 9).await.unwrap().items.is_empty());
}
