//! The port of sessions.

use crate::MongoStore;
use crate::documents::session::RevocationDocument;
use crate::documents::session_queries::{
    alive, by_id, expired, forgettable, holding, owned, page_of_user, revoked, rotate_to,
};
use crate::errors::Failure;
use crate::session_endings::{end_many, end_one};
use crate::session_opening;
use crate::store::Shared;
use crate::sweep;
use crate::touches;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::session::{Presented, Revocation, Session};
use epic_outbound::StoreError;
use epic_outbound::sessions::{EndScope, Opening, OpeningOutcome, Rotation, RotationOutcome, Sessions};
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};

/// How often a rotation looks again when the session has moved on between its look and its write.
const TRIES_MAX: u32 = 16;

#[async_trait]
impl Sessions for MongoStore {
    async fn open(&self, opening: &Opening) -> Result<OpeningOutcome, StoreError> {
        let opening = opening.clone();
        self.call(|shared| async move { session_opening::open(&shared, opening).await }).await
    }

    async fn list(
        &self,
        user_id: UserId,
        after: Option<SessionId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.call(|shared| async move { list(&shared, user_id, after, limit, now).await }).await
    }

    async fn end_owned(
        &self,
        user_id: UserId,
        session_id: SessionId,
        revoked_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let own = owned(session_id, user_id);
        self.call(|shared| async move { end_one(&shared, own, revoked_until).await }).await
    }

    async fn find(&self, session_id: SessionId) -> Result<Option<Session>, StoreError> {
        self.call(|shared| async move { find(&shared, session_id).await }).await
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<RotationOutcome, StoreError> {
        let rotation = rotation.clone();
        self.call(|shared| async move { rotate(&shared, &rotation).await }).await
    }

    async fn end(&self, session_id: SessionId, revoked_until: Timestamp) -> Result<bool, StoreError> {
        self.call(|shared| async move { end_one(&shared, alive(session_id), revoked_until).await }).await
    }

    async fn end_many(
        &self,
        user_id: UserId,
        scope: EndScope,
        revoked_until: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.call(|shared| async move { end_many(&shared, user_id, scope, revoked_until).await }).await
    }

    async fn live_revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        self.call(|shared| async move { live_revocations(&shared, now).await }).await
    }

    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let seen = seen.to_vec();
        self.call(|shared| async move { touches::touch(&shared, seen).await }).await
    }

    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(|shared| async move { remove_expired(&shared, now, limit).await }).await
    }
}

pub(crate) async fn find(shared: &Shared, session_id: SessionId) -> Result<Option<Session>, Failure> {
    let found = shared.collections.sessions.find_one(by_id(session_id)).await?;
    Ok(found.map(|document| document.decode()).transpose()?.flatten())
}

async fn list(
    shared: &Shared,
    user_id: UserId,
    after: Option<SessionId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Session>, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let page = shared
        .collections
        .sessions
        .find(page_of_user(user_id, after, now))
        .sort(doc! { "_id": 1 })
        .limit(limit.into())
        .await?;
    let documents: Vec<_> = page.try_collect().await?;
    documents.into_iter().filter_map(|document| document.decode().transpose()).collect()
}

/// What the domain decides rests on fields that change together with the live refresh token alone, so that the token in
/// the filter shows whether the decision still stands.
async fn rotate(shared: &Shared, rotation: &Rotation) -> Result<RotationOutcome, Failure> {
    let _turn = shared.turns.of_session(rotation.session_id).await;
    for _ in 0..TRIES_MAX {
        let Some(session) = find(shared, rotation.session_id).await? else {
            return Ok(RotationOutcome::Ended);
        };
        let unchanged = holding(session.id, session.current.refresh_id);
        match session.present(rotation.presented, &rotation.next, rotation.reuse_grace, rotation.now) {
            Presented::Rotated(next) => {
                if write_rotation(shared, unchanged, rotate_to(&next)?).await? {
                    return Ok(RotationOutcome::Rotated(next));
                }
            }
            Presented::Repeated => return Ok(RotationOutcome::Repeated(session)),
            Presented::Reused => {
                if end_one(shared, unchanged, rotation.revoked_until).await? {
                    return Ok(RotationOutcome::Reused(session));
                }
            }
            Presented::Expired => return Ok(RotationOutcome::Ended),
        }
    }
    Err(Failure::Contended)
}

/// The server gives up before the caller does. A rotation that waited for somebody else's transaction and came about after its
/// caller was told to come again would give out tokens that nobody gets, and make the caller's own the ones of old.
async fn write_rotation(shared: &Shared, unchanged: Document, change: Document) -> Result<bool, Failure> {
    let sessions = shared.collections.sessions.clone_with_type::<Document>();
    let rotated = sessions
        .find_one_and_update(unchanged, change)
        .projection(doc! { "_id": 1 })
        .max_time(shared.deadline / 2)
        .await?;
    Ok(rotated.is_some())
}

async fn live_revocations(shared: &Shared, now: Timestamp) -> Result<Vec<Revocation>, Failure> {
    let found = shared
        .collections
        .sessions
        .clone_with_type::<RevocationDocument>()
        .find(revoked(now))
        .projection(RevocationDocument::projection())
        .await?;
    let documents: Vec<_> = found.try_collect().await?;
    documents.iter().map(RevocationDocument::decode).collect()
}

async fn remove_expired(shared: &Shared, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let sessions = shared.collections.sessions.clone_with_type();
    let ended = sweep::remove(&sessions, expired(now), doc! { "live.expires_at": 1 }, limit).await?;
    let forgotten = sweep::remove(&sessions, forgettable(now), doc! { "revoked_until": 1 }, limit).await?;
    Ok(ended.saturating_add(forgotten))
}
