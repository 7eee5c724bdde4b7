//! Sign-ins that race a change of what guards the account.

use crate::support::{Ports, World, auth_key, new_credentials, origin, sign_in_request};
use async_trait::async_trait;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::id::UserId;
use epic_domain::user::{AuthKey, AuthKeyHash, RecoveryCode, RecoveryCodeDigest, SecondFactor, Version};
use epic_inbound::fresh::Fresh;
use epic_inbound::sign_in::SignInError;
use epic_outbound::hasher::{Hasher, HasherError, Verification};
use epic_tests::fakes::FakeHasher;
use std::sync::{Arc, Mutex};

/// A hasher during whose first check, or first hash, someone changes the credentials.
struct ChangedMeanwhile {
    hasher: Arc<FakeHasher>,
    change: Mutex<Option<(Ports, Fresh)>>,
    during: During,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum During {
    Verify,
    Hash,
}

impl ChangedMeanwhile {
    async fn change(&self, during: During) {
        if during != self.during {
            return;
        }
        let due = self.change.lock().unwrap().take();
        if let Some((ports, fresh)) = due {
            let expected = fresh.caller().user().version;
            ports.change_credentials().change(&fresh, expected, new_credentials(9), origin()).await.unwrap();
        }
    }
}

#[async_trait]
impl Hasher for ChangedMeanwhile {
    async fn hash(&self, auth_key: &AuthKey) -> Result<AuthKeyHash, HasherError> {
        let hash = self.hasher.hash(auth_key).await;
        self.change(During::Hash).await;
        hash
    }

    async fn verify(
        &self,
        auth_key: &AuthKey,
        stored: Option<AuthKeyHash>,
    ) -> Result<Verification, HasherError> {
        let verification = self.hasher.verify(auth_key, stored).await;
        self.change(During::Verify).await;
        verification
    }

    fn recovery_code_digest(&self, user_id: UserId, code: &RecoveryCode) -> RecoveryCodeDigest {
        self.hasher.recovery_code_digest(user_id, code)
    }
}

/// The ports of a world in which the credentials of the person of seed 1 change during the next hash.
fn changing(world: &World, fresh: Fresh, during: During) -> Ports {
    let hasher = ChangedMeanwhile {
        hasher: Arc::clone(&world.hasher),
        change: Mutex::new(Some((world.ports(), fresh))),
        during,
    };
    Ports { hasher: Arc::new(hasher), ..world.ports() }
}

#[tokio::test]
async fn b06_a_sign_in_that_verified_the_old_key_while_it_was_changed_opens_nothing() {
    let world = World::unlimited();
    let (here, recovery_codes) = world.confirmed(1).await;
    let code = world.code(1);
    for (factor, expected) in [
        (code, [EventKind::CredentialsChanged, EventKind::LoginFailed].as_slice()),
        (
            SecondFactor::Recovery(recovery_codes[0].clone()),
            &[EventKind::CredentialsChanged, EventKind::RecoveryCodeUsed, EventKind::LoginFailed],
        ),
    ] {
        let fresh = world.fresh(&here.tokens).await;
        let mut request = sign_in_request(1, factor);
        request.auth_key = auth_key(if world.user(1).version == Version::FIRST { 1 } else { 9 });
        let ports = changing(&world, fresh, During::Verify);
        let answer = ports.sign_in().sign_in(request).await;
        assert!(matches!(answer.result, Err(SignInError::Refused)), "{:?}", answer.result);
        assert!(world.kinds().ends_with(expected), "{:?}", world.kinds());
        let reason = world.audit.events().last().and_then(|event| event.reason);
        assert_eq!(reason, Some(FailureReason::NotAllowed));
        assert_eq!(world.store.all_sessions().len(), 1, "only the session that made the change is left");
    }
    assert!(world.lets_in(&here.tokens).await);
}

#[tokio::test]
async fn a_rehash_that_raced_a_change_of_the_key_does_not_bring_the_old_one_back() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let fresh = world.fresh(&here.tokens).await;
    world.hasher.strengthen();
    let ports = changing(&world, fresh, During::Hash);
    let request = sign_in_request(1, world.code(1));
    let signed_in = ports.sign_in().sign_in(request).await.result.unwrap();
    assert!(!world.lets_in(&signed_in.tokens).await, "it was opened by the old key and has ended");
    world.next_step();
    assert!(world.sign_in(1, world.code(1)).await.is_err());
    assert!(world.sign_in_with_key_of(9, 1).await.is_ok());
}
