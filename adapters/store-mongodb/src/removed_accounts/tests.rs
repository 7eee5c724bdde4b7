//! An account with much behind it: nothing of it is seen once it is gone, and piece by piece nothing is left.

use super::{Left, piece, remember};
use crate::documents::content::EarlierContentDocument;
use crate::documents::file::FileDocument;
use crate::documents::file_link::FileLinkDocument;
use crate::documents::request::RequestDocument;
use crate::documents::share::ShareDocument;
use crate::documents::storage;
use crate::documents::upload::UploadDocument;
use crate::documents::user_queries;
use crate::store::Shared;
use crate::test_server::server_uri;
use crate::{MongoOptions, MongoStore};
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use epic_domain::file::{ContentNumber, File, Ownership, Revision, Usage};
use epic_domain::id::UserId;
use epic_domain::secret::SecretText;
use epic_outbound::files::{Files, Since, Usages};
use epic_outbound::links::Links;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BlobLedger, Uploads};
use epic_outbound::users::Users;
use epic_tests::builders::{T0, content, file, link, once, share, upload, upload_id, user, user_id};
use futures_util::FutureExt;
use mongodb::bson::doc;
use std::sync::Arc;

/// More than a piece holds.
const FILES: u64 = 150;

/// The kinds of document that belong to accounts.
const BELONGINGS: [&str; 6] = ["files", "contents", "shares", "links", "uploads", "requests"];

static DATABASES: AtomicU32 = AtomicU32::new(0);

fn fresh_database() -> MongoOptions {
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("epic_removals_{}_{number}", std::process::id());
    MongoOptions {
        deadline: Duration::from_secs(30),
        // The samples' times lie in the past: nothing must remove what has expired by the real clock.
        expired_kept_for: Duration::from_secs(50 * 365 * 24 * 3_600),
        ..MongoOptions::new(SecretText::new(server_uri().to_owned()), name)
    }
}

/// What the calls of a store share.
async fn shared(store: &MongoStore) -> Arc<Shared> {
    store.call(|shared| async move { Ok(shared) }).await.unwrap()
}

/// A store with many files of account 1, each with an earlier content, shared with account 2 and with a link; with an
/// upload of account 2 that would become one of account 1, one the other way round, and a remembered request.
async fn filled(options: &MongoOptions) -> (MongoStore, Vec<File>) {
    let store = MongoStore::open(options.clone()).await.unwrap();
    for seed in [1, 2] {
        store.insert_if_absent(&user(seed).build(), T0).await.unwrap();
    }
    let numbered = |seed| file(seed, 1).with(|file| file.revision = Revision::from_number(seed)).build();
    let files: Vec<File> = (1..=FILES).map(numbered).collect();
    let former = |(seed, file): (u64, &File)| File { content: content(seed, file.owner), ..file.clone() };
    let collections = &shared(&store).await.collections;
    let documents = files.iter().map(|file| FileDocument::encode(file, T0).unwrap());
    collections.files.insert_many(documents).await.unwrap();
    let former = (FILES + 1..).zip(&files).map(former);
    let documents = former.map(|former| EarlierContentDocument::encode(&former, T0).unwrap());
    collections.contents.insert_many(documents).await.unwrap();
    let shares = (1..).zip(&files).map(|(seed, file)| share(seed, file, user_id(2)).build());
    collections.shares.insert_many(shares.map(|share| ShareDocument::encode(&share))).await.unwrap();
    let links = (1..).zip(&files).map(|(seed, file)| link(seed, file).build());
    collections.links.insert_many(links.map(|link| FileLinkDocument::encode(&link))).await.unwrap();
    let sent = upload(3 * FILES, 2).sent_by(user_id(1)).build();
    let received = upload(3 * FILES + 1, 1).sent_by(user_id(2)).build();
    let documents = [sent, received].map(|upload| UploadDocument::encode(&upload).unwrap());
    collections.uploads.insert_many(documents).await.unwrap();
    collections.requests.insert_one(RequestDocument::encode(user_id(1), &once(1))).await.unwrap();
    (store, files)
}

