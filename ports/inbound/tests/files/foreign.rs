//! F01: what belongs to someone else is answered like what does not exist, after the same questions to the same ports.

use crate::support::{Ports, World, key, new_content, new_file, origin, sent};
use epic_domain::file::{ContentNumber, File, Permission};
use epic_domain::id::{FileId, LinkId, ShareId, UploadId};
use epic_domain::user::Version;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::begin_upload::BeginRefused;
use epic_inbound::linking::{LinkRefused, NewLink};
use epic_inbound::own_files::{ChangeOutcome, DeleteOutcome, Edit};
use epic_inbound::receive_upload::{Piece, ReceiveRefused};
use epic_inbound::sharing::{NewShare, ShareRefused};
use epic_outbound::StoreError;
use epic_outbound::files::MockFiles;
use epic_outbound::shares::MockShares;
use epic_outbound::uploads::MockUploads;
use epic_tests::builders;
use std::sync::{Arc, Mutex, PoisonError};

/// What someone could know of another's things, or guess.
#[derive(Clone, Copy)]
struct Known {
    file_id: FileId,
    version: Version,
    share_id: ShareId,
    link_id: LinkId,
    upload_id: UploadId,
}

fn unknown(version: Version) -> Known {
    Known {
        file_id: builders::file_id(99),
        version,
        share_id: builders::share_id(99),
        link_id: builders::link_id(99),
        upload_id: builders::upload_id(99),
    }
}

type Calls = Arc<Mutex<Vec<&'static str>>>;

fn note(calls: &Calls, call: &'static str) {
    calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
}

/// A store on which nothing of what is asked for may be seen by whoever asks: `file` is another's, or there is none. Every
/// question is noted, and any that only an owner may ask fails the test.
fn watched(file: Option<&File>) -> (Ports, Calls) {
    let calls = Calls::default();
    let (mut files, mut shares, mut uploads) = (MockFiles::new(), MockShares::new(), MockUploads::new());
    let (noted, found) = (Arc::clone(&calls), file.cloned());
    files.expect_find().returning(move |_| {
        note(&noted, "files.find");
        Ok(found.clone())
    });
    let noted = Arc::clone(&calls);
    shares.expect_find_for().returning(move |_, _| {
        note(&noted, "shares.find_for");
        Ok(None)
    });
    let noted = Arc::clone(&calls);
    shares.expect_end().returning(move |_, _, _| {
        note(&noted, "shares.end");
        Ok(None)
    });
    let noted = Arc::clone(&calls);
    uploads.expect_find().returning(move |_, _| {
        note(&noted, "uploads.find");
        Ok(None)
    });
    let noted = Arc::clone(&calls);
    uploads.expect_take_over().returning(move |_, _, _| {
        note(&noted, "uploads.take_over");
        Ok(None)
    });
    let noted = Arc::clone(&calls);
    uploads.expect_find_request().returning(move |_, _, _| -> Result<_, StoreError> {
        note(&noted, "uploads.find_request");
        Ok(None)
    });
    let ports = Ports {
        files: Arc::new(files),
        shares: Arc::new(shares),
        uploads: Arc::new(uploads),
        ..Ports::untouched()
    };
    (ports, calls)
}

