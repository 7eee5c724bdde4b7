//! Laws of an owner's view of their sessions. They are part of `sessions_contract!`.

use super::sessions::{UNTIL, open, opened, revoked};
use super::{RACERS, Stores, count_of, race};
use crate::builders::{T0, seconds_after_t0, session, session_id, user_id};
use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use epic_domain::session::Session;
use std::sync::Arc;

async fn list(stores: &Stores, after: Option<SessionId>, limit: u32) -> Vec<Session> {
    stores.sessions.list(user_id(1), after, limit, T0).await.unwrap()
}

fn by_id(mut sessions: Vec<Session>) -> Vec<Session> {
    sessions.sort_unstable_by_key(|session| session.id);
    sessions
}

/// In the order of their ids, each as it was stored.
pub async fn an_owner_sees_their_sessions_and_no_one_elses(stores: &Stores) {
    assert_eq!(list(stores, None, 10).await, []);
    let own = by_id(opened(stores, 1, &[1, 2, 3, 4]).await);
    let others = by_id(opened(stores, 2, &[5, 6]).await);
    assert_eq!(list(stores, None, 10).await, own);
    assert_eq!(stores.sessions.list(user_id(2), None, 10, T0).await.unwrap(), others);
    let past_their_own = stores.sessions.list(user_id(2), Some(own[0].id), 10, T0).await.unwrap();
    assert!(
        past_their_own.iter().all(|session| session.user_id == user_id(2)),
        "whatever id it starts after"
    );
}

/// Without a gap and without an overlap; past the last there is nothing.
pub async fn pages_of_sessions_follow_each_other(stores: &Stores) {
    let seeds: Vec<u64> = (0..10).collect();
    let all = by_id(opened(stores, 1, &seeds).await);
    for limit in [1, 3, 10, 11, u32::MAX] {
        let mut pages: Vec<Session> = Vec::new();
        loop {
            let page = list(stores, pages.last().map(|session| session.id), limit).await;
            assert!(u64::try_from(page.len()).unwrap() <= u64::from(limit));
            if page.is_empty() {
                break;
            }
            pages.extend(page);
            assert!(pages.len() <= all.len(), "pages overlap");
        }
        assert_eq!(pages, all, "{limit}");
    }
    assert_eq!(list(stores, None, 0).await, []);
    assert_eq!(list(stores, Some(SessionId::from_bytes([0xFF; 16])), 10).await, []);
    assert_eq!(list(stores, Some(SessionId::from_bytes([0; 16])), 10).await, all);
}

/// Even when the one that the next page starts after has ended.
pub async fn a_session_that_ends_between_pages_takes_no_other_along(stores: &Stores) {
    let seeds: Vec<u64> = (0..6).collect();
    let all = by_id(opened(stores, 1, &seeds).await);
    let first = list(stores, None, 2).await;
    assert_eq!(first, all[..2]);
    for ended in [&all[0], &all[1], &all[3]] {
        stores.sessions.end(ended.id, UNTIL).await.unwrap();
    }
    let rest = list(stores, Some(first[1].id), 10).await;
    assert_eq!(rest, [&all[2], &all[4], &all[5]].map(Session::clone));
}

/// To the millisecond, swept or not.
pub async fn sessions_past_their_end_are_not_listed(stores: &Stores) {
    opened(stores, 1, &[]).await;
    let now = seconds_after_t0(50);
    let ending = session(1, user_id(1)).ends_at(now).build();
    let idle = session(2, user_id(1)).with(|session| session.current.refresh_expires_at = now).build();
    let live = session(3, user_id(1)).build();
    for session in [&ending, &idle, &live] {
        open(stores, session).await;
    }
    let just_before = Timestamp::from_millis(now.as_millis() - 1);
    let at = |now| stores.sessions.list(user_id(1), None, 10, now);
    assert_eq!(at(just_before).await.unwrap(), by_id(vec![ending, idle, live.clone()]));
    assert_eq!(at(now).await.unwrap(), [live]);
    let one = stores.sessions.list(user_id(1), None, 1, now).await.unwrap();
    assert_eq!(one.len(), 1, "those that are over take no place on the page");
}

/// And is revoked; to end it again tells so.
pub async fn an_owner_ends_a_session_of_their_own(stores: &Stores) {
    opened(stores, 1, &[1, 2]).await;
    assert!(stores.sessions.end_owned(user_id(1), session_id(1), UNTIL).await.unwrap());
    assert_eq!(stores.sessions.find(session_id(1)).await.unwrap(), None);
    assert!(!stores.sessions.end_owned(user_id(1), session_id(1), Timestamp::MAX).await.unwrap());
    assert_eq!(revoked(stores).await, [(1, UNTIL)]);
    assert!(stores.sessions.find(session_id(2)).await.unwrap().is_some());
}

/// Nor learns whether it is there.
pub async fn nobody_ends_a_session_of_someone_else(stores: &Stores) {
    opened(stores, 1, &[1]).await;
    let others = opened(stores, 2, &[2]).await;
    for seed in [2, 3] {
        assert!(!stores.sessions.end_owned(user_id(1), session_id(seed), UNTIL).await.unwrap());
    }
    assert_eq!(stores.sessions.find(session_id(2)).await.unwrap().as_ref(), Some(&others[0]));
    assert_eq!(revoked(stores).await, []);
}

/// Sixty-four end one session at one moment, every second as someone else.
pub async fn of_racing_ends_by_the_owner_one_ends(stores: &Stores) {
    opened(stores, 1, &[1]).await;
    opened(stores, 2, &[]).await;
    let results = race(RACERS, |index| {
        let sessions = Arc::clone(&stores.sessions);
        let caller = 1 + u64::try_from(index % 2).unwrap();
        async move { (caller, sessions.end_owned(user_id(caller), session_id(1), UNTIL).await.unwrap()) }
    })
    .await;
    assert_eq!(count_of(&results, |(_, ended)| *ended), 1);
    assert_eq!(count_of(&results, |(caller, ended)| *ended && *caller == 2), 0);
}
