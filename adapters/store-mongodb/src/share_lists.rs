//! Lists of shares, for the owner and for the recipient.

use crate::collections::Collections;
use crate::documents::file::FileDocument;
use crate::documents::file_queries::among;
use crate::documents::pages::{following, newest_first};
use crate::documents::share::ShareDocument;
use crate::documents::share_queries::{live_incoming, live_of_file};
use crate::errors::Failure;
use crate::presence::{is_there, those_there};
use epic_domain::Timestamp;
use epic_domain::file::{File, Ownership, Share};
use epic_domain::id::UserId;
use epic_outbound::files::Position;
use futures_util::TryStreamExt;
use mongodb::bson::Document;
use std::collections::HashMap;

/// How many shares are read at once, at least: some of them may not be shown.
const SHARES_PER_READ: u32 = 64;

/// A page of a file's shares that are live at `now`.
pub(crate) async fn of_file(
    collections: &Collections,
    ownership: &Ownership,
    after: Option<Position>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Share>, Failure> {
    if !is_there(collections, ownership.owner()).await? {
        return Ok(Vec::new());
    }
    page(collections, &live_of_file(ownership.file_id(), now), after, limit).await
}

/// A page of a recipient's shares that are live at `now`, each with its file, unless it lies in the trash.
pub(crate) async fn incoming(
    collections: &Collections,
    recipient: UserId,
    after: Option<Position>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<(Share, File)>, Failure> {
    if !is_there(collections, recipient).await? {
        return Ok(Vec::new());
    }
    page(collections, &live_incoming(recipient, now), after, limit).await
}

/// What is shown of shares that were read.
trait Shown: Sized {
    /// Those of the shares that are shown, in their order.
    async fn of(collections: &Collections, read: Vec<Share>) -> Result<Vec<Self>, Failure>;
}

/// To the owner: those whose recipient is there.
impl Shown for Share {
    async fn of(collections: &Collections, read: Vec<Share>) -> Result<Vec<Self>, Failure> {
        let there = those_there(collections, read.iter().map(|share| share.recipient).collect()).await?;
        Ok(read.into_iter().filter(|share| there.contains(&share.recipient)).collect())
    }
}

/// To the recipient: those whose file and its owner are there, unless the file lies in the trash.
impl Shown for (Share, File) {
    async fn of(collections: &Collections, read: Vec<Share>) -> Result<Vec<Self>, Failure> {
        let ids: Vec<_> = read.iter().map(|share| share.file_id).collect();
        let found: Vec<FileDocument> = collections.files.find(among(&ids)).await?.try_collect().await?;
        let mut at_hand = HashMap::new();
        for document in found {
            let file = document.decode()?.filter(|file| !file.is_trashed());
            at_hand.extend(file.map(|file| (file.id, file)));
        }
        let owners = those_there(collections, at_hand.values().map(|file| file.owner).collect()).await?;
        at_hand.retain(|_, file| owners.contains(&file.owner));
        // A recipient has one share of a file.
        let with_file = |share: Share| at_hand.remove(&share.file_id).map(|file| (share, file));
        Ok(read.into_iter().filter_map(with_file).collect())
    }
}

/// At most `limit` of a listing's shares after a place; what is not shown takes no place.
async fn page<T: Shown>(
    collections: &Collections,
    listing: &Document,
    mut after: Option<Position>,
    limit: u32,
) -> Result<Vec<T>, Failure> {
    let limit_count = usize::try_from(limit).unwrap_or(usize::MAX);
    let per_read = limit.max(SHARES_PER_READ);
    let mut page = Vec::new();
    while page.len() < limit_count {
        let read = read(collections, listing.clone(), after, per_read).await?;
        let Some(last) = read.last() else { break };
        let is_last_read = u32::try_from(read.len()).is_ok_and(|count| count < per_read);
        after = Some(Position { at: last.created_at, id: *last.id.as_bytes() });
        page.extend(T::of(collections, read).await?);
        if is_last_read {
            break;
        }
    }
    page.truncate(limit_count);
    Ok(page)
}

async fn read(
    collections: &Collections,
    listing: Document,
    after: Option<Position>,
    limit: u32,
) -> Result<Vec<Share>, Failure> {
    const TIME: &str = "created_at";
    let found = collections
        .shares
        .find(following(listing, TIME, after))
        .sort(newest_first(TIME))
        .limit(limit.into())
        .await?;
    let documents: Vec<ShareDocument> = found.try_collect().await?;
    documents.into_iter().map(ShareDocument::decode).collect()
}
