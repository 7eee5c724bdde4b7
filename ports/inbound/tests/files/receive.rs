//! Receiving uploads: in one piece, in many, and broken off anywhere.

use crate::support::{World, content_of, digest_of, length_of, new_file, origin, sent, sent_in_pieces};
use epic_domain::audit::EventKind;
use epic_domain::file::Usage;
use epic_domain::id::UploadId;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::byte_source::SourceFault;
use epic_inbound::receive_upload::{Piece, ReceiveRefused, UploadStatus};
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use std::time::Duration;

/// A world with one person and an upload of a content.
async fn begun(content: &[u8]) -> (World, Authenticated, UploadId) {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let begun = world.begin(&alice, new_file(1, length_of(content)), None).await.unwrap();
    (world, alice, begun.upload_id)
}

/// Sends a piece that says how long it is.
async fn declared(
    world: &World,
    caller: &Authenticated,
    upload_id: UploadId,
    (offset_bytes, bytes): (u64, &[u8]),
) -> Result<UploadStatus, ReceiveRefused> {
    let source = &mut sent(bytes);
    let piece = Piece { upload_id, offset_bytes, length_bytes: Some(length_of(bytes)), source };
    world.ports().receive_upload().receive(caller, piece, origin()).await
}

#[tokio::test]
async fn a_content_in_one_piece_is_a_file_when_the_answer_comes() {
    let content = content_of(1, 5_000);
    let (world, alice, upload_id) = begun(&content).await;
    let status = world.receive(&alice, upload_id, 0, &mut sent(&content)).await.unwrap();
    assert_eq!((status.offset_bytes, status.size_bytes), (5_000, 5_000));
    let file = world.file(status.file_id);
    assert_eq!(file.content.digest, digest_of(&content));
    assert_eq!(world.fetched(&alice, file.id).await.unwrap(), content);
    assert_eq!(world.usage(&alice).await, Usage { used_bytes: 5_000, reserved_bytes: 0 });
    assert!(world.store.all_uploads().is_empty());
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded, EventKind::FileFetched]);
}

#[tokio::test]
async fn a_content_in_many_pieces_of_any_size_is_the_same_file() {
    let content = content_of(2, 1_000);
    for piece_bytes in [1, 7, 64, 999, 1_000] {
        let (world, alice, upload_id) = begun(&content).await;
        let mut offset_bytes = 0;
        for piece in content.chunks(piece_bytes) {
            let status = world.receive(&alice, upload_id, offset_bytes, &mut sent_in_pieces(piece, 5)).await;
            offset_bytes = status.unwrap().offset_bytes;
        }
        let files = world.store.all_files();
        assert_eq!(world.fetched(&alice, files[0].id).await.unwrap(), content, "{piece_bytes}");
    }
}

#[tokio::test]
async fn what_came_before_a_sender_went_away_or_became_too_slow_is_kept() {
    for fault in [SourceFault::BrokenOff, SourceFault::TooSlow] {
        let content = content_of(3, 100);
        let (world, alice, upload_id) = begun(&content).await;
        let mut source = sent_in_pieces(&content[..60], 7).then(fault);
        let broken = world.receive(&alice, upload_id, 0, &mut source).await;
        assert!(matches!(broken, Err(ReceiveRefused::Broken(broken)) if broken == fault));
        assert_eq!(world.status(&alice, upload_id).await.unwrap().offset_bytes, 60);
        let status = world.receive(&alice, upload_id, 60, &mut sent(&content[60..])).await.unwrap();
        assert_eq!(world.file(status.file_id).content.digest, digest_of(&content));
    }
}

#[tokio::test]
async fn of_a_piece_with_a_checksum_nothing_is_kept_unless_all_of_it_came_right() {
    for fault in [SourceFault::BrokenOff, SourceFault::TooSlow, SourceFault::ChecksumMismatch] {
        let content = content_of(4, 100);
        let (world, alice, upload_id) = begun(&content).await;
        world.receive(&alice, upload_id, 0, &mut sent(&content[..10]).checked()).await.unwrap();
        for sent_bytes in [50, 90] {
            let mut source = sent_in_pieces(&content[10..10 + sent_bytes], 9).then(fault).checked();
            let broken = world.receive(&alice, upload_id, 10, &mut source).await;
            assert!(matches!(broken, Err(ReceiveRefused::Broken(broken)) if broken == fault));
            assert_eq!(world.status(&alice, upload_id).await.unwrap().offset_bytes, 10);
        }
        let status = world.receive(&alice, upload_id, 10, &mut sent(&content[10..]).checked()).await;
        assert_eq!(world.file(status.unwrap().file_id).content.digest, digest_of(&content));
    }
}

