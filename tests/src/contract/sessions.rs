//! Laws of sessions: opening, ending, sweeping.

use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{
    T0, maximal_session, minimal_session, opening, seconds_after_t0, session, session_id, user, user_id,
};
use epic_domain::Timestamp;
use epic_domain::session::{Revocation, Session};
use epic_domain::user::Version;
use epic_outbound::sessions::{EndScope, OpeningOutcome};
use epic_outbound::users::Insertion;
use std::sync::Arc;

/// Expands to the laws of [`Sessions`](epic_outbound::sessions::Sessions). The factory is an async function without
/// arguments that returns fresh [`Stores`].
#[macro_export]
macro_rules! sessions_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { sessions, $factory;
            a_session_reads_back_as_it_was_written
            a_maximal_session_reads_back_to_the_millisecond
            a_minimal_session_reads_back
            no_session_is_found_in_an_empty_store
            an_ended_session_is_gone_and_revoked
            of_racing_ends_one_ends
            all_sessions_of_a_user_end_together
            all_sessions_but_one_end_together
            a_revocation_matters_until_its_time
            a_touch_moves_time_forward_alone
            a_touch_passes_over_ended_sessions
            the_sweep_removes_what_has_expired_alone
            the_sweep_of_sessions_stops_at_its_limit
            an_end_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { rotation, $factory;
            the_live_token_moves_the_session_on
            a_rotated_session_never_outlives_its_end
            of_racing_rotations_one_rotates_and_the_others_repeat
            after_the_grace_a_used_token_ends_the_session
            of_racing_reuses_one_ends_the_session
            a_token_that_was_never_live_ends_the_session
            a_token_two_rotations_old_ends_the_session
            a_session_past_its_end_is_ended
            an_expired_refresh_token_rotates_nothing
            a_session_that_is_gone_is_ended
            a_rotation_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { opening, $factory;
            an_account_that_has_changed_opens_no_session
            an_account_that_is_not_active_opens_no_session
            at_the_cap_the_session_not_seen_for_the_longest_ends
            of_sessions_seen_at_one_moment_the_older_ends
            a_lower_cap_ends_as_many_as_it_demands
            the_cap_is_of_one_account_alone
            racing_openings_keep_the_cap
            an_opening_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { session_lists, $factory;
            an_owner_sees_their_sessions_and_no_one_elses
            pages_of_sessions_follow_each_other
            a_session_that_ends_between_pages_takes_no_other_along
            sessions_past_their_end_are_not_listed
            an_owner_ends_a_session_of_their_own
            nobody_ends_a_session_of_someone_else
            of_racing_ends_by_the_owner_one_ends
        }
    };
}

/// Until when revocations of these laws matter.
pub(super) const UNTIL: Timestamp = Timestamp::from_millis(T0.as_millis() + 1_800_000);

/// Stores the account of a seed, and opens a session of it with each of these seeds.
pub(super) async fn opened(stores: &Stores, user_seed: u64, session_seeds: &[u64]) -> Vec<Session> {
    let insertion = stores.users.insert_if_absent(&user(user_seed).build(), T0).await.unwrap();
    assert_eq!(insertion, Insertion::Inserted);
    let mut sessions = Vec::new();
    for seed in session_seeds {
        let session = session(*seed, user_id(user_seed)).build();
        open(stores, &session).await;
        sessions.push(session);
    }
    sessions
}

/// Stores a session of an account that has never changed.
pub(super) async fn open(stores: &Stores, session: &Session) {
    let outcome = stores.sessions.open(&opening(session, Version::FIRST)).await.unwrap();
    assert_eq!(outcome, OpeningOutcome::Opened { ended: Vec::new() });
}

async fn found(stores: &Stores, seed: u64) -> Option<Session> {
    stores.sessions.find(session_id(seed)).await.unwrap()
}

/// The seeds of the sessions that are revoked at [`T0`], and until when. Laws use seeds up to [`SEED_MAX`].
pub(super) async fn revoked(stores: &Stores) -> Vec<(u64, Timestamp)> {
    let mut revocations: Vec<_> = stores
        .sessions
        .live_revocations(T0)
        .await
        .unwrap()
        .into_iter()
        .map(|Revocation { session_id: id, until }| {
            ((0..=SEED_MAX).find(|seed| session_id(*seed) == id).unwrap(), until)
        })
        .collect();
    revocations.sort_unstable();
    revocations
}

const SEED_MAX: u64 = 64;

async fn reads_back(stores: &Stores, session: Session) {
    open(stores, &session).await;
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), Some(session));
}

