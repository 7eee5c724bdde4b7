//! The port of shares.

use crate::SqliteStore;
use crate::error::Failure;
use crate::file_row::find_at_hand;
use crate::requests::{judge, remember};
use crate::share_row::{count_live, delete, delete_expired, find, find_for, incoming, insert, page, update};
use crate::user_row;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{File, Once, Ownership, Share};
use epic_domain::id::{FileId, ShareId, UserId};
use epic_outbound::StoreError;
use epic_outbound::files::Position;
use epic_outbound::shares::{Granting, Shares};
use rusqlite::Connection;

#[async_trait]
impl Shares for SqliteStore {
    async fn grant<'a>(
        &self,
        ownership: &Ownership,
        share: &Share,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<Granting, StoreError> {
        let (ownership, share, once) = (*ownership, share.clone(), once.cloned());
        self.write(move |connection| grant(connection, &ownership, share, per_file_max, once.as_ref(), now))
            .await
    }

    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Share>, StoreError> {
        let file_id = ownership.file_id();
        self.read(move |connection| page(connection, file_id, after, limit, now)).await
    }

    async fn incoming(
        &self,
        recipient: UserId,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(Share, File)>, StoreError> {
        self.read(move |connection| incoming(connection, recipient, after, limit, now)).await
    }

    async fn find_for(&self, file_id: FileId, recipient: UserId) -> Result<Option<Share>, StoreError> {
        self.read(move |connection| find_for(connection, file_id, recipient)).await
    }

    async fn end(&self, file_id: FileId, share_id: ShareId, by: UserId) -> Result<Option<Share>, StoreError> {
        self.write(move |connection| end(connection, file_id, share_id, by)).await
    }

    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.write(move |connection| delete_expired(connection, now, limit)).await
    }
}

fn grant(
    connection: &Connection,
    ownership: &Ownership,
    share: Share,
    per_file_max: u32,
    once: Option<&Once>,
    now: Timestamp,
) -> Result<Granting, Failure> {
    if let Some(earlier) = judge(connection, ownership.owner(), once, now)? {
        return Ok(Granting::Earlier(earlier));
    }
    if find_at_hand(connection, ownership)?.is_none() {
        return Ok(Granting::FileGone);
    }
    if !user_row::exists(connection, share.recipient)? {
        return Ok(Granting::RecipientGone);
    }
    let held = find_for(connection, ownership.file_id(), share.recipient)?;
    let takes_place = held.as_ref().is_none_or(|held| !held.is_live_at(now));
    if takes_place && count_live(connection, ownership.file_id(), now)? >= per_file_max {
        return Ok(Granting::TooMany);
    }
    let granting = if let Some(held) = held {
        update(connection, &Share { id: held.id, ..share })?;
        Granting::Replaced(held.id)
    } else {
        insert(connection, &share)?;
        Granting::Granted
    };
    remember(connection, ownership.owner(), once)?;
    Ok(granting)
}

fn end(
    connection: &Connection,
    file_id: FileId,
    share_id: ShareId,
    by: UserId,
) -> Result<Option<Share>, Failure> {
    let found = find(connection, share_id)?;
    let held = found.filter(|share| share.file_id == file_id && (share.owner == by || share.recipient == by));
    if held.is_some() {
        delete(connection, share_id)?;
    }
    Ok(held)
}
