//! Look after one's files: list them, look at one, change what is said of it, put it into the trash and out of it.

use crate::authenticate::Authenticated;
use crate::listed::Listed;
use crate::recorder::Happening;
use crate::sight::{SeenFile, Sight};
use crate::{Fault, Recorder};
use epic_domain::audit::EventKind;
use epic_domain::file::{Content, ContentNumber, File, FileChange, Ownership, Revision};
use epic_domain::id::FileId;
use epic_domain::network::IpPrefix;
use epic_domain::user::Version;
use epic_outbound::clock::Clock;
use epic_outbound::files::{Files, Usages};
use epic_outbound::shares::Shares;
use std::sync::Arc;

pub use epic_outbound::files::{Edit, FileOutcome, Position, RemovalOutcome, Since};

/// The ports that looking after files needs.
#[derive(Clone)]
pub struct OwnFilesPorts {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Usages.
    pub usages: Arc<dyn Usages>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What became of a file that its owner wanted to be rid of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// It lies in the trash now.
    Trashed(Box<File>),
    /// It lay in the trash and is gone for good.
    Removed,
    /// It has moved on.
    Stale,
    /// The caller has no such file.
    NotFound,
}

/// What became of another change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The file as it is now.
    Made(Box<File>),
    /// It has moved on, or is not where this can be done.
    Stale,
    /// The caller has no such file.
    NotFound,
}

/// Looks after files.
#[derive(Clone)]
pub struct OwnFiles {
    ports: OwnFilesPorts,
    sight: Sight,
    recorder: Recorder,
}

impl OwnFiles {
    /// Looks after files through these ports.
    #[must_use]
    pub fn new(ports: OwnFilesPorts, recorder: Recorder) -> Self {
        let sight = Sight::new(Arc::clone(&ports.files), Arc::clone(&ports.shares), Arc::clone(&ports.clock));
        Self { ports, sight, recorder }
    }

    /// At most `limit` of the caller's files, those in the trash or those not, the newest first.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn list(
        &self,
        caller: &Authenticated,
        trashed: bool,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Listed<File, Position>, Fault> {
        let wanted = limit.saturating_add(1);
        let files = self.ports.files.list(caller.user().id, trashed, after, wanted).await?;
        Ok(Listed::cut(files, limit, |file| Position { at: file.created_at, id: *file.id.as_bytes() }))
    }

