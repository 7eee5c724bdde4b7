//! Uploads where several nodes share a store: none takes what another has in hand, and whoever loses a race at the last
//! step finds the file there.

use crate::support::{World, content_of, digest_of, new_file, origin, sent};
use epic_domain::file::{StageState, Upload};
use epic_domain::id::UploadId;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::file_housekeeping::StoreUse::{Alone, Shared};
use epic_inbound::receive_upload::{Piece, ReceiveRefused, ReceiveUpload, UploadStatus};
use epic_inbound::send_whole::SendRefused;
use epic_outbound::blobs::Blobs;
use epic_outbound::uploads::{MockUploads, Uploads};
use epic_tests::fakes::Fault::BeforeWrite;
use epic_tests::fakes::MemoryStore;
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_node_that_starts_leaves_what_lives_in_requests_of_others_alone() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.store.faults().fail_after(1, BeforeWrite);
    let refused = world.send_whole(&alice, new_file(1, 50), &mut sent(b"some"), None).await;
    assert!(matches!(refused, Err(SendRefused::Fault(_))));
    world.ports().file_housekeeping_of(Shared).take_up().await.unwrap();
    assert_eq!(world.store.all_uploads().len(), 1, "its request may go on at another node");
    world.clock.advance(Duration::from_secs(121));
    world.ports().file_housekeeping_of(Shared).sweep().await.unwrap();
    assert!(world.store.all_uploads().is_empty(), "nothing lives so long without a sign");
}

/// An upload that has all its bytes and is not a file yet.
async fn whole(world: &World, caller: &Authenticated, content: &[u8]) -> UploadId {
    let begun = world.begin(caller, new_file(1, crate::support::length_of(content)), None).await.unwrap();
    world.blobs.faults().fail_after(3, BeforeWrite);
    world.receive(caller, begun.upload_id, 0, &mut sent(content)).await.unwrap_err();
    begun.upload_id
}

#[tokio::test]
async fn a_last_step_that_may_be_under_way_at_another_node_is_left_to_it_for_two_minutes() {
    let content = content_of(1, 50);
    let world = World::unlimited();
    let alice = world.caller(1).await;
    whole(&world, &alice, &content).await;
    world.clock.advance(Duration::from_secs(119));
    let housekeeping = world.ports().file_housekeeping_of(Shared);
    housekeeping.take_up().await.unwrap();
    housekeeping.finish_cut_off().await.unwrap();
    assert!(world.store.all_files().is_empty());
    world.clock.advance(Duration::from_secs(1));
    housekeeping.finish_cut_off().await.unwrap();
    assert_eq!(world.store.all_files()[0].content.digest, digest_of(&content));
}

/// What stands between a node and the store.
fn passing(store: &Arc<MemoryStore>) -> MockUploads {
    let mut uploads = MockUploads::new();
    let behind = Arc::clone(store);
    uploads.expect_advance().returning(move |id, fence, progress, end| {
        behind.advance(id, fence, progress, end).now_or_never().unwrap()
    });
    let behind = Arc::clone(store);
    uploads
        .expect_find_request()
        .returning(move |account, key, now| behind.find_request(account, key, now).now_or_never().unwrap());
    let behind = Arc::clone(store);
    uploads
        .expect_find()
        .returning(move |id, uploader| Uploads::find(behind.as_ref(), id, uploader).now_or_never().unwrap());
    uploads
}

fn node_with(world: &World, uploads: MockUploads) -> ReceiveUpload {
    let mut ports = world.ports();
    ports.uploads = Arc::new(uploads);
    ports.receive_upload()
}

/// Another node finishes whatever is whole.
fn finish_elsewhere(world: &World) -> impl Fn() + Send + use<> {
    let housekeeping = world.ports().file_housekeeping_of(Alone);
    move || housekeeping.finish_cut_off().now_or_never().unwrap().unwrap()
}

async fn receive(
    node: &ReceiveUpload,
    caller: &Authenticated,
    upload_id: UploadId,
    content: &[u8],
) -> Result<UploadStatus, ReceiveRefused> {
    let source = &mut sent(content);
    node.receive(caller, Piece { upload_id, offset_bytes: 0, length_bytes: None, source }, origin()).await
}

#[tokio::test]
async fn whoever_sent_the_last_byte_is_told_that_the_file_is_there_when_another_node_finished_it() {
    let content = content_of(1, 50);
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let begun = world.begin(&alice, new_file(1, 50), None).await.unwrap();
    let mut uploads = passing(&world.store);
    let behind = Arc::clone(&world.store);
    uploads
        .expect_take_over()
        .returning(move |id, uploader, now| behind.take_over(id, uploader, now).now_or_never().unwrap());
    let (behind, finish) = (Arc::clone(&world.store), finish_elsewhere(&world));
    uploads.expect_complete().times(1).returning(move |completion| {
        finish();
        behind.complete(completion).now_or_never().unwrap()
    });
    let node = node_with(&world, uploads);
    let status = receive(&node, &alice, begun.upload_id, &content).await.unwrap();
    assert_eq!((status.offset_bytes, status.size_bytes), (50, 50));
    assert_eq!(world.store.all_files().len(), 1);
    assert_eq!(world.fetched(&alice, begun.file_id).await.unwrap(), content);
}

#[tokio::test]
async fn whoever_sent_the_last_byte_is_told_when_another_node_took_over_and_is_not_through_yet() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let begun = world.begin(&alice, new_file(1, 50), None).await.unwrap();
    let mut uploads = passing(&world.store);
    let behind = Arc::clone(&world.store);
    uploads
        .expect_take_over()
        .returning(move |id, uploader, now| behind.take_over(id, uploader, now).now_or_never().unwrap());
    let (behind, uploader, now) = (Arc::clone(&world.store), alice.user().id, begun.expires_at);
    uploads.expect_complete().times(1).returning(move |completion| {
        behind.take_over(completion.upload_id, uploader, now).now_or_never().unwrap().unwrap();
        behind.complete(completion).now_or_never().unwrap()
    });
    let node = node_with(&world, uploads);
    let refused = receive(&node, &alice, begun.upload_id, &content_of(1, 50)).await;
    assert!(matches!(refused, Err(ReceiveRefused::TakenOver)), "{refused:?}");
    assert_eq!(world.status(&alice, begun.upload_id).await.unwrap().offset_bytes, 50);
    assert_eq!(world.store.all_files().len(), 1);
}

#[tokio::test]
async fn whoever_asks_where_it_stands_is_told_that_the_file_is_there_when_another_node_finished_it() {
    let content = content_of(1, 50);
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let upload_id = whole(&world, &alice, &content).await;
    let mut uploads = passing(&world.store);
    let (behind, finish) = (Arc::clone(&world.store), finish_elsewhere(&world));
    uploads.expect_take_over().times(1).returning(move |id, uploader, now| {
        finish();
        behind.take_over(id, uploader, now).now_or_never().unwrap()
    });
    let status = node_with(&world, uploads).status(&alice, upload_id, origin()).await.unwrap();
    assert_eq!((status.offset_bytes, status.size_bytes), (50, 50));
    assert_eq!(world.store.all_files().len(), 1);
}

/// Two nodes may come to remove the same blob, and one may find it gone.
#[tokio::test]
async fn a_doomed_blob_that_another_node_removed_is_struck_off() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let upload_id = whole(&world, &alice, &content_of(1, 50)).await;
    let upload: Upload = world.store.all_uploads()[0].clone();
    world.ports().receive_upload().terminate(&alice, upload_id).await.unwrap();
    world.blobs.remove(upload.blob_id, &StageState::default()).await.unwrap();
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty());
}
