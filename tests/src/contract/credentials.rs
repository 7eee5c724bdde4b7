//! Laws of changed credentials, renewed hashes and recovery keys. They are part of `users_contract!`.

use super::sessions::{UNTIL, opened, revoked};
use super::users::{insert, stored};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{
    T0, auth_key_hash, opening, recovery_key, seconds_after_t0, session, session_id, user, user_id,
};
use epic_domain::id::SessionId;
use epic_domain::user::{Status, User, Version};
use epic_outbound::sessions::OpeningOutcome;
use epic_outbound::users::{Change, CredentialChange, Ending, Replacement};
use std::sync::Arc;

const SECOND: Version = Version::FIRST.next();

/// What a change ends whose session is the one of this seed.
pub(super) fn ending(keep: Option<u64>) -> Ending {
    Ending { keep: keep.map(session_id), revoked_until: UNTIL, now: seconds_after_t0(5) }
}

/// The account of a seed takes the credentials of another, if it still has version `expected`.
fn change_to(credentials_of: u64, expected: Version, keep: Option<u64>) -> CredentialChange {
    let User { credentials, keys, .. } = user(credentials_of).build();
    CredentialChange {
        user_id: user_id(1),
        expected,
        credentials,
        encrypted_mek: keys.encrypted_mek,
        encrypted_private_key: keys.encrypted_private_key,
        ending: ending(keep),
    }
}

/// What [`change_to`] makes of an account.
fn changed(mut user: User, change: &CredentialChange) -> User {
    user.credentials = change.credentials.clone();
    user.keys.encrypted_mek = change.encrypted_mek.clone();
    user.keys.encrypted_private_key = change.encrypted_private_key.clone();
    user.version = user.version.next();
    user.updated_at = change.ending.now;
    user
}

async fn make(stores: &Stores, change: &CredentialChange) -> Change {
    stores.users.change_credentials(change).await.unwrap()
}

/// The sessions that ended, in the order of their ids.
pub(super) fn ended(change: Change) -> Vec<SessionId> {
    match change {
        Change::Made { mut ended } => {
            ended.sort_unstable();
            ended
        }
        Change::Stale => panic!("nothing was changed"),
    }
}

/// The ids of these seeds, in their order.
pub(super) fn ids<const N: usize>(seeds: [u64; N]) -> Vec<SessionId> {
    let mut ids = seeds.map(session_id).to_vec();
    ids.sort_unstable();
    ids
}

pub(super) async fn is_live(stores: &Stores, seed: u64) -> bool {
    stores.sessions.find(session_id(seed)).await.unwrap().is_some()
}

/// All of that and nothing else: not the authenticator, the recovery key or the public keys.
pub async fn a_change_replaces_what_the_password_leads_to(stores: &Stores) {
    let original = user(1)
        .with(|user| {
            user.recovery_key = Some(recovery_key(7));
            user.enrolment.consecutive_failures = 3;
        })
        .build();
    insert(stores, &original).await;
    let change = change_to(2, Version::FIRST, None);
    assert_eq!(make(stores, &change).await, Change::Made { ended: Vec::new() });
    let expected = changed(original, &change);
    assert_eq!(stored(stores, 1).await, expected);
    let by_name = stores.users.find_by_username(&expected.username).await.unwrap();
    assert_eq!(by_name.as_deref(), Some(&expected), "under its name too");
}

/// And ends nothing.
pub async fn a_stale_version_changes_no_credentials(stores: &Stores) {
    let original = user(1).version(SECOND).build();
    insert(stores, &original).await;
    stores.sessions.open(&opening(&session(1, user_id(1)).build(), SECOND)).await.unwrap();
    for expected in [Version::FIRST, SECOND.next()] {
        assert_eq!(make(stores, &change_to(2, expected, None)).await, Change::Stale);
        assert_eq!(stored(stores, 1).await, original);
        assert!(is_live(stores, 1).await);
        assert_eq!(revoked(stores).await, []);
    }
}

