//! Links: what opens a file for whoever holds it, for a time and a number of times.

use crate::support::{Ports, World, admission, elsewhere, key, origin, read_all};
use epic_domain::audit::{EventKind, GrantMark};
use epic_domain::file::{IdempotencyKey, Link, LinkToken};
use epic_domain::secret::Secret;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::linking::{LinkRefused, MadeLink, NewLink};
use epic_outbound::blobs::{BlobError, MockBlobs};
use epic_outbound::clock::Clock;
use epic_outbound::uploads::Uploads;
use epic_tests::builders;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn make(
    world: &World,
    caller: &Authenticated,
    new_link: NewLink,
    key: Option<&IdempotencyKey>,
) -> Result<MadeLink, LinkRefused> {
    world.ports().linking().make(caller, &new_link, key, origin()).await
}

/// What the holder of a link gets.
async fn followed(world: &World, token: &LinkToken) -> Option<Vec<u8>> {
    let download = world.ports().download();
    let linked = download.find_linked(token, &admission()).await.unwrap()?;
    let range = 0..linked.fetchable.content().size_bytes;
    Some(read_all(download.fetch_linked(&linked, range, elsewhere()).await.unwrap()?).await)
}

#[tokio::test]
async fn whoever_holds_a_link_fetches_the_newest_content() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let link = world.linked(&alice, &file, None).await;
    assert_eq!(followed(&world, &link.token).await.unwrap(), b"one");
    world.written(&alice, &file, b"two").await;
    assert_eq!(followed(&world, &link.token).await.unwrap(), b"two");
    let event = world.audit.events().pop().unwrap();
    assert_eq!((event.kind, event.user_id, event.session_id), (EventKind::FileFetched, None, None));
    assert_eq!(event.origin, Some(elsewhere()));
    assert_eq!(event.file.unwrap().grant, Some(GrantMark::Link(link.link_id)));
}

#[tokio::test]
async fn a_token_that_nobody_made_opens_nothing() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    world.linked(&alice, &file, None).await;
    assert!(followed(&world, &LinkToken::new(Secret::new([7; 32]))).await.is_none());
}

#[tokio::test]
async fn a_link_ends_at_its_time_at_its_count_in_the_trash_and_when_it_is_ended() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;

    let expires_at = Some(world.clock.now().saturating_add(DAY));
    let new_link = NewLink { file_id: file.id, expires_at, max_downloads: None };
    let timed = make(&world, &alice, new_link, None).await.unwrap();
    world.clock.advance(DAY - Duration::from_millis(1));
    assert!(followed(&world, &timed.token).await.is_some());
    world.clock.advance(Duration::from_millis(1));
    assert!(followed(&world, &timed.token).await.is_none());

    let counted = world.linked(&alice, &file, Some(2)).await;
    assert!(followed(&world, &counted.token).await.is_some());
    assert!(followed(&world, &counted.token).await.is_some());
    assert!(followed(&world, &counted.token).await.is_none());

    let ended = world.linked(&alice, &file, None).await;
    let linking = world.ports().linking();
    assert!(linking.end(&alice, file.id, ended.link_id, origin()).await.unwrap());
    assert!(followed(&world, &ended.token).await.is_none());
    assert!(!linking.end(&alice, file.id, ended.link_id, origin()).await.unwrap());
    assert_eq!(world.file_kinds().last(), Some(&EventKind::LinkEnded));

    let trashed = world.linked(&alice, &file, None).await;
    world.trashed(&alice, &file).await;
    assert!(followed(&world, &trashed.token).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_who_race_for_ten_downloads_ten_get_one() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let link = world.linked(&alice, &file, Some(10)).await;
    let download = world.ports().download();
    let linked = Arc::new(download.find_linked(&link.token, &admission()).await.unwrap().unwrap());
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let (download, linked) = (download.clone(), Arc::clone(&linked));
            tokio::spawn(
                async move { download.fetch_linked(&linked, 0..3, elsewhere()).await.unwrap().is_some() },
            )
        })
        .collect();
    let mut got = 0;
    for call in calls {
        got += usize::from(call.await.unwrap());
    }
    assert_eq!(got, 10);
    let fetched = world.file_kinds().into_iter().filter(|kind| *kind == EventKind::FileFetched).count();
    assert_eq!(fetched, 10, "what was refused did not happen");
    let listed = world.ports().linking().list(&alice, file.id, None, 9).await.unwrap().unwrap();
    assert_eq!(listed.items[0].downloads, 10);
}

#[tokio::test]
async fn bytes_that_cannot_be_had_do_not_count_as_a_download() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let link = world.linked(&alice, &file, Some(1)).await;
    let mut blobs = MockBlobs::new();
    blobs.expect_read().times(1).returning(|_, _| Err(BlobError::Unavailable("the disk is gone".into())));
    let download = Ports { blobs: Arc::new(blobs), ..world.ports() }.download();
    let linked = download.find_linked(&link.token, &admission()).await.unwrap().unwrap();
    assert!(download.fetch_linked(&linked, 0..3, elsewhere()).await.is_err());
    assert!(followed(&world, &link.token).await.is_some());
}

