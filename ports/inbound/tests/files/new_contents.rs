//! New contents of files that are there: by their owners, and by those who may write.

use crate::support::{World, content_of, digest_of, key, new_content, sent};
use epic_domain::audit::EventKind;
use epic_domain::file::{OverQuota, Permission, Usage};
use epic_inbound::begin_upload::BeginRefused;
use epic_inbound::receive_upload::ReceiveRefused;
use epic_tests::builders;
use std::time::Duration;

#[tokio::test]
async fn an_owner_writes_a_new_content_and_the_one_before_becomes_an_earlier_one() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, &content_of(1, 100)).await;
    let newer = world.written(&alice, &file, &content_of(2, 70)).await;
    assert_eq!(newer.content.digest, digest_of(&content_of(2, 70)));
    assert_eq!(newer.content.encrypted_data_key, file.content.encrypted_data_key);
    assert_eq!((newer.version, newer.encrypted_filename), (file.version.next(), file.encrypted_filename));
    assert_eq!(world.usage(&alice).await, Usage { used_bytes: 170, reserved_bytes: 0 });
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded, EventKind::FileWritten]);
    assert_eq!(world.fetched(&alice, file.id).await.unwrap(), content_of(2, 70));
}

#[tokio::test]
async fn an_owner_may_give_a_new_name_and_a_new_key_with_it() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"old").await;
    let mut renamed = new_content(&file, 3);
    renamed.encrypted_filename = Some(builders::encrypted_filename(9));
    renamed.encrypted_data_key = Some(builders::encrypted_data_key(9));
    let begun = world.begin_content(&alice, renamed, None).await.unwrap();
    world.receive(&alice, begun.upload_id, 0, &mut sent(b"new")).await.unwrap();
    let file = world.file(file.id);
    assert_eq!(file.encrypted_filename, builders::encrypted_filename(9));
    assert_eq!(file.content.encrypted_data_key, builders::encrypted_data_key(9));
}

#[tokio::test]
async fn a_recipient_who_may_write_writes_at_the_owners_cost() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller_with_quota(1, 200).await, world.caller_with_quota(2, 0).await);
    let file = world.uploaded(&alice, &content_of(1, 100)).await;
    world.shared(&alice, &file, 2, Permission::Write).await;
    let newer = world.written(&bob, &file, &content_of(2, 60)).await;
    assert_eq!((newer.owner, newer.content.written_by), (alice.user().id, bob.user().id));
    assert_eq!(world.usage(&alice).await.used_bytes, 160);
    assert_eq!(world.usage(&bob).await, Usage::default());
    let refused = world.begin_content(&bob, new_content(&newer, 41), None).await;
    assert!(matches!(refused, Err(BeginRefused::OverQuota(OverQuota { available_bytes: 40 }))));
    let event = world.audit.events().into_iter().find(|event| event.kind == EventKind::FileWritten).unwrap();
    assert_eq!(event.user_id, Some(bob.user().id));
}

#[tokio::test]
async fn a_recipient_may_neither_rename_nor_change_the_owners_key() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"old").await;
    world.shared(&alice, &file, 2, Permission::Write).await;
    let mut renamed = new_content(&file, 3);
    renamed.encrypted_filename = Some(builders::encrypted_filename(9));
    let mut rekeyed = new_content(&file, 3);
    rekeyed.encrypted_data_key = Some(builders::encrypted_data_key(9));
    for refused in [renamed, rekeyed] {
        assert!(matches!(world.begin_content(&bob, refused, None).await, Err(BeginRefused::NotAllowed)));
    }
}

#[tokio::test]
async fn a_recipient_who_may_read_does_not_write() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"old").await;
    world.shared(&alice, &file, 2, Permission::Read).await;
    let refused = world.begin_content(&bob, new_content(&file, 3), None).await;
    assert!(matches!(refused, Err(BeginRefused::NotAllowed)));
    assert!(world.store.all_uploads().is_empty());
}

#[tokio::test]
async fn f01_a_stranger_is_told_that_there_is_no_file() {
    let world = World::unlimited();
    let (alice, stranger) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"old").await;
    let mut unknown = new_content(&file, 3);
    unknown.file_id = builders::file_id(99);
    for refused in [new_content(&file, 3), unknown] {
        assert!(matches!(world.begin_content(&stranger, refused, None).await, Err(BeginRefused::NotFound)));
    }
}

#[tokio::test]
async fn against_a_version_that_has_passed_nothing_begins() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    world.written(&alice, &file, b"two").await;
    for key in [None, Some(key("changes-nothing"))] {
        let refused = world.begin_content(&alice, new_content(&file, 3), key.as_ref()).await;
        assert!(matches!(refused, Err(BeginRefused::Stale)));
    }
    assert!(world.store.all_uploads().is_empty());
}