/// A pending one is registered again instead; one that is disabled or gone has nothing to change.
pub async fn only_an_active_account_changes_its_credentials(stores: &Stores) {
    assert_eq!(make(stores, &change_to(2, Version::FIRST, None)).await, Change::Stale);
    assert_eq!(stores.users.find_by_id(user_id(1)).await.unwrap(), None);
    for (seed, status) in [(3, Status::Disabled), (4, Status::Pending { expires_at: seconds_after_t0(100) })]
    {
        let original = user(seed).status(status).build();
        insert(stores, &original).await;
        let change = CredentialChange { user_id: user_id(seed), ..change_to(2, Version::FIRST, None) };
        assert_eq!(make(stores, &change).await, Change::Stale);
        assert_eq!(stored(stores, seed).await, original);
    }
}

/// Those of no one else; what ended is revoked.
pub async fn a_change_ends_the_other_sessions_and_keeps_its_own(stores: &Stores) {
    opened(stores, 1, &[1, 2, 3]).await;
    opened(stores, 2, &[4]).await;
    let change = make(stores, &change_to(9, Version::FIRST, Some(2))).await;
    assert_eq!(ended(change), ids([1, 3]));
    assert_eq!(revoked(stores).await, [(1, UNTIL), (3, UNTIL)]);
    assert!(is_live(stores, 2).await);
    assert!(is_live(stores, 4).await);
}

/// As a recovery does; to name a session of someone else keeps none either.
pub async fn a_change_outside_a_session_ends_all(stores: &Stores) {
    opened(stores, 1, &[1, 2]).await;
    opened(stores, 2, &[4]).await;
    assert_eq!(ended(make(stores, &change_to(9, Version::FIRST, None)).await), ids([1, 2]));
    let third = session(3, user_id(1)).build();
    stores.sessions.open(&opening(&third, SECOND)).await.unwrap();
    assert_eq!(ended(make(stores, &change_to(8, SECOND, Some(4))).await), ids([3]));
    assert!(is_live(stores, 4).await);
}

/// Sixty-four change one version at one moment.
pub async fn of_racing_changes_of_credentials_one_wins(stores: &Stores) {
    let original = user(1).build();
    insert(stores, &original).await;
    let results = race(RACERS, |index| {
        let users = Arc::clone(&stores.users);
        let change = change_to(100 + u64::try_from(index).unwrap(), Version::FIRST, None);
        async move { (users.change_credentials(&change).await.unwrap(), change) }
    })
    .await;
    assert_eq!(count_of(&results, |(outcome, _)| matches!(outcome, Change::Made { .. })), 1);
    let (_, winner) = results.iter().find(|(outcome, _)| *outcome != Change::Stale).unwrap();
    assert_eq!(stored(stores, 1).await, changed(original, winner));
}

