//! Time-based one-time codes.

use crate::Source;
use epic_domain::secret::SecretText;
use epic_domain::user::{OtpCode, OtpStep, TotpSecret, Username};

/// Why a code or URI could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the one-time code could not be computed")]
pub struct OtpError(#[source] pub Source);

/// Computes codes (RFC 6238, SHA-1, six digits, 30 seconds: what every authenticator reads). Which steps are accepted,
/// and that each is accepted once, is decided elsewhere.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Otp: Send + Sync {
    /// The code of a step.
    ///
    /// # Errors
    /// [`OtpError`] when the library refuses the secret.
    fn code_at(&self, secret: &TotpSecret, step: OtpStep) -> Result<OtpCode, OtpError>;

    /// The `otpauth://` URI by which an authenticator takes the secret over.
    ///
    /// # Errors
    /// [`OtpError`] when the library refuses the secret or name.
    fn enrolment_uri(&self, secret: &TotpSecret, username: &Username) -> Result<SecretText, OtpError>;
}
