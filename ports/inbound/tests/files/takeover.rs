//! Two requests for one upload: the later one goes on, and the earlier one leaves.

use crate::support::{World, content_of, digest_of, new_file, origin, sent, told};
use async_trait::async_trait;
use bytes::Bytes;
use epic_domain::id::UploadId;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::byte_source::{ByteSource, SourceFault};
use epic_inbound::receive_upload::{Piece, ReceiveRefused, ReceiveUpload, UploadStatus};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::poll;
use std::sync::Arc;
use tokio::task::JoinHandle;

type Received = Result<UploadStatus, ReceiveRefused>;

/// A person, an upload of so many bytes, and the one server that receives it.
async fn scene(size_bytes: u64) -> (World, Arc<Authenticated>, UploadId, ReceiveUpload) {
    let world = World::unlimited();
    let alice = Arc::new(world.caller(1).await);
    let begun = world.begin(&alice, new_file(1, size_bytes), None).await.unwrap();
    let receive = world.ports().receive_upload();
    (world, alice, begun.upload_id, receive)
}

fn spawn(
    receive: &ReceiveUpload,
    caller: &Arc<Authenticated>,
    (upload_id, offset_bytes): (UploadId, u64),
    mut source: impl ByteSource + 'static,
) -> JoinHandle<Received> {
    let (receive, caller) = (receive.clone(), Arc::clone(caller));
    tokio::spawn(async move {
        let piece = Piece { upload_id, offset_bytes, length_bytes: None, source: &mut source };
        receive.receive(&caller, piece, origin()).await
    })
}

/// Lets other tasks run until they wait.
async fn let_run() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_request_keeps_what_it_had_and_the_second_goes_on() {
    let content = content_of(1, 100);
    let (world, alice, upload_id, receive) = scene(100).await;
    let (tell, source) = told();
    tell.send(Bytes::copy_from_slice(&content[..30])).unwrap();
    let first = spawn(&receive, &alice, (upload_id, 0), source);
    let_run().await;
    // A client whose connection hangs asks where the upload stands, and goes on from there.
    let status = receive.status(&alice, upload_id, origin()).await.unwrap();
    assert_eq!(status.offset_bytes, 30);
    assert!(matches!(first.await.unwrap(), Err(ReceiveRefused::TakenOver)));
    let second = spawn(&receive, &alice, (upload_id, 30), sent(&content[30..]));
    let file_id = second.await.unwrap().unwrap().file_id;
    assert_eq!(world.file(file_id).content.digest, digest_of(&content));
    drop(tell);
}

#[tokio::test]
async fn a_second_piece_ends_the_first_one() {
    let content = content_of(1, 100);
    let (world, alice, upload_id, receive) = scene(100).await;
    let (tell, source) = told();
    tell.send(Bytes::copy_from_slice(&content[..30])).unwrap();
    let first = spawn(&receive, &alice, (upload_id, 0), source);
    let_run().await;
    let second = spawn(&receive, &alice, (upload_id, 30), sent(&content[30..]));
    assert!(second.await.unwrap().is_ok());
    assert!(matches!(first.await.unwrap(), Err(ReceiveRefused::TakenOver)));
    assert_eq!(world.store.all_files()[0].content.digest, digest_of(&content));
    drop(tell);
}

#[tokio::test]
async fn a_checked_piece_that_is_taken_over_leaves_nothing() {
    struct Checked<S>(S);
    #[async_trait]
    impl<S: ByteSource> ByteSource for Checked<S> {
        async fn next(&mut self) -> Result<Option<Bytes>, SourceFault> {
            self.0.next().await
        }

        fn is_checked(&self) -> bool {
            true
        }
    }
    let (_world, alice, upload_id, receive) = scene(100).await;
    let (tell, source) = told();
    tell.send(Bytes::from_static(b"some bytes")).unwrap();
    let first = spawn(&receive, &alice, (upload_id, 0), Checked(source));
    let_run().await;
    assert_eq!(receive.status(&alice, upload_id, origin()).await.unwrap().offset_bytes, 0);
    assert!(matches!(first.await.unwrap(), Err(ReceiveRefused::TakenOver)));
    drop(tell);
}

/// A sender of single bytes that never pauses; at its third, a rival comes.
struct Unpausing {
    rival: BoxFuture<'static, Received>,
    sent_bytes: u32,
}

