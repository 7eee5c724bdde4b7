//! What happened to a file, as a chain that its owner verifies.

use crate::support::{World, origin};
use epic_domain::audit::{Anchor, EventKind, FileLink, GrantMark, verify_file};
use epic_domain::file::Permission;
use epic_tests::builders;

#[tokio::test]
async fn the_whole_life_of_a_file_is_a_chain_that_verifies_page_by_page() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    let other = world.uploaded(&bob, b"of someone else").await;
    let share = world.shared(&alice, &file, 2, Permission::Write).await;
    world.fetched(&bob, file.id).await.unwrap();
    world.fetched(&bob, other.id).await.unwrap();
    let file = world.written(&bob, &file, b"two").await;
    let link = world.linked(&alice, &file, None).await;
    let linking = world.ports().linking();
    linking.end(&alice, file.id, link.link_id, origin()).await.unwrap();
    world.trashed(&alice, &file).await;

    let trail = world.ports().file_audit();
    for limit in [1, 2, 3, 100] {
        let (mut anchor, mut after, mut links) = (Anchor::of_file(file.id), 0, Vec::new());
        let stands_at = loop {
            let events = trail.list(&alice, file.id, after, limit).await.unwrap().unwrap();
            anchor = verify_file(anchor, events.page.items.iter().cloned()).unwrap();
            links.extend(events.page.items);
            match events.page.next {
                Some(next) => after = next,
                None => break events.anchor,
            }
        };
        stands_at.matches(anchor).unwrap();
        let told: Vec<_> = links.iter().map(|link: &FileLink| (link.kind, link.actor, link.grant)).collect();
        let (alice, bob) = (Some(alice.user().id), Some(bob.user().id));
        let by_share = Some(GrantMark::Share(share.share_id));
        let about_link = Some(GrantMark::Link(link.link_id));
        assert_eq!(
            told,
            [
                (EventKind::FileUploaded, alice, None),
                (EventKind::FileShared, alice, by_share),
                (EventKind::FileFetched, bob, by_share),
                (EventKind::FileWritten, bob, None),
                (EventKind::LinkCreated, alice, about_link),
                (EventKind::LinkEnded, alice, about_link),
                (EventKind::FileTrashed, alice, None),
            ]
        );
    }
}

#[tokio::test]
async fn a_chain_that_was_tampered_with_does_not_verify() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    world.fetched(&alice, file.id).await.unwrap();
    world.fetched(&alice, file.id).await.unwrap();
    let events = world.ports().file_audit().list(&alice, file.id, 0, 9).await.unwrap().unwrap();
    let links = events.page.items;
    let from = Anchor::of_file(file.id);
    let mut altered = links.clone();
    altered[1].actor = None;
    assert!(verify_file(from, altered).is_err());
    let mut shorter = links.clone();
    shorter.remove(1);
    assert!(verify_file(from, shorter).is_err());
    let cut_off = verify_file(from, links[..2].iter().cloned()).unwrap();
    assert!(events.anchor.matches(cut_off).is_err());
}

#[tokio::test]
async fn the_trail_is_for_the_owner_alone_and_ends_with_the_file() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    world.shared(&alice, &file, 2, Permission::Write).await;
    let trail = world.ports().file_audit();
    assert!(trail.list(&bob, file.id, 0, 9).await.unwrap().is_none());
    assert!(trail.list(&alice, builders::file_id(99), 0, 9).await.unwrap().is_none());
    let trashed = world.trashed(&alice, &file).await;
    assert!(trail.list(&alice, file.id, 0, 9).await.unwrap().is_some());
    world.delete(&alice, file.id, trashed.version).await;
    assert!(trail.list(&alice, file.id, 0, 9).await.unwrap().is_none());
}
