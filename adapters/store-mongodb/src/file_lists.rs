//! An owner's files page by page: by age, and by change. And the earlier contents of a file.

use crate::documents::content::{EarlierContentDocument, before as numbered_before, newest_first as newest};
use crate::documents::file::FileDocument;
use crate::documents::file_queries::{
    by_revision, by_time, changed_after, changed_from, newest_first, of_owner,
};
use crate::documents::values::integer;
use crate::errors::Failure;
use crate::presence::is_there;
use crate::store::Shared;
use epic_domain::file::{Content, ContentNumber, File, FileChange};
use epic_domain::id::{FileId, UserId};
use epic_outbound::files::{Position, Since};
use futures_util::TryStreamExt;
use mongodb::bson::Document;
use std::collections::BTreeSet;

pub(crate) async fn list(
    shared: &Shared,
    owner: UserId,
    trashed: bool,
    after: Option<Position>,
    limit: u32,
) -> Result<Vec<File>, Failure> {
    let documents = page(shared, owner, of_owner(owner, trashed, after), newest_first(), limit).await?;
    documents.into_iter().filter_map(|document| document.decode().transpose()).collect()
}

pub(crate) async fn changes(
    shared: &Shared,
    owner: UserId,
    since: Since,
    limit: u32,
) -> Result<Vec<FileChange>, Failure> {
    let (filter, sort) = match since {
        Since::Revision(revision) => {
            // A revision that is too large to be stored comes after every stored one.
            let Ok(revision) = integer(revision.get()) else { return Ok(Vec::new()) };
            (changed_after(owner, revision), by_revision())
        }
        Since::Time(time) => (changed_from(owner, time), by_time()),
    };
    let documents = page(shared, owner, filter, sort, limit).await?;
    let changes = documents.into_iter().map(FileDocument::decode_change).collect::<Result<Vec<_>, _>>()?;
    Ok(latest_of_each(changes))
}

/// A file that changes while the list is read may come twice in it, as it was and as it is: a change only ever moves a
/// file towards the end.
fn latest_of_each(changes: Vec<FileChange>) -> Vec<FileChange> {
    let mut seen = BTreeSet::new();
    let mut latest: Vec<_> =
        changes.into_iter().rev().filter(|change| seen.insert(file_of(change))).collect();
    latest.reverse();
    latest
}

fn file_of(change: &FileChange) -> FileId {
    match change {
        FileChange::Present(file) => file.id,
        FileChange::Removed { file_id, .. } => *file_id,
    }
}

/// At most `limit` of an owner's files; none when the owner is gone.
async fn page(
    shared: &Shared,
    owner: UserId,
    filter: Document,
    sort: Document,
    limit: u32,
) -> Result<Vec<FileDocument>, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let found = shared.collections.files.find(filter).sort(sort).limit(limit.into()).await?;
    let documents: Vec<_> = found.try_collect().await?;
    Ok(if is_there(&shared.collections, owner).await? { documents } else { Vec::new() })
}

/// At most `limit` earlier contents of a file before a number; none when its owner is gone.
pub(crate) async fn versions(
    shared: &Shared,
    file_id: FileId,
    before: Option<ContentNumber>,
    limit: u32,
) -> Result<Vec<Content>, Failure> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let contents = shared.collections.contents.find(numbered_before(file_id, before));
    let found: Vec<_> = contents.sort(newest()).limit(limit.into()).await?.try_collect().await?;
    seen(shared, found).await
}

pub(crate) async fn find_version(shared: &Shared, filter: Document) -> Result<Option<Content>, Failure> {
    let found = shared.collections.contents.find_one(filter).await?;
    Ok(seen(shared, found.into_iter().collect()).await?.pop())
}

/// Contents of one file, unless its owner is gone.
async fn seen(shared: &Shared, found: Vec<EarlierContentDocument>) -> Result<Vec<Content>, Failure> {
    match found.first() {
        Some(content) if is_there(&shared.collections, content.owner()).await? => {
            found.into_iter().map(EarlierContentDocument::decode).collect()
        }
        _ => Ok(Vec::new()),
    }
}
