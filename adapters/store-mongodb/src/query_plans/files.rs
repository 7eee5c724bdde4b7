//! Calls of the ports of files, uploads, shares, links and blobs, each in all its courses.

use crate::MongoStore;
use epic_domain::Timestamp;
use epic_domain::file::{ContentNumber, File, Ownership, Revision};
use epic_domain::user::Version;
use epic_outbound::files::{Edit, Files, Position, Since, Usages};
use epic_outbound::links::Links;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BeginRight, BlobLedger, Uploads};
use epic_outbound::users::Users;
use epic_tests::builders::{
    T0, blob_id, link, once, progress, seconds_after_t0, share, upload, upload_id, user, user_id,
};
use epic_tests::steps::{AMPLE_BYTES, complete, rewritten, uploaded};

/// Whose files they are, and with whom they are shared.
const OWNER: u64 = 20;
const RECIPIENT: u64 = 21;

const AFTER: Option<Position> = Some(Position { at: Timestamp::MAX, id: [0xFF; 16] });

fn owned(file: &File) -> Ownership {
    file.owned_by(file.owner).unwrap()
}

pub(super) async fn call_uploads(store: &MongoStore) {
    for seed in [OWNER, RECIPIENT] {
        store.insert_if_absent(&user(seed).build(), T0).await.unwrap();
    }
    let (id, owner) = (upload_id(1), user_id(OWNER));
    let first = upload(1, OWNER).build();
    store.begin(&first, &BeginRight::NewFile, AMPLE_BYTES, Some(&once(1))).await.unwrap();
    let foreign = upload(2, OWNER).sent_by(user_id(RECIPIENT)).build();
    store.begin(&foreign, &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
    Uploads::find(store, id, owner).await.unwrap();
    let taken = store.take_over(id, owner, T0).await.unwrap().unwrap();
    store.advance(id, taken.fence, &progress(1, 10), taken.expires_at).await.unwrap();
    let all_of_it = progress(1, taken.size.reserved_bytes());
    store.advance(id, taken.fence, &all_of_it, taken.expires_at).await.unwrap();
    store.whole(10).await.unwrap();
    complete(store, &taken, T0).await;
    store.abandon(foreign.id, user_id(RECIPIENT)).await.unwrap();
    store.find_request(owner, &once(1).key_digest, T0).await.unwrap();
    store.forget_requests(Timestamp::MAX, 10).await.unwrap();
    store.begin(&upload(3, OWNER).build(), &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
    store.abandon_expired(Timestamp::MAX, 10).await.unwrap();
    store.usage(owner).await.unwrap();
}

pub(super) async fn call_files(store: &MongoStore) {
    let owner = user_id(OWNER);
    let file = rewritten(store, &uploaded(store, 10, OWNER).await, 11, T0).await;
    let ownership = owned(&file);
    Files::find(store, file.id).await.unwrap();
    for (trashed, after) in [(false, None), (true, AFTER)] {
        Files::list(store, owner, trashed, after, 10).await.unwrap();
    }
    for since in [Since::Revision(Revision::NONE), Since::Time(T0)] {
        store.changes(owner, since, 10).await.unwrap();
    }
    for before in [None, Some(ContentNumber::from_number(9))] {
        store.versions(file.id, before, 10).await.unwrap();
    }
    store.find_version(file.id, ContentNumber::FIRST).await.unwrap();
    let edit = Edit { encrypted_filename: None, encrypted_data_key: None };
    store.edit(&ownership, Version::FIRST, &edit, T0).await.unwrap();
    store.remove_version(&ownership, ContentNumber::FIRST).await.unwrap();
    rewritten(store, &file, 12, T0).await;
    store.remove_old_versions(Timestamp::MAX, 10).await.unwrap();
}

pub(super) async fn call_grants(store: &MongoStore) {
    let (file, recipient) = (uploaded(store, 13, OWNER).await, user_id(RECIPIENT));
    let ownership = owned(&file);
    let ending = |seed| share(seed, &file, recipient).with(|share| share.expires_at = Some(T0)).build();
    store.grant(&ownership, &ending(1), 10, Some(&once(2)), T0).await.unwrap();
    store.grant(&ownership, &share(2, &file, recipient).build(), 10, None, T0).await.unwrap();
    for after in [None, AFTER] {
        Shares::list(store, &ownership, after, 10, T0).await.unwrap();
        store.incoming(recipient, after, 10, T0).await.unwrap();
        Links::list(store, &ownership, after, 10).await.unwrap();
    }
    let granted = store.find_for(file.id, recipient).await.unwrap().unwrap();
    Shares::end(store, file.id, granted.id, recipient).await.unwrap();
    store.grant(&ownership, &ending(3), 10, None, T0).await.unwrap();
    Shares::remove_expired(store, Timestamp::MAX, 10).await.unwrap();
    let made = link(1, &file).with(|link| link.expires_at = Some(seconds_after_t0(60))).build();
    store.create(&ownership, &made, 10, None, T0).await.unwrap();
    Links::find(store, &made.token_digest).await.unwrap();
    store.count_download(made.id, T0).await.unwrap();
    Links::remove_expired(store, Timestamp::MAX, 10).await.unwrap();
    Links::end(store, &ownership, made.id).await.unwrap();
}

pub(super) async fn call_removals(store: &MongoStore) {
    let mut trashed = Vec::new();
    for seed in [14, 15] {
        let file = rewritten(store, &uploaded(store, seed, OWNER).await, seed + 100, T0).await;
        store.trash(&owned(&file), file.version, T0).await.unwrap();
        store.restore(&owned(&file), file.version.next(), T0).await.unwrap();
        store.trash(&owned(&file), file.version.next().next(), T0).await.unwrap();
        trashed.push(file);
    }
    let version = trashed[0].version.next().next().next();
    Files::remove(store, &owned(&trashed[0]), version, T0).await.unwrap();
    store.remove_old_trash(T0, T0, 10).await.unwrap();
    let doomed = store.doomed(10).await.unwrap();
    store.removed(&[doomed[0].blob_id]).await.unwrap();
    store.unknown(&[doomed[0].blob_id, blob_id(9_999)]).await.unwrap();
    let last = rewritten(store, &uploaded(store, 16, OWNER).await, 17, T0).await;
    store.grant(&owned(&last), &share(4, &last, user_id(RECIPIENT)).build(), 10, None, T0).await.unwrap();
    store.create(&owned(&last), &link(2, &last).build(), 10, None, T0).await.unwrap();
    let foreign = upload(18, OWNER).sent_by(user_id(RECIPIENT)).build();
    store.begin(&foreign, &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
    Users::remove(store, user_id(RECIPIENT), T0).await.unwrap();
    Users::remove(store, user_id(OWNER), T0).await.unwrap();
}
