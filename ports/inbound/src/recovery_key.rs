//! Set up the recovery key: a second way to the master key.

use crate::change_credentials::ChangeError;
use crate::fresh::Fresh;
use crate::recorder::Happening;
use crate::{Fault, Recorder};
use epic_domain::audit::EventKind;
use epic_domain::network::IpPrefix;
use epic_domain::user::{AuthKey, RecoveryKey, Version, WrappedKey};
use epic_outbound::clock::Clock;
use epic_outbound::hasher::Hasher;
use epic_outbound::users::{Replacement, Users};
use std::sync::Arc;

/// Sets recovery keys up.
#[derive(Clone)]
pub struct SetRecoveryKey {
    users: Arc<dyn Users>,
    hasher: Arc<dyn Hasher>,
    clock: Arc<dyn Clock>,
    recorder: Recorder,
}

impl SetRecoveryKey {
    /// Sets them up in `users`.
    #[must_use]
    pub fn new(
        users: Arc<dyn Users>,
        hasher: Arc<dyn Hasher>,
        clock: Arc<dyn Clock>,
        recorder: Recorder,
    ) -> Self {
        Self { users, hasher, clock, recorder }
    }

    /// Keeps the master key wrapped a second time, and the hash of the key that will prove possession, in place of any
    /// other such, if the account still has version `expected`.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn set(
        &self,
        fresh: &Fresh,
        expected: Version,
        recovery_auth_key: &AuthKey,
        encrypted_mek: WrappedKey,
        origin: IpPrefix,
    ) -> Result<(), ChangeError> {
        let caller = fresh.caller();
        let user_id = caller.user().id;
        let auth_key_hash = self.hasher.hash(recovery_auth_key).await.map_err(Fault::from)?;
        let now = self.clock.now();
        let key = RecoveryKey { auth_key_hash, encrypted_mek };
        let set = self.users.set_recovery_key(user_id, expected, &key, now).await.map_err(Fault::from)?;
        if set == Replacement::Stale {
            return Err(ChangeError::Stale);
        }
        let happening = Happening::new(EventKind::RecoveryKeySet, now, origin)
            .of_user(user_id)
            .in_session(caller.claims().session_id);
        Ok(self.recorder.record(&[happening]).await?)
    }
}