#[tokio::test]
async fn a_checked_piece_that_is_too_long_leaves_nothing() {
    let (world, alice, upload_id) = begun(&content_of(1, 100)).await;
    let mut source = sent_in_pieces(&content_of(1, 101), 10).checked();
    let refused = world.receive(&alice, upload_id, 0, &mut source).await;
    assert!(matches!(refused, Err(ReceiveRefused::TooLong)));
    assert_eq!(world.status(&alice, upload_id).await.unwrap().offset_bytes, 0);
}

#[tokio::test]
async fn a_piece_that_says_it_is_too_long_is_refused_unread() {
    let (world, alice, upload_id) = begun(&content_of(1, 100)).await;
    let refused = declared(&world, &alice, upload_id, (0, &content_of(1, 101))).await;
    assert!(matches!(refused, Err(ReceiveRefused::TooLong)));
    assert_eq!(world.status(&alice, upload_id).await.unwrap().offset_bytes, 0);
}

#[tokio::test]
async fn a_piece_that_goes_on_past_the_end_keeps_what_came_before() {
    let content = content_of(1, 100);
    let (world, alice, upload_id) = begun(&content).await;
    let longer = [&content[..], b"more"].concat();
    let refused = world.receive(&alice, upload_id, 0, &mut sent_in_pieces(&longer, 30)).await;
    assert!(matches!(refused, Err(ReceiveRefused::TooLong)));
    assert_eq!(world.status(&alice, upload_id).await.unwrap().offset_bytes, 90);
    let status = world.receive(&alice, upload_id, 90, &mut sent(&content[90..])).await.unwrap();
    assert_eq!(world.file(status.file_id).content.digest, digest_of(&content));
}

#[tokio::test]
async fn a_piece_at_another_place_is_told_where_the_upload_stands() {
    let content = content_of(1, 100);
    let (world, alice, upload_id) = begun(&content).await;
    world.receive(&alice, upload_id, 0, &mut sent(&content[..40])).await.unwrap();
    for offset in [0, 39, 41, 100, u64::MAX] {
        let refused = world.receive(&alice, upload_id, offset, &mut sent(b"x")).await;
        assert!(matches!(refused, Err(ReceiveRefused::WrongOffset { offset_bytes: 40 })), "{offset}");
    }
}

#[tokio::test]
async fn a_content_that_is_not_the_one_announced_is_given_up_with_its_room_and_its_bytes() {
    let content = content_of(1, 100);
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let mut announced = new_file(1, 100);
    announced.expected_digest = Some(digest_of(&content_of(2, 100)));
    let begun = world.begin(&alice, announced, None).await.unwrap();
    let refused = world.receive(&alice, begun.upload_id, 0, &mut sent(&content)).await;
    assert!(matches!(refused, Err(ReceiveRefused::DigestMismatch)));
    assert!(matches!(world.status(&alice, begun.upload_id).await, Err(ReceiveRefused::NotFound)));
    assert_eq!(world.usage(&alice).await, Usage::default());
    assert!(world.store.all_files().is_empty());
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty());
}

#[tokio::test]
async fn the_content_announced_is_taken_when_it_comes() {
    let content = content_of(1, 100);
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let mut announced = new_file(1, 100);
    announced.expected_digest = Some(digest_of(&content));
    let begun = world.begin(&alice, announced, None).await.unwrap();
    assert!(world.receive(&alice, begun.upload_id, 0, &mut sent_in_pieces(&content, 3)).await.is_ok());
}

