//! The ports, in three makes: the adapters that are released, over SQLite and over MongoDB, and the fakes.

use crate::faults::FaultyStore;
use crate::mongodb::NamedDatabase;
use epic_bootstrap::wire::Store;
use epic_cache_memory::{CachedUsers, MemoryAccessLog, RevocationIndex};
use epic_domain::key_id::KeyId;
use epic_domain::rate_limit::{Action, Quota, Quotas};
use epic_domain::secret::{Secret, SecretText};
use epic_domain::session::SessionPolicy;
use epic_hash_argon2::{Argon2Cost, Argon2Hasher, HasherSettings};
use epic_limiter_memory::{Budget, MemoryLimiter, NodeEntryLimiter};
use epic_otp_totp::{OtpIssuer, TotpCodes};
use epic_outbound::access_log::AccessLog;
use epic_outbound::audit::Audit;
use epic_outbound::clock::Clock;
use epic_outbound::entropy::Entropy;
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::hasher::Hasher;
use epic_outbound::head_signer::HeadSigner;
use epic_outbound::limiter::Limiter;
use epic_outbound::otp::Otp;
use epic_outbound::passes::Passes;
use epic_outbound::revocations::Revocations;
use epic_outbound::sealer::Sealer;
use epic_outbound::sessions::Sessions;
use epic_outbound::tokens::Tokens;
use epic_outbound::users::Users;
use epic_seal_aead::{AeadPasses, AeadSealer, SealingKey};
use epic_sign_ed25519::{Ed25519HeadSigner, HeadKey};
use epic_store_mongodb::{MongoOptions, MongoStore};
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::builders::seeded_bytes;
use epic_tests::fakes::{
    FakeAccessLog, FakeAudit, FakeClock, FakeEntropy, FakeEntryLimiter, FakeHasher, FakeHeadSigner,
    FakeLimiter, FakeOtp, FakePasses, FakeRevocations, FakeSealer, FakeTokens, MemoryStore,
};
use epic_token_jwt::{JwtTokens, Keyring, TokenKey};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Limits low enough to be met within a story.
pub(crate) fn quotas() -> Quotas {
    let quota = |limit, seconds| Some(Quota::new(limit, Duration::from_secs(seconds)).unwrap());
    Quotas::DEFAULT
        .with(Action::Login, quota(5, 100))
        .with(Action::LoginAccount, quota(6, 100))
        .with(Action::Register, quota(4, 600))
        .with(Action::Totp, quota(3, 300))
        .with(Action::Api, quota(12, 300))
}

/// Lifetimes short enough to pass within a story.
pub(crate) fn policy() -> SessionPolicy {
    let seconds = Duration::from_secs;
    SessionPolicy::new(seconds(600), seconds(900), seconds(3_600), seconds(10))
        .and_then(|policy| policy.with_sessions_max(3))
        .and_then(|policy| policy.with_step_up(seconds(180)))
        .unwrap()
}

/// What outlives a restart.
#[derive(Clone)]
pub(crate) struct Lasting {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    make: Make,
}

#[derive(Clone)]
enum Make {
    Fakes(Remembered),
    Sqlite(Arc<TempDir>),
    Mongodb(Arc<NamedDatabase>),
}

/// Both are for a database whose clock is not the story's, on a machine that has more to do.
const NEVER: Duration = Duration::from_secs(50 * 365 * 24 * 3_600);
const PATIENT: Duration = Duration::from_secs(30);

/// Fakes that stand for what is on disk or follows from keys.
#[derive(Clone, Default)]
struct Remembered {
    store: Arc<MemoryStore>,
    audit: Arc<FakeAudit>,
    tokens: Arc<FakeTokens>,
    passes: Arc<FakePasses>,
}

/// One adapter for each port.
pub(crate) struct Ports {
    /// The store as it is, to look at.
    pub(crate) plain_users: Arc<dyn Users>,
    pub(crate) plain_sessions: Arc<dyn Sessions>,
    pub(crate) plain_audit: Arc<dyn Audit>,
    /// The same behind faults, and accounts behind their cache.
    pub(crate) faults: Arc<FaultyStore>,
    pub(crate) users: Arc<dyn Users>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) audit: Arc<dyn Audit>,
    pub(crate) limiter: Arc<dyn Limiter>,
    pub(crate) entry_limiter: Arc<dyn EntryLimiter>,
    pub(crate) hasher: Arc<dyn Hasher>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) otp: Arc<dyn Otp>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) passes: Arc<dyn Passes>,
    pub(crate) signer: Arc<dyn HeadSigner>,
    pub(crate) revocations: Arc<dyn Revocations>,
    pub(crate) access_log: Arc<dyn AccessLog>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
    store: Option<Store>,
}

impl Lasting {
    fn new(make: Make) -> Self {
        Self { clock: Arc::default(), entropy: Arc::new(FakeEntropy::seeded(7)), make }
    }

