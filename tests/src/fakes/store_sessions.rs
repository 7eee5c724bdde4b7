//! The port of sessions on the store in memory.

use super::MemoryStore;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::session::{Presented, Revocation, Session};
use epic_outbound::StoreError;
use epic_outbound::sessions::{EndScope, Opening, OpeningOutcome, Rotation, RotationOutcome, Sessions};

#[async_trait]
impl Sessions for MemoryStore {
    async fn open(&self, opening: &Opening) -> Result<OpeningOutcome, StoreError> {
        self.step(|state| state.open(opening))
    }

    async fn list(
        &self,
        user_id: UserId,
        after: Option<SessionId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.step(|state| {
            let live = state.sessions.values().filter(|session| {
                session.user_id == user_id
                    && after.is_none_or(|after| session.id > after)
                    && now < session.ends_at
                    && now < session.current.refresh_expires_at
            });
            live.zip(0..limit).map(|(session, _)| session.clone()).collect()
        })
    }

    async fn end_owned(
        &self,
        user_id: UserId,
        session_id: SessionId,
        revoked_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let is_owned = state.sessions.get(&session_id).is_some_and(|session| session.user_id == user_id);
            is_owned && state.end_session(session_id, revoked_until)
        })
    }

    async fn find(&self, session_id: SessionId) -> Result<Option<Session>, StoreError> {
        self.step(|state| state.sessions.get(&session_id).cloned())
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<RotationOutcome, StoreError> {
        let Rotation { session_id, presented, next, reuse_grace, now, revoked_until } = rotation;
        self.step(|state| {
            let Some(session) = state.sessions.get(session_id).cloned() else {
                return RotationOutcome::Ended;
            };
            match session.present(*presented, next, *reuse_grace, *now) {
                Presented::Rotated(rotated) => {
                    state.sessions.insert(*session_id, rotated.clone());
                    RotationOutcome::Rotated(rotated)
                }
                Presented::Repeated => RotationOutcome::Repeated(session),
                Presented::Reused => {
                    state.end_session(*session_id, *revoked_until);
                    RotationOutcome::Reused(session)
                }
                Presented::Expired => RotationOutcome::Ended,
            }
        })
    }

    async fn end(&self, session_id: SessionId, revoked_until: Timestamp) -> Result<bool, StoreError> {
        self.step(|state| state.end_session(session_id, revoked_until))
    }

    async fn end_many(
        &self,
        user_id: UserId,
        scope: EndScope,
        revoked_until: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.step(|state| state.end_sessions(user_id, scope, revoked_until))
    }

    async fn live_revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        self.step(|state| {
            let live = state.revocations.iter().filter(|(_, until)| now < **until);
            live.map(|(session_id, until)| Revocation { session_id: *session_id, until: *until }).collect()
        })
    }

    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        self.step(|state| {
            for (session_id, at) in seen {
                if let Some(session) = state.sessions.get_mut(session_id) {
                    session.last_seen_at = session.last_seen_at.max(*at);
                }
            }
        })
    }

    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.step(|state| {
            let is_over =
                |session: &Session| now >= session.ends_at || now >= session.current.refresh_expires_at;
            let mut removed = Allowance::of(limit);
            state.sessions.retain(|_, session| !(is_over(session) && removed.take()));
            let mut forgotten = Allowance::of(limit);
            state.revocations.retain(|_, until| !(now >= *until && forgotten.take()));
            removed.taken + forgotten.taken
        })
    }
}

/// Counts up to a limit.
struct Allowance {
    limit: u32,
    taken: u32,
}

impl Allowance {
    const fn of(limit: u32) -> Self {
        Self { limit, taken: 0 }
    }

    const fn take(&mut self) -> bool {
        let is_left = self.taken < self.limit;
        if is_left {
            self.taken += 1;
        }
        is_left
    }
}