    /// At most `limit` of the caller's files that changed since then, as they are now, by rising revision.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn changes(
        &self,
        caller: &Authenticated,
        since: Since,
        limit: u32,
    ) -> Result<Listed<FileChange, Revision>, Fault> {
        let wanted = limit.saturating_add(1);
        let changes = self.ports.files.changes(caller.user().id, since, wanted).await?;
        Ok(Listed::cut(changes, limit, FileChange::revision))
    }

    /// A file that the caller owns or has a share of.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn look(&self, caller: &Authenticated, file_id: FileId) -> Result<Option<SeenFile>, Fault> {
        self.sight.seen(caller.user().id, file_id).await
    }

    /// Changes what is said of a file that still has version `expected`.
    ///
    /// # Errors
    /// [`Fault`]; the change may or may not have been made.
    pub async fn edit(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        expected: Version,
        edit: &Edit,
        origin: IpPrefix,
    ) -> Result<ChangeOutcome, Fault> {
        let Some((_, ownership)) = self.sight.own(caller.user().id, file_id).await? else {
            return Ok(ChangeOutcome::NotFound);
        };
        let outcome = self.ports.files.edit(&ownership, expected, edit, self.ports.clock.now()).await?;
        self.changed(caller, outcome, EventKind::FileEdited, origin).await
    }

    /// Puts a file that still has version `expected` into the trash, or, if it lies there, removes it for good.
    ///
    /// # Errors
    /// [`Fault`]; the change may or may not have been made.
    pub async fn delete(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        expected: Version,
        origin: IpPrefix,
    ) -> Result<DeleteOutcome, Fault> {
        let Some((file, ownership)) = self.sight.own(caller.user().id, file_id).await? else {
            return Ok(DeleteOutcome::NotFound);
        };
        if file.is_trashed() {
            return self.remove(caller, &ownership, expected, origin).await;
        }
        let outcome = self.ports.files.trash(&ownership, expected, self.ports.clock.now()).await?;
        Ok(match self.changed(caller, outcome, EventKind::FileTrashed, origin).await? {
            ChangeOutcome::Made(file) => DeleteOutcome::Trashed(file),
            ChangeOutcome::Stale => DeleteOutcome::Stale,
            ChangeOutcome::NotFound => DeleteOutcome::NotFound,
        })
    }

    /// Takes a file that still has version `expected` out of the trash.
    ///
    /// # Errors
    /// [`Fault`]; the change may or may not have been made.
    pub async fn restore(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        expected: Version,
        origin: IpPrefix,
    ) -> Result<ChangeOutcome, Fault> {
        let Some((_, ownership)) = self.sight.own(caller.user().id, file_id).await? else {
            return Ok(ChangeOutcome::NotFound);
        };
        let outcome = self.ports.files.restore(&ownership, expected, self.ports.clock.now()).await?;
        self.changed(caller, outcome, EventKind::FileRestored, origin).await
    }

    /// At most `limit` earlier contents of one of the caller's files, the newest first. `None` when there is no such file.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn versions(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        before: Option<ContentNumber>,
        limit: u32,
    ) -> Result<Option<Listed<Content, ContentNumber>>, Fault> {
        if self.sight.own(caller.user().id, file_id).await?.is_none() {
            return Ok(None);
        }
        let wanted = limit.saturating_add(1);
        let contents = self.ports.files.versions(file_id, before, wanted).await?;
        Ok(Some(Listed::cut(contents, limit, |content| content.number)))
    }

    /// Removes an earlier content of one of the caller's files. False when there is none.
    ///
    /// # Errors
    /// [`Fault`]; it may or may not be gone.
    pub async fn remove_version(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        number: ContentNumber,
        origin: IpPrefix,
    ) -> Result<bool, Fault> {
        let Some((_, ownership)) = self.sight.own(caller.user().id, file_id).await? else {
            return Ok(false);
        };
        let removed = self.ports.files.remove_version(&ownership, number).await;
        self.ports.usages.changed(ownership.owner());
        if !removed? {
            return Ok(false);
        }
        self.record(caller, file_id, EventKind::VersionRemoved, origin).await?;
        Ok(true)
    }

    async fn remove(
        &self,
        caller: &Authenticated,
        ownership: &Ownership,
        expected: Version,
        origin: IpPrefix,
    ) -> Result<DeleteOutcome, Fault> {
        let removal = self.ports.files.remove(ownership, expected, self.ports.clock.now()).await;
        self.ports.usages.changed(ownership.owner());
        match removal? {
            RemovalOutcome::Removed => {
                self.record(caller, ownership.file_id(), EventKind::FileRemoved, origin).await?;
                Ok(DeleteOutcome::Removed)
            }
            RemovalOutcome::Stale => Ok(DeleteOutcome::Stale),
            RemovalOutcome::Gone => Ok(DeleteOutcome::NotFound),
        }
    }

    async fn changed(
        &self,
        caller: &Authenticated,
        outcome: FileOutcome,
        kind: EventKind,
        origin: IpPrefix,
    ) -> Result<ChangeOutcome, Fault> {
        match outcome {
            FileOutcome::Made(file) => {
                self.record(caller, file.id, kind, origin).await?;
                Ok(ChangeOutcome::Made(file))
            }
            FileOutcome::Stale => Ok(ChangeOutcome::Stale),
            FileOutcome::Gone => Ok(ChangeOutcome::NotFound),
        }
    }

    async fn record(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        kind: EventKind,
        origin: IpPrefix,
    ) -> Result<(), Fault> {
        let happening = Happening::new(kind, self.ports.clock.now(), origin)
            .of_user(caller.user().id)
            .in_session(caller.claims().session_id)
            .to_file(file_id, None);
        self.recorder.record(&[happening]).await
    }
}