#[tokio::test]
async fn a_request_that_comes_again_gets_the_same_token_which_is_kept_nowhere_in_the_clear() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let key = key("link");
    let new_link = NewLink { file_id: file.id, expires_at: None, max_downloads: Some(3) };
    let first = make(&world, &alice, new_link, Some(&key)).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    let again = make(&world, &alice, new_link, Some(&key)).await.unwrap();
    assert_eq!((again.link_id, again.created_at), (first.link_id, first.created_at));
    assert_eq!(again.token.expose(), first.token.expose());
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded, EventKind::LinkCreated], "it happened once");

    let now = world.clock.now();
    let kept = world.store.find_request(alice.user().id, &key.digest(), now).await.unwrap().unwrap();
    assert!(!kept.outcome.windows(8).any(|some| first.token.expose().windows(8).any(|part| part == some)));
    world.clock.advance(DAY);
    let later = make(&world, &alice, new_link, Some(&key)).await.unwrap();
    assert_ne!(later.link_id, first.link_id);
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_makes_one_link() {
    for fault in [BeforeWrite, AfterWrite] {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        let file = world.uploaded(&alice, b"one").await;
        let new_link = NewLink { file_id: file.id, expires_at: None, max_downloads: None };
        world.store.faults().fail_after(1, fault);
        let lost = make(&world, &alice, new_link, Some(&key("link"))).await;
        assert!(matches!(lost, Err(LinkRefused::Fault(_))));
        let link = make(&world, &alice, new_link, Some(&key("link"))).await.unwrap();
        assert!(followed(&world, &link.token).await.is_some());
        let listed = world.ports().linking().list(&alice, file.id, None, 9).await.unwrap().unwrap();
        assert_eq!(listed.items.len(), 1);
    }
}

#[tokio::test]
async fn a_key_that_comes_with_another_request_is_refused() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let (file, other) = (world.uploaded(&alice, b"one").await, world.uploaded(&alice, b"two").await);
    let new_link = NewLink { file_id: file.id, expires_at: None, max_downloads: None };
    make(&world, &alice, new_link, Some(&key("link"))).await.unwrap();
    let end = Some(world.clock.now().saturating_add(DAY));
    for changed in [
        NewLink { file_id: other.id, ..new_link },
        NewLink { expires_at: end, ..new_link },
        NewLink { max_downloads: Some(0), ..new_link },
        NewLink { max_downloads: Some(1), ..new_link },
    ] {
        let refused = make(&world, &alice, changed, Some(&key("link"))).await;
        assert!(matches!(refused, Err(LinkRefused::KeyReused)), "{changed:?}");
    }
}

#[tokio::test]
async fn links_are_made_to_ones_own_files_outside_of_the_trash_with_an_end_to_come() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    world.shared(&alice, &file, 2, epic_domain::file::Permission::Write).await;
    let new_link = NewLink { file_id: file.id, expires_at: None, max_downloads: None };
    assert!(matches!(make(&world, &bob, new_link, None).await, Err(LinkRefused::NotFound)));
    let unknown = NewLink { file_id: builders::file_id(99), ..new_link };
    assert!(matches!(make(&world, &bob, unknown, None).await, Err(LinkRefused::NotFound)));
    let past = NewLink { expires_at: Some(world.clock.now()), ..new_link };
    assert!(matches!(make(&world, &alice, past, None).await, Err(LinkRefused::EndsInThePast)));
    world.trashed(&alice, &file).await;
    assert!(matches!(make(&world, &alice, new_link, None).await, Err(LinkRefused::NotFound)));
}

#[tokio::test]
async fn a_file_has_a_hundred_links_that_open_it_and_no_more() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let used_up = world.linked(&alice, &file, Some(1)).await;
    followed(&world, &used_up.token).await.unwrap();
    for _ in 0..Link::PER_FILE_MAX {
        world.linked(&alice, &file, None).await;
    }
    let new_link = NewLink { file_id: file.id, expires_at: None, max_downloads: None };
    assert!(matches!(make(&world, &alice, new_link, None).await, Err(LinkRefused::TooMany)));
}

#[tokio::test]
async fn links_are_listed_on_pages_for_the_owner_alone() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(world.linked(&alice, &file, None).await.link_id);
        world.clock.advance(Duration::from_secs(1));
    }
    let linking = world.ports().linking();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = linking.list(&alice, file.id, after, 2).await.unwrap().unwrap();
        listed.extend(page.items.iter().map(|link| link.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    made.reverse();
    assert_eq!(listed, made);
    assert!(linking.list(&bob, file.id, None, 9).await.unwrap().is_none());
    assert!(!linking.end(&bob, file.id, made[0], origin()).await.unwrap());
}

#[tokio::test]
async fn a_link_of_one_file_is_not_ended_by_way_of_another() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let (file, other) = (world.uploaded(&alice, b"one").await, world.uploaded(&alice, b"two").await);
    let link = world.linked(&alice, &file, None).await;
    assert!(!world.ports().linking().end(&alice, other.id, link.link_id, origin()).await.unwrap());
    assert!(followed(&world, &link.token).await.is_some());
}
