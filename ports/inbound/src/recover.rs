//! Recover an account by its recovery key: prove possession, then set new credentials.

use crate::change_credentials::NewCredentials;
use crate::gate::Admission;
use crate::recorder::Happening;
use crate::second_factor::{Judgement, SecondFactorJudge};
use crate::sign_in::{SignInPorts, login_attempt_from, login_attempts};
use crate::{Answer, Fault, Minting, Recorder, TokenIssuer, ending};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Decision, Denial};
use epic_domain::secret::SecretText;
use epic_domain::user::{AuthKey, RecoveryKey, SecondFactor, User, Username, WrappedKey};
use epic_outbound::hasher::Verification;
use epic_outbound::passes::{Pass, PassKind, Passes};
use epic_outbound::users::{Change, Ending};
use std::sync::Arc;

/// How long a proved recovery may wait to be completed.
const COMPLETE_WITHIN: Duration = Duration::from_secs(10 * 60);

/// What someone sends who has lost the password.
#[derive(Debug)]
pub struct RecoveryRequest {
    /// The name.
    pub username: Username,
    /// The key that proves possession of the recovery key.
    pub recovery_auth_key: AuthKey,
    /// The second factor.
    pub factor: SecondFactor,
    /// Where the request came from.
    pub origin: IpPrefix,
}

/// What someone gets who holds the recovery key: the wrapped keys, and leave to set new credentials.
#[derive(Debug)]
pub struct RecoveryStarted {
    /// The master key under the recovery key.
    pub encrypted_mek: WrappedKey,
    /// The private keys under the master key.
    pub encrypted_private_key: WrappedKey,
    /// Leave to set new credentials, once.
    pub recovery_token: SecretText,
    /// Seconds the leave lasts.
    pub expires_in_seconds: u64,
}

/// Why an account was not recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Too many attempts.
    #[error("too many attempts")]
    Limited(Denial),
    /// Name, key, code or token did not fit.
    #[error("the recovery was refused")]
    Refused,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Recovers accounts.
