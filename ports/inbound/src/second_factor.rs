//! Judge the second factor of a person whose key was right.

use crate::sign_in::SignInPorts;
use crate::{Fault, Minting};
use epic_domain::Timestamp;
use epic_domain::audit::FailureReason;
use epic_domain::id::UserId;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, Subject};
use epic_domain::user::{OtpCode, OtpStep, RecoveryCode, SealedSecret, SecondFactor, Status, User};
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::hasher::Hasher;
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_outbound::users::{Consumption, Users};
use futures_util::future::join;
use std::sync::Arc;

/// What the second factor came to.
pub(crate) enum Judgement {
    /// Too many codes have failed lately; this one was not looked at.
    Limited(Denial),
    /// It was right and is spent. The recovery codes are there when this confirmed the account.
    Passed { recovery_codes: Option<Vec<RecoveryCode>> },
    /// A recovery code was right and is spent.
    Recovered,
    /// It was a code, and wrong: whoever tells so counts it, by [`SecondFactorJudge::count_and_record`].
    WrongCode,
    /// It was not accepted.
    Failed(FailureReason),
}

/// Judges second factors.
#[derive(Clone)]
pub(crate) struct SecondFactorJudge {
    users: Arc<dyn Users>,
    entry_limiter: Arc<dyn EntryLimiter>,
    hasher: Arc<dyn Hasher>,
    sealer: Arc<dyn Sealer>,
    otp: Arc<dyn Otp>,
    minting: Minting,
}

impl SecondFactorJudge {
    /// Judges through the ports of signing in.
    pub(crate) fn new(ports: &SignInPorts, minting: Minting) -> Self {
        Self {
            users: Arc::clone(&ports.users),
            entry_limiter: Arc::clone(&ports.entry_limiter),
            hasher: Arc::clone(&ports.hasher),
            sealer: Arc::clone(&ports.sealer),
            otp: Arc::clone(&ports.otp),
            minting,
        }
    }

    /// Judges and spends a factor.
    ///
    /// Recovery codes are outside the budget of codes: sixty random bits need none, and whoever fails codes on purpose must
    /// not be able to bar the owner's way back.
    pub(crate) async fn judge(
        &self,
        user: &User,
        factor: &SecondFactor,
        now: Timestamp,
    ) -> Result<Judgement, Fault> {
        match factor {
            SecondFactor::Recovery(code) => self.judge_recovery_code(user, code, now).await,
            SecondFactor::Code(code) => {
                let guess = match self.take_guess(user.id).await? {
                    Ok(guess) => guess,
                    Err(denial) => return Ok(Judgement::Limited(denial)),
                };
                let judgement = self.judge_code(user, code, now).await?;
                if matches!(judgement, Judgement::Passed { .. }) {
                    self.give_back(&guess).await;
                }
                Ok(judgement)
            }
        }
    }

    /// Judges a code of a secret that is only proposed. Nothing is spent here: the store does it when the secret takes over.
    pub(crate) async fn judge_proposed(
        &self,
        user_id: UserId,
        sealed_secret: &SealedSecret,
        code: &OtpCode,
        now: Timestamp,
    ) -> Result<Result<OtpStep, Judgement>, Fault> {
        let guess = match self.take_guess(user_id).await? {
            Ok(guess) => guess,
            Err(denial) => return Ok(Err(Judgement::Limited(denial))),
        };
        match self.matching_step(user_id, sealed_secret, code, now)? {
            Some(step) => {
                self.give_back(&guess).await;
                Ok(Ok(step))
            }
            None => Ok(Err(Judgement::Failed(FailureReason::WrongCode))),
        }
    }

    /// Counts a wrong code in the store and records it, both at once: they share a commit, so that a wrong code takes no
    /// longer to answer than a wrong key.
    pub(crate) async fn count_and_record(
        &self,
        user_id: UserId,
        recording: impl Future<Output = Result<(), Fault>>,
    ) -> Result<(), Fault> {
        let (counted, recorded) = join(self.users.record_code_failure(user_id), recording).await;
        counted?;
        recorded
    }

    /// Counts a guess before it is looked at, so that racing guesses are bounded like any others.
    async fn take_guess(&self, user_id: UserId) -> Result<Result<Attempt, Denial>, Fault> {
        let guess = Attempt::new(Action::Totp, Subject::Account(user_id));
        Ok(match self.entry_limiter.check(std::slice::from_ref(&guess)).await? {
            Decision::Denied(denial) => Err(denial),
            Decision::Allowed(_) => Ok(guess),
        })
    }

    /// Whoever had the right code is let in whether or not this succeeds: one of their guesses stays counted for a window,
    /// no more.
    async fn give_back(&self, guess: &Attempt) {
        if let Err(error) = self.entry_limiter.give_back(std::slice::from_ref(guess)).await {
            tracing::warn!(%error, "a guess that was right could not be given back and counts as if it had failed");
        }
    }

    async fn judge_code(&self, user: &User, code: &OtpCode, now: Timestamp) -> Result<Judgement, Fault> {
        if user.enrolment.codes_are_held() {
            return Ok(Judgement::Failed(FailureReason::CodesHeld));
        }
        let Some(step) = self.matching_step(user.id, &user.enrolment.sealed_secret, code, now)? else {
            return Ok(Judgement::WrongCode);
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

    fn matching_step(
        &self,
        user_id: UserId,
        sealed_secret: &SealedSecret,
        code: &OtpCode,
        now: Timestamp,
    ) -> Result<Option<OtpStep>, Fault> {
        let secret = self.sealer.open_totp(user_id, sealed_secret)?;
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
            Ok(Judgement::Failed(FailureReason::WrongCode))
        }
    }
}
