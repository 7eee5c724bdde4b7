//! Envelopes that hide nothing from a person who looks, but hold what the contract asks.

use super::mix;
use core::sync::atomic::{AtomicBool, Ordering};
use epic_domain::file::LinkToken;
use epic_domain::id::{LinkId, UserId};
use epic_domain::secret::Secret;
use epic_domain::user::{SealedSecret, TotpSecret};
use epic_outbound::sealer::{Sealer, SealerError};

/// Masks a secret and puts a check of user and secret before it.
#[derive(Debug, Default)]
pub struct FakeSealer {
    is_failing: AtomicBool,
}

const MASK: u8 = 0xA5;
const CHECK_BYTES: usize = 8;

impl FakeSealer {
    /// Whether nothing can be sealed from now on.
    pub fn set_failing(&self, is_failing: bool) {
        self.is_failing.store(is_failing, Ordering::SeqCst);
    }
}

fn check(record: &[u8; 16], secret: &[u8]) -> [u8; CHECK_BYTES] {
    mix(mix(0, record), secret).to_be_bytes()
}

impl Sealer for FakeSealer {
    fn seal_totp(&self, user_id: UserId, secret: &TotpSecret) -> Result<SealedSecret, SealerError> {
        self.seal(user_id.as_bytes(), secret.expose())
    }

    fn open_totp(&self, user_id: UserId, sealed: &SealedSecret) -> Result<TotpSecret, SealerError> {
        open(user_id.as_bytes(), sealed).map(TotpSecret::new)
    }

    fn seal_link_token(&self, link_id: LinkId, token: &LinkToken) -> Result<SealedSecret, SealerError> {
        self.seal(link_id.as_bytes(), token.expose())
    }

    fn open_link_token(&self, link_id: LinkId, sealed: &SealedSecret) -> Result<LinkToken, SealerError> {
        open(link_id.as_bytes(), sealed).map(LinkToken::new)
    }
}

impl FakeSealer {
    fn seal(&self, record: &[u8; 16], secret: &[u8]) -> Result<SealedSecret, SealerError> {
        if self.is_failing.load(Ordering::SeqCst) {
            return Err(SealerError::Unavailable("the fake was told to fail".into()));
        }
        let mut envelope = check(record, secret).to_vec();
        envelope.extend(secret.iter().map(|byte| byte ^ MASK));
        Ok(SealedSecret::parse(&envelope).unwrap())
    }
}

fn open<const N: usize>(record: &[u8; 16], sealed: &SealedSecret) -> Result<Secret<N>, SealerError> {
    let corrupt = || SealerError::Corrupt("the envelope is not whole".into());
    let (stored, masked) = sealed.as_bytes().split_at_checked(CHECK_BYTES).ok_or_else(corrupt)?;
    let plain: Vec<u8> = masked.iter().map(|byte| byte ^ MASK).collect();
    if stored != check(record, &plain) {
        return Err(corrupt());
    }
    Secret::from_slice(&plain).map_err(|_| corrupt())
}
