//! What comes to its end by itself: to the millisecond, and not before.

use crate::support::{World, content_of, key, new_file, origin, sent};
use epic_domain::audit::EventKind;
use epic_domain::file::{Permission, Usage};
use epic_inbound::linking::NewLink;
use epic_outbound::clock::Clock;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn sweep(world: &World) {
    world.ports().file_housekeeping().sweep().await.unwrap();
}

#[tokio::test]
async fn a_file_leaves_the_trash_for_good_after_thirty_days() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, &content_of(1, 10)).await;
    let kept = world.uploaded(&alice, &content_of(2, 10)).await;
    world.trashed(&alice, &file).await;
    world.clock.advance(30 * DAY - MILLISECOND);
    sweep(&world).await;
    assert!(world.find_file(file.id).is_some());
    world.clock.advance(MILLISECOND);
    sweep(&world).await;
    assert!(world.find_file(file.id).is_none());
    assert!(world.find_file(kept.id).is_some());
    assert_eq!(world.usage(&alice).await.used_bytes, 10);
    let event = world.audit.events().pop().unwrap();
    assert_eq!((event.kind, event.at), (EventKind::FileRemoved, world.clock.now()));
    assert_eq!((event.user_id, event.session_id, event.origin), (Some(alice.user().id), None, None));
    assert_eq!(event.file.unwrap().file_id, file.id);
    sweep(&world).await;
    assert_eq!(world.file_kinds().into_iter().filter(|kind| *kind == EventKind::FileRemoved).count(), 1);
}

#[tokio::test]
async fn an_earlier_content_is_kept_for_thirty_days_after_a_newer_one_took_over() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    world.clock.advance(90 * DAY);
    let newer = world.written(&alice, &file, b"two").await;
    world.clock.advance(30 * DAY - MILLISECOND);
    sweep(&world).await;
    assert_eq!(world.usage(&alice).await.used_bytes, 6);
    world.clock.advance(MILLISECOND);
    sweep(&world).await;
    assert_eq!(world.usage(&alice).await.used_bytes, 3);
    assert_eq!(world.file(file.id), newer);
    world.remove_blobs().await;
    assert_eq!(world.blobs.held().len(), 1);
}

#[tokio::test]
async fn an_upload_that_rests_for_a_day_gives_its_room_back() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let begun = world.begin(&alice, new_file(1, 100), None).await.unwrap();
    world.receive(&alice, begun.upload_id, 0, &mut sent(&content_of(1, 10))).await.unwrap();
    world.clock.advance(DAY - MILLISECOND);
    sweep(&world).await;
    assert_eq!(world.usage(&alice).await.reserved_bytes, 100);
    world.clock.advance(MILLISECOND);
    sweep(&world).await;
    assert_eq!(world.usage(&alice).await, Usage::default());
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty());
}

#[tokio::test]
async fn shares_links_and_remembered_requests_go_at_their_end() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.confirmed(2).await;
    let file = world.uploaded(&alice, b"one").await;
    let expires_at = Some(world.clock.now().saturating_add(DAY));
    let mut new_share = world.new_share(&file, 2, Permission::Read);
    new_share.expires_at = expires_at;
    world.share(&alice, new_share, None).await.unwrap();
    let new_link = NewLink { file_id: file.id, expires_at, max_downloads: None };
    let linking = world.ports().linking();
    linking.make(&alice, &new_link, Some(&key("link")), origin()).await.unwrap();
    let left = async || {
        let shares = epic_outbound::shares::Shares::find_for(&*world.store, file.id, world.user(2).id).await;
        let links = linking.list(&alice, file.id, None, 9).await.unwrap().unwrap();
        (shares.unwrap().is_some(), links.items.len())
    };
    world.clock.advance(DAY - MILLISECOND);
    sweep(&world).await;
    assert_eq!(left().await, (true, 1));
    world.clock.advance(MILLISECOND);
    sweep(&world).await;
    assert_eq!(left().await, (false, 0));
    let forgotten =
        epic_outbound::uploads::Uploads::forget_requests(&*world.store, world.clock.now(), 9).await;
    assert_eq!(forgotten.unwrap(), 0, "the sweep has left none");
}

#[tokio::test]
async fn a_sweep_takes_more_than_one_go_can_hold() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    for _ in 0..1_001 {
        let file = world.uploaded(&alice, b"x").await;
        world.trashed(&alice, &file).await;
        world.begin(&alice, new_file(1, 1), None).await.unwrap();
    }
    world.clock.advance(30 * DAY);
    sweep(&world).await;
    assert!(world.store.all_files().is_empty() && world.store.all_uploads().is_empty());
    assert_eq!(world.usage(&alice).await, Usage::default());
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty());
}

#[tokio::test]
async fn a_sweep_that_is_cut_off_anywhere_is_finished_by_the_next() {
    for (passing, fault) in (0..8).flat_map(|passing| [(passing, BeforeWrite), (passing, AfterWrite)]) {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        let file = world.uploaded(&alice, b"one").await;
        let file = world.written(&alice, &file, b"two").await;
        let trashed = world.uploaded(&alice, b"three").await;
        world.trashed(&alice, &trashed).await;
        world.begin(&alice, new_file(1, 9), None).await.unwrap();
        world.clock.advance(30 * DAY);
        world.store.faults().fail_after(passing, fault);
        let cut_off = world.ports().file_housekeeping().sweep().await;
        assert_eq!(cut_off.is_err(), passing < 7, "a sweep asks the store seven times");
        world.store.faults().recover();
        sweep(&world).await;
        assert_eq!(world.store.all_files(), std::slice::from_ref(&file), "{passing} {fault:?}");
        assert_eq!(world.usage(&alice).await, Usage { used_bytes: 3, reserved_bytes: 0 });
    }
}
