//! Removes what has expired, a bounded number at a time.

use crate::errors::Failure;
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};

/// Removes at most `limit` documents that match, the first by `sort`; returns how many.
pub(crate) async fn remove(
    collection: &Collection<Document>,
    filter: Document,
    sort: Document,
    limit: u32,
) -> Result<u32, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(0);
    }
    let found =
        collection.find(filter.clone()).projection(doc! { "_id": 1 }).sort(sort).limit(limit.into()).await?;
    let ids: Vec<Bson> =
        found.try_filter_map(|mut found| async move { Ok(found.remove("_id")) }).try_collect().await?;
    if ids.is_empty() {
        return Ok(0);
    }
    // The condition once more: what has changed in between may not be expired any longer.
    let mut expired = filter;
    expired.insert("_id", doc! { "$in": ids });
    let removed = collection.delete_many(expired).await?.deleted_count;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}
