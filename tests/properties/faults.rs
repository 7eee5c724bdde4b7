//! A store that loses answers: it passes calls on to the real one, fails at the one it was told to, and remembers which
//! calls changed something.

use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, Event, EventKind, FileLink, Link, SignedHead};
use epic_domain::id::{FileId, SessionId, UserId};
use epic_domain::session::{Revocation, Session};
use epic_domain::user::{
    AuthKeyHash, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, User, Username, Version,
};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{EndScope, Opening, OpeningOutcome, Rotation, RotationOutcome, Sessions};
use epic_outbound::users::{
    Change, Consumption, CredentialChange, Insertion, Replacement, TotpChange, Users,
};
use parking_lot::Mutex;
use std::sync::Arc;

/// Where in a call its answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing has been done yet.
    Before,
    /// All has been done.
    After,
}

/// The call of a command that fails, counted from 0 over accounts, sessions and audit log, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FaultPlan {
    pub(crate) call: u32,
    pub(crate) moment: Moment,
}

/// A call that changed what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Inserted(UserId),
    Renewed,
    SpentStep,
    SpentRecoveryCode,
    CountedFailure,
    ChangedCredentials,
    ProposedTotp,
    ConfirmedTotp,
    RenewedRecoveryCodes,
    SetRecoveryKey,
    Removed,
    SweptAccounts,
    Opened(SessionId),
    Rotated,
    Ended,
    Touched,
    SweptSessions,
    Appended,
    KeptHead,
}

/// What happened to the calls of a command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    calls: u32,
    pub(crate) writes: Vec<Write>,
    /// Whether the planned fault came to pass.
    pub(crate) has_failed: bool,
}

/// A real store behind a plan of faults.
pub(crate) struct FaultyStore {
    users: Arc<dyn Users>,
    sessions: Arc<dyn Sessions>,
    audit: Arc<dyn Audit>,
    state: Mutex<(Option<FaultPlan>, Trace)>,
}

impl FaultyStore {
    pub(crate) fn new(users: Arc<dyn Users>, sessions: Arc<dyn Sessions>, audit: Arc<dyn Audit>) -> Self {
        Self { users, sessions, audit, state: Mutex::default() }
    }

    /// Starts a command under a plan.
    pub(crate) fn begin(&self, plan: Option<FaultPlan>) {
        *self.state.lock() = (plan, Trace::default());
    }

    /// Ends it; nothing fails from now on.
    pub(crate) fn finish(&self) -> Trace {
        core::mem::take(&mut *self.state.lock()).1
    }

    /// Makes a call under the plan. `write_of` says what its answer shows to have changed.
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
        write_of: impl FnOnce(&T) -> Option<Write> + Send,
    ) -> Result<T, StoreError> {
        let due = {
            let (plan, trace) = &mut *self.state.lock();
            let due = plan.filter(|plan| plan.call == trace.calls).map(|plan| plan.moment);
            trace.calls += 1;
            trace.has_failed |= due.is_some();
            due
        };
        if due == Some(Moment::Before) {
            return Err(StoreError::Unavailable("a fault before the call".into()));
        }
        let answer = call.await?;
        self.state.lock().1.writes.extend(write_of(&answer));
        match due {
            None => Ok(answer),
            Some(_) => Err(StoreError::Unavailable("a fault after the call".into())),
        }
    }
}

fn nothing<T>(_: &T) -> Option<Write> {
    None
}

fn when(write: Write) -> impl FnOnce(&bool) -> Option<Write> + Send {
    move |is_done| is_done.then_some(write)
}

fn changed(write: Write) -> impl FnOnce(&Change) -> Option<Write> + Send {
    move |change| matches!(change, Change::Made { .. }).then_some(write)
}

fn replaced(write: Write) -> impl FnOnce(&Replacement) -> Option<Write> + Send {
    move |replacement| (*replacement == Replacement::Replaced).then_some(write)
}

fn counted(write: Write) -> impl FnOnce(&u32) -> Option<Write> + Send {
    move |count| (*count > 0).then_some(write)
}

#[async_trait]
impl Users for FaultyStore {
    async fn find_by_username(&self, username: &Username) -> Result<Option<Arc<User>>, StoreError> {
        self.call(self.users.find_by_username(username), nothing).await
    }

    async fn find_by_id(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.call(self.users.find_by_id(user_id), nothing).await
    }

    async fn insert_if_absent(&self, user: &User, now: Timestamp) -> Result<Insertion, StoreError> {
        let write =
            |insertion: &Insertion| (*insertion == Insertion::Inserted).then_some(Write::Inserted(user.id));
        self.call(self.users.insert_if_absent(user, now), write).await
    }

    async fn replace_pending(
        &self,
        user: &User,
        expected: Version,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        self.call(self.users.replace_pending(user, expected, now), replaced(Write::Renewed)).await
    }

    async fn consume_otp_step(
        &self,
        user_id: UserId,
        step: OtpStep,
        recovery_codes: &[RecoveryCodeDigest],
        now: Timestamp,
    ) -> Result<Consumption, StoreError> {
        let write = |consumption: &Consumption| {
            matches!(consumption, Consumption::Consumed { .. }).then_some(Write::SpentStep)
        };
        self.call(self.users.consume_otp_step(user_id, step, recovery_codes, now), write).await
    }

