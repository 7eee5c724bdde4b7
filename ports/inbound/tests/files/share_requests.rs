//! Requests to share that come twice.

use crate::support::{World, key, origin};
use epic_domain::audit::EventKind;
use epic_domain::file::{IdempotencyKey, Permission};
use epic_inbound::sharing::{NewShare, ShareRefused};
use epic_outbound::clock::Clock;
use epic_tests::builders;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use std::time::Duration;

#[tokio::test]
async fn a_request_that_comes_again_gets_its_answer_and_happens_once() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.confirmed(2).await;
    let file = world.uploaded(&alice, b"one").await;
    let (new_share, key) = (world.new_share(&file, 2, Permission::Read), key("share"));
    let first = world.share(&alice, new_share.clone(), Some(&key)).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.share(&alice, new_share, Some(&key)).await.unwrap(), first);
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded, EventKind::FileShared]);
}

#[tokio::test]
async fn a_replacement_that_comes_again_names_the_share_that_is_there() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.confirmed(2).await;
    let file = world.uploaded(&alice, b"one").await;
    let old = world.shared(&alice, &file, 2, Permission::Read).await;
    let (new_share, key) = (world.new_share(&file, 2, Permission::Write), key("share"));
    let first = world.share(&alice, new_share.clone(), Some(&key)).await.unwrap();
    assert_eq!((first.share_id, first.replaced), (old.share_id, true));
    let again = world.share(&alice, new_share, Some(&key)).await.unwrap();
    assert_eq!(again, first);
    assert!(world.ports().sharing().end(&alice, file.id, again.share_id, origin()).await.unwrap());
}

#[tokio::test]
async fn a_request_that_comes_again_does_not_bring_back_a_share_that_was_ended() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    let (new_share, key) = (world.new_share(&file, 2, Permission::Read), key("share"));
    let first = world.share(&alice, new_share.clone(), Some(&key)).await.unwrap();
    world.ports().sharing().end(&bob, file.id, first.share_id, origin()).await.unwrap();
    assert_eq!(world.share(&alice, new_share, Some(&key)).await.unwrap(), first);
    assert!(world.fetched(&bob, file.id).await.is_none());
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_makes_one_share() {
    for fault in [BeforeWrite, AfterWrite] {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        world.confirmed(2).await;
        let file = world.uploaded(&alice, b"one").await;
        let (new_share, key) = (world.new_share(&file, 2, Permission::Read), key("share"));
        // The store is asked for the file and for the recipient first.
        world.store.faults().fail_after(2, fault);
        let lost = world.share(&alice, new_share.clone(), Some(&key)).await;
        assert!(matches!(lost, Err(ShareRefused::Fault(_))));
        let made = world.share(&alice, new_share, Some(&key)).await.unwrap();
        let listed = world.ports().sharing().list(&alice, file.id, None, 9).await.unwrap().unwrap();
        let ids: Vec<_> = listed.items.iter().map(|outgoing| outgoing.share.id).collect();
        assert_eq!(ids, [made.share_id]);
    }
}

#[tokio::test]
async fn a_key_that_comes_with_another_request_is_refused_for_a_day() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.confirmed(2).await;
    world.confirmed(3).await;
    let (file, other) = (world.uploaded(&alice, b"one").await, world.uploaded(&alice, b"two").await);
    let (new_share, key) = (world.new_share(&file, 2, Permission::Read), key("share"));
    world.share(&alice, new_share.clone(), Some(&key)).await.unwrap();
    let end = world.clock.now().saturating_add(Duration::from_secs(48 * 60 * 60));
    for changed in [
        world.new_share(&other, 2, Permission::Read),
        world.new_share(&file, 3, Permission::Read),
        world.new_share(&file, 2, Permission::Write),
        NewShare { expires_at: Some(end), ..new_share.clone() },
        NewShare { encrypted_data_key: builders::encrypted_data_key(9), ..new_share.clone() },
    ] {
        let refused = world.share(&alice, changed, Some(&key)).await;
        assert!(matches!(refused, Err(ShareRefused::KeyReused)));
    }
    world.clock.advance(IdempotencyKey::REMEMBERED_FOR);
    assert!(world.share(&alice, world.new_share(&file, 3, Permission::Read), Some(&key)).await.is_ok());
}
