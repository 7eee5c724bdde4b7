//! Which files someone can see. A file that is not theirs to see is not found, like one that never was.

use crate::Fault;
use epic_domain::file::{File, FileAccess, Ownership, Right, Share};
use epic_domain::id::{FileId, UserId};
use epic_outbound::clock::Clock;
use epic_outbound::files::Files;
use epic_outbound::shares::Shares;
use futures_util::future::try_join;
use std::sync::Arc;

/// A file as someone sees it.
#[derive(Debug, Clone)]
pub struct SeenFile {
    /// Proof that they may.
    pub access: FileAccess,
    /// The share by which they do, if the file is not theirs.
    pub share: Option<Share>,
}

/// Looks files up for people.
#[derive(Clone)]
pub(crate) struct Sight {
    files: Arc<dyn Files>,
    shares: Arc<dyn Shares>,
    clock: Arc<dyn Clock>,
}

impl Sight {
    pub(crate) fn new(files: Arc<dyn Files>, shares: Arc<dyn Shares>, clock: Arc<dyn Clock>) -> Self {
        Self { files, shares, clock }
    }

    /// The file, if it is the user's own.
    pub(crate) async fn own(
        &self,
        user_id: UserId,
        file_id: FileId,
    ) -> Result<Option<(File, Ownership)>, Fault> {
        let file = self.files.find(file_id).await?;
        Ok(file.and_then(|file| file.owned_by(user_id).map(|ownership| (file, ownership))))
    }

    /// The file, if the user owns it or has a share of it. Both questions are asked in every case, so that a foreign file
    /// takes as long as a missing one.
    pub(crate) async fn seen(&self, user_id: UserId, file_id: FileId) -> Result<Option<SeenFile>, Fault> {
        let (file, share) =
            try_join(self.files.find(file_id), self.shares.find_for(file_id, user_id)).await?;
        let Some(file) = file else { return Ok(None) };
        if let Some(access) = file.access_of_owner(user_id) {
            return Ok(Some(SeenFile { access, share: None }));
        }
        let now = self.clock.now();
        Ok(share.and_then(|share| {
            let access = FileAccess::by_share(&file, &share, user_id, now)?;
            Some(SeenFile { access, share: Some(share) })
        }))
    }
}

/// The share or link by whose right something happened, as events name it.
pub(crate) const fn grant_mark(right: Right) -> Option<epic_domain::audit::GrantMark> {
    match right {
        Right::Owner => None,
        Right::Share(share_id) => Some(epic_domain::audit::GrantMark::Share(share_id)),
        Right::Link(link_id) => Some(epic_domain::audit::GrantMark::Link(link_id)),
    }
}
