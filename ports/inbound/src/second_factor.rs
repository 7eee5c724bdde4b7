//! Judge the second factor of a person whose key was right.

use crate::{Fault, Minting};
use epic_domain::Timestamp;
use epic_domain::audit::FailureReason;
use epic_domain::rate_limit::{Action, Attempt, Decision, Subject};
use epic_domain::user::{OtpCode, OtpStep, RecoveryCode, SecondFactor, Status, User};
use epic_outbound::clock::Clock;
use epic_outbound::hasher::Hasher;
use epic_outbound::limiter::Limiter;
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_outbound::users::{Consumption, Users};
use std::sync::Arc;

/// What the second factor came to.
pub(crate) enum Judgement {
    /// It was right and is spent. The recovery codes are there when this confirmed the account.
    Passed { recovery_codes: Option<Vec<RecoveryCode>> },
    /// A recovery code was right and is spent.
    Recovered,
    /// It was not accepted.
    Failed(FailureReason),
}

/// Judges second factors.
#[derive(Clone)]
pub(crate) struct SecondFactorJudge {
    pub(crate) users: Arc<dyn Users>,
    pub(crate) limiter: Arc<dyn Limiter>,
    pub(crate) hasher: Arc<dyn Hasher>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) otp: Arc<dyn Otp>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) minting: Minting,
}

impl SecondFactorJudge {
    /// Judges and spends a factor. A guess is counted before it is looked at, and given back when it was right, so that
    /// racing guesses are bounded like any others.
    pub(crate) async fn judge(
        &self,
        user: &User,
        factor: &SecondFactor,
        now: Timestamp,
    ) -> Result<Judgement, Fault> {
        let guess = [Attempt::new(Action::Totp, Subject::Account(user.id))];
        if let Decision::Denied(_) = self.limiter.check(&guess, self.clock.monotonic()) {
            return Ok(Judgement::Failed(FailureReason::CodesHeld));
        }
        let judgement = match factor {
            SecondFactor::Code(code) => self.judge_code(user, code, now).await?,
            SecondFactor::Recovery(code) => self.judge_recovery_code(user, code, now).await?,
        };
        if !matches!(judgement, Judgement::Failed(_)) {
            self.limiter.give_back(&guess, self.clock.monotonic());
        }
        Ok(judgement)
    }

    async fn judge_code(&self, user: &User, code: &OtpCode, now: Timestamp) -> Result<Judgement, Fault> {
        if user.enrolment.codes_are_held() {
            return Ok(Judgement::Failed(FailureReason::CodesHeld));
        }
        let Some(step) = self.matching_step(user, code, now)? else {
            self.users.record_code_failure(user.id).await?;
            return Ok(Judgement::Failed(FailureReason::WrongCode));
        };
        let recovery_codes = match user.status {
            Status::Pending { .. } => self.minting.recovery_codes()?,
            Status::Active | Status::Disabled => Vec::new(),
        };
        let digests: Vec<_> =
            recovery_codes.iter().map(|code| self.hasher.recovery_code_digest(user.id, code)).collect();
        Ok(match self.users.consume_otp_step(user.id, step, &digests, now).await? {
            Consumption::Consumed { confirmed } => {
                Judgement::Passed { recovery_codes: confirmed.then_some(recovery_codes) }
            }
            Consumption::AlreadySpent => Judgement::Failed(FailureReason::SpentCode),
            Consumption::NotAllowed => Judgement::Failed(FailureReason::NotAllowed),
        })
    }

    fn matching_step(&self, user: &User, code: &OtpCode, now: Timestamp) -> Result<Option<OtpStep>, Fault> {
        let secret = self.sealer.open_totp(user.id, &user.enrolment.sealed_secret)?;
        let candidates = OtpStep::accepted_at(now)
            .into_iter()
            .map(|step| Ok((step, self.otp.code_at(&secret, step)?)))
            .collect::<Result<Vec<_>, Fault>>()?;
        Ok(code.matching_step(&candidates))
    }

    async fn judge_recovery_code(
        &self,
        user: &User,
        code: &RecoveryCode,
        now: Timestamp,
    ) -> Result<Judgement, Fault> {
        let digest = self.hasher.recovery_code_digest(user.id, code);
        if self.users.consume_recovery_code(user.id, &digest, now).await? {
            Ok(Judgement::Recovered)
        } else {
            self.users.record_code_failure(user.id).await?;
            Ok(Judgement::Failed(FailureReason::WrongCode))
        }
    }
}
