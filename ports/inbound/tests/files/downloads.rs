//! Fetching contents: by their owners and by those they were shared with.

use crate::support::{Ports, World, content_of, origin, read_all, unanswered};
use epic_domain::audit::{EventKind, GrantMark};
use epic_domain::file::{ContentNumber, Permission};
use epic_inbound::Fault;
use epic_outbound::audit::MockAudit;
use epic_outbound::blobs::{BlobError, MockBlobReader, MockBlobs};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn any_range_of_a_content_is_fetched() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let content = content_of(1, 100);
    let file = world.uploaded(&alice, &content).await;
    let download = world.ports().download();
    let fetchable = download.find(&alice, file.id).await.unwrap().unwrap();
    for range in [0..100, 0..1, 99..100, 20..70, 50..50] {
        let stream = download.fetch(&alice, &fetchable, range.clone(), origin()).await.unwrap();
        let (from, to) = (usize::try_from(range.start).unwrap(), usize::try_from(range.end).unwrap());
        assert_eq!(read_all(stream).await, content[from..to]);
    }
}

#[tokio::test]
async fn an_owner_fetches_earlier_contents_by_their_numbers_and_the_present_one_too() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let file = world.written(&alice, &file, b"two").await;
    let download = world.ports().download();
    for (number, content) in [(1, b"one"), (2, b"two")] {
        let number = ContentNumber::from_number(number);
        let fetchable = download.find_version(&alice, file.id, number).await.unwrap().unwrap();
        let stream = download.fetch(&alice, &fetchable, 0..3, origin()).await.unwrap();
        assert_eq!(read_all(stream).await, content);
    }
    for number in [0, 3, u32::MAX] {
        let number = ContentNumber::from_number(number);
        assert!(download.find_version(&alice, file.id, number).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn earlier_contents_are_for_the_owner_alone() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"one").await;
    let file = world.written(&alice, &file, b"two").await;
    world.shared(&alice, &file, 2, Permission::Write).await;
    for number in [1, 2] {
        let found =
            world.ports().download().find_version(&bob, file.id, ContentNumber::from_number(number)).await;
        assert!(found.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_recipient_fetches_by_the_share_and_the_record_says_so() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"shared").await;
    let share = world.shared(&alice, &file, 2, Permission::Read).await;
    assert_eq!(world.fetched(&bob, file.id).await.unwrap(), b"shared");
    let event = world.audit.events().pop().unwrap();
    assert_eq!((event.kind, event.user_id), (EventKind::FileFetched, Some(bob.user().id)));
    assert_eq!(event.file.unwrap().grant, Some(GrantMark::Share(share.share_id)));
}

#[tokio::test]
async fn f11_a_share_that_was_ended_or_is_past_its_end_opens_nothing() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"shared").await;
    let mut new_share = world.new_share(&file, 2, Permission::Read);
    let hour = Duration::from_secs(3_600);
    new_share.expires_at = Some(epic_outbound::clock::Clock::now(&*world.clock).saturating_add(hour));
    world.share(&alice, new_share, None).await.unwrap();
    world.clock.advance(hour - Duration::from_millis(1));
    assert!(world.fetched(&bob, file.id).await.is_some());
    world.clock.advance(Duration::from_millis(1));
    assert!(world.fetched(&bob, file.id).await.is_none());

    let share = world.shared(&alice, &file, 2, Permission::Read).await;
    assert!(world.fetched(&bob, file.id).await.is_some());
    world.ports().sharing().end(&alice, file.id, share.share_id, origin()).await.unwrap();
    assert!(world.fetched(&bob, file.id).await.is_none());
}

#[tokio::test]
async fn from_the_trash_the_owner_alone_fetches() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let file = world.uploaded(&alice, b"shared").await;
    world.shared(&alice, &file, 2, Permission::Read).await;
    world.trashed(&alice, &file).await;
    assert!(world.fetched(&bob, file.id).await.is_none());
    assert_eq!(world.fetched(&alice, file.id).await.unwrap(), b"shared");
}