#[async_trait]
impl ByteSource for Unpausing {
    async fn next(&mut self) -> Result<Option<Bytes>, SourceFault> {
        self.sent_bytes += 1;
        if self.sent_bytes == 3 {
            assert!(poll!(&mut self.rival).is_pending(), "the rival waits for the one before");
        }
        Ok(Some(Bytes::from_static(b"x")))
    }

    fn is_checked(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_sender_that_never_pauses_is_taken_over_too() {
    let (_world, alice, upload_id, receive) = scene(100).await;
    let (server, rival) = (receive.clone(), Arc::clone(&alice));
    let rival = async move { server.status(&rival, upload_id, origin()).await };
    let mut source = Unpausing { rival: rival.boxed(), sent_bytes: 0 };
    let piece = Piece { upload_id, offset_bytes: 0, length_bytes: None, source: &mut source };
    let ended = receive.receive(&alice, piece, origin()).await;
    assert!(matches!(ended, Err(ReceiveRefused::TakenOver)), "{ended:?}");
    assert_eq!(source.rival.await.unwrap().offset_bytes, 3);
}

#[tokio::test]
async fn giving_up_an_upload_ends_whoever_sends_it() {
    let (world, alice, upload_id, receive) = scene(100).await;
    let (tell, source) = told();
    tell.send(Bytes::from_static(b"some bytes")).unwrap();
    let first = spawn(&receive, &alice, (upload_id, 0), source);
    let_run().await;
    receive.terminate(&alice, upload_id).await.unwrap();
    assert!(matches!(first.await.unwrap(), Err(ReceiveRefused::TakenOver)));
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty());
    drop(tell);
}

#[tokio::test]
async fn f01_a_stranger_who_names_an_upload_neither_waits_for_its_sender_nor_disturbs_them() {
    let content = content_of(1, 100);
    let (world, alice, upload_id, receive) = scene(100).await;
    let stranger = world.caller(2).await;
    let (tell, source) = told();
    tell.send(Bytes::copy_from_slice(&content[..30])).unwrap();
    let sending = spawn(&receive, &alice, (upload_id, 0), source);
    let_run().await;
    let status = receive.status(&stranger, upload_id, origin()).await;
    assert!(matches!(status, Err(ReceiveRefused::NotFound)));
    assert!(matches!(receive.terminate(&stranger, upload_id).await, Err(ReceiveRefused::NotFound)));
    tell.send(Bytes::copy_from_slice(&content[30..])).unwrap();
    drop(tell);
    assert!(sending.await.unwrap().is_ok());
}

#[tokio::test]
async fn what_another_server_has_taken_over_is_not_written_any_more() {
    let content = content_of(1, 100);
    let (world, alice, upload_id, here) = scene(100).await;
    let there = world.ports().receive_upload();
    let (tell, source) = told();
    tell.send(Bytes::copy_from_slice(&content[..30])).unwrap();
    let first = spawn(&here, &alice, (upload_id, 0), source);
    let_run().await;
    let second = spawn(&there, &alice, (upload_id, 0), sent(&content[..60]));
    assert_eq!(second.await.unwrap().unwrap().offset_bytes, 60);
    drop(tell);
    assert!(matches!(first.await.unwrap(), Err(ReceiveRefused::TakenOver)));
    assert_eq!(there.status(&alice, upload_id, origin()).await.unwrap().offset_bytes, 60);
}

#[tokio::test]
async fn of_many_requests_at_once_each_is_answered_and_the_upload_goes_on() {
    let content = content_of(1, 64);
    let (world, alice, upload_id, receive) = scene(64).await;
    let calls: Vec<_> =
        (0..64).map(|_| spawn(&receive, &alice, (upload_id, 0), sent(&content[..8]))).collect();
    let mut taken = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => taken += 1,
            Err(ReceiveRefused::WrongOffset { offset_bytes: 8 } | ReceiveRefused::TakenOver) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let stands_at = receive.status(&alice, upload_id, origin()).await.unwrap().offset_bytes;
    assert_eq!(stands_at, 8 * taken);
    let rest = usize::try_from(stands_at).unwrap();
    spawn(&receive, &alice, (upload_id, stands_at), sent(&content[rest..])).await.unwrap().unwrap();
    assert_eq!(world.store.all_files()[0].content.digest, digest_of(&content));
}
