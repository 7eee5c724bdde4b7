//! Accounts, sessions and files in memory, under one lock, so that what goes with an account goes in one step.

use super::FaultSwitch;
use super::shelf::Shelf;
use epic_domain::Timestamp;
use epic_domain::file::{File, Upload};
use epic_domain::id::{SessionId, UserId};
use epic_domain::session::Session;
use epic_domain::user::{RecoveryCodeDigest, User};
use epic_outbound::StoreError;
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
        change(self.state.lock().users.get_mut(&user_id).unwrap());
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
        self.faults.guard(|| step(&mut self.state.lock()))
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
