//! A command made concrete, and what came of it, in terms that model and system share.

use epic_domain::id::SessionId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Denial, Standing};
use epic_domain::secret::SecretText;
use epic_domain::session::Claims;
use epic_domain::user::{AuthKey, OtpCode, RecoveryCode, SecondFactor, Username, Version};
use epic_inbound::TokenPair;
use epic_inbound::recover::RecoveryStarted;
use epic_inbound::salts::PublicSalts;
use epic_inbound::sign_in::SignedIn;
use epic_inbound::sign_out::SignOutScope;
use epic_inbound::step_up::SteppedUp;
use epic_outbound::passes::Pass;
use epic_tests::builders::{seeded_bytes, username};

use crate::commands::Round;

/// The name of a person; the last is nobody's.
pub(crate) fn name_of(who: u8) -> Username {
    username(["ada-lovelace", "bo-diddley", "cy-twombly", "nobody-here"][usize::from(who)])
}

/// The key of a number.
pub(crate) fn auth_key(number: u64) -> AuthKey {
    AuthKey::parse(&seeded_bytes::<32>(number)).unwrap()
}

/// A token as its holder has it, and what it says; nothing if it says nothing.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) text: String,
    pub(crate) claims: Option<Claims>,
}

/// A pass as its holder has it, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct HeldPass {
    pub(crate) text: String,
    pub(crate) pass: Option<Pass>,
}

/// A call that shows an access token, if it shows any.
#[derive(Debug, Clone)]
pub(crate) struct Calling {
    pub(crate) token: Option<Held>,
    pub(crate) origin: IpPrefix,
}

/// What a caller asks for.
#[derive(Debug, Clone)]
pub(crate) enum Errand {
    Call,
    ListSessions,
    SignOut(SignOutScope),
    EndSession(SessionId),
    StepUp { key: u64, factor: SecondFactor },
    ChangeCredentials { expected: Version, key: u64 },
    ProposeTotp,
    ConfirmTotp(OtpCode),
    RenewRecoveryCodes,
    SetRecoveryKey { expected: Version, key: u64 },
    DeleteAccount,
}

impl Errand {
    /// Whether it asks for a recent proof of who the caller is.
    pub(crate) const fn needs_freshness(&self) -> bool {
        !matches!(
            self,
            Self::Call | Self::ListSessions | Self::SignOut(_) | Self::EndSession(_) | Self::StepUp { .. }
        )
    }
}

/// What is asked of the system.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Register { who: u8, key: u64, origin: IpPrefix },
    SignIn { who: u8, key: u64, factor: SecondFactor, pass: Option<HeldPass>, origin: IpPrefix },
    LookUpSalts { who: u8, origin: IpPrefix },
    Refresh { token: Held, origin: IpPrefix },
    Call(Calling, Errand),
    StartRecovery { who: u8, key: u64, factor: SecondFactor, origin: IpPrefix },
    CompleteRecovery { pass: HeldPass, key: u64, origin: IpPrefix },
    KeepHouse(Round),
}

impl Request {
    /// What kind of request it is.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Call(_, errand) => label(errand),
            other => label(other),
        }
    }
}

/// The name of a variant.
pub(crate) fn label(value: &impl core::fmt::Debug) -> String {
    format!("{value:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The answer, as far as it can be foreseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    Done,
    Registered,
    SignedIn,
    Refreshed,
    SteppedUp,
    Proposed,
    Codes,
    RecoveryStarted,
    Salts(PublicSalts),
    Sessions(Vec<SessionId>),
    HeadSigned(bool),
    NameTaken,
    Missing,
    Refused,
    StepUpRequired,
    Stale,
    NotFound,
    Limited(Denial),
    Fault,
}

/// What the answer hands over.
#[derive(Debug)]
pub(crate) enum Gain {
    Nothing,
    Uri(SecretText),
    SignedIn(Box<SignedIn>),
    Pair(TokenPair),
    SteppedUp(SteppedUp),
    Codes(Vec<RecoveryCode>),
    Recovery(RecoveryStarted),
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) standing: Option<Standing>,
    pub(crate) gain: Gain,
    /// Whether a caller was recognised.
    pub(crate) is_recognised: bool,
}
