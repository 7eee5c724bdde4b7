//! Laws of refresh tokens that follow each other. They are part of `sessions_contract!`.

use super::sessions::{UNTIL, open, opened, revoked};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{T0, grant, seconds_after_t0, session, session_id, token_id, user_id};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::id::TokenId;
use epic_domain::session::{Session, Superseded};
use epic_outbound::sessions::{Rotation, RotationOutcome};
use std::sync::Arc;

const GRACE: Duration = Duration::from_secs(10);

/// `presented` comes in for the session of seed 1, with the grant of `next_seed` to follow.
fn rotation(presented: TokenId, next_seed: u64, now: Timestamp) -> Rotation {
    Rotation {
        session_id: session_id(1),
        presented,
        next: grant(next_seed, now),
        reuse_grace: GRACE,
        now,
        revoked_until: UNTIL,
    }
}

/// The live token of the session comes in.
fn honest(session: &Session, next_seed: u64, now: Timestamp) -> Rotation {
    rotation(session.current.refresh_id, next_seed, now)
}

async fn only_session(stores: &Stores) -> Session {
    opened(stores, 1, &[1]).await.remove(0)
}

async fn found(stores: &Stores) -> Option<Session> {
    stores.sessions.find(session_id(1)).await.unwrap()
}

async fn rotate(stores: &Stores, rotation: &Rotation) -> RotationOutcome {
    stores.sessions.rotate(rotation).await.unwrap()
}

/// The session has the new grant and remembers the old token; nothing else about it changes.
pub async fn the_live_token_moves_the_session_on(stores: &Stores) {
    let session = only_session(stores).await;
    let now = seconds_after_t0(60);
    let outcome = rotate(stores, &honest(&session, 100, now)).await;
    let expected = Session {
        current: grant(100, now),
        superseded: Some(Superseded { refresh_id: session.current.refresh_id, replaced_at: now }),
        last_seen_at: now,
        ..session
    };
    assert_eq!(outcome, RotationOutcome::Rotated(expected.clone()));
    assert_eq!(found(stores).await, Some(expected));
    assert_eq!(revoked(stores).await, []);
}

/// A grant that would live longer is cut.
pub async fn a_rotated_session_never_outlives_its_end(stores: &Stores) {
    opened(stores, 1, &[]).await;
    let ends_at = seconds_after_t0(600);
    let session = session(1, user_id(1)).ends_at(ends_at).build();
    open(stores, &session).await;
    rotate(stores, &honest(&session, 100, seconds_after_t0(60))).await;
    let rotated = found(stores).await.unwrap();
    assert_eq!(rotated.current.refresh_id, grant(100, T0).refresh_id);
    assert_eq!((rotated.current.access_expires_at, rotated.current.refresh_expires_at), (ends_at, ends_at));
}

/// Sixty-four present one token at one moment: within the grace all get the one successor.
pub async fn of_racing_rotations_one_rotates_and_the_others_repeat(stores: &Stores) {
    let mut session = only_session(stores).await;
    for round in 1..=4_u64 {
        let results = race(RACERS, |index| {
            let sessions = Arc::clone(&stores.sessions);
            let next_seed = round * 1_000 + u64::try_from(index).unwrap();
            let rotation = honest(&session, next_seed, seconds_after_t0(round * 60));
            async move { sessions.rotate(&rotation).await.unwrap() }
        })
        .await;
        let current = found(stores).await.unwrap();
        assert_ne!(current.current, session.current);
        assert_eq!(count_of(&results, |result| *result == RotationOutcome::Rotated(current.clone())), 1);
        let repeated = RotationOutcome::Repeated(current.clone());
        assert_eq!(count_of(&results, |result| *result == repeated), RACERS - 1);
        session = current;
    }
    assert_eq!(revoked(stores).await, []);
}

/// To the millisecond. Whoever holds the successor loses it too.
pub async fn after_the_grace_a_used_token_ends_the_session(stores: &Stores) {
    let session = only_session(stores).await;
    rotate(stores, &honest(&session, 100, T0)).await;
    let rotated = found(stores).await.unwrap();
    let last_moment = Timestamp::from_millis(T0.as_millis() + 9_999);
    let repeated = rotate(stores, &honest(&session, 101, last_moment)).await;
    assert_eq!(repeated, RotationOutcome::Repeated(rotated.clone()));
    assert_eq!(found(stores).await.as_ref(), Some(&rotated), "a repetition changes nothing");

    let reused = rotate(stores, &honest(&session, 102, seconds_after_t0(10))).await;
    assert_eq!(reused, RotationOutcome::Reused(rotated.clone()));
    assert_eq!(found(stores).await, None);
    assert_eq!(revoked(stores).await, [(1, UNTIL)]);
    let successor = rotate(stores, &honest(&rotated, 103, seconds_after_t0(10))).await;
    assert_eq!(successor, RotationOutcome::Ended);
}