#[derive(Clone)]
pub struct Recover {
    ports: SignInPorts,
    passes: Arc<dyn Passes>,
    judge: SecondFactorJudge,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl Recover {
    /// Works through the ports of signing in.
    #[must_use]
    pub fn new(
        ports: SignInPorts,
        passes: Arc<dyn Passes>,
        minting: Minting,
        recorder: Recorder,
        issuer: TokenIssuer,
    ) -> Self {
        let judge = SecondFactorJudge::new(&ports, minting);
        Self { ports, passes, judge, recorder, issuer }
    }

    /// Checks recovery key and code, under the limits of signing in. An unknown name, and an account without a recovery
    /// key, get the answer of a wrong key after the same work.
    pub async fn start(&self, request: &RecoveryRequest) -> Answer<RecoveryStarted, RecoverError> {
        let attempts = login_attempts(&request.username, request.origin, false);
        match self.ports.entry_limiter.check(&attempts).await {
            Err(error) => Answer { standing: None, result: Err(Fault::from(error).into()) },
            Ok(Decision::Denied(denial)) => {
                Answer { standing: None, result: Err(RecoverError::Limited(denial)) }
            }
            Ok(Decision::Allowed(standing)) => Answer { standing, result: self.admitted(request).await },
        }
    }

    /// Whether it is known that a recovery from this address is refused whatever it holds, so that it need not be read.
    /// Counts nothing.
    #[must_use]
    pub fn refuses_address(&self, origin: IpPrefix) -> Option<Denial> {
        self.ports.entry_limiter.known_denial(&[login_attempt_from(origin)])
    }

    async fn admitted(&self, request: &RecoveryRequest) -> Result<RecoveryStarted, RecoverError> {
        let found = self.ports.users.find_by_username(&request.username).await.map_err(Fault::from)?;
        let asked_at = self.ports.clock.now();
        let candidate = found.as_deref().filter(|user| user.status.may_sign_in(asked_at));
        let key = candidate.and_then(|user| user.recovery_key.as_ref());
        let stored = key.map(|key| key.auth_key_hash.clone());
        let verification =
            self.ports.hasher.verify(&request.recovery_auth_key, stored).await.map_err(Fault::from)?;
        let now = self.ports.clock.now();
        match (candidate, key, verification) {
            (Some(user), Some(key), Verification::Match { .. }) => self.judge(request, user, key, now).await,
            (Some(user), ..) => self.refuse(request, Some(user), FailureReason::WrongKey, now).await,
            (None, ..) => {
                let reason =
                    if found.is_some() { FailureReason::NotAllowed } else { FailureReason::UnknownUser };
                self.refuse(request, found.as_deref(), reason, now).await
            }
        }
    }

    async fn judge(
        &self,
        request: &RecoveryRequest,
        user: &User,
        key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<RecoveryStarted, RecoverError> {
        let expires_at = now.saturating_add(COMPLETE_WITHIN);
        let pass = Pass { kind: PassKind::Recovery, user_id: user.id, version: user.version, expires_at };
        let recovery_token = self.passes.issue(&pass).map_err(|error| Fault::Unavailable(Box::new(error)))?;
        let happening = |kind| Happening::new(kind, now, request.origin).of_user(user.id);
        let started = happening(EventKind::RecoveryStarted);
        match self.judge.judge(user, &request.factor, now).await? {
            Judgement::Limited(_) => {
                return self.refuse(request, Some(user), FailureReason::CodesHeld, now).await;
            }
            Judgement::WrongCode => {
                let refusing = self.record_refusal(request, Some(user), FailureReason::WrongCode, now);
                self.judge.count_and_record(user.id, refusing).await?;
                return Err(RecoverError::Refused);
            }
            Judgement::Failed(reason) => return self.refuse(request, Some(user), reason, now).await,
            Judgement::Passed { .. } => self.recorder.record(&[started]).await?,
            Judgement::Recovered => {
                self.recorder.record(&[happening(EventKind::RecoveryCodeUsed), started]).await?;
            }
        }
        Ok(RecoveryStarted {
            encrypted_mek: key.encrypted_mek.clone(),
            encrypted_private_key: user.keys.encrypted_private_key.clone(),
            recovery_token,
            expires_in_seconds: COMPLETE_WITHIN.as_secs(),
        })
    }

    async fn refuse(
        &self,
        request: &RecoveryRequest,
        user: Option<&User>,
        reason: FailureReason,
        now: Timestamp,
    ) -> Result<RecoveryStarted, RecoverError> {
        self.record_refusal(request, user, reason, now).await?;
        Err(RecoverError::Refused)
    }

    async fn record_refusal(
        &self,
        request: &RecoveryRequest,
        user: Option<&User>,
        reason: FailureReason,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let happening = Happening::new(EventKind::RecoveryFailed, now, request.origin).because(reason);
        let happening = user.map_or(happening, |user| happening.of_user(user.id));
        self.recorder.record(&[happening]).await
    }

    /// Sets new credentials by a recovery token. The token works once, since it names the version that the change leaves
    /// behind; every session has ended when this returns.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub async fn complete(
        &self,
        _admission: &Admission,
        recovery_token: &str,
        new: NewCredentials,
        origin: IpPrefix,
    ) -> Result<(), RecoverError> {
        let asked_at = self.ports.clock.now();
        let pass =
            self.passes.read(PassKind::Recovery, recovery_token).filter(|pass| asked_at < pass.expires_at);
        let pass = pass.ok_or(RecoverError::Refused)?;
        let auth_key_hash = self.ports.hasher.hash(&new.auth_key).await.map_err(Fault::from)?;
        let now = self.ports.clock.now();
        let until = self.issuer.policy().revoked_until(now);
        let ending = Ending { keep: None, revoked_until: until, now };
        let change = new.into_change(auth_key_hash, pass.user_id, pass.version, ending);
        let Change::Made { ended } =
            self.ports.users.change_credentials(&change).await.map_err(Fault::from)?
        else {
            return Err(RecoverError::Refused);
        };
        ending::announce(self.ports.revocations.as_ref(), &ended, until);
        let recovered = Happening::new(EventKind::Recovered, now, origin).of_user(pass.user_id);
        Ok(self.recorder.record(&[recovered]).await?)
    }
}
