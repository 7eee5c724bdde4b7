//! Renew the recovery codes.

use crate::fresh::Fresh;
use crate::recorder::Happening;
use crate::{Fault, Minting, Recorder};
use epic_domain::audit::EventKind;
use epic_domain::network::IpPrefix;
use epic_domain::user::RecoveryCode;
use epic_outbound::clock::Clock;
use epic_outbound::hasher::Hasher;
use epic_outbound::users::Users;
use std::sync::Arc;

/// Why no codes were given.
#[derive(Debug, thiserror::Error)]
pub enum RenewCodesError {
    /// The account is not active any more.
    #[error("the account is not active")]
    NotAllowed,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Renews recovery codes.
#[derive(Clone)]
pub struct RenewRecoveryCodes {
    users: Arc<dyn Users>,
    hasher: Arc<dyn Hasher>,
    clock: Arc<dyn Clock>,
    minting: Minting,
    recorder: Recorder,
}

impl RenewRecoveryCodes {
    /// Renews them in `users`.
    #[must_use]
    pub fn new(
        users: Arc<dyn Users>,
        hasher: Arc<dyn Hasher>,
        clock: Arc<dyn Clock>,
        minting: Minting,
        recorder: Recorder,
    ) -> Self {
        Self { users, hasher, clock, minting, recorder }
    }

    /// Gives ten new codes; the old ones are of no use from then on. The new ones are shown here and never again.
    ///
    /// # Errors
    /// [`RenewCodesError`].
    pub async fn renew(&self, fresh: &Fresh, origin: IpPrefix) -> Result<Vec<RecoveryCode>, RenewCodesError> {
        let caller = fresh.caller();
        let user_id = caller.user().id;
        let codes = self.minting.recovery_codes()?;
        let digests: Vec<_> =
            codes.iter().map(|code| self.hasher.recovery_code_digest(user_id, code)).collect();
        if !self.users.replace_recovery_codes(user_id, &digests).await.map_err(Fault::from)? {
            return Err(RenewCodesError::NotAllowed);
        }
        let happening = Happening::new(EventKind::RecoveryCodesRenewed, self.clock.now(), origin)
            .of_user(user_id)
            .in_session(caller.claims().session_id);
        self.recorder.record(&[happening]).await?;
        Ok(codes)
    }
}
