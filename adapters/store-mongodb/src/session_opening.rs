//! A session opens, and others end to make room: one transaction that claims the account first.
//!
//! The claim is what makes a change of credentials, a removal and a rival sign-in collide with this one.

use crate::collections::Collections;
use crate::documents::session::SessionDocument;
use crate::documents::session_queries::ended;
use crate::documents::user_queries::{active_at, claim};
use crate::errors::Failure;
use crate::session_endings::{end_these, last_seen};
use crate::sessions::find;
use crate::store::Shared;
use epic_outbound::sessions::{Opening, OpeningOutcome};
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::error::Error;

pub(crate) async fn open(shared: &Shared, opening: Opening) -> Result<OpeningOutcome, Failure> {
    let _turn = shared.turns.of(opening.session.user_id).await;
    let session = opening.session.clone();
    let opened = shared
        .in_transaction(opening, |collections, session, opening| {
            open_within(collections, session, opening).boxed()
        })
        .await;
    match opened {
        // The driver asks again when the answer to a commit is lost, and a server may have forgotten that it has done this
        // before. Which sessions ended for it is told by the feed then.
        Err(failure) if failure.is_duplicate_key() => match find(shared, session.id).await? {
            Some(found) if found == session => Ok(OpeningOutcome::Opened { ended: Vec::new() }),
            _ => Err(failure),
        },
        other => other,
    }
}

async fn open_within(
    collections: &Collections,
    session: &mut ClientSession,
    opening: &Opening,
) -> Result<OpeningOutcome, Error> {
    let Opening { session: opened, user_version, sessions_max, revoked_until } = opening;
    let account = active_at(opened.user_id, *user_version)?;
    let claimed = collections.users.update_one(account, claim()).session(&mut *session).await?;
    if claimed.matched_count == 0 {
        return Ok(OpeningOutcome::Stale);
    }
    let held = last_seen(collections, session, opened.user_id).await?;
    let room = usize::try_from(sessions_max.saturating_sub(1)).unwrap_or(usize::MAX);
    let beyond = held.len().saturating_sub(room);
    let least_seen = held.into_iter().take(beyond).map(|(_, id)| id).collect();
    let ended_for_it = end_these(collections, session, least_seen, *revoked_until).await?;
    // An id that lives is refused by the key; one that has ended may be taken up again.
    collections
        .sessions
        .replace_one(ended(opened.id), SessionDocument::encode(opened))
        .upsert(true)
        .session(session)
        .await?;
    Ok(OpeningOutcome::Opened { ended: ended_for_it })
}
