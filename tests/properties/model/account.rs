//! An account as the model keeps it.

use crate::request::name_of;
use crate::system::decoys;
use epic_domain::Timestamp;
use epic_domain::user::{RecoveryCode, Status, TotpSecret};
use epic_inbound::salts::PublicSalts;
use epic_tests::builders;

/// An account: whose it is, what guards it, and how often what was tried.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) who: u8,
    /// The number of its key, and of the one before.
    pub(crate) key: u64,
    pub(crate) former_key: Option<u64>,
    pub(crate) status: Status,
    pub(crate) secret: TotpSecret,
    pub(crate) former_secret: Option<TotpSecret>,
    pub(crate) last_step: Option<u64>,
    pub(crate) failures: u32,
    pub(crate) proposed: Option<(TotpSecret, Timestamp)>,
    /// Unspent recovery codes that its owner has been told.
    pub(crate) codes: Vec<RecoveryCode>,
    pub(crate) spent_codes: Vec<RecoveryCode>,
    pub(crate) recovery_key: Option<u64>,
    pub(crate) version: u64,
    pub(crate) updated_at: Timestamp,
}

impl Account {
    pub(crate) fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// A pending account ends a day after it was registered.
    pub(crate) fn exists_at(&self, now: Timestamp) -> bool {
        match self.status {
            Status::Pending { expires_at } => now < expires_at,
            Status::Active | Status::Disabled => true,
        }
    }

    pub(crate) fn public_salts(&self) -> PublicSalts {
        let sample = builders::user(self.key).build().credentials;
        PublicSalts { salts: sample.salts, kdf: sample.kdf }
    }
}

pub(crate) fn decoy_of(who: u8) -> PublicSalts {
    let (salts, kdf) = decoys().salts_for(&name_of(who));
    PublicSalts { salts, kdf }
}
