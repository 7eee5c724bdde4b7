//! Reads everything that is stored, past faults and caches.

use crate::commands::PEOPLE;
use crate::model::{Model, Seen, Stored};
use crate::request::name_of;
use crate::system::Ports;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::User;

/// Every account and every session that any account has or had.
pub(crate) async fn look(ports: &Ports, model: &Model) -> Seen {
    let mut seen = Seen::default();
    for who in 0..=PEOPLE {
        if let Some(user) = ports.plain_users.find_by_username(&name_of(who)).await.unwrap() {
            seen.users.insert(user.id, stored(ports, &user));
        }
    }
    let owners: Vec<UserId> = seen.users.keys().copied().collect();
    for user_id in owners {
        // At the beginning of time all sessions are live.
        let sessions = ports.plain_sessions.list(user_id, None, 1_000, Timestamp::MIN).await.unwrap();
        seen.sessions.extend(sessions.into_iter().map(|session| (session.id, session)));
    }
    // Sessions of accounts that are gone must be gone too.
    for session_id in model.sessions.keys().chain(model.durable_ends.keys()) {
        if let Some(session) = ports.plain_sessions.find(*session_id).await.unwrap() {
            seen.sessions.insert(*session_id, session);
        }
    }
    seen
}

fn stored(ports: &Ports, user: &User) -> Stored {
    let open = |sealed| ports.sealer.open_totp(user.id, sealed).unwrap();
    Stored {
        secret: open(&user.enrolment.sealed_secret),
        proposed: user.enrolment.proposed.as_ref().map(|proposed| open(&proposed.sealed_secret)),
        user: user.clone(),
    }
}
