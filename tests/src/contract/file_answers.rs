//! A store with something of everything that belongs to files, and what it answers to every question about it: for the
//! tests in which an adapter spoils its own records and sees that they are not served.

use super::Stores;
use super::file_steps::{owned, people, removed, trashed};
use crate::builders::{T0, link, once, share, upload, upload_id, user_id};
use crate::steps::{AMPLE_BYTES, begin, rewritten, uploaded};
use epic_domain::file::{ContentNumber, File, Revision};
use epic_outbound::StoreError;
use epic_outbound::files::Since;
use epic_outbound::uploads::BeginRight;

/// Fills an empty store: a file of account 1 that has an earlier content, a share with account 2 and a link; an upload
/// under way that is remembered as a request, and another; a doomed blob; and a file that was removed. Returns the file.
///
/// # Panics
/// When a port refuses what it must take.
pub async fn fill(stores: &Stores) -> File {
    people(stores, &[1, 2]).await;
    let uploads = stores.uploads.as_ref();
    let file = uploaded(uploads, 1, 1).await;
    let file = rewritten(uploads, &file, 2, T0).await;
    let share = share(1, &file, user_id(2)).build();
    stores.shares.grant(&owned(&file), &share, 10, None, T0).await.unwrap();
    stores.links.create(&owned(&file), &link(1, &file).build(), 10, None, T0).await.unwrap();
    let gone = uploaded(uploads, 3, 1).await;
    let gone = trashed(stores, &gone, T0).await;
    removed(stores, &gone, T0).await;
    let upload = upload(4, 1).build();
    uploads.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&once(1))).await.unwrap();
    begin(uploads, 5, 1).await;
    file
}

/// The errors, if any, by which a store that was filled so answers whatever could show a spoilt value, each by name.
pub async fn errors(stores: &Stores, file: &File) -> Vec<(&'static str, Option<StoreError>)> {
    let Stores { files, usages, uploads, shares, links, ledger, .. } = stores;
    let (ownership, link) = (owned(file), link(1, file).build());
    let (all, key) = (Since::Revision(Revision::NONE), once(1).key_digest);
    vec![
        ("file", files.find(file.id).await.err()),
        ("files", files.list(user_id(1), false, None, 10).await.err()),
        ("changes", files.changes(user_id(1), all, 10).await.err()),
        ("version", files.find_version(file.id, ContentNumber::FIRST).await.err()),
        ("versions", files.versions(file.id, None, 10).await.err()),
        ("usage", usages.usage(user_id(1)).await.err()),
        ("upload", uploads.find(upload_id(4), user_id(1)).await.err()),
        ("request", uploads.find_request(user_id(1), &key, T0).await.err()),
        ("share", shares.find_for(file.id, user_id(2)).await.err()),
        ("shares", shares.list(&ownership, None, 10, T0).await.err()),
        ("incoming", shares.incoming(user_id(2), None, 10, T0).await.err()),
        ("link", links.find(&link.token_digest).await.err()),
        ("links", links.list(&ownership, None, 10).await.err()),
        ("doomed", ledger.doomed(10).await.err()),
        // Last, since they would change something.
        ("take over", uploads.take_over(upload_id(4), user_id(1), T0).await.err()),
        ("trash", files.trash(&ownership, file.version, T0).await.err()),
        ("download", links.count_download(link.id, T0).await.err()),
    ]
}

/// A store that was filled so and not changed since answers everything.
///
/// # Panics
/// When it does not.
pub async fn all_is_served(stores: &Stores, file: &File) {
    for (name, error) in errors(stores, file).await {
        assert!(error.is_none(), "{name}: {error:?}");
    }
}

/// A store whose records were spoilt by `change` answers those of this name by [`StoreError::Corrupt`].
///
/// # Panics
/// When it does not.
pub async fn these_are_refused(stores: &Stores, file: &File, names: &[&str], change: &str) {
    let errors = errors(stores, file).await;
    for name in names {
        let error = errors.iter().find(|(answer, _)| answer == name).map(|(_, error)| error).unwrap();
        assert!(matches!(error, Some(StoreError::Corrupt(_))), "{name} after {change}: {error:?}");
    }
}
