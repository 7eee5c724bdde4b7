//! Time-based one-time codes (RFC 6238) by the crate totp-rs: SHA-1, six digits, 30 seconds, which is what every
//! authenticator reads.
//!
//! Which step a code may belong to, and that it is accepted once, is decided by the domain and the store.

use epic_domain::secret::SecretText;
use epic_domain::user::{OtpCode, OtpStep, TotpSecret, Username};
use epic_outbound::otp::{Otp, OtpError};
use std::fmt::Write;
use totp_rs::{Builder, Secret, TotpError};

/// The name a person reads above the code in the authenticator; it never holds a colon, which separates it from the
/// username there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtpIssuer(String);

/// An issuer that no authenticator could show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the issuer must be 1 to 64 printable characters without a colon")]
pub struct IssuerRefused;

impl OtpIssuer {
    /// Parses an issuer.
    ///
    /// # Errors
    /// [`IssuerRefused`] when it is empty, longer than 64 characters, or holds a colon or a control character.
    pub fn parse(text: &str) -> Result<Self, IssuerRefused> {
        let unfit = |character: char| character == ':' || character.is_control();
        if text.trim().is_empty() || text.chars().count() > 64 || text.chars().any(unfit) {
            return Err(IssuerRefused);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Default for OtpIssuer {
    fn default() -> Self {
        Self("EPIC Server".to_owned())
    }
}

/// The port [`Otp`] over totp-rs.
#[derive(Debug)]
pub struct TotpCodes {
    issuer: OtpIssuer,
}

impl TotpCodes {
    /// Codes whose enrolment URIs name `issuer`.
    #[must_use]
    pub const fn new(issuer: OtpIssuer) -> Self {
        Self { issuer }
    }
}

/// What an authenticator assumes when the URI does not say otherwise, written down here all the same.
const DIGITS: u8 = 6;

fn builder(secret: &TotpSecret) -> Builder {
    Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(OtpStep::SECONDS)
        .with_skew(0)
        .with_secret(Secret::new(Box::new(*secret.expose())))
}

fn refused(error: TotpError) -> OtpError {
    OtpError(Box::new(error))
}

/// Six digits on the stack, so that no copy of a code is left on the heap.
#[derive(Default)]
struct Digits {
    bytes: [u8; DIGITS as usize],
    length: usize,
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl Otp for TotpCodes {
    fn code_at(&self, secret: &TotpSecret, step: OtpStep) -> Result<OtpCode, OtpError> {
        let totp = builder(secret).build().map_err(refused)?;
        // Counted here and not by `OtpStep::starts_at`, whose last instant is the end of the year 9999.
        let starts_at_seconds = step
            .number()
            .checked_mul(OtpStep::SECONDS)
            .ok_or_else(|| OtpError("the step lies beyond what 64 bits of seconds can count".into()))?;
        let mut digits = Digits::default();
        write!(digits, "{}", totp.generate(starts_at_seconds)).map_err(|error| OtpError(Box::new(error)))?;
        let text = str::from_utf8(&digits.bytes).map_err(|error| OtpError(Box::new(error)))?;
        OtpCode::parse(text).map_err(|error| OtpError(Box::new(error)))
    }

    fn enrolment_uri(&self, secret: &TotpSecret, username: &Username) -> Result<SecretText, OtpError> {
        builder(secret)
            .with_issuer(Some(self.issuer.0.as_str()))
            .with_account_name(username.as_str())
            .build()
            .and_then(|totp| totp.to_url())
            .map(SecretText::new)
            .map_err(refused)
    }
}
