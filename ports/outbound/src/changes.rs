//! What other nodes on the same store change, and what this node keeps in memory of it.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::id::UserId;
use epic_domain::session::Revocation;

/// Something on which a protected call relies, and which has changed in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreChange {
    /// A session has ended.
    Ended(Revocation),
    /// An account is new, has changed in any way, or is gone.
    Account(UserId),
}

/// What a feed tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What has changed. The same change may be told more than once, and a node's own changes are told like all others.
    pub changes: Vec<StoreChange>,
    /// A question that has been answered: everything that was durable when it was asked is told by now. Of several the
    /// last one is named.
    pub answered: Option<u64>,
}

/// Tells, in the order in which it became durable, what has changed since the feed was opened.
///
/// That nothing is told proves nothing: whoever tells may itself be behind. A question goes into the store as a change of its
/// own, and comes back behind all that was there before it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ChangeFeed: Send {
    /// Asks a question, under a number that was not used by this process before. It does not wait; a question may get lost, and
    /// is never answered then.
    fn ask(&mut self, question: u64);

    /// What has changed since this was called last. It comes within about a quarter of a second, even when nothing happened.
    ///
    /// # Errors
    /// [`StoreError`] when the feed is lost: it must be opened anew, and what happened meanwhile be asked for.
    async fn next(&mut self) -> Result<Told, StoreError>;
}

/// A store that several nodes share. A store with one process needs no such port.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Changes: Send + Sync {
    /// Opens a feed of everything that becomes durable after this has answered; `None` when the store cannot tell what
    /// changes and has to be asked again and again.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn follow(&self) -> Result<Option<Box<dyn ChangeFeed>>, StoreError>;
}

/// What a node keeps in memory of accounts.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccountMemory: Send + Sync {
    /// Forgets an account that was changed elsewhere. Reads that start after this returns ask the store; what was read
    /// before is not kept.
    fn forget(&self, user_id: UserId);

    /// Forgets every account, in the same way.
    fn forget_all(&self);
}

/// Whether a node knows what the others have done.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait UpToDate: Send + Sync {
    /// Whether memory may be trusted now. When not, whoever would look there asks the store. Called for each protected call,
    /// before memory is looked at: what is in memory by then is at least as new as the answer says.
    fn is_up_to_date(&self) -> bool;
}