/// Sixty-four present a used token at one moment.
pub async fn of_racing_reuses_one_ends_the_session(stores: &Stores) {
    let session = only_session(stores).await;
    rotate(stores, &honest(&session, 100, T0)).await;
    let results = race(RACERS, |_| {
        let sessions = Arc::clone(&stores.sessions);
        let rotation = honest(&session, 101, seconds_after_t0(60));
        async move { sessions.rotate(&rotation).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |result| matches!(result, RotationOutcome::Reused(_))), 1);
    assert_eq!(count_of(&results, |result| *result == RotationOutcome::Ended), RACERS - 1);
    assert_eq!(revoked(stores).await, [(1, UNTIL)]);
}

/// A genuine token of the session that the store never had as live is a copy from another history.
pub async fn a_token_that_was_never_live_ends_the_session(stores: &Stores) {
    let session = only_session(stores).await;
    let outcome = rotate(stores, &rotation(token_id(999), 100, T0)).await;
    assert_eq!(outcome, RotationOutcome::Reused(session));
    assert_eq!(found(stores).await, None);
    assert_eq!(revoked(stores).await, [(1, UNTIL)]);
}

/// The grace covers the last replaced token, no other.
pub async fn a_token_two_rotations_old_ends_the_session(stores: &Stores) {
    let first = only_session(stores).await;
    rotate(stores, &honest(&first, 100, T0)).await;
    let second = found(stores).await.unwrap();
    rotate(stores, &honest(&second, 101, T0)).await;
    let outcome = rotate(stores, &honest(&first, 102, T0)).await;
    assert!(matches!(outcome, RotationOutcome::Reused(_)), "{outcome:?}");
    assert_eq!(found(stores).await, None);
}

/// Even with a token that is still live; a session past its end needs no revocation.
pub async fn a_session_past_its_end_is_ended(stores: &Stores) {
    opened(stores, 1, &[]).await;
    let session = session(1, user_id(1)).ends_at(seconds_after_t0(60)).build();
    open(stores, &session).await;
    let outcome = rotate(stores, &honest(&session, 100, seconds_after_t0(60))).await;
    assert_eq!(outcome, RotationOutcome::Ended);
    assert_eq!(revoked(stores).await, []);
}

/// The session stays as it was.
pub async fn an_expired_refresh_token_rotates_nothing(stores: &Stores) {
    let session = only_session(stores).await;
    let outcome = rotate(stores, &honest(&session, 100, session.current.refresh_expires_at)).await;
    assert_eq!(outcome, RotationOutcome::Ended);
    assert!(found(stores).await.is_none_or(|found| found == session));
}

/// Ended, or never opened.
pub async fn a_session_that_is_gone_is_ended(stores: &Stores) {
    assert_eq!(rotate(stores, &rotation(token_id(1), 100, T0)).await, RotationOutcome::Ended);
    let session = only_session(stores).await;
    stores.sessions.end(session.id, UNTIL).await.unwrap();
    assert_eq!(rotate(stores, &honest(&session, 100, T0)).await, RotationOutcome::Ended);
    assert_eq!(found(stores).await, None);
}

/// A call that is dropped half-way leaves the old session or the new one, and the token's holder gets on.
pub async fn a_rotation_given_up_is_whole_or_absent(stores: &Stores) {
    let mut session = only_session(stores).await;
    for seed in 0..16 {
        let now = seconds_after_t0(seed * 60);
        begin_and_drop(stores.sessions.rotate(&honest(&session, 100 + seed, now))).await;
        let outcome = rotate(stores, &honest(&session, 200 + seed, now)).await;
        let current = found(stores).await.unwrap();
        match outcome {
            RotationOutcome::Rotated(rotated) => assert_eq!(rotated.current, grant(200 + seed, now)),
            RotationOutcome::Repeated(repeated) => assert_eq!(repeated.current, grant(100 + seed, now)),
            other => panic!("{other:?}"),
        }
        session = current;
    }
}
