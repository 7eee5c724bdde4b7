//! Makes ids: the one place where time and randomness become identifiers.

use crate::Fault;
use epic_domain::Timestamp;
use epic_domain::file::LinkToken;
use epic_domain::id::{BlobId, EventId, FileId, LinkId, SessionId, ShareId, TokenId, UploadId, UserId};
use epic_domain::secret::Secret;
use epic_domain::user::{RecoveryCode, TotpSecret};
use epic_outbound::entropy::{Entropy, random_bytes};
use std::sync::Arc;

/// Makes ids and secrets from the entropy port.
#[derive(Clone)]
pub struct Minting {
    entropy: Arc<dyn Entropy>,
}

impl Minting {
    /// Makes them from `entropy`.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }

    pub(crate) fn user_id(&self, now: Timestamp) -> Result<UserId, Fault> {
        Ok(UserId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn session_id(&self, now: Timestamp) -> Result<SessionId, Fault> {
        Ok(SessionId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn token_id(&self, now: Timestamp) -> Result<TokenId, Fault> {
        Ok(TokenId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn event_id(&self, now: Timestamp) -> Result<EventId, Fault> {
        Ok(EventId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn file_id(&self) -> Result<FileId, Fault> {
        Ok(FileId::from_randomness(random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn upload_id(&self) -> Result<UploadId, Fault> {
        Ok(UploadId::from_randomness(random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn blob_id(&self) -> Result<BlobId, Fault> {
        Ok(BlobId::from_randomness(random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn share_id(&self) -> Result<ShareId, Fault> {
        Ok(ShareId::from_randomness(random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn link_id(&self) -> Result<LinkId, Fault> {
        Ok(LinkId::from_randomness(random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn link_token(&self) -> Result<LinkToken, Fault> {
        Ok(LinkToken::new(Secret::new(random_bytes(self.entropy.as_ref())?)))
    }

    pub(crate) fn totp_secret(&self) -> Result<TotpSecret, Fault> {
        Ok(TotpSecret::new(Secret::new(random_bytes(self.entropy.as_ref())?)))
    }

    pub(crate) fn recovery_codes(&self) -> Result<Vec<RecoveryCode>, Fault> {
        (0..RecoveryCode::PER_SET)
            .map(|_| Ok(RecoveryCode::from_randomness(&random_bytes(self.entropy.as_ref())?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_system::SystemEntropy;
    use std::collections::HashSet;

    const SEEDS: usize = 100_000;

    /// Counts as far from `expected` as chance alone would hardly take them: six standard deviations.
    fn is_plausible(count: f64, expected: f64, variance: f64) -> bool {
        (count - expected).abs() <= 6.0 * variance.sqrt()
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn c12_seeds_are_distinct_and_look_random() {
        let minting = Minting::new(Arc::new(SystemEntropy));
        let seeds: Vec<[u8; 20]> = (0..SEEDS).map(|_| *minting.totp_secret().unwrap().expose()).collect();
        assert_eq!(seeds.iter().collect::<HashSet<_>>().len(), SEEDS);

        let bits = (SEEDS * 160) as f64;
        let ones: u32 = seeds.iter().flatten().map(|byte| byte.count_ones()).sum();
        assert!(is_plausible(f64::from(ones), bits / 2.0, bits / 4.0), "{ones} of {bits} bits are set");

        let mut counts = [0_u32; 256];
        for byte in seeds.iter().flatten() {
            counts[usize::from(*byte)] += 1;
        }
        let expected = (SEEDS * 20) as f64 / 256.0;
        let chi_squared: f64 =
            counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        assert!(is_plausible(chi_squared, 255.0, 2.0 * 255.0), "chi squared is {chi_squared}");
    }
}
