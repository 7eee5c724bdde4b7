//! Replace the authenticator: a new secret is proposed, and takes over once a code of it has been seen.

use crate::fresh::Fresh;
use crate::recorder::Happening;
use crate::second_factor::{Judgement, SecondFactorJudge};
use crate::sign_in::SignInPorts;
use crate::{Fault, Minting, Recorder, TokenIssuer, ending};
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::Denial;
use epic_domain::secret::SecretText;
use epic_domain::user::{OtpCode, OtpStep, ProposedTotp};
use epic_outbound::users::{Change, TotpChange};

/// Why the new authenticator did not take over.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceTotpError {
    /// Too many codes have failed.
    #[error("too many failed codes")]
    Limited(Denial),
    /// There is none to confirm, or the code is not of it.
    #[error("the code was refused")]
    Refused,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Replaces authenticators.
#[derive(Clone)]
pub struct ReplaceTotp {
    ports: SignInPorts,
    judge: SecondFactorJudge,
    minting: Minting,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl ReplaceTotp {
    /// Works through the ports of signing in.
    #[must_use]
    pub fn new(ports: SignInPorts, minting: Minting, recorder: Recorder, issuer: TokenIssuer) -> Self {
        let judge = SecondFactorJudge::new(&ports, minting.clone());
        Self { ports, judge, minting, recorder, issuer }
    }

    /// Makes a new secret and returns the URI by which an authenticator takes it over. The old one stays live.
    ///
    /// # Errors
    /// [`ReplaceTotpError`].
    pub async fn propose(&self, fresh: &Fresh, origin: IpPrefix) -> Result<SecretText, ReplaceTotpError> {
        let user = fresh.caller().user();
        let now = self.ports.clock.now();
        let secret = self.minting.totp_secret()?;
        let sealed_secret = self.ports.sealer.seal_totp(user.id, &secret).map_err(Fault::from)?;
        let otpauth_uri = self.ports.otp.enrolment_uri(&secret, &user.username).map_err(Fault::from)?;
        let proposed = ProposedTotp { sealed_secret, proposed_at: now };
        if !self.ports.users.propose_totp(user.id, &proposed).await.map_err(Fault::from)? {
            return Err(ReplaceTotpError::Refused);
        }
        self.record(fresh, Happening::new(EventKind::TotpProposed, now, origin)).await?;
        Ok(otpauth_uri)
    }

    /// Lets the proposed secret take over: `code` must be one of it. Every other session has ended when this returns.
    ///
    /// # Errors
    /// [`ReplaceTotpError`].
    pub async fn confirm(
        &self,
        fresh: &Fresh,
        code: &OtpCode,
        origin: IpPrefix,
    ) -> Result<(), ReplaceTotpError> {
        let user = fresh.caller().user();
        let now = self.ports.clock.now();
        let proposed = user.enrolment.proposed.as_ref().filter(|proposed| proposed.is_open_at(now));
        let proposed = proposed.ok_or(ReplaceTotpError::Refused)?;
        match self.judge.judge_proposed(user.id, &proposed.sealed_secret, code, now).await? {
            Ok(step) => self.take_over(fresh, proposed, step, origin, now).await,
            Err(Judgement::Limited(denial)) => Err(ReplaceTotpError::Limited(denial)),
            Err(_) => {
                let failed = Happening::new(EventKind::StepUpFailed, now, origin);
                self.record(fresh, failed.because(FailureReason::WrongCode)).await?;
                Err(ReplaceTotpError::Refused)
            }
        }
    }

    async fn take_over(
        &self,
        fresh: &Fresh,
        proposed: &ProposedTotp,
        step: OtpStep,
        origin: IpPrefix,
        now: Timestamp,
    ) -> Result<(), ReplaceTotpError> {
        let ending = ending::all_but(fresh.caller(), self.issuer.policy(), now);
        let user_id = fresh.caller().user().id;
        let change = TotpChange { user_id, sealed_secret: proposed.sealed_secret.clone(), step, ending };
        let Change::Made { ended } = self.ports.users.confirm_totp(&change).await.map_err(Fault::from)?
        else {
            return Err(ReplaceTotpError::Refused);
        };
        ending::announce(self.ports.revocations.as_ref(), &ended, ending.revoked_until);
        Ok(self.record(fresh, Happening::new(EventKind::TotpChanged, now, origin)).await?)
    }

    async fn record(&self, fresh: &Fresh, happening: Happening) -> Result<(), Fault> {
        let caller = fresh.caller();
        self.recorder
            .record(&[happening.of_user(caller.user().id).in_session(caller.claims().session_id)])
            .await
    }
}
