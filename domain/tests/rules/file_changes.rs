//! What a file may become: what uploads bring, what is said of it anew, the trash and back.
#![expect(clippy::unwrap_used, reason = "sample values that do not parse must stop the test")]

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::file::{
    ContentDigest, ContentNumber, EncryptedDataKey, EncryptedFilename, Fence, File, Progress, Received,
    Revision, Target, Upload, UploadSize,
};
use epic_domain::id::{BlobId, FileId, UploadId, UserId};
use epic_domain::user::Version;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const LATER: Timestamp = Timestamp::from_millis(1_700_000_000_001);
const REVISION: Revision = Revision::from_number(7);

fn name(text: &str) -> EncryptedFilename {
    EncryptedFilename::parse(text.as_bytes()).unwrap()
}

fn key(text: &str) -> EncryptedDataKey {
    EncryptedDataKey::parse(text.as_bytes()).unwrap()
}

fn upload(seed: u8, target: Target) -> Upload {
    Upload {
        id: UploadId::from_randomness([seed; 16]),
        uploader: UserId::from_bytes([9; 16]),
        file_id: FileId::from_randomness([1; 16]),
        owner: UserId::from_bytes([1; 16]),
        target,
        blob_id: BlobId::from_randomness([seed; 16]),
        size: UploadSize::Exactly(5),
        expected_digest: None,
        progress: Progress::none(),
        fence: Fence::NONE,
        created_at: NOW,
        expires_at: NOW.saturating_add(Duration::from_secs(1)),
    }
}

fn first() -> Upload {
    upload(1, Target::NewFile { encrypted_filename: name("name"), encrypted_data_key: key("key") })
}

fn second(
    encrypted_filename: Option<EncryptedFilename>,
    encrypted_data_key: Option<EncryptedDataKey>,
) -> Upload {
    upload(2, Target::NewContent { encrypted_filename, encrypted_data_key })
}

fn received(at: Timestamp) -> Received {
    Received { size_bytes: 5, digest: ContentDigest::from_bytes([5; 32]), at }
}

fn file() -> File {
    File::begun_by(&first(), &received(NOW), Revision::NONE.next()).unwrap()
}

#[test]
fn an_upload_of_a_new_file_becomes_its_first_content() {
    let file = file();
    assert_eq!((file.id, file.owner), (first().file_id, first().owner));
    assert_eq!((&file.encrypted_filename, &file.content.encrypted_data_key), (&name("name"), &key("key")));
    assert_eq!((file.content.number, file.version), (ContentNumber::FIRST, Version::FIRST));
    assert_eq!((file.content.blob_id, file.content.written_by), (first().blob_id, first().uploader));
    assert_eq!((file.content.size_bytes, file.content.written_at, file.created_at), (5, NOW, NOW));
    assert!(!file.is_trashed());
    assert!(File::begun_by(&second(None, None), &received(NOW), REVISION).is_none(), "that is no new file");
}

#[test]
fn a_new_content_takes_over_and_what_it_does_not_bring_stays() {
    let before = file();
    let written = before.written_by(&second(None, None), &received(LATER), REVISION).unwrap();
    assert_eq!(written.content.number, ContentNumber::FIRST.next());
    assert_eq!(written.content.blob_id, second(None, None).blob_id);
    assert_eq!((written.version, written.revision), (before.version.next(), REVISION));
    assert_eq!((written.created_at, written.updated_at), (NOW, LATER));
    assert_eq!(written.encrypted_filename, name("name"));
    assert_eq!(written.content.encrypted_data_key, key("key"));
    let bringing = second(Some(name("other")), Some(key("another")));
    let written = before.written_by(&bringing, &received(LATER), REVISION).unwrap();
    assert_eq!(written.encrypted_filename, name("other"));
    assert_eq!(written.content.encrypted_data_key, key("another"));
}

#[test]
fn an_upload_is_for_its_own_file_and_not_for_the_trash() {
    let upload = second(None, None);
    let other = File { id: FileId::from_randomness([2; 16]), ..file() };
    let of_another_owner = File { owner: UserId::from_bytes([2; 16]), ..file() };
    let trashed = file().trashed(NOW).unwrap();
    for file in [other, of_another_owner, trashed] {
        assert!(file.written_by(&upload, &received(LATER), REVISION).is_none());
    }
}

#[test]
fn a_file_goes_into_the_trash_once_and_out_of_it_once() {
    assert!(file().restored().is_none());
    let trashed = file().trashed(LATER).unwrap();
    assert_eq!(trashed.trashed_at, Some(LATER));
    assert!(trashed.clone().trashed(LATER).is_none());
    assert_eq!(trashed.restored(), Some(file()));
}

#[test]
fn what_is_said_of_a_file_changes_unless_it_is_in_the_trash() {
    assert_eq!(file().edited(None, None), Some(file()));
    let renamed = file().edited(Some(name("other")), None).unwrap();
    assert_eq!((renamed.encrypted_filename, renamed.content), (name("other"), file().content));
    let wrapped_again = file().edited(None, Some(key("again"))).unwrap();
    assert_eq!(wrapped_again.content.encrypted_data_key, key("again"));
    assert_eq!(wrapped_again.content.number, file().content.number, "the content is the same");
    assert!(file().trashed(NOW).unwrap().edited(Some(name("other")), None).is_none());
}

#[test]
fn a_change_counts_once_and_tells_its_time() {
    let changed = file().changed(REVISION, LATER);
    assert_eq!((changed.version, changed.revision), (file().version.next(), REVISION));
    assert_eq!((changed.created_at, changed.updated_at), (NOW, LATER));
}
