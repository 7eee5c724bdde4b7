//! The second factor: six digits of a time-based code (RFC 6238) or a recovery code.

use super::RecoveryCode;
use crate::secret::Secret;
use crate::{Invalid, Timestamp};
use subtle::ConstantTimeEq;

/// The shared secret of an authenticator: 160 bits, as RFC 4226 (R6) recommends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpSecret(Secret<20>);

impl TotpSecret {
    /// Takes 20 random bytes over.
    #[must_use]
    pub const fn new(bytes: Secret<20>) -> Self {
        Self(bytes)
    }

    /// The bytes, for sealing and for computing codes.
    #[must_use]
    pub fn expose(&self) -> &[u8; 20] {
        self.0.expose()
    }
}

/// The number of a 30-second step since 1970 (RFC 6238, `T`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtpStep(u64);

impl OtpStep {
    /// Length of a step in seconds (RFC 6238, `X`).
    pub const SECONDS: u64 = 30;

    /// The step that `now` lies in.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self(now.as_seconds() / Self::SECONDS)
    }

    /// The step with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The step's number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The second at which the step begins.
    #[must_use]
    pub const fn starts_at(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_mul(Self::SECONDS))
    }

    /// The steps whose codes are accepted at `now`: the current one and the one before it (RFC 6238, section 5.2,
    /// recommends at most one step of delay). A code of the future is not accepted.
    #[must_use]
    pub const fn accepted_at(now: Timestamp) -> [Self; 2] {
        let current = Self::at(now);
        [current, Self(current.0.saturating_sub(1))]
    }
}

/// Six ASCII digits, leading zeros kept; compared in constant time, silent in `Debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtpCode(Secret<6>);

impl OtpCode {
    /// Parses exactly six ASCII digits.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_otp`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refused = Invalid::new("invalid_otp", "must be six digits");
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused);
        }
        Secret::from_slice(text.as_bytes()).map(Self).map_err(|_| refused)
    }

    /// The accepted step whose code this is, if any. Every candidate is compared, whichever matches.
    #[must_use]
    pub fn matching_step(&self, candidates: &[(OtpStep, Self)]) -> Option<OtpStep> {
        candidates.iter().fold(None, |found, (step, code)| {
            let same: bool = self.0.expose().ct_eq(code.0.expose()).into();
            if same { Some(*step) } else { found }
        })
    }

    /// The digits, for a client that shows or sends them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 6] {
        self.0.expose()
    }
}

/// What came in the field `otp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactor {
    /// A code of the authenticator.
    Code(OtpCode),
    /// One of the ten codes handed out at the first login.
    Recovery(RecoveryCode),
}

impl SecondFactor {
    /// Parses six digits or a recovery code `xxxx-xxxx-xxxx`.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_otp`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        OtpCode::parse(text)
            .map(Self::Code)
            .or_else(|_| RecoveryCode::parse(text).map(Self::Recovery))
            .map_err(|_| Invalid::new("invalid_otp", "must be six digits or a recovery code xxxx-xxxx-xxxx"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c07_only_six_ascii_digits_are_a_code() {
        for text in ["12345", "1234567", " 123456", "123456\n", "+12345", "1e5", "", "１２３４５６", "١٢٣٤٥٦"]
        {
            assert!(SecondFactor::parse(text).is_err(), "{text:?}");
        }
        assert!(matches!(SecondFactor::parse("012345"), Ok(SecondFactor::Code(_))));
        assert!(matches!(SecondFactor::parse("000000"), Ok(SecondFactor::Code(_))));
    }

    #[test]
    fn c06_the_window_is_this_step_and_the_one_before() {
        let now = Timestamp::from_seconds(3_000);
        assert_eq!(OtpStep::accepted_at(now), [OtpStep(100), OtpStep(99)]);
        assert_eq!(OtpStep::accepted_at(Timestamp::MIN), [OtpStep(0), OtpStep(0)]);
    }

    #[test]
    fn a_code_matches_the_step_it_belongs_to_and_no_other() {
        let code = |text| OtpCode::parse(text).unwrap();
        let candidates = [(OtpStep(100), code("111111")), (OtpStep(99), code("222222"))];
        assert_eq!(code("111111").matching_step(&candidates), Some(OtpStep(100)));
        assert_eq!(code("222222").matching_step(&candidates), Some(OtpStep(99)));
        assert_eq!(code("333333").matching_step(&candidates), None);
    }
}