/// Whichever comes first: what was opened before the change has ended, what comes after it opens nothing.
pub async fn a_sign_in_that_races_a_change_leaves_no_session(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let results = race(RACERS, |index| {
        let (users, sessions) = (Arc::clone(&stores.users), Arc::clone(&stores.sessions));
        let seed = u64::try_from(index).unwrap();
        async move {
            if index == RACERS / 2 {
                let change = change_to(2, Version::FIRST, None);
                assert_ne!(users.change_credentials(&change).await.unwrap(), Change::Stale);
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

/// The version and everything else stays: nothing changed for the client.
pub async fn a_hash_is_replaced_by_a_newer_one(stores: &Stores) {
    let original = user(1);
    insert(stores, &original.clone().build()).await;
    let replaced =
        stores.users.replace_hash(user_id(1), &auth_key_hash(1), &auth_key_hash(50)).await.unwrap();
    assert!(replaced);
    let expected = original.with(|user| user.credentials.auth_key_hash = auth_key_hash(50)).build();
    assert_eq!(stored(stores, 1).await, expected);
}

/// Nor one of nobody.
pub async fn a_hash_that_has_moved_on_is_not_overwritten(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    make(stores, &change_to(2, Version::FIRST, None)).await;
    let changed = stored(stores, 1).await;
    for seed in [1, 3] {
        let replaced = stores.users.replace_hash(user_id(seed), &auth_key_hash(1), &auth_key_hash(50)).await;
        assert!(!replaced.unwrap());
    }
    assert_eq!(stored(stores, 1).await, changed);
}

/// Sixty-four sign in at one moment, and in the midst of them the password changes.
pub async fn a_change_wins_over_racing_new_hashes_of_the_old_key(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let results = race(RACERS, |index| {
        let users = Arc::clone(&stores.users);
        let newer = auth_key_hash(1_000 + u64::try_from(index).unwrap());
        async move {
            if index == RACERS / 2 {
                let change = change_to(2, Version::FIRST, None);
                assert_ne!(users.change_credentials(&change).await.unwrap(), Change::Stale);
                return false;
            }
            users.replace_hash(user_id(1), &auth_key_hash(1), &newer).await.unwrap()
        }
    })
    .await;
    assert!(count_of(&results, |replaced| *replaced) <= 1, "the old hash is there for one of them at most");
    assert_eq!(stored(stores, 1).await.credentials, user(2).build().credentials);
}

/// A call that is dropped half-way changes both credentials and sessions, or neither.
pub async fn a_change_given_up_is_whole_or_absent(stores: &Stores) {
    for seed in 0..16 {
        opened(stores, seed, &[seed]).await;
        let change = CredentialChange { user_id: user_id(seed), ..change_to(99, Version::FIRST, None) };
        begin_and_drop(stores.users.change_credentials(&change)).await;
        let (is_live, found) = (is_live(stores, seed).await, stored(stores, seed).await);
        // What was begun may be carried out between the two looks, never the other way round.
        let original = user(seed).build();
        assert!(found == original || found == changed(original, &change), "{seed}");
        assert!(is_live || found.version == SECOND, "{seed}");
    }
}

/// And again, as the next version.
pub async fn a_recovery_key_is_set_at_the_expected_version(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let mut version = Version::FIRST;
    for seed in [7, 8] {
        let now = seconds_after_t0(seed);
        let key = recovery_key(seed);
        let replacement = stores.users.set_recovery_key(user_id(1), version, &key, now).await.unwrap();
        assert_eq!(replacement, Replacement::Replaced);
        version = version.next();
        let expected =
            user(1).version(version).updated_at(now).with(|user| user.recovery_key = Some(key)).build();
        assert_eq!(stored(stores, 1).await, expected);
    }
}

/// Neither does an account that is not active.
pub async fn a_stale_version_sets_no_recovery_key(stores: &Stores) {
    let pending = Status::Pending { expires_at: seconds_after_t0(100) };
    let accounts = [
        (user(1).version(SECOND), Version::FIRST),
        (user(2).version(SECOND), SECOND.next()),
        (user(3).status(Status::Disabled), Version::FIRST),
        (user(4).status(pending), Version::FIRST),
    ];
    for (original, expected) in accounts {
        let original = original.build();
        insert(stores, &original).await;
        let replacement = stores.users.set_recovery_key(original.id, expected, &recovery_key(7), T0).await;
        assert_eq!(replacement.unwrap(), Replacement::Stale);
        assert_eq!(stores.users.find_by_id(original.id).await.unwrap().as_deref(), Some(&original));
    }
    let nobody = stores.users.set_recovery_key(user_id(9), Version::FIRST, &recovery_key(7), T0).await;
    assert_eq!(nobody.unwrap(), Replacement::Stale);
}

/// Sixty-four set one at one moment.
pub async fn of_racing_recovery_keys_one_wins(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let results = race(RACERS, |index| {
        let users = Arc::clone(&stores.users);
        let key = recovery_key(u64::try_from(index).unwrap());
        async move { (users.set_recovery_key(user_id(1), Version::FIRST, &key, T0).await.unwrap(), key) }
    })
    .await;
    let mut winners = results.into_iter().filter(|(outcome, _)| *outcome == Replacement::Replaced);
    let (_, winner) = winners.next().unwrap();
    assert!(winners.next().is_none());
    assert_eq!(stored(stores, 1).await.recovery_key, Some(winner));
}
