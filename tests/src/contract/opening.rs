//! Laws of sessions that are about to be stored: whose account has changed, and the cap. They are part of
//! `sessions_contract!`.

use super::sessions::{UNTIL, open, opened, revoked};
use super::users::insert;
use super::{RACERS, Stores, begin_and_drop, race};
use crate::builders::{T0, opening, seconds_after_t0, session, session_id, user, user_id};
use epic_domain::id::SessionId;
use epic_domain::session::Session;
use epic_domain::user::{Status, Version};
use epic_outbound::sessions::{Opening, OpeningOutcome};
use std::sync::Arc;

/// The session of a seed, of account 1, last seen so many seconds after [`T0`].
fn seen(seed: u64, seconds: u64) -> Session {
    session(seed, user_id(1)).with(|session| session.last_seen_at = seconds_after_t0(seconds)).build()
}

fn capped(session: &Session, sessions_max: u32) -> Opening {
    Opening { sessions_max, ..opening(session, Version::FIRST) }
}

/// The sessions that ended for this one, in the order told.
async fn ended_by(stores: &Stores, session: &Session, sessions_max: u32) -> Vec<SessionId> {
    match stores.sessions.open(&capped(session, sessions_max)).await.unwrap() {
        OpeningOutcome::Opened { ended } => ended,
        OpeningOutcome::Stale => panic!("nothing was opened"),
    }
}

/// The seeds of the live sessions of account 1, of those below 64.
async fn live(stores: &Stores) -> Vec<u64> {
    let sessions = stores.sessions.list(user_id(1), None, 1_000, T0).await.unwrap();
    let ids: Vec<_> = sessions.into_iter().map(|session| session.id).collect();
    (0..64).filter(|seed| ids.contains(&session_id(*seed))).collect()
}

/// To either side; and nothing ends for it.
pub async fn an_account_that_has_changed_opens_no_session(stores: &Stores) {
    let version = Version::FIRST.next();
    insert(stores, &user(1).version(version).build()).await;
    let first = seen(1, 0);
    let outcome = stores.sessions.open(&opening(&first, version)).await.unwrap();
    assert_eq!(outcome, OpeningOutcome::Opened { ended: Vec::new() });
    for checked in [Version::FIRST, version.next()] {
        let stale = Opening { user_version: checked, ..capped(&seen(2, 0), 1) };
        assert_eq!(stores.sessions.open(&stale).await.unwrap(), OpeningOutcome::Stale);
        assert_eq!(stores.sessions.find(session_id(2)).await.unwrap(), None);
    }
    assert_eq!(live(stores).await, [1]);
    assert_eq!(revoked(stores).await, []);
}

/// Pending, disabled or gone.
pub async fn an_account_that_is_not_active_opens_no_session(stores: &Stores) {
    insert(stores, &user(1).pending_until(seconds_after_t0(100)).build()).await;
    insert(stores, &user(2).status(Status::Disabled).build()).await;
    for seed in [1, 2, 3] {
        let session = session(seed, user_id(seed)).build();
        let outcome = stores.sessions.open(&opening(&session, Version::FIRST)).await.unwrap();
        assert_eq!(outcome, OpeningOutcome::Stale);
        assert_eq!(stores.sessions.find(session.id).await.unwrap(), None);
    }
}

/// The new one included; what ended is revoked.
pub async fn at_the_cap_the_session_not_seen_for_the_longest_ends(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    for (seed, seconds) in [(1, 30), (2, 10), (3, 20)] {
        assert_eq!(ended_by(stores, &seen(seed, seconds), 3).await, []);
    }
    assert_eq!(ended_by(stores, &seen(4, 40), 3).await, [session_id(2)]);
    assert_eq!(live(stores).await, [1, 3, 4]);
    stores.sessions.touch(&[(session_id(3), seconds_after_t0(50))]).await.unwrap();
    assert_eq!(ended_by(stores, &seen(5, 60), 3).await, [session_id(1)]);
    assert_eq!(live(stores).await, [3, 4, 5]);
    assert_eq!(revoked(stores).await, [(1, UNTIL), (2, UNTIL)]);
}

/// By their ids, which follow the time.
pub async fn of_sessions_seen_at_one_moment_the_older_ends(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let mut ids: Vec<_> = (1..=3).map(session_id).collect();
    for seed in 1..=3 {
        open(stores, &seen(seed, 0)).await;
    }
    ids.sort_unstable();
    assert_eq!(ended_by(stores, &seen(4, 0), 2).await, ids[..2]);
}

/// Down to the new one alone.
pub async fn a_lower_cap_ends_as_many_as_it_demands(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    for seed in 1..=5 {
        open(stores, &seen(seed, seed)).await;
    }
    assert_eq!(ended_by(stores, &seen(6, 6), 3).await, [1, 2, 3].map(session_id));
    assert_eq!(live(stores).await, [4, 5, 6]);
    assert_eq!(ended_by(stores, &seen(7, 0), 1).await, [4, 5, 6].map(session_id), "never the new one");
    assert_eq!(live(stores).await, [7]);
}

/// Sessions of others neither count nor end.
pub async fn the_cap_is_of_one_account_alone(stores: &Stores) {
    opened(stores, 2, &[11, 12, 13]).await;
    insert(stores, &user(1).build()).await;
    assert_eq!(ended_by(stores, &seen(1, 10), 2).await, []);
    assert_eq!(ended_by(stores, &seen(2, 10), 2).await, []);
    assert_eq!(ended_by(stores, &seen(3, 10), 2).await.len(), 1);
    assert_eq!(stores.sessions.list(user_id(2), None, 10, T0).await.unwrap().len(), 3);
}

/// Sixty-four sign in at one moment: never more than the cap, and no session ends twice or unseen.
pub async fn racing_openings_keep_the_cap(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let results = race(RACERS, |index| {
        let sessions = Arc::clone(&stores.sessions);
        let opening = capped(&seen(u64::try_from(index).unwrap(), 0), 8);
        async move {
            let outcome = sessions.open(&opening).await.unwrap();
            assert!(sessions.list(user_id(1), None, 100, T0).await.unwrap().len() <= 8);
            outcome
        }
    })
    .await;
    let mut ended: Vec<SessionId> = Vec::new();
    for result in results {
        let OpeningOutcome::Opened { ended: more } = result else { panic!("{result:?}") };
        ended.extend(more);
    }
    let live = live(stores).await;
    assert_eq!(live.len(), 8);
    let expected: Vec<u64> = (0..64).filter(|seed| !live.contains(seed)).collect();
    let told: Vec<u64> = (0..64).filter(|seed| ended.contains(&session_id(*seed))).collect();
    assert_eq!((ended.len(), told), (RACERS - 8, expected.clone()));
    let revoked: Vec<u64> = revoked(stores).await.into_iter().map(|(seed, _)| seed).collect();
    assert_eq!(revoked, expected);
}

/// A call that is dropped half-way ends no session without its being revoked, and leaves no more than the cap.
pub async fn an_opening_given_up_is_whole_or_absent(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    for seed in 0..16 {
        begin_and_drop(stores.sessions.open(&capped(&seen(seed, seed), 1))).await;
        assert!(live(stores).await.len() <= 1);
    }
    let last = ended_by(stores, &seen(16, 16), 1).await;
    assert!(last.len() <= 1);
    assert_eq!(live(stores).await, [16]);
    for (seed, _) in revoked(stores).await {
        assert_eq!(stores.sessions.find(session_id(seed)).await.unwrap(), None, "{seed}");
    }
}