#[tokio::test]
async fn an_upload_given_up_is_gone_with_its_room_and_its_bytes() {
    let (world, alice, upload_id) = begun(&content_of(1, 100)).await;
    world.receive(&alice, upload_id, 0, &mut sent(&content_of(1, 40))).await.unwrap();
    let receive = world.ports().receive_upload();
    receive.terminate(&alice, upload_id).await.unwrap();
    assert!(matches!(receive.terminate(&alice, upload_id).await, Err(ReceiveRefused::NotFound)));
    assert!(matches!(
        world.receive(&alice, upload_id, 40, &mut sent(b"x")).await,
        Err(ReceiveRefused::NotFound)
    ));
    assert_eq!(world.usage(&alice).await, Usage::default());
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty());
}

#[tokio::test]
async fn every_piece_puts_the_end_of_an_upload_off_and_one_that_rests_expires() {
    let content = content_of(1, 3);
    let (world, alice, upload_id) = begun(&content).await;
    let day = Duration::from_secs(24 * 60 * 60);
    for offset in 0..2 {
        world.clock.advance(day - Duration::from_millis(1));
        world.receive(&alice, upload_id, offset, &mut sent(b"x")).await.unwrap();
    }
    world.clock.advance(day);
    assert!(matches!(world.status(&alice, upload_id).await, Err(ReceiveRefused::Expired)));
    let late = world.receive(&alice, upload_id, 2, &mut sent(b"x")).await;
    assert!(matches!(late, Err(ReceiveRefused::Expired)));
    world.ports().file_housekeeping().sweep().await.unwrap();
    assert!(matches!(world.status(&alice, upload_id).await, Err(ReceiveRefused::NotFound)));
    assert_eq!(world.usage(&alice).await, Usage::default());
}

#[tokio::test]
async fn after_the_last_piece_the_upload_says_for_a_day_that_it_is_whole() {
    let content = content_of(1, 100);
    let (world, alice, upload_id) = begun(&content).await;
    let last = world.receive(&alice, upload_id, 0, &mut sent(&content)).await.unwrap();
    let status = world.status(&alice, upload_id).await.unwrap();
    assert_eq!((status.file_id, status.offset_bytes, status.size_bytes), (last.file_id, 100, 100));
    assert!(declared(&world, &alice, upload_id, (100, &[])).await.is_ok());
    let more = declared(&world, &alice, upload_id, (100, b"x")).await;
    assert!(matches!(more, Err(ReceiveRefused::WrongOffset { offset_bytes: 100 })));
    let again = declared(&world, &alice, upload_id, (0, &content)).await;
    assert!(matches!(again, Err(ReceiveRefused::WrongOffset { offset_bytes: 100 })));
    world.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert!(matches!(world.status(&alice, upload_id).await, Err(ReceiveRefused::NotFound)));
    assert_eq!(world.store.all_files().len(), 1);
}

#[tokio::test]
async fn a_piece_cut_off_by_a_fault_anywhere_can_be_sent_again_from_where_the_upload_stands() {
    let content = content_of(5, 50);
    // The calls of the store: take over, advance, complete. Those of the blob store: write, five appends, persist, publish.
    let cuts = (0..3).map(|n| (Some(n), None)).chain((0..8).map(|n| (None, Some(n))));
    for (store, blob) in cuts {
        for fault in [BeforeWrite, AfterWrite] {
            let what = format!("store {store:?}, blobs {blob:?}, {fault:?}");
            let (world, alice, upload_id) = begun(&content).await;
            store.into_iter().for_each(|passing| world.store.faults().fail_after(passing, fault));
            blob.into_iter().for_each(|passing| world.blobs.faults().fail_after(passing, fault));
            let cut_off = world.receive(&alice, upload_id, 0, &mut sent_in_pieces(&content, 10)).await;
            assert!(matches!(cut_off, Err(ReceiveRefused::Fault(_))), "{what}");
            let status = world.status(&alice, upload_id).await.unwrap();
            let from = usize::try_from(status.offset_bytes).unwrap();
            if from < content.len() {
                world
                    .receive(&alice, upload_id, status.offset_bytes, &mut sent(&content[from..]))
                    .await
                    .unwrap();
            }
            assert_eq!(world.fetched(&alice, status.file_id).await.as_ref(), Some(&content), "{what}");
            assert_eq!(world.store.all_files().len(), 1, "{what}");
            assert_eq!(world.usage(&alice).await, Usage { used_bytes: 50, reserved_bytes: 0 }, "{what}");
        }
    }
}
