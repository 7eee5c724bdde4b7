//! How much an account stores, and which change of its files was the last.
//!
//! It stands in the account's document, and every change of an account's files claims that document first: of two changes
//! that race one is refused and looks again, and so it is with the removal of the account.

use crate::collections::Collections;
use crate::documents::storage::{StoringDocument, set};
use crate::documents::user_queries::by_id;
use crate::errors::Failure;
use crate::presence::claim_account;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::file::{Revision, Usage};
use epic_domain::id::UserId;
use mongodb::ClientSession;
use mongodb::error::Error;

/// What is kept of an account's files as a whole, while a transaction has claimed the account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storage {
    owner: UserId,
    pub(crate) usage: Usage,
    revision: Revision,
    latest: Timestamp,
}

impl Storage {
    /// Claims an account within a transaction and reads what it stores; `None` when the account is gone.
    pub(crate) async fn claim(
        collections: &Collections,
        session: &mut ClientSession,
        owner: UserId,
    ) -> Result<Option<Self>, Error> {
        if !claim_account(collections, session, owner).await? {
            return Ok(None);
        }
        let accounts = collections.users.clone_with_type::<StoringDocument>();
        let claimed = accounts.find_one(by_id(owner)).projection(StoringDocument::projection());
        let Some(found) = claimed.session(session).await? else { return Ok(None) };
        let nothing = (Usage::default(), Revision::NONE, Timestamp::from_millis(0));
        let (usage, revision, latest) = found.decode()?.unwrap_or(nothing);
        Ok(Some(Self { owner, usage, revision, latest }))
    }

    /// Takes the next revision, for a change made at `now`.
    pub(crate) fn take_revision(&mut self, now: Timestamp) -> Revision {
        self.revision = self.revision.next();
        self.latest = self.latest.max(now);
        self.revision
    }

    /// The time of the latest change so far. Unlike the times of changes, it rises with the revision.
    pub(crate) const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// Writes it, in the transaction that has claimed the account.
    pub(crate) async fn save(
        &self,
        collections: &Collections,
        session: &mut ClientSession,
    ) -> Result<(), Error> {
        let change = set(self.usage, self.revision, self.latest)?;
        collections.users.update_one(by_id(self.owner), change).session(session).await?;
        Ok(())
    }
}

/// What an account stores: nothing, if it is gone.
pub(crate) async fn usage(shared: &Shared, owner: UserId) -> Result<Usage, Failure> {
    let accounts = shared.collections.users.clone_with_type::<StoringDocument>();
    let found = accounts.find_one(by_id(owner)).projection(StoringDocument::projection()).await?;
    let storage = found.map(|found| found.decode()).transpose()?.flatten();
    Ok(storage.map(|(usage, ..)| usage).unwrap_or_default())
}
