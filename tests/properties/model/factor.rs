//! Second factors: each code once, and no more failures than the quota.

use super::{Effect, Model};
use epic_domain::audit::FailureReason;
use epic_domain::id::UserId;
use epic_domain::rate_limit::{Action, Attempt, Denial, Subject};
use epic_domain::user::{OtpCode, RecoveryCode, SecondFactor};

/// What a second factor comes to.
#[derive(Debug)]
pub(super) enum Judged {
    Limited(Denial),
    Failed(FailureReason),
    Passed { confirms: bool },
    Recovered,
}

/// A judgement with what it writes and counts.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) judged: Judged,
    pub(super) effect: Option<Effect>,
    pub(super) counted: Option<Attempt>,
    pub(super) doubtful: Option<Attempt>,
}

impl Verdict {
    fn of(judged: Judged) -> Self {
        Self { judged, effect: None, counted: None, doubtful: None }
    }
}

/// Failed codes in a row after which none is looked at.
const FAILURES_MAX: u32 = 100;

impl Model {
    pub(super) fn judge(&self, user_id: UserId, factor: &SecondFactor) -> Verdict {
        match factor {
            SecondFactor::Recovery(code) => self.judge_recovery_code(user_id, code),
            SecondFactor::Code(code) => self.judge_code(user_id, code),
        }
    }

    pub(super) fn guess(user_id: UserId) -> Attempt {
        Attempt::new(Action::Totp, Subject::Account(user_id))
    }

    fn judge_recovery_code(&self, user_id: UserId, code: &RecoveryCode) -> Verdict {
        let account = &self.accounts[&user_id];
        if !account.is_active() || !account.codes.contains(code) {
            return Verdict::of(Judged::Failed(FailureReason::WrongCode));
        }
        let effect = Some(Effect::SpendRecoveryCode { user_id, code: code.clone() });
        Verdict { effect, ..Verdict::of(Judged::Recovered) }
    }

    fn judge_code(&self, user_id: UserId, code: &OtpCode) -> Verdict {
        let guess = Self::guess(user_id);
        if let Err(denial) = self.peek(&guess) {
            return Verdict::of(Judged::Limited(denial));
        }
        let account = &self.accounts[&user_id];
        let failed = |reason| Verdict {
            counted: Some(guess.clone()),
            doubtful: Some(guess.clone()),
            ..Verdict::of(Judged::Failed(reason))
        };
        if account.failures >= FAILURES_MAX {
            return failed(FailureReason::CodesHeld);
        }
        let Some(step) = self.step_of(&account.secret, code) else {
            let effect = Some(Effect::CountFailure { user_id });
            return Verdict { effect, ..failed(FailureReason::WrongCode) };
        };
        if account.last_step.is_some_and(|last| step <= last) {
            return failed(FailureReason::SpentCode);
        }
        let judged = Judged::Passed { confirms: !account.is_active() };
        let effect = Some(Effect::SpendStep { user_id, step });
        Verdict { effect, doubtful: Some(guess.clone()), ..Verdict::of(judged) }
    }
}
