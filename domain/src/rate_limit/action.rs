//! What is limited.

/// The limited actions: the five of the design, and the account-wide budget of sign-ins above the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Signing in.
    Login,
    /// Registering an account.
    Register,
    /// Failing a one-time code.
    Totp,
    /// Starting an upload.
    Upload,
    /// Any other call.
    Api,
    /// Signing in to an account from anywhere: slows whoever tries from many addresses. A known device is not counted.
    LoginAccount,
}

impl Action {
    /// Every action, in a fixed order.
    pub const ALL: [Self; 6] =
        [Self::Login, Self::Register, Self::Totp, Self::Upload, Self::Api, Self::LoginAccount];

    /// The action's name in headers, settings and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Register => "register",
            Self::Totp => "totp",
            Self::Upload => "upload",
            Self::Api => "api",
            Self::LoginAccount => "login_account",
        }
    }

    /// The action's place in [`Action::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Login => 0,
            Self::Register => 1,
            Self::Totp => 2,
            Self::Upload => 3,
            Self::Api => 4,
            Self::LoginAccount => 5,
        }
    }

    /// Whether the action guards a secret: when the limiter can take no new key, these are refused, not waved through.
    #[must_use]
    pub const fn guards_a_secret(self) -> bool {
        matches!(self, Self::Login | Self::Register | Self::Totp | Self::LoginAccount)
    }
}