/// Removes the account and stops there, as a node does that dies at this moment.
async fn remove_alone(shared: &Shared, account: UserId) {
    shared
        .in_transaction((), move |collections, session, ()| {
            async move {
                let account_document = user_queries::by_id(account);
                collections.users.delete_one(account_document).session(&mut *session).await?;
                remember(collections, session, account).await
            }
            .boxed()
        })
        .await
        .unwrap();
}

fn owned(file: &File) -> Ownership {
    file.owned_by(file.owner).unwrap()
}

/// Nobody sees anything of account 1.
async fn nothing_is_seen(store: &MongoStore, files: &[File]) {
    for (seed, file) in (1..).zip(files).step_by(29) {
        assert_eq!(Files::find(store, file.id).await.unwrap(), None);
        assert_eq!(store.find_version(file.id, ContentNumber::FIRST).await.unwrap(), None);
        assert_eq!(store.versions(file.id, None, 10).await.unwrap(), []);
        assert_eq!(store.find_for(file.id, user_id(2)).await.unwrap(), None);
        assert_eq!(Shares::list(store, &owned(file), None, 10, T0).await.unwrap(), []);
        assert_eq!(Links::list(store, &owned(file), None, 10).await.unwrap(), []);
        let link = link(seed, file).build();
        assert_eq!(Links::find(store, &link.token_digest).await.unwrap(), None);
        assert!(!store.count_download(link.id, T0).await.unwrap());
    }
    assert_eq!(store.incoming(user_id(2), None, 10, T0).await.unwrap(), []);
    assert_eq!(Files::list(store, user_id(1), false, None, 10).await.unwrap(), []);
    assert_eq!(store.changes(user_id(1), Since::Revision(Revision::NONE), 10).await.unwrap(), []);
    assert_eq!(store.usage(user_id(1)).await.unwrap(), Usage::default());
    assert_eq!(Uploads::find(store, upload_id(3 * FILES), user_id(1)).await.unwrap(), None);
    assert_eq!(store.find_request(user_id(1), &once(1).key_digest, T0).await.unwrap(), None);
}

async fn count(shared: &Shared, collection: &str) -> u64 {
    let all = shared.collections.database.collection::<mongodb::bson::Document>(collection);
    all.count_documents(doc! {}).await.unwrap()
}

async fn nothing_is_left_but_doomed_blobs(shared: &Shared) {
    for collection in BELONGINGS.into_iter().chain(["removed_accounts"]) {
        assert_eq!(count(shared, collection).await, 0, "{collection}");
    }
    assert_eq!(count(shared, "doomed_blobs").await, 2 * FILES + 2);
}

