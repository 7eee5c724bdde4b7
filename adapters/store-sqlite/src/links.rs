//! The port of links.

use crate::SqliteStore;
use crate::error::Failure;
use crate::file_row::find_at_hand;
use crate::link_row::{delete, delete_expired, find, find_by_token, insert, page, update};
use crate::requests::{judge, remember};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{File, Link, LinkTokenDigest, Once, Ownership};
use epic_domain::id::LinkId;
use epic_outbound::StoreError;
use epic_outbound::files::Position;
use epic_outbound::links::{LinkCreation, Links};
use rusqlite::Connection;

#[async_trait]
impl Links for SqliteStore {
    async fn create<'a>(
        &self,
        ownership: &Ownership,
        link: &Link,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<LinkCreation, StoreError> {
        let (ownership, link, once) = (*ownership, link.clone(), once.cloned());
        self.write(move |connection| create(connection, &ownership, &link, per_file_max, once.as_ref(), now))
            .await
    }

    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        let file_id = ownership.file_id();
        self.read(move |connection| page(connection, file_id, after, limit)).await
    }

    async fn find(&self, token: &LinkTokenDigest) -> Result<Option<(Link, File)>, StoreError> {
        let token = *token;
        self.read(move |connection| find_by_token(connection, &token)).await
    }

    async fn count_download(&self, link_id: LinkId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| count_download(connection, link_id, now)).await
    }

    async fn end(&self, ownership: &Ownership, link_id: LinkId) -> Result<bool, StoreError> {
        let ownership = *ownership;
        self.write(move |connection| end(connection, &ownership, link_id)).await
    }

    async fn remove_expired(&self, ended_until: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.write(move |connection| delete_expired(connection, ended_until, limit)).await
    }
}

fn create(
    connection: &Connection,
    ownership: &Ownership,
    link: &Link,
    per_file_max: u32,
    once: Option<&Once>,
    now: Timestamp,
) -> Result<LinkCreation, Failure> {
    if let Some(earlier) = judge(connection, ownership.owner(), once, now)? {
        return Ok(LinkCreation::Earlier(earlier));
    }
    if find_at_hand(connection, ownership)?.is_none() {
        return Ok(LinkCreation::FileGone);
    }
    // A file has few links: they are read whole, and the domain tells which are live.
    let held = page(connection, ownership.file_id(), None, u32::MAX)?;
    let live = held.iter().filter(|link| link.is_live_at(now)).count();
    if live >= usize::try_from(per_file_max).unwrap_or(usize::MAX) {
        return Ok(LinkCreation::TooMany);
    }
    insert(connection, link)?;
    remember(connection, ownership.owner(), once)?;
    Ok(LinkCreation::Created)
}

fn count_download(connection: &Connection, link_id: LinkId, now: Timestamp) -> Result<bool, Failure> {
    let found = find(connection, link_id)?.filter(|link| link.is_live_at(now));
    let Some(mut link) = found else { return Ok(false) };
    link.downloads = link.downloads.saturating_add(1);
    update(connection, &link)?;
    Ok(true)
}

fn end(connection: &Connection, ownership: &Ownership, link_id: LinkId) -> Result<bool, Failure> {
    let found = find(connection, link_id)?;
    let is_held =
        found.is_some_and(|link| link.file_id == ownership.file_id() && link.owner == ownership.owner());
    if is_held {
        delete(connection, link_id)?;
    }
    Ok(is_held)
}
