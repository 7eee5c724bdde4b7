//! The port of the audit log.

use crate::MongoStore;
use crate::append_queue::append;
use crate::chain_end::settled;
use crate::collections::Collections;
use crate::documents::link::{LinkDocument, PlaceDocument, following, of_file, of_user};
use crate::documents::signed_head::{SignedHeadDocument, longer_than};
use crate::documents::values::integer;
use crate::errors::Failure;
use crate::store::Shared;
use async_trait::async_trait;
use epic_domain::audit::{Anchor, Event, EventKind, FileLink, Link, SignedHead};
use epic_domain::id::{FileId, UserId};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use futures_util::TryStreamExt;
use mongodb::Cursor;
use mongodb::bson::{Document, doc};
use mongodb::options::{Hint, ReadConcern};

#[async_trait]
impl Audit for MongoStore {
    async fn append(&self, events: &[Event]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let events = events.to_vec();
        self.call(|shared| async move { append(&shared, events).await }).await
    }

    async fn anchor(&self) -> Result<Anchor, StoreError> {
        self.call(|shared| async move { settled(&shared.collections).await }).await
    }

    async fn read(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError> {
        // A place that is too large to be stored comes after every stored one.
        let Ok(after) = integer(after) else { return Ok(Vec::new()) };
        self.call(|shared| async move { page(&shared, after, limit).await }).await
    }

    async fn list(
        &self,
        user_id: UserId,
        kind: Option<EventKind>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        let before = before.and_then(|before| integer(before).ok()).unwrap_or(i64::MAX);
        self.call(|shared| async move { list(&shared, of_user(user_id, kind, before), limit).await }).await
    }

    async fn list_of_file(
        &self,
        file_id: FileId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<FileLink>, StoreError> {
        let Ok(after) = integer(after) else { return Ok(Vec::new()) };
        self.call(move |shared| async move { list_of_file(&shared, file_id, after, limit).await }).await
    }

    async fn anchor_of_file(&self, file_id: FileId) -> Result<Anchor, StoreError> {
        self.call(move |shared| async move {
            anchor_of_file(&shared.collections, file_id, ReadConcern::majority()).await
        })
        .await
    }

    async fn keep_signed_head(&self, head: &SignedHead) -> Result<(), StoreError> {
        let head = head.clone();
        self.call(|shared| async move { keep_head(&shared, &head).await }).await
    }

    async fn signed_heads(&self, after: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        let Ok(after) = integer(after) else { return Ok(Vec::new()) };
        self.call(|shared| async move { heads(&shared, after, limit).await }).await
    }
}

pub(crate) async fn page(shared: &Shared, after: i64, limit: u32) -> Result<Vec<Link>, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let found = shared
        .collections
        .audit
        .find(following(after))
        .sort(doc! { "_id": 1 })
        .hint(in_order())
        .limit(limit.into())
        .await?;
    decoded(found).await
}

async fn list(shared: &Shared, filter: Document, limit: u32) -> Result<Vec<Link>, Failure> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let found = shared.collections.audit.find(filter).sort(doc! { "_id": -1 }).limit(limit.into()).await?;
    decoded(found).await
}

async fn list_of_file(
    shared: &Shared,
    file_id: FileId,
    after: i64,
    limit: u32,
) -> Result<Vec<FileLink>, Failure> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let filter = of_file(file_id, after);
    let found =
        shared.collections.audit.find(filter).sort(doc! { "file.sequence": 1 }).limit(limit.into()).await?;
    let links = decoded(found).await?;
    links.iter().map(|link| FileLink::of(link).ok_or(Failure::Damaged("file place"))).collect()
}

/// Where a file's own chain stands: at its last event.
pub(crate) async fn anchor_of_file(
    collections: &Collections,
    file_id: FileId,
    concern: ReadConcern,
) -> Result<Anchor, Failure> {
    let places = collections.audit.clone_with_type::<PlaceDocument>();
    let last = places
        .find_one(of_file(file_id, 0))
        .projection(PlaceDocument::projection())
        .sort(doc! { "file.sequence": -1 })
        .read_concern(concern)
        .await?;
    last.map_or_else(|| Ok(Anchor::of_file(file_id)), |place| place.anchor())
}

async fn decoded(found: Cursor<LinkDocument>) -> Result<Vec<Link>, Failure> {
    let documents: Vec<_> = found.try_collect().await?;
    documents.into_iter().map(LinkDocument::decode).collect()
}

/// A part of a collection is read along its key. A planner that does not know better would walk through all of it.
pub(crate) fn in_order() -> Hint {
    Hint::Keys(doc! { "_id": 1 })
}

/// Of two heads at one place the first is kept: had the chain been rewritten between them, the second would cover it up.
async fn keep_head(shared: &Shared, head: &SignedHead) -> Result<(), Failure> {
    let document = SignedHeadDocument::encode(head)?;
    match shared.collections.audit_heads.insert_one(document).await.map_err(Failure::from) {
        Err(failure) if failure.is_duplicate_key() => Ok(()),
        other => other.map(drop),
    }
}

pub(crate) async fn heads(shared: &Shared, after: i64, limit: u32) -> Result<Vec<SignedHead>, Failure> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let found = shared
        .collections
        .audit_heads
        .find(longer_than(after))
        .sort(doc! { "_id": 1 })
        .hint(in_order())
        .limit(limit.into())
        .await?;
    let documents: Vec<_> = found.try_collect().await?;
    documents.iter().map(SignedHeadDocument::decode).collect()
}