    pub(crate) fn fakes() -> Self {
        Self::new(Make::Fakes(Remembered::default()))
    }

    pub(crate) fn sqlite() -> Self {
        Self::new(Make::Sqlite(Arc::new(tempfile::tempdir().unwrap())))
    }

    pub(crate) fn mongodb() -> Self {
        Self::new(Make::Mongodb(Arc::new(NamedDatabase::new())))
    }

    /// A process on what lasts: what is only in memory is new.
    pub(crate) async fn start(&self) -> Ports {
        match &self.make {
            Make::Fakes(remembered) => self.start_fakes(remembered),
            Make::Sqlite(folder) => {
                let store = SqliteStore::open(folder.path(), StoreOptions::default()).unwrap();
                self.start_over(Store::Sqlite(store))
            }
            Make::Mongodb(database) => {
                let options = MongoOptions::from_uri(SecretText::new(database.uri())).unwrap();
                let options = MongoOptions { deadline: PATIENT, expired_kept_for: NEVER, ..options };
                self.start_over(Store::Mongodb(MongoStore::open(options).await.unwrap()))
            }
        }
    }

    fn start_fakes(&self, Remembered { store, audit, tokens, passes }: &Remembered) -> Ports {
        let faults = Arc::new(FaultyStore::new(store.clone(), store.clone(), audit.clone()));
        let limiter = Arc::new(FakeLimiter::new(quotas()));
        Ports {
            plain_users: store.clone(),
            plain_sessions: store.clone(),
            plain_audit: audit.clone(),
            users: faults.clone(),
            sessions: faults.clone(),
            audit: faults.clone(),
            faults,
            entry_limiter: Arc::new(FakeEntryLimiter::new(limiter.clone(), self.clock.clone())),
            limiter,
            hasher: Arc::new(FakeHasher::default()),
            sealer: Arc::new(FakeSealer::default()),
            otp: Arc::new(FakeOtp::default()),
            tokens: tokens.clone(),
            passes: passes.clone(),
            signer: Arc::new(FakeHeadSigner::default()),
            revocations: Arc::new(FakeRevocations::default()),
            access_log: Arc::new(FakeAccessLog::default()),
            entropy: self.entropy.clone(),
            clock: self.clock.clone(),
            store: None,
        }
    }

    fn start_over(&self, store: Store) -> Ports {
        let plain = store.ports();
        let faults = FaultyStore::new(plain.users.clone(), plain.sessions.clone(), plain.audit.clone());
        let faults = Arc::new(faults);
        let cost = HasherSettings::new(Argon2Cost::new(8, 1, 1).unwrap(), NonZeroUsize::MIN);
        let hasher = Argon2Hasher::new(cost, &Secret::new(seeded_bytes(1)), self.entropy.clone()).unwrap();
        let sealing = || vec![SealingKey::new(key_id(), &Secret::new(seeded_bytes(2)))];
        let token_key = TokenKey::parse(key_id(), &seeded_bytes::<32>(3)).unwrap();
        let party = || "epic-server".to_owned();
        let limiter = Arc::new(MemoryLimiter::new(quotas(), &seeded_bytes(5), Budget::DEFAULT));
        let head_key = HeadKey::new(key_id(), &Secret::new(seeded_bytes(4)));
        Ports {
            plain_users: plain.users,
            plain_sessions: plain.sessions,
            plain_audit: plain.audit,
            users: Arc::new(CachedUsers::new(faults.clone(), 16)),
            sessions: faults.clone(),
            audit: faults.clone(),
            faults,
            entry_limiter: Arc::new(NodeEntryLimiter::new(limiter.clone(), self.clock.clone())),
            limiter,
            hasher: Arc::new(hasher),
            sealer: Arc::new(AeadSealer::new(sealing(), self.entropy.clone()).unwrap()),
            otp: Arc::new(TotpCodes::new(OtpIssuer::default())),
            tokens: Arc::new(
                JwtTokens::new(Keyring::new(vec![token_key]).unwrap(), party(), party(), 16).unwrap(),
            ),
            passes: Arc::new(AeadPasses::new(sealing(), self.entropy.clone()).unwrap()),
            signer: Arc::new(Ed25519HeadSigner::new(vec![head_key]).unwrap()),
            revocations: Arc::new(RevocationIndex::new()),
            access_log: Arc::new(MemoryAccessLog::default()),
            entropy: self.entropy.clone(),
            clock: self.clock.clone(),
            store: Some(store),
        }
    }
}

impl Ports {
    /// Lets the store finish, as a stop does.
    pub(crate) async fn close(&self) {
        if let Some(store) = &self.store {
            store.clone().close().await;
        }
    }
}

fn key_id() -> KeyId {
    KeyId::parse("key-1").unwrap()
}
