//! The port of links.

use crate::MongoStore;
use crate::collections::Collections;
use crate::documents::file_link::FileLinkDocument;
use crate::documents::file_link_queries::{by_token, count, expired, live, live_of_file, of_file, owned};
use crate::documents::pages::{following, newest_first};
use crate::errors::Failure;
use crate::file_reading::find_live;
use crate::grants::{Request, Standing, claim_file, has_room};
use crate::presence::is_there;
use crate::requests::remember;
use crate::store::Shared;
use crate::sweep;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{File, Link, LinkTokenDigest, Once, Ownership};
use epic_domain::id::{FileId, LinkId};
use epic_outbound::StoreError;
use epic_outbound::files::Position;
use epic_outbound::links::{LinkCreation, Links};
use futures_util::{FutureExt, TryStreamExt};
use mongodb::ClientSession;
use mongodb::bson::doc;
use mongodb::error::Error;

#[async_trait]
impl Links for MongoStore {
    async fn create<'a>(
        &self,
        ownership: &Ownership,
        link: &Link,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<LinkCreation, StoreError> {
        let (ownership, granted, once) = (*ownership, link.clone(), once.cloned());
        let request = Request { ownership, granted, per_file_max, once, now };
        self.call(|shared| async move { create(&shared, request).await }).await
    }

    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        let ownership = *ownership;
        self.call(|shared| async move { list(&shared, &ownership, after, limit).await }).await
    }

    async fn find(&self, token: &LinkTokenDigest) -> Result<Option<(Link, File)>, StoreError> {
        let token = *token;
        self.call(|shared| async move { find(&shared, &token).await }).await
    }

    async fn count_download(&self, link_id: LinkId, now: Timestamp) -> Result<bool, StoreError> {
        self.call(|shared| async move { count_download(&shared, link_id, now).await }).await
    }

    async fn end(&self, ownership: &Ownership, link_id: LinkId) -> Result<bool, StoreError> {
        let ownership = *ownership;
        self.call(|shared| async move { end(&shared, &ownership, link_id).await }).await
    }

    async fn remove_expired(&self, ended_until: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(|shared| async move {
            let links = shared.collections.links.clone_with_type();
            sweep::remove(&links, expired(ended_until), doc! { "expires_at": 1 }, limit).await
        })
        .await
    }
}

/// Removes all links to a file, in the transaction that removes it.
pub(crate) async fn remove_of_file(
    collections: &Collections,
    session: &mut ClientSession,
    file_id: FileId,
) -> Result<(), Error> {
    collections.links.delete_many(of_file(file_id)).session(session).await?;
    Ok(())
}

async fn create(shared: &Shared, request: Request<Link>) -> Result<LinkCreation, Failure> {
    let _turn = shared.turns.of(request.ownership.owner()).await;
    shared
        .in_transaction(request, |collections, session, request| {
            create_within(collections, session, request).boxed()
        })
        .await
}

async fn create_within(
    collections: &Collections,
    session: &mut ClientSession,
    request: &Request<Link>,
) -> Result<LinkCreation, Error> {
    match claim_file(collections, session, request).await? {
        Standing::AtHand => {}
        Standing::Gone => return Ok(LinkCreation::FileGone),
        Standing::Earlier(earlier) => return Ok(LinkCreation::Earlier(earlier)),
    }
    let Request { ownership, granted: link, per_file_max, once, now } = request;
    let live = live_of_file(link.file_id, *now);
    if !has_room(&collections.links, session, live, *per_file_max).await? {
        return Ok(LinkCreation::TooMany);
    }
    collections.links.insert_one(FileLinkDocument::encode(link)).session(&mut *session).await?;
    remember(collections, session, ownership.owner(), once.as_ref()).await?;
    Ok(LinkCreation::Created)
}

async fn list(
    shared: &Shared,
    ownership: &Ownership,
    after: Option<Position>,
    limit: u32,
) -> Result<Vec<Link>, Failure> {
    const TIME: &str = "created_at";
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let listing = following(of_file(ownership.file_id()), TIME, after);
    let found = shared.collections.links.find(listing).sort(newest_first(TIME)).limit(limit.into()).await?;
    let documents: Vec<FileLinkDocument> = found.try_collect().await?;
    if !is_there(&shared.collections, ownership.owner()).await? {
        return Ok(Vec::new());
    }
    documents.into_iter().map(FileLinkDocument::decode).collect()
}

async fn find(shared: &Shared, token: &LinkTokenDigest) -> Result<Option<(Link, File)>, Failure> {
    let Some(document) = shared.collections.links.find_one(by_token(token)).await? else { return Ok(None) };
    let link = document.decode()?;
    let file = find_live(&shared.collections, link.file_id).await?;
    Ok(file.map(|file| (link, file)))
}

/// One update of one document: a link never counts more downloads than it allows. What was counted for an owner who has
/// gone is cleared away with the link.
async fn count_download(shared: &Shared, link_id: LinkId, now: Timestamp) -> Result<bool, Failure> {
    let counted = shared.collections.links.find_one_and_update(live(link_id, now), count()).await?;
    let Some(link) = counted else { return Ok(false) };
    Ok(is_there(&shared.collections, link.owner()).await?)
}

async fn end(shared: &Shared, ownership: &Ownership, link_id: LinkId) -> Result<bool, Failure> {
    let ended = shared.collections.links.delete_one(owned(ownership, link_id)).await?.deleted_count == 1;
    Ok(ended && is_there(&shared.collections, ownership.owner()).await?)
}
