//! Uploads that are whole and whose last step was cut off: they become files, once.

use crate::support::{World, content_of, digest_of, new_file, origin, sent};
use epic_domain::audit::EventKind;
use epic_domain::id::UploadId;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::receive_upload::{Piece, ReceiveRefused};
use epic_outbound::blobs::Blobs;
use epic_tests::fakes::Fault::{self, AfterWrite, BeforeWrite};

/// Where the last step is cut off. The store is asked to take over, to advance and to complete; the blob store to write, to
/// append, to persist and to publish.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Complete(Fault),
    Publish(Fault),
}

const CUTS: [Cut; 4] = [
    Cut::Publish(BeforeWrite),
    Cut::Publish(AfterWrite),
    Cut::Complete(BeforeWrite),
    Cut::Complete(AfterWrite),
];

/// A world with an upload whose last step was cut off.
async fn cut_off(cut: Cut, content: &[u8]) -> (World, Authenticated, UploadId) {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let begun = world.begin(&alice, new_file(1, crate::support::length_of(content)), None).await.unwrap();
    match cut {
        Cut::Complete(fault) => world.store.faults().fail_after(2, fault),
        Cut::Publish(fault) => world.blobs.faults().fail_after(3, fault),
    }
    let lost = world.receive(&alice, begun.upload_id, 0, &mut sent(content)).await;
    assert!(matches!(lost, Err(ReceiveRefused::Fault(_))), "{cut:?}");
    (world, alice, begun.upload_id)
}

async fn assert_there_once(world: &World, caller: &Authenticated, content: &[u8], what: &str) {
    let files = world.store.all_files();
    assert_eq!(files.len(), 1, "{what}");
    assert_eq!(files[0].content.digest, digest_of(content), "{what}");
    assert_eq!(world.fetched(caller, files[0].id).await.unwrap(), content, "{what}");
    assert!(world.store.all_uploads().is_empty(), "{what}");
    world.remove_blobs().await;
    assert_eq!(world.blobs.held().len(), 1, "{what}");
    let uploaded = world.file_kinds().iter().filter(|kind| **kind == EventKind::FileUploaded).count();
    assert!(uploaded <= 1, "{what}: it happened once");
}

#[tokio::test]
async fn whoever_asks_where_it_stands_finds_it_whole_and_the_file_there() {
    let content = content_of(1, 50);
    for cut in CUTS {
        let (world, alice, upload_id) = cut_off(cut, &content).await;
        for _ in 0..2 {
            let status = world.status(&alice, upload_id).await.unwrap();
            assert_eq!((status.offset_bytes, status.size_bytes), (50, 50), "{cut:?}");
            assert_eq!(world.store.all_files().len(), 1, "{cut:?}: whole is said of files alone");
        }
        assert_there_once(&world, &alice, &content, &format!("{cut:?}")).await;
    }
}

#[tokio::test]
async fn a_piece_of_no_bytes_at_the_end_finishes_it_too() {
    let content = content_of(1, 50);
    for cut in CUTS {
        let (world, alice, upload_id) = cut_off(cut, &content).await;
        let source = &mut sent(&[]);
        let piece = Piece { upload_id, offset_bytes: 50, length_bytes: Some(0), source };
        let status = world.ports().receive_upload().receive(&alice, piece, origin()).await.unwrap();
        assert_eq!(status.offset_bytes, 50, "{cut:?}");
        assert_there_once(&world, &alice, &content, &format!("{cut:?}")).await;
    }
}

#[tokio::test]
async fn a_piece_that_is_sent_again_is_told_that_nothing_is_missing() {
    let content = content_of(1, 50);
    for cut in CUTS {
        let (world, alice, upload_id) = cut_off(cut, &content).await;
        for _ in 0..2 {
            let again = world.receive(&alice, upload_id, 0, &mut sent(&content)).await;
            assert!(matches!(again, Err(ReceiveRefused::WrongOffset { offset_bytes: 50 })), "{cut:?}");
        }
    }
}

#[tokio::test]
async fn the_server_finishes_it_by_itself() {
    let content = content_of(1, 50);
    for cut in CUTS {
        let (world, alice, _) = cut_off(cut, &content).await;
        let housekeeping = world.ports().file_housekeeping();
        housekeeping.take_up().await.unwrap();
        housekeeping.finish_cut_off().await.unwrap();
        assert_there_once(&world, &alice, &content, &format!("{cut:?}")).await;
        if !matches!(cut, Cut::Complete(AfterWrite)) {
            let event = world.audit.events().into_iter().find(|event| event.kind == EventKind::FileUploaded);
            let event = event.unwrap();
            assert_eq!((event.user_id, event.session_id, event.origin), (Some(alice.user().id), None, None));
        }
    }
}

#[tokio::test]
async fn one_that_is_whole_waits_for_its_end_however_long_that_takes() {
    let content = content_of(1, 50);
    let (world, alice, upload_id) = cut_off(Cut::Publish(BeforeWrite), &content).await;
    world.clock.advance(std::time::Duration::from_secs(30 * 24 * 60 * 60));
    world.ports().file_housekeeping().sweep().await.unwrap();
    assert_eq!(world.status(&alice, upload_id).await.unwrap().offset_bytes, 50);
    assert_there_once(&world, &alice, &content, "a month later").await;
}

#[tokio::test]
async fn one_that_cannot_be_finished_does_not_keep_the_others_from_it() {
    let content = content_of(1, 50);
    let (world, alice, _) = cut_off(Cut::Publish(BeforeWrite), &content).await;
    for _ in 0..4 {
        let begun = world.begin(&alice, new_file(1, 50), None).await.unwrap();
        world.blobs.faults().fail_after(3, BeforeWrite);
        world.receive(&alice, begun.upload_id, 0, &mut sent(&content)).await.unwrap_err();
    }
    let damaged = world.store.all_uploads()[0].clone();
    world.blobs.remove(damaged.blob_id, &damaged.progress.stage).await.unwrap();
    for _ in 0..2 {
        assert!(world.ports().file_housekeeping().finish_cut_off().await.is_err(), "an operator hears of it");
        assert_eq!(world.store.all_files().len(), 4);
    }
}
