//! One-time codes by a plain function.

use super::mix;
use core::sync::atomic::{AtomicBool, Ordering};
use data_encoding::BASE32_NOPAD;
use epic_domain::secret::SecretText;
use epic_domain::user::{OtpCode, OtpStep, TotpSecret, Username};
use epic_outbound::otp::{Otp, OtpError};

/// Codes that follow from secret and step; neighbouring steps have different codes.
#[derive(Debug, Default)]
pub struct FakeOtp {
    is_failing: AtomicBool,
}

impl FakeOtp {
    /// Whether calls fail from now on.
    pub fn set_failing(&self, is_failing: bool) {
        self.is_failing.store(is_failing, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), OtpError> {
        if self.is_failing.load(Ordering::SeqCst) {
            return Err(OtpError("the fake was told to fail".into()));
        }
        Ok(())
    }
}

impl Otp for FakeOtp {
    fn code_at(&self, secret: &TotpSecret, step: OtpStep) -> Result<OtpCode, OtpError> {
        self.check()?;
        // The stride has no factor in common with a million, so a code comes back only after a million steps.
        let steps = step.number() % 1_000_000 * 7_919;
        let number = (mix(0, secret.expose()) % 1_000_000 + steps) % 1_000_000;
        Ok(OtpCode::parse(&format!("{number:06}")).unwrap())
    }

    fn enrolment_uri(&self, secret: &TotpSecret, username: &Username) -> Result<SecretText, OtpError> {
        self.check()?;
        let secret = BASE32_NOPAD.encode(secret.expose());
        Ok(SecretText::new(format!("otpauth://totp/EPIC:{username}?secret={secret}&issuer=EPIC")))
    }
}