/// Waits until all is cleared away.
async fn everything_is_cleared_away(shared: &Shared) {
    for _ in 0..3_000 {
        if count(shared, "removed_accounts").await == 0 {
            return nothing_is_left_but_doomed_blobs(shared).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} documents are left", count(shared, "files").await);
}

async fn close(store: MongoStore) {
    let shared = shared(&store).await;
    store.close().await;
    shared.collections.database.drop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_cleared_away_yet_is_not_seen() {
    let (store, files) = filled(&fresh_database()).await;
    let shared = shared(&store).await;
    remove_alone(&shared, user_id(1)).await;
    nothing_is_seen(&store, &files).await;
    assert_eq!(piece(&shared, user_id(1)).await.unwrap(), Left::Something);
    nothing_is_seen(&store, &files).await;
    assert!(count(&shared, "files").await > 0);
    close(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn piece_by_piece_nothing_is_left_but_doomed_blobs() {
    let (store, files) = filled(&fresh_database()).await;
    let shared = shared(&store).await;
    remove_alone(&shared, user_id(1)).await;
    let mut doomed = 0;
    loop {
        let left = piece(&shared, user_id(1)).await.unwrap();
        let before = std::mem::replace(&mut doomed, count(&shared, "doomed_blobs").await);
        assert!(doomed - before <= 128 + 1, "a piece is bounded");
        if left == Left::Nothing {
            break;
        }
    }
    nothing_is_left_but_doomed_blobs(&shared).await;
    nothing_is_seen(&store, &files).await;
    assert_eq!(piece(&shared, user_id(1)).await.unwrap(), Left::Nothing, "there is no more");
    close(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_many_files_goes_at_once_and_leaves_nothing() {
    let (store, files) = filled(&fresh_database()).await;
    assert!(Users::remove(&store, user_id(1), T0).await.unwrap().is_some());
    nothing_is_seen(&store, &files).await;
    everything_is_cleared_away(&*shared(&store).await).await;
    close(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_between_two_pieces_is_taken_up_by_a_store_that_opens() {
    let options = fresh_database();
    let (store, _) = filled(&options).await;
    let shared_by_calls = shared(&store).await;
    remove_alone(&shared_by_calls, user_id(1)).await;
    piece(&shared_by_calls, user_id(1)).await.unwrap();
    store.close().await;
    let store = MongoStore::open(options).await.unwrap();
    everything_is_cleared_away(&*shared(&store).await).await;
    close(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_is_taken_up_by_a_node_that_looks_for_doomed_blobs() {
    let (store, _) = filled(&fresh_database()).await;
    let shared = shared(&store).await;
    remove_alone(&shared, user_id(1)).await;
    store.doomed(1).await.unwrap();
    everything_is_cleared_away(&shared).await;
    close(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_nodes_that_clear_one_account_away_doom_each_blob_once() {
    let options = fresh_database();
    let (store, _) = filled(&options).await;
    let shared = shared(&store).await;
    remove_alone(&shared, user_id(1)).await;
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(MongoStore::open(options.clone()).await.unwrap());
    }
    while piece(&shared, user_id(1)).await.unwrap() == Left::Something {}
    everything_is_cleared_away(&shared).await;
    for node in nodes {
        node.close().await;
    }
    close(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_heir_with_the_very_same_id_inherits_nothing() {
    let (store, files) = filled(&fresh_database()).await;
    remove_alone(&*shared(&store).await, user_id(1)).await;
    store.insert_if_absent(&user(1).build(), T0).await.unwrap();
    nothing_is_seen(&store, &files).await;
    nothing_is_left_but_doomed_blobs(&*shared(&store).await).await;
    close(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_goes_leaves_no_shares_and_gives_back_what_was_set_aside() {
    let (store, files) = filled(&fresh_database()).await;
    let shared = shared(&store).await;
    let (used_bytes, reserved_bytes) = (5_000, upload(1, 1).build().size.reserved_bytes());
    let usage = Usage { used_bytes, reserved_bytes };
    let storage = storage::set(usage, Revision::from_number(FILES), T0).unwrap();
    shared.collections.users.update_one(user_queries::by_id(user_id(1)), storage).await.unwrap();
    remove_alone(&shared, user_id(2)).await;
    let file = &files[5];
    assert_eq!(store.find_for(file.id, user_id(2)).await.unwrap(), None);
    assert_eq!(Shares::list(&store, &owned(file), None, 10, T0).await.unwrap(), []);
    while piece(&shared, user_id(2)).await.unwrap() == Left::Something {}
    assert_eq!((count(&shared, "shares").await, count(&shared, "uploads").await), (0, 0));
    assert_eq!(store.usage(user_id(1)).await.unwrap(), Usage { used_bytes, reserved_bytes: 0 });
    assert_eq!(count(&shared, "files").await, FILES);
    assert_eq!(Files::find(&store, file.id).await.unwrap().as_ref(), Some(file));
    close(store).await;
}
