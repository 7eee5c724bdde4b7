//! F20: an account that is deleted takes everything along.

use crate::support::{World, admission, content_of, key, new_content, new_file, origin, sent};
use epic_domain::file::{Permission, Usage};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::fresh::Fresh;
use epic_inbound::receive_upload::ReceiveRefused;
use epic_outbound::uploads::BlobLedger;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};

/// Two people: the first, about to leave, has files, one in the trash, versions, shares in both directions, a link, an upload
/// of their own and one into a file of the second.
async fn scene() -> (World, Fresh, Authenticated) {
    let world = World::unlimited();
    let leaving = world.fresh_caller(1).await;
    let bob = world.caller(2).await;
    let alice = leaving.caller();
    let file = world.uploaded(alice, &content_of(1, 10)).await;
    let file = world.written(alice, &file, &content_of(2, 20)).await;
    let trashed = world.uploaded(alice, &content_of(3, 30)).await;
    world.trashed(alice, &trashed).await;
    world.shared(alice, &file, 2, Permission::Write).await;
    world.linked(alice, &file, None).await;
    let begun = world.begin(alice, new_file(1, 40), Some(&key("mine"))).await.unwrap();
    world.receive(alice, begun.upload_id, 0, &mut sent(b"part")).await.unwrap();
    let of_bob = world.uploaded(&bob, &content_of(4, 50)).await;
    world.shared(&bob, &of_bob, 1, Permission::Write).await;
    let begun = world.begin_content(alice, new_content(&of_bob, 60), None).await.unwrap();
    world.receive(alice, begun.upload_id, 0, &mut sent(b"part")).await.unwrap();
    (world, leaving, bob)
}

async fn delete(world: &World, leaving: &Fresh) -> Result<(), epic_inbound::Fault> {
    world.ports().delete_account().delete(leaving, origin()).await
}

async fn assert_all_gone(world: &World, bob: &Authenticated) {
    let files = world.store.all_files();
    assert!(files.iter().all(|file| file.owner == bob.user().id));
    assert!(world.store.all_uploads().is_empty());
    assert_eq!(world.usage(bob).await, Usage { used_bytes: 50, reserved_bytes: 0 });
    assert!(world.ports().sharing().incoming(bob, None, 9).await.unwrap().items.is_empty());
    let shares = world.ports().sharing().list(bob, files[0].id, None, 9).await.unwrap().unwrap();
    assert!(shares.items.is_empty());
    assert_eq!(world.blobs.held(), [files[0].content.blob_id]);
    assert!(world.store.doomed(99).await.unwrap().is_empty());
}

#[tokio::test]
async fn f20_files_shares_links_and_uploads_go_at_once_and_their_blobs_after_them() {
    let (world, leaving, bob) = scene().await;
    let file = world.store.all_files().into_iter().find(|file| file.owner != bob.user().id).unwrap();
    let link = world.linked(leaving.caller(), &world.uploaded(leaving.caller(), b"x").await, None).await;
    delete(&world, &leaving).await.unwrap();
    assert!(world.fetched(&bob, file.id).await.is_none());
    assert!(world.ports().download().find_linked(&link.token, &admission()).await.unwrap().is_none());
    world.remove_blobs().await;
    assert_all_gone(&world, &bob).await;
}

#[tokio::test]
async fn f20_a_removal_of_blobs_cut_off_between_any_two_of_them_is_finished_later() {
    for fault in [BeforeWrite, AfterWrite] {
        for passing in 0..5 {
            let (world, leaving, bob) = scene().await;
            delete(&world, &leaving).await.unwrap();
            world.blobs.faults().fail_after(passing, fault);
            assert!(world.ports().file_housekeeping().remove_doomed_blobs().await.is_err());
            world.remove_blobs().await;
            assert_all_gone(&world, &bob).await;
        }
    }
}

#[tokio::test]
async fn f20_a_deletion_whose_answer_was_lost_is_a_deletion() {
    for fault in [BeforeWrite, AfterWrite] {
        let (world, leaving, bob) = scene().await;
        world.store.faults().fail_next(fault);
        assert!(delete(&world, &leaving).await.is_err());
        delete(&world, &leaving).await.unwrap();
        world.remove_blobs().await;
        assert_all_gone(&world, &bob).await;
    }
}

#[tokio::test]
async fn what_is_still_being_sent_for_a_deleted_account_is_refused_and_becomes_no_file() {
    let (world, leaving, bob) = scene().await;
    let uploads = world.store.all_uploads();
    delete(&world, &leaving).await.unwrap();
    for upload in uploads {
        let refused = world.receive(leaving.caller(), upload.id, 4, &mut sent(b"more")).await;
        assert!(matches!(refused, Err(ReceiveRefused::NotFound)));
    }
    assert!(world.begin(leaving.caller(), new_file(1, 10), None).await.is_err());
    world.remove_blobs().await;
    assert_all_gone(&world, &bob).await;
}

#[tokio::test]
async fn a_content_written_into_the_file_of_a_deleted_account_is_given_up() {
    let (world, leaving, bob) = scene().await;
    let files = world.store.all_files();
    let shared = files.iter().find(|file| file.owner != bob.user().id && !file.is_trashed()).unwrap();
    let begun = world.begin_content(&bob, new_content(shared, 70), None).await.unwrap();
    world.receive(&bob, begun.upload_id, 0, &mut sent(b"part")).await.unwrap();
    delete(&world, &leaving).await.unwrap();
    let refused = world.receive(&bob, begun.upload_id, 4, &mut sent(b"more")).await;
    assert!(matches!(refused, Err(ReceiveRefused::NotFound)));
    world.remove_blobs().await;
    assert_all_gone(&world, &bob).await;
}

#[tokio::test]
async fn whoever_takes_the_name_next_inherits_nothing() {
    let (world, leaving, _bob) = scene().await;
    delete(&world, &leaving).await.unwrap();
    let next = world.caller(1).await;
    assert_ne!(next.user().id, leaving.caller().user().id);
    let own_files = world.ports().own_files();
    assert!(own_files.list(&next, false, None, 9).await.unwrap().items.is_empty());
    assert!(own_files.list(&next, true, None, 9).await.unwrap().items.is_empty());
    assert!(world.ports().sharing().incoming(&next, None, 9).await.unwrap().items.is_empty());
    assert_eq!(world.usage(&next).await, Usage::default());
}