    async fn consume_recovery_code(
        &self,
        user_id: UserId,
        code: &RecoveryCodeDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let call = self.users.consume_recovery_code(user_id, code, now);
        self.call(call, when(Write::SpentRecoveryCode)).await
    }

    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError> {
        self.call(self.users.record_code_failure(user_id), counted(Write::CountedFailure)).await
    }

    async fn change_credentials(&self, change: &CredentialChange) -> Result<Change, StoreError> {
        self.call(self.users.change_credentials(change), changed(Write::ChangedCredentials)).await
    }

    async fn replace_hash(
        &self,
        user_id: UserId,
        old: &AuthKeyHash,
        new: &AuthKeyHash,
    ) -> Result<bool, StoreError> {
        self.call(self.users.replace_hash(user_id, old, new), nothing).await
    }

    async fn propose_totp(&self, user_id: UserId, proposed: &ProposedTotp) -> Result<bool, StoreError> {
        self.call(self.users.propose_totp(user_id, proposed), when(Write::ProposedTotp)).await
    }

    async fn confirm_totp(&self, change: &TotpChange) -> Result<Change, StoreError> {
        self.call(self.users.confirm_totp(change), changed(Write::ConfirmedTotp)).await
    }

    async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[RecoveryCodeDigest],
    ) -> Result<bool, StoreError> {
        let call = self.users.replace_recovery_codes(user_id, codes);
        self.call(call, when(Write::RenewedRecoveryCodes)).await
    }

    async fn set_recovery_key(
        &self,
        user_id: UserId,
        expected: Version,
        recovery_key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let call = self.users.set_recovery_key(user_id, expected, recovery_key, now);
        self.call(call, replaced(Write::SetRecoveryKey)).await
    }

    async fn remove(
        &self,
        user_id: UserId,
        revoked_until: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let write = |removed: &Option<Vec<SessionId>>| removed.as_ref().map(|_| Write::Removed);
        self.call(self.users.remove(user_id, revoked_until), write).await
    }

    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(self.users.remove_expired_pending(now, limit), counted(Write::SweptAccounts)).await
    }
}

#[async_trait]
impl Sessions for FaultyStore {
    async fn open(&self, opening: &Opening) -> Result<OpeningOutcome, StoreError> {
        let write = |outcome: &OpeningOutcome| {
            matches!(outcome, OpeningOutcome::Opened { .. }).then_some(Write::Opened(opening.session.id))
        };
        self.call(self.sessions.open(opening), write).await
    }

    async fn list(
        &self,
        user_id: UserId,
        after: Option<SessionId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.call(self.sessions.list(user_id, after, limit, now), nothing).await
    }

    async fn end_owned(
        &self,
        user_id: UserId,
        session_id: SessionId,
        revoked_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.call(self.sessions.end_owned(user_id, session_id, revoked_until), when(Write::Ended)).await
    }

    async fn find(&self, session_id: SessionId) -> Result<Option<Session>, StoreError> {
        self.call(self.sessions.find(session_id), nothing).await
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<RotationOutcome, StoreError> {
        let write = |outcome: &RotationOutcome| match outcome {
            RotationOutcome::Rotated(_) => Some(Write::Rotated),
            RotationOutcome::Reused(_) => Some(Write::Ended),
            RotationOutcome::Repeated(_) | RotationOutcome::Ended => None,
        };
        self.call(self.sessions.rotate(rotation), write).await
    }

    async fn end(&self, session_id: SessionId, revoked_until: Timestamp) -> Result<bool, StoreError> {
        self.call(self.sessions.end(session_id, revoked_until), when(Write::Ended)).await
    }

    async fn end_many(
        &self,
        user_id: UserId,
        scope: EndScope,
        revoked_until: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let write = |ended: &Vec<SessionId>| (!ended.is_empty()).then_some(Write::Ended);
        self.call(self.sessions.end_many(user_id, scope, revoked_until), write).await
    }

    async fn live_revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        self.call(self.sessions.live_revocations(now), nothing).await
    }

    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        self.call(self.sessions.touch(seen), |()| Some(Write::Touched)).await
    }

    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(self.sessions.remove_expired(now, limit), counted(Write::SweptSessions)).await
    }
}

#[async_trait]
impl Audit for FaultyStore {
    async fn append(&self, events: &[Event]) -> Result<(), StoreError> {
        self.call(self.audit.append(events), |()| Some(Write::Appended)).await
    }

    async fn anchor(&self) -> Result<Anchor, StoreError> {
        self.call(self.audit.anchor(), nothing).await
    }

    async fn read(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError> {
        self.call(self.audit.read(after, limit), nothing).await
    }

    async fn list(
        &self,
        user_id: UserId,
        kind: Option<EventKind>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        self.call(self.audit.list(user_id, kind, before, limit), nothing).await
    }

    async fn list_of_file(
        &self,
        file_id: FileId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<FileLink>, StoreError> {
        self.call(self.audit.list_of_file(file_id, after, limit), nothing).await
    }

    async fn anchor_of_file(&self, file_id: FileId) -> Result<Anchor, StoreError> {
        self.call(self.audit.anchor_of_file(file_id), nothing).await
    }

    async fn keep_signed_head(&self, head: &SignedHead) -> Result<(), StoreError> {
        self.call(self.audit.keep_signed_head(head), |()| Some(Write::KeptHead)).await
    }

    async fn signed_heads(&self, after: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        self.call(self.audit.signed_heads(after, limit), nothing).await
    }
}