/// Every field survives.
pub async fn a_session_reads_back_as_it_was_written(stores: &Stores) {
    opened(stores, 1, &[]).await;
    reads_back(stores, session(3, user_id(1)).build()).await;
}

/// Every field survives at its largest; no fraction of a second is lost.
pub async fn a_maximal_session_reads_back_to_the_millisecond(stores: &Stores) {
    opened(stores, 1, &[]).await;
    reads_back(stores, maximal_session(user_id(1))).await;
}

/// Every field survives at its smallest.
pub async fn a_minimal_session_reads_back(stores: &Stores) {
    opened(stores, 1, &[]).await;
    reads_back(stores, minimal_session(user_id(1))).await;
}

/// Absence is no error.
pub async fn no_session_is_found_in_an_empty_store(stores: &Stores) {
    assert_eq!(found(stores, 1).await, None);
    assert_eq!(stores.sessions.live_revocations(Timestamp::MIN).await.unwrap(), []);
    assert!(!stores.sessions.end(session_id(1), UNTIL).await.unwrap());
    assert_eq!(stores.sessions.live_revocations(Timestamp::MIN).await.unwrap(), [], "nothing ended");
}

/// Ending it again tells so and changes nothing.
pub async fn an_ended_session_is_gone_and_revoked(stores: &Stores) {
    opened(stores, 1, &[1, 2]).await;
    assert!(stores.sessions.end(session_id(1), UNTIL).await.unwrap());
    assert_eq!(found(stores, 1).await, None);
    assert!(!stores.sessions.end(session_id(1), Timestamp::MAX).await.unwrap());
    assert_eq!(revoked(stores).await, [(1, UNTIL)]);
    assert!(found(stores, 2).await.is_some());
}