#[tokio::test]
async fn a_fetch_is_on_record_before_its_first_byte_is_read() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"bytes").await;
    let mut order = Sequence::new();
    let (mut blobs, mut audit, mut reader) = (MockBlobs::new(), MockAudit::new(), MockBlobReader::new());
    let blob_id = file.content.blob_id;
    // The order is that of the lines below; the reader is handed over once it knows its place.
    let handed_over = Arc::new(std::sync::Mutex::new(None::<MockBlobReader>));
    let reader_of = Arc::clone(&handed_over);
    blobs
        .expect_read()
        .withf(move |of, range| *of == blob_id && *range == (0..5))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_, _| Ok(Box::new(reader_of.lock().unwrap().take().unwrap())));
    audit
        .expect_append()
        .withf(|events| events.len() == 1 && events[0].kind == EventKind::FileFetched)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    reader.expect_next().times(1).in_sequence(&mut order).returning(|| Ok(None));
    *handed_over.lock().unwrap() = Some(reader);
    let ports = Ports { blobs: Arc::new(blobs), audit: Arc::new(audit), ..world.ports() };
    let download = ports.download();
    let fetchable = download.find(&alice, file.id).await.unwrap().unwrap();
    let mut stream = download.fetch(&alice, &fetchable, 0..5, origin()).await.unwrap();
    assert!(stream.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_content_that_cannot_be_opened_leaves_no_record() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"bytes").await;
    let mut blobs = MockBlobs::new();
    blobs.expect_read().times(1).returning(|_, _| Err(BlobError::Unavailable("the disk is gone".into())));
    let ports = Ports { blobs: Arc::new(blobs), ..world.ports() };
    let download = ports.download();
    let fetchable = download.find(&alice, file.id).await.unwrap().unwrap();
    let fetched = download.fetch(&alice, &fetchable, 0..5, origin()).await;
    assert!(matches!(fetched, Err(Fault::Unavailable(_))));
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded]);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_handed_out() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"bytes").await;
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(unanswered()));
    let download = Ports { audit: Arc::new(audit), ..world.ports() }.download();
    let fetchable = download.find(&alice, file.id).await.unwrap().unwrap();
    assert!(download.fetch(&alice, &fetchable, 0..5, origin()).await.is_err());
}

#[tokio::test]
async fn f13_a_content_that_goes_while_it_is_read_ends_whole_or_breaks_off() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"bytes").await;
    let download = world.ports().download();
    let fetchable = download.find(&alice, file.id).await.unwrap().unwrap();
    let opened = download.fetch(&alice, &fetchable, 0..5, origin()).await.unwrap();
    let trashed = world.trashed(&alice, &file).await;
    world.delete(&alice, file.id, trashed.version).await;
    world.remove_blobs().await;
    assert_eq!(read_all(opened).await, b"bytes");
    assert!(download.fetch(&alice, &fetchable, 0..5, origin()).await.is_err());
}

#[tokio::test]
async fn a_content_removed_since_it_was_found_is_gone_and_one_that_is_missing_is_damage() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let file = world.uploaded(&alice, b"one").await;
    let download = world.ports().download();
    let fetchable = download.find(&alice, file.id).await.unwrap().unwrap();
    let mut blobs = MockBlobs::new();
    blobs.expect_read().returning(|_, _| Err(BlobError::Missing("not there".into())));
    let without_bytes = Ports { blobs: Arc::new(blobs), ..world.ports() };
    let damaged = without_bytes.download().fetch(&alice, &fetchable, 0..3, origin()).await;
    assert!(matches!(damaged, Err(Fault::Corrupt(_))), "the store still speaks of it");

    let trashed = world.trashed(&alice, &file).await;
    world.delete(&alice, trashed.id, trashed.version).await;
    world.remove_blobs().await;
    let gone = download.fetch(&alice, &fetchable, 0..3, origin()).await;
    assert!(matches!(gone, Err(Fault::Unavailable(_))));
    assert!(download.find(&alice, file.id).await.unwrap().is_none(), "whoever asks again is told");
}
