//! Laws of removed accounts. They are part of `users_contract!`.

use super::credentials::{ids, is_live};
use super::sessions::{UNTIL, opened, revoked};
use super::users::{insert, stored};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{
    T0, event, opening, recovery_code_digest, recovery_key, seconds_after_t0, session, user, user_id,
    username,
};
use epic_domain::id::SessionId;
use epic_domain::user::Version;
use epic_outbound::sessions::OpeningOutcome;
use std::sync::Arc;

async fn remove(stores: &Stores, seed: u64) -> Option<Vec<SessionId>> {
    let ended = stores.users.remove(user_id(seed), UNTIL).await.unwrap();
    ended.map(|mut ended| {
        ended.sort_unstable();
        ended
    })
}

/// Under its id and its name; to remove it again tells so.
pub async fn a_removed_account_is_gone(stores: &Stores) {
    assert_eq!(remove(stores, 1).await, None);
    insert(stores, &user(1).build()).await;
    insert(stores, &user(2).pending_until(seconds_after_t0(100)).build()).await;
    for seed in [1, 2] {
        assert!(stores.users.find_by_id(user_id(seed)).await.unwrap().is_some());
        assert_eq!(remove(stores, seed).await, Some(Vec::new()));
        assert_eq!(stores.users.find_by_id(user_id(seed)).await.unwrap(), None);
        let name = username(&format!("user-{seed}"));
        assert_eq!(stores.users.find_by_username(&name).await.unwrap(), None);
        assert_eq!(remove(stores, seed).await, None);
    }
}

/// Those of no one else.
pub async fn the_sessions_of_a_removed_account_are_revoked(stores: &Stores) {
    opened(stores, 1, &[1, 2]).await;
    opened(stores, 2, &[3]).await;
    assert_eq!(remove(stores, 1).await, Some(ids([1, 2])));
    assert_eq!(revoked(stores).await, [(1, UNTIL), (2, UNTIL)]);
    for (seed, expected) in [(1, false), (2, false), (3, true)] {
        assert_eq!(is_live(stores, seed).await, expected, "{seed}");
    }
    assert_eq!(stored(stores, 2).await, user(2).build());
}

/// Whether it gets another id, as it always should, or the very same.
pub async fn the_heir_of_a_removed_name_inherits_nothing(stores: &Stores) {
    let code = recovery_code_digest(1);
    for heir_seed in [2, 1] {
        let before = user(1).named("alice").with(|user| user.recovery_key = Some(recovery_key(7))).build();
        insert(stores, &before).await;
        assert!(stores.users.replace_recovery_codes(before.id, &[code]).await.unwrap());
        stores.users.record_code_failure(before.id).await.unwrap();
        stores.sessions.open(&opening(&session(1, before.id).build(), Version::FIRST)).await.unwrap();
        assert_eq!(remove(stores, 1).await, Some(ids([1])));

        let heir = user(heir_seed).named("alice").build();
        insert(stores, &heir).await;
        assert_eq!(stored(stores, heir_seed).await, heir);
        assert!(!stores.users.consume_recovery_code(heir.id, &code, T0).await.unwrap());
        assert_eq!(stores.sessions.list(heir.id, None, 10, T0).await.unwrap(), []);
        assert_eq!(remove(stores, heir_seed).await, Some(Vec::new()));
    }
}

/// They are the record of what happened.
pub async fn the_events_of_a_removed_account_stay(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    stores.audit.append(&[event(1)]).await.unwrap();
    remove(stores, 1).await;
    let kept = stores.audit.list(user_id(1), None, None, 10).await.unwrap();
    assert_eq!(kept.into_iter().map(|link| link.event).collect::<Vec<_>>(), [event(1)]);
}

/// Sixty-four remove one account at one moment.
pub async fn of_racing_removals_one_removes(stores: &Stores) {
    opened(stores, 1, &[1, 2]).await;
    let results = race(RACERS, |_| {
        let users = Arc::clone(&stores.users);
        async move { users.remove(user_id(1), UNTIL).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, Option::is_some), 1);
    assert_eq!(revoked(stores).await, [(1, UNTIL), (2, UNTIL)]);
}

/// Whichever comes first: what was opened before the removal has ended, what comes after it opens nothing.
pub async fn a_sign_in_that_races_a_removal_leaves_no_session(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let results = race(RACERS, |index| {
        let (users, sessions) = (Arc::clone(&stores.users), Arc::clone(&stores.sessions));
        let seed = u64::try_from(index).unwrap();
        async move {
            if index == RACERS / 2 {
                assert!(users.remove(user_id(1), UNTIL).await.unwrap().is_some());
                return None;
            }
            let session = session(seed, user_id(1)).build();
            let outcome = sessions.open(&opening(&session, Version::FIRST)).await.unwrap();
            (outcome != OpeningOutcome::Stale).then_some(seed)
        }
    })
    .await;
    let expected: Vec<_> = results.into_iter().flatten().map(|seed| (seed, UNTIL)).collect();
    assert_eq!(revoked(stores).await, expected, "whatever was opened is revoked");
    assert_eq!(stores.sessions.list(user_id(1), None, 100, T0).await.unwrap(), []);
}

/// A call that is dropped half-way leaves no session that is both gone and not revoked.
pub async fn a_removal_given_up_is_whole_or_absent(stores: &Stores) {
    for seed in 0..16 {
        opened(stores, seed, &[seed]).await;
        begin_and_drop(stores.users.remove(user_id(seed), UNTIL)).await;
        let was_there = stores.users.find_by_id(user_id(seed)).await.unwrap().is_some();
        // What was begun may be carried out between the looks, never the other way round.
        assert!(was_there || !is_live(stores, seed).await, "{seed}");
        let was_live = is_live(stores, seed).await;
        assert!(was_live || revoked(stores).await.contains(&(seed, UNTIL)), "{seed}");
    }
}
