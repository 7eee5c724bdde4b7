//! The changes of what guards an account: none leaves the account in memory as it was before.

use crate::probe::Probe;
use epic_cache_memory::CachedUsers;
use epic_domain::user::{OtpStep, User, Version};
use epic_outbound::StoreError;
use epic_outbound::changes::AccountMemory;
use epic_outbound::users::{CredentialChange, Ending, TotpChange, Users};
use epic_tests::builders::{
    T0, auth_key_hash, proposed_totp, recovery_code_digest, recovery_key, user, user_id,
};
use epic_tests::fakes::Fault;
use std::sync::Arc;

#[derive(Debug, Clone, Copy)]
enum Change {
    Credentials,
    Hash,
    ProposedTotp,
    ConfirmedTotp,
    RecoveryCodes,
    RecoveryKey,
    Removal,
}

const ALL: [Change; 7] = [
    Change::Credentials,
    Change::Hash,
    Change::ProposedTotp,
    Change::ConfirmedTotp,
    Change::RecoveryCodes,
    Change::RecoveryKey,
    Change::Removal,
];

const ENDING: Ending = Ending { keep: None, revoked_until: T0, now: T0 };

/// The account that every change finds: one with a TOTP secret to be confirmed.
fn original() -> User {
    user(1).with(|user| user.enrolment.proposed = Some(proposed_totp(7))).build()
}

impl Change {
    /// Makes the change, which the store has no reason to refuse.
    async fn make(self, users: &CachedUsers) -> Result<(), StoreError> {
        let id = user_id(1);
        match self {
            Self::Credentials => users.change_credentials(&new_credentials()).await.map(drop),
            Self::Hash => users.replace_hash(id, &auth_key_hash(1), &auth_key_hash(2)).await.map(drop),
            Self::ProposedTotp => users.propose_totp(id, &proposed_totp(8)).await.map(drop),
            Self::ConfirmedTotp => {
                let sealed_secret = proposed_totp(7).sealed_secret;
                let step = OtpStep::at(T0);
                let change = TotpChange { user_id: id, sealed_secret, step, ending: ENDING };
                users.confirm_totp(&change).await.map(drop)
            }
            Self::RecoveryCodes => {
                users.replace_recovery_codes(id, &[recovery_code_digest(1)]).await.map(drop)
            }
            Self::RecoveryKey => {
                users.set_recovery_key(id, Version::FIRST, &recovery_key(9), T0).await.map(drop)
            }
            Self::Removal => users.remove(id, T0).await.map(drop),
        }
    }

    /// Whether the account itself is another one afterwards: recovery codes are kept beside it.
    const fn shows(self) -> bool {
        !matches!(self, Self::RecoveryCodes)
    }
}

fn new_credentials() -> CredentialChange {
    let User { credentials, keys, .. } = user(2).build();
    CredentialChange {
        user_id: user_id(1),
        expected: Version::FIRST,
        credentials,
        encrypted_mek: keys.encrypted_mek,
        encrypted_private_key: keys.encrypted_private_key,
        ending: ENDING,
    }
}

/// A cache that holds the account, and the store behind it.
async fn warm() -> (Arc<Probe>, Arc<CachedUsers>) {
    let probe = Probe::holding([original()]).await;
    let users = Arc::new(CachedUsers::new(probe.clone(), 1_000));
    assert_eq!(found(users.as_ref()).await, Some(original()));
    assert_eq!(users.len(), 1);
    (probe, users)
}

#[expect(clippy::unwrap_used, reason = "the store answers")]
async fn found(users: &dyn Users) -> Option<User> {
    users.find_by_id(user_id(1)).await.unwrap().as_deref().cloned()
}

/// The next reads give what is in the store, and that is not what was there before.
async fn is_seen(change: Change, probe: &Probe, users: &CachedUsers) {
    let stored = found(&probe.store).await;
    assert_eq!(stored != Some(original()), change.shows(), "{change:?} was made");
    for _ in 0..3 {
        assert_eq!(found(users).await, stored, "{change:?}");
    }
}

#[tokio::test]
async fn every_change_of_what_guards_an_account_is_seen_by_the_next_read() {
    for change in ALL {
        let (probe, users) = warm().await;
        change.make(&users).await.unwrap();
        assert!(users.is_empty(), "{change:?}");
        is_seen(change, &probe, &users).await;
    }
}

#[tokio::test]
async fn every_change_whose_answer_was_lost_is_seen_by_the_next_read() {
    for change in ALL {
        let (probe, users) = warm().await;
        probe.store.faults().fail_next(Fault::AfterWrite);
        assert!(change.make(&users).await.is_err());
        is_seen(change, &probe, &users).await;
    }
}

#[tokio::test]
async fn a12_a_read_that_began_before_any_of_these_changes_does_not_put_the_old_account_back() {
    for change in ALL {
        let (probe, users) = warm().await;
        users.forget(user_id(1));
        probe.after_read.arm();
        let early_read = tokio::spawn({
            let users = Arc::clone(&users);
            async move { found(users.as_ref()).await }
        });
        probe.after_read.reached().await;
        change.make(&users).await.unwrap();
        probe.after_read.open();
        assert_eq!(early_read.await.unwrap(), Some(original()), "it began before the change");
        is_seen(change, &probe, &users).await;
    }
}

#[tokio::test]
async fn every_change_that_finishes_after_its_caller_went_away_is_seen_nonetheless() {
    for change in ALL {
        let (probe, users) = warm().await;
        probe.before_change.arm();
        let abandoned = tokio::spawn({
            let users = Arc::clone(&users);
            async move { change.make(&users).await }
        });
        probe.before_change.reached().await;
        abandoned.abort();
        assert!(abandoned.await.is_err());
        // The caller is gone; the store is not done. What is read now must not be kept.
        assert_eq!(found(users.as_ref()).await, Some(original()));
        change.make(&CachedUsers::new(probe.clone(), 1)).await.unwrap();
        is_seen(change, &probe, &users).await;
    }
}
