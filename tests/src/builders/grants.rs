//! Sample shares, links, and requests that take effect once.

use super::{T0, encrypted_data_key, seeded_bytes, split_mix};
use epic_domain::Timestamp;
use epic_domain::file::{File, Link, LinkTokenDigest, Once, Permission, RequestFingerprint, Share};
use epic_domain::id::{LinkId, ShareId, UserId};

/// The share id of a seed.
#[must_use]
pub fn share_id(seed: u64) -> ShareId {
    ShareId::from_randomness(seeded_bytes(seed))
}

/// The link id of a seed.
#[must_use]
pub fn link_id(seed: u64) -> LinkId {
    LinkId::from_randomness(seeded_bytes(seed))
}

/// A share under construction.
#[derive(Debug, Clone)]
pub struct ShareBuilder(Share);

/// A share of a file with `recipient`, to read, made at [`T0`] and without an end, with the wrapped data key of a seed.
#[must_use]
pub fn share(seed: u64, file: &File, recipient: UserId) -> ShareBuilder {
    ShareBuilder(Share {
        id: share_id(seed),
        file_id: file.id,
        owner: file.owner,
        recipient,
        recipient_key_id: seeded_bytes(seed),
        encrypted_data_key: encrypted_data_key(split_mix(seed)),
        permission: Permission::Read,
        expires_at: None,
        created_at: T0,
    })
}

impl ShareBuilder {
    /// To write, too.
    #[must_use]
    pub const fn to_write(mut self) -> Self {
        self.0.permission = Permission::Write;
        self
    }

    /// It ends by itself.
    #[must_use]
    pub const fn expires_at(mut self, expires_at: Timestamp) -> Self {
        self.0.expires_at = Some(expires_at);
        self
    }

    /// Made at another time.
    #[must_use]
    pub const fn created_at(mut self, created_at: Timestamp) -> Self {
        self.0.created_at = created_at;
        self
    }

    /// Any other change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Share)) -> Self {
        change(&mut self.0);
        self
    }

    /// The share.
    #[must_use]
    pub fn build(self) -> Share {
        self.0
    }
}

/// A link under construction.
#[derive(Debug, Clone)]
pub struct LinkBuilder(Link);

/// A link to a file, made at [`T0`], without an end and for any number of downloads, with the token digest of a seed.
#[must_use]
pub fn link(seed: u64, file: &File) -> LinkBuilder {
    LinkBuilder(Link {
        id: link_id(seed),
        file_id: file.id,
        owner: file.owner,
        token_digest: LinkTokenDigest::from_bytes(seeded_bytes(split_mix(seed))),
        expires_at: None,
        max_downloads: None,
        downloads: 0,
        created_at: T0,
    })
}

impl LinkBuilder {
    /// It ends by itself.
    #[must_use]
    pub const fn expires_at(mut self, expires_at: Timestamp) -> Self {
        self.0.expires_at = Some(expires_at);
        self
    }

    /// For so many downloads.
    #[must_use]
    pub const fn max_downloads(mut self, max_downloads: u32) -> Self {
        self.0.max_downloads = Some(max_downloads);
        self
    }

    /// Made at another time.
    #[must_use]
    pub const fn created_at(mut self, created_at: Timestamp) -> Self {
        self.0.created_at = created_at;
        self
    }

    /// Any other change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Link)) -> Self {
        change(&mut self.0);
        self
    }

    /// The link.
    #[must_use]
    pub fn build(self) -> Link {
        self.0
    }
}

/// The request of a seed, made at [`T0`].
#[must_use]
pub fn once(seed: u64) -> Once {
    Once {
        key_digest: seeded_bytes(seed),
        fingerprint: RequestFingerprint::from_bytes(seeded_bytes(split_mix(seed))),
        outcome: seed.to_be_bytes().into(),
        expires_at: T0.saturating_add(epic_domain::file::IdempotencyKey::REMEMBERED_FOR),
    }
}
