//! The port of shares.

use crate::MongoStore;
use crate::collections::Collections;
use crate::documents::share::ShareDocument;
use crate::documents::share_queries::{endable, expired, held, of_file};
use crate::errors::Failure;
use crate::grants::Request;
use crate::presence::those_there;
use crate::store::Shared;
use crate::{share_granting, share_lists, sweep};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{File, Once, Ownership, Share};
use epic_domain::id::{FileId, ShareId, UserId};
use epic_outbound::StoreError;
use epic_outbound::files::Position;
use epic_outbound::shares::{Granting, Shares};
use mongodb::ClientSession;
use mongodb::bson::doc;
use mongodb::error::Error;
use std::collections::BTreeSet;

#[async_trait]
impl Shares for MongoStore {
    async fn grant<'a>(
        &self,
        ownership: &Ownership,
        share: &Share,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<Granting, StoreError> {
        let (ownership, granted, once) = (*ownership, share.clone(), once.cloned());
        let request = Request { ownership, granted, per_file_max, once, now };
        self.call(|shared| async move { share_granting::grant(&shared, request).await }).await
    }

    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Share>, StoreError> {
        let ownership = *ownership;
        self.call(|shared| async move {
            share_lists::of_file(&shared.collections, &ownership, after, limit, now).await
        })
        .await
    }

    async fn incoming(
        &self,
        recipient: UserId,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(Share, File)>, StoreError> {
        self.call(|shared| async move {
            share_lists::incoming(&shared.collections, recipient, after, limit, now).await
        })
        .await
    }

    async fn find_for(&self, file_id: FileId, recipient: UserId) -> Result<Option<Share>, StoreError> {
        self.call(|shared| async move { find_for(&shared, file_id, recipient).await }).await
    }

    async fn end(&self, file_id: FileId, share_id: ShareId, by: UserId) -> Result<Option<Share>, StoreError> {
        self.call(|shared| async move { end(&shared, file_id, share_id, by).await }).await
    }

    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(|shared| async move {
            let shares = shared.collections.shares.clone_with_type();
            sweep::remove(&shares, expired(now), doc! { "expires_at": 1 }, limit).await
        })
        .await
    }
}

/// Removes all shares of a file, in the transaction that removes it.
pub(crate) async fn remove_of_file(
    collections: &Collections,
    session: &mut ClientSession,
    file_id: FileId,
) -> Result<(), Error> {
    collections.shares.delete_many(of_file(file_id)).session(session).await?;
    Ok(())
}

async fn find_for(shared: &Shared, file_id: FileId, recipient: UserId) -> Result<Option<Share>, Failure> {
    let found = shared.collections.shares.find_one(held(file_id, recipient)).await?;
    seen(shared, found).await
}

async fn end(
    shared: &Shared,
    file_id: FileId,
    share_id: ShareId,
    by: UserId,
) -> Result<Option<Share>, Failure> {
    let ended = shared.collections.shares.find_one_and_delete(endable(file_id, share_id, by)).await?;
    seen(shared, ended).await
}

/// A share as others see it: not at all, once its owner or its recipient has gone.
async fn seen(shared: &Shared, found: Option<ShareDocument>) -> Result<Option<Share>, Failure> {
    let Some(document) = found else { return Ok(None) };
    let share = document.decode()?;
    let both = BTreeSet::from([share.owner, share.recipient]);
    Ok((those_there(&shared.collections, both.clone()).await? == both).then_some(share))
}
