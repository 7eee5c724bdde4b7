//! What the model foresees of a request.

use crate::faults::Write;
use crate::request::Reply;
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Attempt, Denial, Standing};
use epic_domain::user::RecoveryCode;

/// A change of what is stored, to be seen as one write.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    Insert { who: u8, key: u64 },
    Renew { user_id: UserId },
    SpendStep { user_id: UserId, step: u64 },
    SpendRecoveryCode { user_id: UserId, code: RecoveryCode },
    CountFailure { user_id: UserId },
    ChangeCredentials { user_id: UserId, key: u64, ended: Vec<SessionId>, until: Timestamp },
    ProposeTotp { user_id: UserId },
    ConfirmTotp { user_id: UserId, step: u64, ended: Vec<SessionId>, until: Timestamp },
    RenewRecoveryCodes { user_id: UserId },
    SetRecoveryKey { user_id: UserId, key: u64 },
    Remove { user_id: UserId, ended: Vec<SessionId>, until: Timestamp },
    SweepAccounts,
    Open { user_id: UserId, origin: IpPrefix, evicted: Vec<SessionId>, until: Timestamp },
    Rotate { session_id: SessionId },
    End { ended: Vec<SessionId>, until: Timestamp },
    Touch(Vec<(SessionId, Timestamp)>),
    SweepSessions,
    Append(Vec<Expected>),
    KeepHead,
}

impl Effect {
    /// Whether `write` is how it shows.
    pub(crate) const fn shows_as(&self, write: Write) -> bool {
        matches!(
            (self, write),
            (Self::Insert { .. }, Write::Inserted(_))
                | (Self::Renew { .. }, Write::Renewed)
                | (Self::SpendStep { .. }, Write::SpentStep)
                | (Self::SpendRecoveryCode { .. }, Write::SpentRecoveryCode)
                | (Self::CountFailure { .. }, Write::CountedFailure)
                | (Self::ChangeCredentials { .. }, Write::ChangedCredentials)
                | (Self::ProposeTotp { .. }, Write::ProposedTotp)
                | (Self::ConfirmTotp { .. }, Write::ConfirmedTotp)
                | (Self::RenewRecoveryCodes { .. }, Write::RenewedRecoveryCodes)
                | (Self::SetRecoveryKey { .. }, Write::SetRecoveryKey)
                | (Self::Remove { .. }, Write::Removed)
                | (Self::SweepAccounts, Write::SweptAccounts)
                | (Self::Open { .. }, Write::Opened(_))
                | (Self::Rotate { .. }, Write::Rotated)
                | (Self::End { .. }, Write::Ended)
                | (Self::Touch(_), Write::Touched)
                | (Self::SweepSessions, Write::SweptSessions)
                | (Self::Append(_), Write::Appended)
                | (Self::KeepHead, Write::KeptHead)
        )
    }
}

/// Someone or something whose id may not be known before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named<T> {
    None,
    Known(T),
    /// The one that the request has just made.
    New,
}

/// An event that must be in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) kind: EventKind,
    pub(crate) at: Timestamp,
    pub(crate) user: Named<UserId>,
    pub(crate) session: Named<SessionId>,
    /// Not foreseen for uses that are summed up over addresses.
    pub(crate) origin: Option<IpPrefix>,
    pub(crate) reason: Option<FailureReason>,
    pub(crate) count: u32,
}

impl Expected {
    pub(crate) const fn new(kind: EventKind, at: Timestamp, origin: IpPrefix) -> Self {
        Self {
            kind,
            at,
            user: Named::None,
            session: Named::None,
            origin: Some(origin),
            reason: None,
            count: 1,
        }
    }

    pub(crate) const fn of(self, user_id: UserId) -> Self {
        Self { user: Named::Known(user_id), ..self }
    }

    pub(crate) const fn within(self, session_id: SessionId) -> Self {
        Self { session: Named::Known(session_id), ..self }
    }

    pub(crate) const fn because(self, reason: FailureReason) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

/// What the model foresees of a request.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) reply: Reply,
    pub(crate) standing: Option<Standing>,
    /// Writes, in their order.
    pub(crate) effects: Vec<Effect>,
    /// Ends that are known in memory when the answer comes.
    pub(crate) announced: Vec<(SessionId, Timestamp)>,
    /// Attempts counted by the time of the answer.
    pub(crate) counted: Vec<Attempt>,
    /// Attempts that are counted or not when the answer is lost.
    pub(crate) doubtful: Vec<Attempt>,
    /// The session and account of a caller who is recognised.
    pub(crate) caller: Option<(UserId, SessionId)>,
}

impl Plan {
    pub(crate) const fn of(reply: Reply) -> Self {
        Self {
            reply,
            standing: None,
            effects: Vec::new(),
            announced: Vec::new(),
            counted: Vec::new(),
            doubtful: Vec::new(),
            caller: None,
        }
    }

    pub(crate) const fn limited(denial: Denial) -> Self {
        Self::of(Reply::Limited(denial))
    }

    pub(crate) fn at(self, standing: Option<Standing>) -> Self {
        Self { standing, ..self }
    }

    pub(crate) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    pub(crate) fn recording(self, expected: Expected) -> Self {
        self.with(Effect::Append(vec![expected]))
    }

    /// The effects that the first writes show, in the order of the writes; `None` when these were not foreseen.
    ///
    /// A failed code is counted and recorded at once, so either may come first, or alone when an answer is lost. When sessions
    /// were used is recorded whether or not it could be noted with them.
    pub(crate) fn shown_by(&self, writes: &[Write]) -> Option<Vec<Effect>> {
        let mut left = self.effects.clone();
        let in_any_order =
            matches!(self.effects.first(), Some(Effect::CountFailure { .. } | Effect::Touch(_)));
        let shown = writes.iter().map(|write| {
            let place = left.iter().position(|effect| effect.shows_as(*write))?;
            (place == 0 || in_any_order).then(|| left.remove(place))
        });
        shown.collect()
    }

    pub(crate) fn announcing(mut self, ended: &[SessionId], until: Timestamp) -> Self {
        self.announced.extend(ended.iter().map(|session_id| (*session_id, until)));
        self
    }
}
