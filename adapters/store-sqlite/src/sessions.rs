//! The port of sessions.

use crate::SqliteStore;
use crate::account_changes::find_active;
use crate::error::Failure;
use crate::rows::millis;
use crate::session_row::{
    end, end_of_user, find, insert, live_revocations, page_of_user, seen_least, update,
};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::session::{Presented, Revocation, Session};
use epic_outbound::StoreError;
use epic_outbound::sessions::{EndScope, Opening, OpeningOutcome, Rotation, RotationOutcome, Sessions};
use rusqlite::Connection;

#[async_trait]
impl Sessions for SqliteStore {
    async fn open(&self, opening: &Opening) -> Result<OpeningOutcome, StoreError> {
        let opening = opening.clone();
        self.write(move |connection| open(connection, &opening)).await
    }

    async fn list(
        &self,
        user_id: UserId,
        after: Option<SessionId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.read(move |connection| page_of_user(connection, user_id, after, limit, now)).await
    }

    async fn end_owned(
        &self,
        user_id: UserId,
        session_id: SessionId,
        revoked_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| end_owned(connection, user_id, session_id, revoked_until)).await
    }

    async fn find(&self, session_id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read(move |connection| find(connection, session_id)).await
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<RotationOutcome, StoreError> {
        let rotation = rotation.clone();
        self.write(move |connection| rotate(connection, &rotation)).await
    }

    async fn end(&self, session_id: SessionId, revoked_until: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| end(connection, session_id, revoked_until)).await
    }

    async fn end_many(
        &self,
        user_id: UserId,
        scope: EndScope,
        revoked_until: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |connection| end_of_user(connection, user_id, scope, revoked_until)).await
    }

    async fn live_revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        self.read(move |connection| live_revocations(connection, now)).await
    }

    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let seen = seen.to_vec();
        self.write(move |connection| touch(connection, &seen)).await
    }

    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.write(move |connection| remove_expired(connection, now, limit)).await
    }
}

fn open(connection: &Connection, opening: &Opening) -> Result<OpeningOutcome, Failure> {
    let Opening { session, user_version, sessions_max, revoked_until } = opening;
    let user = find_active(connection, session.user_id)?;
    if user.is_none_or(|user| user.version != *user_version) {
        return Ok(OpeningOutcome::Stale);
    }
    let ended = seen_least(connection, session.user_id, sessions_max.saturating_sub(1))?;
    for session_id in &ended {
        end(connection, *session_id, *revoked_until)?;
    }
    insert(connection, session)?;
    Ok(OpeningOutcome::Opened { ended })
}

fn end_owned(
    connection: &Connection,
    user_id: UserId,
    session_id: SessionId,
    revoked_until: Timestamp,
) -> Result<bool, Failure> {
    match find(connection, session_id)? {
        Some(session) if session.user_id == user_id => end(connection, session_id, revoked_until),
        _ => Ok(false),
    }
}

fn rotate(connection: &Connection, rotation: &Rotation) -> Result<RotationOutcome, Failure> {
    let Some(session) = find(connection, rotation.session_id)? else { return Ok(RotationOutcome::Ended) };
    match session.present(rotation.presented, &rotation.next, rotation.reuse_grace, rotation.now) {
        Presented::Rotated(session) => {
            update(connection, &session)?;
            Ok(RotationOutcome::Rotated(session))
        }
        Presented::Repeated => Ok(RotationOutcome::Repeated(session)),
        Presented::Reused => {
            end(connection, session.id, rotation.revoked_until)?;
            Ok(RotationOutcome::Reused(session))
        }
        Presented::Expired => Ok(RotationOutcome::Ended),
    }
}

fn touch(connection: &Connection, seen: &[(SessionId, Timestamp)]) -> Result<(), Failure> {
    for (session_id, at) in seen {
        let Some(mut session) = find(connection, *session_id)? else { continue };
        if session.last_seen_at < *at {
            session.last_seen_at = *at;
            update(connection, &session)?;
        }
    }
    Ok(())
}

fn remove_expired(connection: &Connection, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let sessions = connection
        .prepare_cached(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
             WHERE min(ends_at_ms, refresh_expires_at_ms) <= ?1 LIMIT ?2)",
        )?
        .execute((millis(now), limit))?;
    let revocations = connection
        .prepare_cached(
            "DELETE FROM revocations WHERE session_id IN (SELECT session_id FROM revocations \
             WHERE until_ms <= ?1 LIMIT ?2)",
        )?
        .execute((millis(now), limit))?;
    Ok(u32::try_from(sessions.saturating_add(revocations)).unwrap_or(u32::MAX))
}
