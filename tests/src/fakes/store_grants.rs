//! The ports of shares and links on the store in memory.

use super::MemoryStore;
use super::memory_store::State;
use super::shelf::page;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{File, Link, LinkTokenDigest, Once, Ownership, Share};
use epic_domain::id::{FileId, LinkId, ShareId, UserId};
use epic_outbound::StoreError;
use epic_outbound::files::Position;
use epic_outbound::links::{LinkCreation, Links};
use epic_outbound::shares::{Granting, Shares};

impl State {
    fn grant(&mut self, share: &Share, per_file_max: u32, once: Option<&Once>, now: Timestamp) -> Granting {
        if let Some(earlier) = self.shelf.judge(share.owner, once, now) {
            return Granting::Earlier(earlier);
        }
        if self.shelf.file_in_use(share.file_id).is_none() {
            return Granting::FileGone;
        }
        if !self.users.contains_key(&share.recipient) {
            return Granting::RecipientGone;
        }
        let of_file = self.shelf.shares.values().filter(|other| other.file_id == share.file_id);
        let (own, others): (Vec<_>, Vec<_>) = of_file.partition(|other| other.recipient == share.recipient);
        let live = others.iter().filter(|other| other.is_live_at(now)).count();
        if live >= usize::try_from(per_file_max).unwrap() {
            return Granting::TooMany;
        }
        let kept = own.first().map(|own| own.id);
        let id = kept.unwrap_or(share.id);
        self.shelf.shares.insert(id, Share { id, ..share.clone() });
        self.shelf.remember(share.owner, once);
        kept.map_or(Granting::Granted, Granting::Replaced)
    }

    fn create_link(
        &mut self,
        link: &Link,
        per_file_max: u32,
        once: Option<&Once>,
        now: Timestamp,
    ) -> LinkCreation {
        if let Some(earlier) = self.shelf.judge(link.owner, once, now) {
            return LinkCreation::Earlier(earlier);
        }
        if self.shelf.file_in_use(link.file_id).is_none() {
            return LinkCreation::FileGone;
        }
        let of_file = self.shelf.links.values().filter(|other| other.file_id == link.file_id);
        if of_file.filter(|other| other.is_live_at(now)).count() >= usize::try_from(per_file_max).unwrap() {
            return LinkCreation::TooMany;
        }
        self.shelf.links.insert(link.id, link.clone());
        self.shelf.remember(link.owner, once);
        LinkCreation::Created
    }
}

fn place_of_share(share: &Share) -> Position {
    Position { at: share.created_at, id: *share.id.as_bytes() }
}

#[async_trait]
impl Shares for MemoryStore {
    async fn grant<'a>(
        &self,
        _ownership: &Ownership,
        share: &Share,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<Granting, StoreError> {
        self.step(|state| state.grant(share, per_file_max, once, now))
    }

    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Share>, StoreError> {
        self.step(|state| {
            let shares = state.shelf.shares.values().cloned();
            let live = shares.filter(|share| share.file_id == ownership.file_id() && share.is_live_at(now));
            page(live, place_of_share, after, limit)
        })
    }

    async fn incoming(
        &self,
        recipient: UserId,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(Share, File)>, StoreError> {
        self.step(|state| {
            let shares = state.shelf.shares.values();
            let live = shares.filter(|share| share.recipient == recipient && share.is_live_at(now));
            let with_files = live
                .filter_map(|share| Some((share.clone(), state.shelf.file_in_use(share.file_id)?.clone())));
            page(with_files, |(share, _)| place_of_share(share), after, limit)
        })
    }

    async fn find_for(&self, file_id: FileId, recipient: UserId) -> Result<Option<Share>, StoreError> {
        self.step(|state| {
            let mut shares = state.shelf.shares.values();
            shares.find(|share| share.file_id == file_id && share.recipient == recipient).cloned()
        })
    }

    async fn end(&self, file_id: FileId, share_id: ShareId, by: UserId) -> Result<Option<Share>, StoreError> {
        self.step(|state| {
            let may_end =
                |share: &&Share| share.file_id == file_id && [share.owner, share.recipient].contains(&by);
            state.shelf.shares.get(&share_id).filter(may_end)?;
            state.shelf.shares.remove(&share_id)
        })
    }

    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.step(|state| {
            let expired = state.shelf.shares.values().filter(|share| !share.is_live_at(now)).zip(0..limit);
            let ids: Vec<_> = expired.map(|(share, _)| share.id).collect();
            for id in &ids {
                state.shelf.shares.remove(id);
            }
            u32::try_from(ids.len()).unwrap()
        })
    }
}

#[async_trait]
impl Links for MemoryStore {
    async fn create<'a>(
        &self,
        _ownership: &Ownership,
        link: &Link,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<LinkCreation, StoreError> {
        self.step(|state| state.create_link(link, per_file_max, once, now))
    }

    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        self.step(|state| {
            let links = state.shelf.links.values().cloned();
            let listed = links.filter(|link| link.file_id == ownership.file_id());
            page(listed, |link| Position { at: link.created_at, id: *link.id.as_bytes() }, after, limit)
        })
    }

    async fn find(&self, token: &LinkTokenDigest) -> Result<Option<(Link, File)>, StoreError> {
        self.step(|state| {
            let link = state.shelf.links.values().find(|link| link.token_digest == *token)?;
            Some((link.clone(), state.shelf.files.get(&link.file_id)?.clone()))
        })
    }

    async fn count_download(&self, link_id: LinkId, now: Timestamp) -> Result<bool, StoreError> {
        self.step(|state| match state.shelf.links.get_mut(&link_id) {
            Some(link) if link.is_live_at(now) => {
                link.downloads = link.downloads.saturating_add(1);
                true
            }
            _ => false,
        })
    }

    async fn end(&self, ownership: &Ownership, link_id: LinkId) -> Result<bool, StoreError> {
        self.step(|state| {
            let is_there =
                state.shelf.links.get(&link_id).is_some_and(|link| link.file_id == ownership.file_id());
            is_there && state.shelf.links.remove(&link_id).is_some()
        })
    }

    async fn remove_expired(&self, ended_until: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.step(|state| {
            let links = state.shelf.links.values();
            let expired = links.filter(|link| link.expires_at.is_some_and(|at| at <= ended_until));
            let ids: Vec<_> = expired.zip(0..limit).map(|(link, _)| link.id).collect();
            for id in &ids {
                state.shelf.links.remove(id);
            }
            u32::try_from(ids.len()).unwrap()
        })
    }
}
