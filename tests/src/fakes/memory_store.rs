//! Accounts, sessions and files in memory, under one lock, so that what goes with an account goes in one step.

use super::FaultSwitch;
use super::shelf::Shelf;
use epic_domain::Timestamp;
use epic_domain::file::{File, Upload};
use epic_domain::id::{SessionId, UserId};
use epic_domain::session::{Revocation, Session};
use epic_domain::user::{RecoveryCodeDigest, User};
use epic_outbound::StoreError;
use epic_outbound::changes::StoreChange;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};

/// A store in memory of accounts and all that belongs to them: [`Users`](epic_outbound::users::Users),
/// [`Sessions`](epic_outbound::sessions::Sessions), [`Files`](epic_outbound::files::Files),
/// [`Usages`](epic_outbound::files::Usages), [`Uploads`](epic_outbound::uploads::Uploads),
/// [`Shares`](epic_outbound::shares::Shares), [`Links`](epic_outbound::links::Links) and
/// [`BlobLedger`](epic_outbound::uploads::BlobLedger).
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    faults: FaultSwitch,
    /// What has changed, from when someone first wanted to know.
    changes: Mutex<Option<Vec<StoreChange>>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) recovery_codes: BTreeMap<UserId, BTreeSet<RecoveryCodeDigest>>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) revocations: BTreeMap<SessionId, Timestamp>,
    pub(super) shelf: Shelf,
}

impl MemoryStore {
    /// Makes calls of this store fail.
    #[must_use]
    pub const fn faults(&self) -> &FaultSwitch {
        &self.faults
    }

    /// Changes an account as an operator would, past the port.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn edit_user(&self, user_id: UserId, change: impl FnOnce(&mut User)) {
        self.noting(|state| change(state.users.get_mut(&user_id).unwrap()));
    }

    /// Every account.
    #[must_use]
    pub fn all_users(&self) -> Vec<User> {
        self.state.lock().users.values().cloned().collect()
    }

    /// Every session.
    #[must_use]
    pub fn all_sessions(&self) -> Vec<Session> {
        self.state.lock().sessions.values().cloned().collect()
    }

    /// Every file, in the trash or not.
    #[must_use]
    pub fn all_files(&self) -> Vec<File> {
        self.state.lock().shelf.files.values().cloned().collect()
    }

    /// Every upload under way.
    #[must_use]
    pub fn all_uploads(&self) -> Vec<Upload> {
        self.state.lock().shelf.uploads.values().cloned().collect()
    }

    /// One step on the whole state, under the fault that is due.
    pub(super) fn step<T>(&self, step: impl FnOnce(&mut State) -> T) -> Result<T, StoreError> {
        self.faults.guard(|| self.noting(step))
    }

    /// One step on the whole state; what changes by it is noted if someone follows.
    fn noting<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let mut changes = self.changes.lock();
        let Some(changes) = changes.as_mut() else { return step(&mut state) };
        let (users, revocations) = (state.users.clone(), state.revocations.clone());
        let answer = step(&mut state);
        let mut accounts: BTreeSet<_> = users.keys().chain(state.users.keys()).collect();
        accounts.retain(|user_id| users.get(user_id) != state.users.get(user_id));
        let ended = state.revocations.iter().filter(|(session_id, _)| !revocations.contains_key(session_id));
        changes.extend(accounts.into_iter().copied().map(StoreChange::Account));
        changes.extend(
            ended.map(|(id, until)| StoreChange::Ended(Revocation { session_id: *id, until: *until })),
        );
        answer
    }

    /// How many changes were noted. From now on they are.
    pub(super) fn changes_so_far(&self) -> usize {
        self.changes.lock().get_or_insert_default().len()
    }

    /// The changes after the first `count`.
    pub(super) fn changes_after(&self, count: usize) -> Vec<StoreChange> {
        self.changes.lock().iter().flatten().skip(count).copied().collect()
    }
}

impl State {
    /// Removes an account and all that belongs to it.
    pub(super) fn remove_user(&mut self, user_id: UserId) {
        self.users.remove(&user_id);
        self.recovery_codes.remove(&user_id);
        self.sessions.retain(|_, session| session.user_id != user_id);
        self.shelf.remove_owner(user_id);
    }

    /// Removes a session and remembers it as revoked; false when it was not there.
    pub(super) fn end_session(&mut self, session_id: SessionId, until: Timestamp) -> bool {
        let ended = self.sessions.remove(&session_id).is_some();
        if ended {
            let kept = self.revocations.entry(session_id).or_insert(until);
            *kept = until.max(*kept);
        }
        ended
    }
}
