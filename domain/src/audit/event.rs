//! One thing that happened.

use crate::Timestamp;
use crate::id::{EventId, FileId, LinkId, SessionId, ShareId, UserId};
use crate::network::IpPrefix;

macro_rules! named_variants {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable snake_case name, as stores and replies carry it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Parses a stored name.
            ///
            /// # Errors
            /// [`Invalid`](crate::Invalid) for a name that is not one of these.
            pub fn parse(text: &str) -> Result<Self, $crate::Invalid> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|variant| variant.as_str() == text)
                    .ok_or($crate::Invalid::new("unknown_name", "must be a known name"))
            }
        }
    };
}
pub(crate) use named_variants;

named_variants! {
    /// What kind of thing happened.
    EventKind {
        /// An account was registered.
        Registered = "registered",
        /// An unconfirmed account was registered again by the holder of its key.
        RegistrationRenewed = "registration_renewed",
        /// The first login confirmed an account's authenticator.
        Confirmed = "confirmed",
        /// Someone signed in.
        Login = "login",
        /// Someone failed to sign in.
        LoginFailed = "login_failed",
        /// A recovery code was used up.
        RecoveryCodeUsed = "recovery_code_used",
        /// A one-time code came a second time.
        OtpReplay = "otp_replay",
        /// A session's tokens were renewed.
        Refresh = "refresh",
        /// A refresh token came a second time; its session was ended.
        RefreshReuse = "refresh_reuse",
        /// A session was ended by its owner.
        Logout = "logout",
        /// All other sessions of an account were ended by its owner.
        LogoutOthers = "logout_others",
        /// All sessions of an account were ended by its owner.
        LogoutAll = "logout_all",
        /// A session was ended by its owner from another one.
        SessionEnded = "session_ended",
        /// A session was ended to make room for a newer one.
        SessionEvicted = "session_evicted",
        /// Someone signed in proved again who they are.
        StepUp = "step_up",
        /// Someone signed in failed to prove again who they are.
        StepUpFailed = "step_up_failed",
        /// The password was changed, and with it salts, key and wrapped keys.
        CredentialsChanged = "credentials_changed",
        /// A new authenticator was asked for.
        TotpProposed = "totp_proposed",
        /// A new authenticator took over.
        TotpChanged = "totp_changed",
        /// The recovery codes were renewed.
        RecoveryCodesRenewed = "recovery_codes_renewed",
        /// A recovery key was set up or replaced.
        RecoveryKeySet = "recovery_key_set",
        /// Someone proved to hold the recovery key.
        RecoveryStarted = "recovery_started",
        /// Someone failed to prove to hold the recovery key.
        RecoveryFailed = "recovery_failed",
        /// New credentials were set by means of the recovery key.
        Recovered = "recovered",
        /// The account was deleted.
        AccountDeleted = "account_deleted",
        /// A session used protected routes.
        Access = "access",
        /// A file's first content became whole.
        FileUploaded = "file_uploaded",
        /// A file got a new content.
        FileWritten = "file_written",
        /// What is said of a file was changed.
        FileEdited = "file_edited",
        /// A content was fetched.
        FileFetched = "file_fetched",
        /// A file was put into the trash.
        FileTrashed = "file_trashed",
        /// A file was taken out of the trash.
        FileRestored = "file_restored",
        /// A file was removed for good, by its owner or because its time in the trash was over.
        FileRemoved = "file_removed",
        /// An earlier content of a file was removed by its owner.
        VersionRemoved = "version_removed",
        /// A file was shared with someone.
        FileShared = "file_shared",
        /// A share was replaced by another with the same person.
        ShareReplaced = "share_replaced",
        /// A share was ended by the owner or by its recipient.
        ShareEnded = "share_ended",
        /// A link to a file was made.
        LinkCreated = "link_created",
        /// A link to a file was ended by the owner.
        LinkEnded = "link_ended",
    }
}

named_variants! {
    /// Why a sign-in failed. It stands in the log alone: the reply is the same for all.
    FailureReason {
        /// Nobody has the name.
        UnknownUser = "unknown_user",
        /// The key was wrong.
        WrongKey = "wrong_key",
        /// The one-time code was wrong.
        WrongCode = "wrong_code",
        /// The one-time code had been used.
        SpentCode = "spent_code",
        /// Too many codes had failed.
        CodesHeld = "codes_held",
        /// The account may not sign in.
        NotAllowed = "not_allowed",
    }
}

/// What an event says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMark {
    /// The file.
    pub file_id: FileId,
    /// The share or link that it is about, or by whose right it happened.
    pub grant: Option<GrantMark>,
}

/// A share or a link, as an event names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantMark {
    /// A share.
    Share(ShareId),
    /// A link.
    Link(LinkId),
}

impl GrantMark {
    const SHARE: u8 = b's';
    const LINK: u8 = b'l';

    /// The mark as stores keep it and chains hash it: what it is, and its id.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 17] {
        let (kind, id) = match self {
            Self::Share(id) => (Self::SHARE, *id.as_bytes()),
            Self::Link(id) => (Self::LINK, *id.as_bytes()),
        };
        let mut bytes = [kind; 17];
        if let Some((_, rest)) = bytes.split_first_mut() {
            rest.copy_from_slice(&id);
        }
        bytes
    }

    /// The share, if it is one.
    #[must_use]
    pub const fn share(self) -> Option<ShareId> {
        match self {
            Self::Share(id) => Some(id),
            Self::Link(_) => None,
        }
    }

    /// The link, if it is one.
    #[must_use]
    pub const fn link(self) -> Option<LinkId> {
        match self {
            Self::Link(id) => Some(id),
            Self::Share(_) => None,
        }
    }

    /// The mark that these stored bytes are.
    ///
    /// # Errors
    /// [`Invalid`](crate::Invalid) when they are none.
    pub fn from_bytes(bytes: [u8; 17]) -> Result<Self, crate::Invalid> {
        let [kind, id @ ..] = bytes;
        match kind {
            Self::SHARE => Ok(Self::Share(ShareId::from_bytes(id))),
            Self::LINK => Ok(Self::Link(LinkId::from_bytes(id))),
            _ => Err(crate::Invalid::new("unknown_name", "must be a share or a link")),
        }
    }
}

/// One thing that happened.
///
/// A name that nobody has is never kept here: people type passwords into the name field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// To whom, when that is known.
    pub user_id: Option<UserId>,
    /// In which session, if in one.
    pub session_id: Option<SessionId>,
    /// From where.
    pub origin: Option<IpPrefix>,
    /// Why, for failures.
    pub reason: Option<FailureReason>,
    /// How many times, for events that stand for several; otherwise 1.
    pub count: u32,
    /// To which file, if to one. The event then has a place in that file's own chain, too.
    pub file: Option<FileMark>,
}