/// Every call about files that takes an id, made by someone to whom nothing of it belongs.
async fn try_everything(ports: &Ports, caller: &Authenticated, known: Known, new_share: &NewShare) {
    let Known { file_id, version, share_id, link_id, upload_id } = known;
    let (ports, number) = (|| ports.clone(), ContentNumber::FIRST);
    let own_files = ports().own_files();
    let edit = Edit { encrypted_filename: Some(builders::encrypted_filename(9)), encrypted_data_key: None };
    assert!(own_files.look(caller, file_id).await.unwrap().is_none());
    let edited = own_files.edit(caller, file_id, version, &edit, origin()).await.unwrap();
    assert_eq!(edited, ChangeOutcome::NotFound);
    let restored = own_files.restore(caller, file_id, version, origin()).await.unwrap();
    assert_eq!(restored, ChangeOutcome::NotFound);
    let deleted = own_files.delete(caller, file_id, version, origin()).await.unwrap();
    assert_eq!(deleted, DeleteOutcome::NotFound);
    assert!(own_files.versions(caller, file_id, None, 9).await.unwrap().is_none());
    assert!(!own_files.remove_version(caller, file_id, number, origin()).await.unwrap());

    let download = ports().download();
    assert!(download.find(caller, file_id).await.unwrap().is_none());
    assert!(download.find_version(caller, file_id, number).await.unwrap().is_none());

    let content = new_content(&builders::file(1, 1).with(|file| file.id = file_id).build(), 3);
    let begun = ports().begin_upload().begin_content(caller, content, Some(&key("k")), origin()).await;
    assert!(matches!(begun.result, Err(BeginRefused::NotFound)));

    let sharing = ports().sharing();
    let new_share = NewShare { file_id, ..new_share.clone() };
    let shared = sharing.share(caller, new_share, Some(&key("k")), origin()).await;
    assert!(matches!(shared, Err(ShareRefused::NotFound)));
    assert!(sharing.list(caller, file_id, None, 9).await.unwrap().is_none());
    assert!(!sharing.end(caller, file_id, share_id, origin()).await.unwrap());

    let linking = ports().linking();
    let new_link = NewLink { file_id, expires_at: None, max_downloads: None };
    let linked = linking.make(caller, &new_link, Some(&key("k")), origin()).await;
    assert!(matches!(linked, Err(LinkRefused::NotFound)));
    assert!(linking.list(caller, file_id, None, 9).await.unwrap().is_none());
    assert!(!linking.end(caller, file_id, link_id, origin()).await.unwrap());

    assert!(ports().file_audit().list(caller, file_id, 0, 9).await.unwrap().is_none());

    let receive = ports().receive_upload();
    let status = receive.status(caller, upload_id, origin()).await;
    assert!(matches!(status, Err(ReceiveRefused::NotFound)));
    let source = &mut sent(b"x");
    let piece = Piece { upload_id, offset_bytes: 0, length_bytes: Some(1), source };
    let received = receive.receive(caller, piece, origin()).await;
    assert!(matches!(received, Err(ReceiveRefused::NotFound)));
    let terminated = receive.terminate(caller, upload_id).await;
    assert!(matches!(terminated, Err(ReceiveRefused::NotFound)));
}

#[tokio::test]
async fn f01_what_is_anothers_and_what_is_not_there_are_answered_alike() {
    let world = World::unlimited();
    let (alice, stranger) = (world.caller(1).await, world.caller(2).await);
    world.confirmed(3).await;
    let file = world.uploaded(&alice, b"one").await;
    let share = world.shared(&alice, &file, 3, Permission::Write).await;
    let link = world.linked(&alice, &file, None).await;
    let upload = world.begin(&alice, new_file(1, 10), None).await.unwrap();
    let of_alice = Known {
        file_id: file.id,
        version: file.version,
        share_id: share.share_id,
        link_id: link.link_id,
        upload_id: upload.upload_id,
    };
    let new_share = world.new_share(&file, 3, Permission::Read);
    let (files, uploads, events) = (world.store.all_files(), world.store.all_uploads(), world.kinds());
    for known in [of_alice, unknown(file.version)] {
        try_everything(&world.ports(), &stranger, known, &new_share).await;
    }
    assert_eq!(world.store.all_files(), files);
    assert_eq!(world.store.all_uploads(), uploads);
    assert_eq!(world.kinds(), events);
    assert!(world.ports().linking().end(&alice, file.id, link.link_id, origin()).await.unwrap());
    assert!(world.ports().sharing().end(&alice, file.id, share.share_id, origin()).await.unwrap());
}

#[tokio::test]
async fn f01_what_is_anothers_and_what_is_not_there_cost_the_same_questions() {
    let world = World::unlimited();
    let (alice, stranger) = (world.caller(1).await, world.caller(2).await);
    world.confirmed(3).await;
    let file = world.uploaded(&alice, b"one").await;
    let new_share = world.new_share(&file, 3, Permission::Read);
    let (there, asked) = watched(Some(&file));
    try_everything(&there, &stranger, Known { file_id: file.id, ..unknown(file.version) }, &new_share).await;
    let (not_there, asked_in_vain) = watched(None);
    try_everything(&not_there, &stranger, unknown(file.version), &new_share).await;
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked, *asked_in_vain.lock().unwrap());
    assert!(asked.len() > 18, "every call asks");
}