/// Sixty-four end one session at one moment.
pub async fn of_racing_ends_one_ends(stores: &Stores) {
    opened(stores, 1, &[1]).await;
    let results = race(RACERS, |_| {
        let sessions = Arc::clone(&stores.sessions);
        async move { sessions.end(session_id(1), UNTIL).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |ended| *ended), 1);
}

/// And those of no one else.
pub async fn all_sessions_of_a_user_end_together(stores: &Stores) {
    opened(stores, 1, &[1, 2, 3]).await;
    opened(stores, 2, &[4]).await;
    let mut ended = stores.sessions.end_many(user_id(1), EndScope::All, UNTIL).await.unwrap();
    ended.sort_unstable();
    let mut expected = [session_id(1), session_id(2), session_id(3)];
    expected.sort_unstable();
    assert_eq!(ended, expected);
    assert_eq!(revoked(stores).await, [(1, UNTIL), (2, UNTIL), (3, UNTIL)]);
    assert!(found(stores, 4).await.is_some());
    assert_eq!(stores.sessions.end_many(user_id(1), EndScope::All, UNTIL).await.unwrap(), []);
}

/// The one that asks stays.
pub async fn all_sessions_but_one_end_together(stores: &Stores) {
    opened(stores, 1, &[1, 2]).await;
    let scope = EndScope::AllExcept(session_id(2));
    assert_eq!(stores.sessions.end_many(user_id(1), scope, UNTIL).await.unwrap(), [session_id(1)]);
    assert!(found(stores, 2).await.is_some());
    assert_eq!(found(stores, 1).await, None);
    assert_eq!(revoked(stores).await, [(1, UNTIL)]);
}

/// To the millisecond.
pub async fn a_revocation_matters_until_its_time(stores: &Stores) {
    opened(stores, 1, &[1]).await;
    stores.sessions.end(session_id(1), UNTIL).await.unwrap();
    let just_before = Timestamp::from_millis(UNTIL.as_millis() - 1);
    assert_eq!(stores.sessions.live_revocations(just_before).await.unwrap().len(), 1);
    assert_eq!(stores.sessions.live_revocations(UNTIL).await.unwrap(), []);
}

/// Notes of one session may arrive out of order.
pub async fn a_touch_moves_time_forward_alone(stores: &Stores) {
    let sessions = opened(stores, 1, &[1, 2, 3]).await;
    let (later, earlier) = (seconds_after_t0(5), Timestamp::from_millis(T0.as_millis() - 1));
    let seen = [(session_id(1), later), (session_id(2), earlier), (session_id(1), T0)];
    stores.sessions.touch(&seen).await.unwrap();
    assert_eq!(found(stores, 1).await.unwrap().last_seen_at, later);
    assert_eq!(found(stores, 2).await.as_ref(), Some(&sessions[1]));
    assert_eq!(found(stores, 3).await.as_ref(), Some(&sessions[2]));
}

/// And brings none back.
pub async fn a_touch_passes_over_ended_sessions(stores: &Stores) {
    opened(stores, 1, &[1, 2]).await;
    stores.sessions.end(session_id(1), UNTIL).await.unwrap();
    let at = seconds_after_t0(5);
    let seen = [(session_id(1), at), (session_id(9), at), (session_id(2), at)];
    stores.sessions.touch(&seen).await.unwrap();
    stores.sessions.touch(&[]).await.unwrap();
    assert_eq!(found(stores, 1).await, None);
    assert_eq!(found(stores, 9).await, None);
    assert_eq!(found(stores, 2).await.unwrap().last_seen_at, at);
}

/// Sessions past their end or with a dead refresh token, and revocations that no longer matter.
pub async fn the_sweep_removes_what_has_expired_alone(stores: &Stores) {
    opened(stores, 1, &[1, 2, 3]).await;
    let owner = user_id(1);
    let now = seconds_after_t0(50);
    let ended = session(4, owner).ends_at(now).build();
    let idle = session(5, owner).with(|session| session.current.refresh_expires_at = now).build();
    for session in [&ended, &idle] {
        open(stores, session).await;
    }
    stores.sessions.end(session_id(1), now).await.unwrap();
    stores.sessions.end(session_id(2), UNTIL).await.unwrap();

    let just_before = Timestamp::from_millis(now.as_millis() - 1);
    assert_eq!(stores.sessions.remove_expired(just_before, 100).await.unwrap(), 0);
    assert_eq!(stores.sessions.remove_expired(now, 100).await.unwrap(), 3);
    assert_eq!(found(stores, 4).await, None);
    assert_eq!(found(stores, 5).await, None);
    assert!(found(stores, 3).await.is_some());
    assert_eq!(revoked(stores).await, [(2, UNTIL)]);
    assert_eq!(stores.sessions.remove_expired(now, 100).await.unwrap(), 0);
}

/// So that it never holds the store for long: at most so many sessions and so many revocations.
pub async fn the_sweep_of_sessions_stops_at_its_limit(stores: &Stores) {
    opened(stores, 1, &[1, 2, 3, 4, 5, 6]).await;
    for seed in 1..=3 {
        stores.sessions.end(session_id(seed), UNTIL).await.unwrap();
    }
    assert_eq!(stores.sessions.remove_expired(Timestamp::MAX, 0).await.unwrap(), 0);
    assert_eq!(stores.sessions.remove_expired(Timestamp::MAX, 2).await.unwrap(), 4);
    assert_eq!(stores.sessions.remove_expired(Timestamp::MAX, 2).await.unwrap(), 2);
    assert_eq!(stores.sessions.remove_expired(Timestamp::MAX, 2).await.unwrap(), 0);
}

/// A call that is dropped half-way leaves no session that is both gone and not revoked.
pub async fn an_end_given_up_is_whole_or_absent(stores: &Stores) {
    let seeds: Vec<u64> = (0..16).collect();
    opened(stores, 1, &seeds).await;
    for seed in seeds {
        begin_and_drop(stores.sessions.end(session_id(seed), UNTIL)).await;
        let is_there = found(stores, seed).await.is_some();
        let is_revoked = revoked(stores).await.contains(&(seed, UNTIL));
        assert!(is_there || is_revoked, "{seed}");
    }
}