#[tokio::test]
async fn into_the_trash_nothing_is_written() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    world.shared(&alice, &file, 2, Permission::Write).await;
    let trashed = world.trashed(&alice, &file).await;
    let by_owner = world.begin_content(&alice, new_content(&trashed, 3), None).await;
    assert!(matches!(by_owner, Err(BeginRefused::Stale)));
    let by_recipient = world.begin_content(&bob, new_content(&trashed, 3), None).await;
    assert!(matches!(by_recipient, Err(BeginRefused::NotFound)));
}

#[tokio::test]
async fn a_content_whose_file_was_trashed_meanwhile_is_given_up() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let begun = world.begin_content(&alice, new_content(&file, 3), None).await.unwrap();
    world.trashed(&alice, &file).await;
    let refused = world.receive(&alice, begun.upload_id, 0, &mut sent(b"two")).await;
    assert!(matches!(refused, Err(ReceiveRefused::FileGone)));
    assert!(matches!(world.status(&alice, begun.upload_id).await, Err(ReceiveRefused::NotFound)));
    assert_eq!(world.usage(&alice).await, Usage { used_bytes: 3, reserved_bytes: 0 });
    world.remove_blobs().await;
    assert_eq!(world.blobs.held().len(), 1);
}

#[tokio::test]
async fn of_two_contents_written_at_once_both_are_kept_in_the_order_they_became_whole() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let first = world.begin_content(&alice, new_content(&file, 3), None).await.unwrap();
    let second = world.begin_content(&alice, new_content(&file, 5), None).await.unwrap();
    world.receive(&alice, second.upload_id, 0, &mut sent(b"three")).await.unwrap();
    world.receive(&alice, first.upload_id, 0, &mut sent(b"two")).await.unwrap();
    assert_eq!(world.fetched(&alice, file.id).await.unwrap(), b"two");
    let listed = world.ports().own_files().versions(&alice, file.id, None, 10).await.unwrap().unwrap();
    let sizes: Vec<_> = listed.items.iter().map(|content| content.size_bytes).collect();
    assert_eq!(sizes, [5, 3]);
}

#[tokio::test]
async fn a_request_that_comes_again_gets_its_answer_even_when_the_file_has_moved_on() {
    let world = World::limited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    for size_bytes in [3, 0] {
        let key = key(&format!("write-{size_bytes}"));
        let wanted = new_content(&world.file(file.id), size_bytes);
        let first = world.begin_content(&alice, wanted.clone(), Some(&key)).await.unwrap();
        if size_bytes > 0 {
            world.receive(&alice, first.upload_id, 0, &mut sent(b"two")).await.unwrap();
        }
        let again = world.begin_content(&alice, wanted.clone(), Some(&key)).await.unwrap();
        assert_eq!(again, first);
        world.clock.advance(Duration::from_secs(24 * 60 * 60));
        assert!(matches!(world.begin_content(&alice, wanted, Some(&key)).await, Err(BeginRefused::Stale)));
    }
}

#[tokio::test]
async fn a_content_larger_than_any_may_be_is_refused() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let refused = world.begin_content(&alice, new_content(&file, u64::MAX), None).await;
    assert!(matches!(refused, Err(BeginRefused::TooLarge { .. })));
}

#[tokio::test]
async fn a_share_that_ends_while_its_recipient_writes_ends_the_next_call() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    let share = world.shared(&alice, &file, 2, Permission::Write).await;
    let sharing = world.ports().sharing();
    assert!(sharing.end(&alice, file.id, share.share_id, crate::support::origin()).await.unwrap());
    let refused = world.begin_content(&bob, new_content(&file, 3), None).await;
    assert!(matches!(refused, Err(BeginRefused::NotFound)));
}

#[tokio::test]
async fn a_right_to_write_that_ends_between_two_pieces_ends_the_upload_with_it() {
    for lowered in [false, true] {
        let world = World::unlimited();
        let (alice, bob) = (world.caller(1).await, world.caller(2).await);
        let file = world.uploaded(&alice, b"one").await;
        let share = world.shared(&alice, &file, 2, Permission::Write).await;
        let begun = world.begin_content(&bob, new_content(&file, 3), None).await.unwrap();
        world.receive(&bob, begun.upload_id, 0, &mut sent(b"tw")).await.unwrap();
        if lowered {
            world.shared(&alice, &file, 2, Permission::Read).await;
        } else {
            let sharing = world.ports().sharing();
            assert!(sharing.end(&alice, file.id, share.share_id, crate::support::origin()).await.unwrap());
        }
        let refused = world.receive(&bob, begun.upload_id, 2, &mut sent(b"o")).await;
        assert!(matches!(refused, Err(ReceiveRefused::FileGone)));
        assert!(matches!(world.status(&bob, begun.upload_id).await, Err(ReceiveRefused::NotFound)));
        assert_eq!(world.fetched(&alice, file.id).await.unwrap(), b"one");
        assert_eq!(world.usage(&alice).await, Usage { used_bytes: 3, reserved_bytes: 0 });
    }
}
