//! Who may see a file: its owner, whoever has a live share, whoever holds a live link; nobody else.
#![expect(clippy::unwrap_used, reason = "sample values that do not parse must stop the test")]

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::file::{
    Content, ContentDigest, ContentNumber, EncryptedDataKey, EncryptedFilename, File, FileAccess, Link,
    LinkTokenDigest, Permission, Revision, Right, Share,
};
use epic_domain::id::{BlobId, FileId, LinkId, ShareId, UserId};
use epic_domain::user::Version;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn user(seed: u8) -> UserId {
    UserId::from_bytes([seed; 16])
}

fn owner() -> UserId {
    user(1)
}

fn recipient() -> UserId {
    user(2)
}

fn file(seed: u8) -> File {
    File {
        id: FileId::from_randomness([seed; 16]),
        owner: owner(),
        encrypted_filename: EncryptedFilename::parse(b"name").unwrap(),
        content: Content {
            number: ContentNumber::FIRST,
            blob_id: BlobId::from_randomness([seed; 16]),
            size_bytes: 5,
            digest: ContentDigest::from_bytes([0; 32]),
            encrypted_data_key: EncryptedDataKey::parse(b"key").unwrap(),
            written_by: owner(),
            written_at: NOW,
        },
        version: Version::FIRST,
        revision: Revision::NONE.next(),
        created_at: NOW,
        updated_at: NOW,
        trashed_at: None,
    }
}

fn share(permission: Permission) -> Share {
    Share {
        id: ShareId::from_randomness([3; 16]),
        file_id: file(1).id,
        owner: owner(),
        recipient: recipient(),
        recipient_key_id: [0; 16],
        encrypted_data_key: EncryptedDataKey::parse(b"for you").unwrap(),
        permission,
        expires_at: Some(NOW.saturating_add(Duration::from_millis(1))),
        created_at: NOW,
    }
}

fn link() -> Link {
    Link {
        id: LinkId::from_randomness([4; 16]),
        file_id: file(1).id,
        owner: owner(),
        token_digest: LinkTokenDigest::from_bytes([0; 32]),
        expires_at: Some(NOW.saturating_add(Duration::from_millis(1))),
        max_downloads: Some(1),
        downloads: 0,
        created_at: NOW,
    }
}

fn trashed() -> File {
    File { trashed_at: Some(NOW), ..file(1) }
}

#[test]
fn only_the_owner_owns_a_file() {
    assert!(file(1).owned_by(owner()).is_some());
    assert!(file(1).owned_by(recipient()).is_none());
    assert!(file(1).access_of_owner(recipient()).is_none());
}

#[test]
fn the_owner_may_write_but_not_into_the_trash() {
    let access = file(1).access_of_owner(owner()).unwrap();
    assert_eq!(access.right(), Right::Owner);
    assert!(access.to_write().is_some());
    assert!(
        trashed().access_of_owner(owner()).unwrap().to_write().is_none(),
        "the trash is seen, not written"
    );
}

#[test]
fn a_share_gives_its_recipient_what_it_says_until_it_ends() {
    let read = share(Permission::Read);
    let access = FileAccess::by_share(&file(1), &read, recipient(), NOW).unwrap();
    assert_eq!(access.right(), Right::Share(read.id));
    assert!(access.to_write().is_none());
    let write = FileAccess::by_share(&file(1), &share(Permission::Write), recipient(), NOW).unwrap();
    assert_eq!(write.to_write().map(|write| write.owner()), Some(owner()), "the owner pays");
    let end = read.expires_at.unwrap();
    assert!(FileAccess::by_share(&file(1), &read, recipient(), end).is_none(), "its end is not in it");
}

#[test]
fn a_share_opens_no_other_file_for_nobody_else_and_not_the_trash() {
    let share = share(Permission::Write);
    assert!(FileAccess::by_share(&file(2), &share, recipient(), NOW).is_none());
    assert!(FileAccess::by_share(&file(1), &share, user(9), NOW).is_none());
    assert!(FileAccess::by_share(&trashed(), &share, recipient(), NOW).is_none());
    let of_another_owner = Share { owner: user(9), ..share };
    assert!(FileAccess::by_share(&file(1), &of_another_owner, recipient(), NOW).is_none());
}

#[test]
fn a_link_opens_its_file_for_its_time_and_number_and_never_to_write() {
    let access = FileAccess::by_link(&file(1), &link(), NOW).unwrap();
    assert_eq!(access.right(), Right::Link(link().id));
    assert!(access.to_write().is_none());
    assert!(FileAccess::by_link(&file(1), &link(), link().expires_at.unwrap()).is_none());
    assert!(FileAccess::by_link(&file(1), &Link { downloads: 1, ..link() }, NOW).is_none());
    assert!(FileAccess::by_link(&file(2), &link(), NOW).is_none());
    assert!(FileAccess::by_link(&trashed(), &link(), NOW).is_none());
    let endless = Link { expires_at: None, max_downloads: None, downloads: u32::MAX, ..link() };
    assert!(FileAccess::by_link(&file(1), &endless, Timestamp::MAX).is_some());
}
