//! Step up: someone signed in proves again who they are.

use crate::authenticate::Authenticated;
use crate::recorder::Happening;
use crate::second_factor::{Judgement, SecondFactorJudge};
use crate::sign_in::SignInPorts;
use crate::{Fault, Minting, Recorder, TokenIssuer};
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::Denial;
use epic_domain::secret::SecretText;
use epic_domain::user::{AuthKey, SecondFactor};
use epic_outbound::hasher::Verification;

/// What someone signed in sends to prove who they are.
#[derive(Debug)]
pub struct StepUpRequest {
    /// The key that proves the password.
    pub auth_key: AuthKey,
    /// The second factor.
    pub factor: SecondFactor,
    /// Where the request came from.
    pub origin: IpPrefix,
}

/// An access token that says that its holder has just proved who they are.
#[derive(Debug)]
pub struct SteppedUp {
    /// The token.
    pub access_token: SecretText,
    /// Seconds it lives.
    pub expires_in_seconds: u64,
}

/// Why nobody stepped up.
#[derive(Debug, thiserror::Error)]
pub enum StepUpError {
    /// Too many codes have failed.
    #[error("too many failed codes")]
    Limited(Denial),
    /// Key or code did not fit.
    #[error("the proof was refused")]
    Refused,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Lets people step up.
#[derive(Clone)]
pub struct StepUp {
    ports: SignInPorts,
    judge: SecondFactorJudge,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl StepUp {
    /// Works through the ports of signing in.
    #[must_use]
    pub fn new(ports: SignInPorts, minting: Minting, recorder: Recorder, issuer: TokenIssuer) -> Self {
        let judge = SecondFactorJudge::new(&ports, minting);
        Self { ports, judge, recorder, issuer }
    }

    /// Checks key and code of someone signed in. The token it gives belongs to the same session; the session's next tokens
    /// tell of its sign-in again.
    ///
    /// # Errors
    /// [`StepUpError`].
    pub async fn step_up(
        &self,
        caller: &Authenticated,
        request: &StepUpRequest,
    ) -> Result<SteppedUp, StepUpError> {
        let user = caller.user();
        let stored = user.credentials.auth_key_hash.clone();
        let verification =
            self.ports.hasher.verify(&request.auth_key, Some(stored)).await.map_err(Fault::from)?;
        let now = self.ports.clock.now();
        if verification == Verification::Mismatch {
            return self.refuse(caller, request, FailureReason::WrongKey, now).await;
        }
        // Made before the code is spent, so that no code is used up for nothing.
        let stepped_up = self.token(caller, now).await?;
        match self.judge.judge(user, &request.factor, now).await? {
            Judgement::Limited(denial) => Err(StepUpError::Limited(denial)),
            Judgement::WrongCode => {
                let failed = Happening::new(EventKind::StepUpFailed, now, request.origin);
                let failed = [failed.because(FailureReason::WrongCode)];
                self.judge.count_and_record(user.id, self.record(caller, &failed)).await?;
                Err(StepUpError::Refused)
            }
            Judgement::Failed(reason) => self.refuse(caller, request, reason, now).await,
            Judgement::Passed { .. } => {
                self.record(caller, &[Happening::new(EventKind::StepUp, now, request.origin)]).await?;
                Ok(stepped_up)
            }
            Judgement::Recovered => {
                let used = Happening::new(EventKind::RecoveryCodeUsed, now, request.origin);
                let stepped = Happening::new(EventKind::StepUp, now, request.origin);
                self.record(caller, &[used, stepped]).await?;
                Ok(stepped_up)
            }
        }
    }

    async fn token(&self, caller: &Authenticated, now: Timestamp) -> Result<SteppedUp, StepUpError> {
        let session = self.ports.sessions.find(caller.claims().session_id).await.map_err(Fault::from)?;
        let session = session.ok_or(StepUpError::Refused)?;
        // Past the life of its refresh token a session is swept, and the store could not remember that it was ended.
        let ends_at = session.ends_at.min(session.current.refresh_expires_at);
        Ok(self.issuer.stepped_up(caller.claims(), ends_at, now)?)
    }

    async fn refuse(
        &self,
        caller: &Authenticated,
        request: &StepUpRequest,
        reason: FailureReason,
        now: Timestamp,
    ) -> Result<SteppedUp, StepUpError> {
        let kind = match reason {
            FailureReason::SpentCode => EventKind::OtpReplay,
            _ => EventKind::StepUpFailed,
        };
        self.record(caller, &[Happening::new(kind, now, request.origin).because(reason)]).await?;
        Err(StepUpError::Refused)
    }

    async fn record(&self, caller: &Authenticated, happenings: &[Happening]) -> Result<(), Fault> {
        let of_caller = |happening: &Happening| {
            happening.of_user(caller.user().id).in_session(caller.claims().session_id)
        };
        let happenings: Vec<_> = happenings.iter().map(of_caller).collect();
        self.recorder.record(&happenings).await
    }
}
