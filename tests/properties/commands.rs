//! What people, the clock and the operator may do.
//!
//! A command says who does what with which kind of proof; what exactly that is (the live token, a spent code) is found
//! when it is carried out. So a command always makes sense, and a failing story shrinks to its essence.

use crate::faults::FaultPlan;
use core::time::Duration;
use epic_inbound::sign_out::SignOutScope;

/// People who may register; the number after the last is a name that nobody ever takes.
pub(crate) const PEOPLE: u8 = 3;
/// Addresses that they call from.
pub(crate) const ADDRESSES: u8 = 2;

/// Which key is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyChoice {
    Right,
    Wrong,
    /// The one before the last change.
    Former,
}

/// Which second factor is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactorChoice {
    /// The code of the step this many steps after the present one.
    Step(i8),
    /// A code of no step near.
    WrongCode,
    /// The code accepted last.
    SpentCode,
    /// The code that the secret before the last change shows now.
    FormerSecret,
    Recovery,
    SpentRecovery,
    WrongRecovery,
}

/// Which token is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenChoice {
    /// The newest of the session, or the one this many before it.
    Back(u8),
    /// The newest of the other kind.
    OtherKind,
    Garbage,
    None,
}

/// A session, counted back from the one opened last, and the token shown for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer {
    pub(crate) session_back: u8,
    pub(crate) token: TokenChoice,
    pub(crate) address: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VersionChoice {
    Current,
    Stale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    Sweep,
    Prune,
    CatchUp,
    RecordAccesses,
    SignHead,
}

/// Credentials shown together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    pub(crate) key: KeyChoice,
    pub(crate) factor: FactorChoice,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Command {
    Register {
        who: u8,
        key: KeyChoice,
        address: u8,
    },
    SignIn {
        who: u8,
        proof: Proof,
        is_known_device: bool,
        address: u8,
    },
    LookUpSalts {
        who: u8,
        address: u8,
    },
    Refresh(Bearer),
    Call(Bearer),
    ListSessions(Bearer),
    SignOut {
        bearer: Bearer,
        scope: SignOutScope,
    },
    EndSession {
        bearer: Bearer,
        target_back: u8,
    },
    StepUp {
        bearer: Bearer,
        proof: Proof,
    },
    ChangeCredentials {
        bearer: Bearer,
        version: VersionChoice,
    },
    ProposeTotp(Bearer),
    ConfirmTotp {
        bearer: Bearer,
        code: FactorChoice,
    },
    RenewRecoveryCodes(Bearer),
    SetRecoveryKey {
        bearer: Bearer,
        version: VersionChoice,
    },
    DeleteAccount(Bearer),
    StartRecovery {
        who: u8,
        proof: Proof,
        address: u8,
    },
    CompleteRecovery {
        token_back: u8,
        is_garbage: bool,
        address: u8,
    },
    Advance(Duration),
    /// The wall clock alone, forward or, if negative, back.
    MoveWall {
        seconds: i32,
    },
    KeepHouse(Round),
    Restart,
}

/// A command, and the fault it meets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) command: Command,
    pub(crate) fault: Option<FaultPlan>,
}
