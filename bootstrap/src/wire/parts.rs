//! The parts of a server: one adapter for each port, chosen and built from the settings.

use super::blobs::{BlobsRefused, open_blobs};
use super::entry_limiter::{EntryLimiterRefused, entry_limiter};
use super::keyed_store;
use super::store::{Store, StoreRefused};
use crate::audit_heads::audit_heads_file_of;
use crate::config::{HashSettings, Settings};
use crate::keys::{KeyRing, KeysError, TokenKeys};
use epic_cache_memory::{CachedUsages, CachedUsers, MemoryAccessLog, RevocationIndex};
use epic_domain::decoy::DecoySalts;
use epic_domain::file::FilePolicy;
use epic_domain::introspection::ClientCredentials;
use epic_domain::rate_limit::Quotas;
use epic_domain::session::SessionPolicy;
use epic_hash_argon2::{Argon2Hasher, HasherSettings};
use epic_inbound::node_sync::LastHeard;
use epic_limiter_memory::{Budget, MemoryLimiter};
use epic_otp_totp::{OtpIssuer, TotpCodes};
use epic_outbound::StoreError;
use epic_outbound::access_log::AccessLog;
use epic_outbound::audit::Audit;
use epic_outbound::blobs::Blobs;
use epic_outbound::changes::{AccountMemory, Changes};
use epic_outbound::clock::Clock;
use epic_outbound::entropy::{Entropy, EntropyError, random_bytes};
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::files::{Files, Usages};
use epic_outbound::hasher::{Hasher, HasherError};
use epic_outbound::head_signer::HeadSigner;
use epic_outbound::limiter::Limiter;
use epic_outbound::links::Links;
use epic_outbound::otp::Otp;
use epic_outbound::passes::Passes;
use epic_outbound::revocations::Revocations;
use epic_outbound::sealer::Sealer;
use epic_outbound::sessions::Sessions;
use epic_outbound::shares::Shares;
use epic_outbound::tokens::Tokens;
use epic_outbound::uploads::{BlobLedger, Uploads};
use epic_outbound::users::Users;
use epic_seal_aead::{AeadPasses, AeadSealer, KeysRefused};
use epic_sign_ed25519::{Ed25519HeadSigner, HeadKeysRefused};
use epic_system::{SystemClock, SystemEntropy};
use epic_token_jwt::{EddsaTokens, JwtTokens, ProviderTaken};
use std::path::PathBuf;
use std::sync::Arc;

/// Who issues tokens and whom they are for.
const TOKEN_PARTY: &str = "epic-server";
/// Accounts kept in memory: those that are asked for most.
const USERS_CACHED: usize = 10_000;
/// Access tokens remembered as verified.
const TOKENS_CACHED: usize = 10_000;

/// What the machine gives: time and randomness.
#[derive(Clone)]
pub struct Machine {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Machine {
    /// The machine this process runs on.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock::new()), entropy: Arc::new(SystemEntropy) }
    }
}

/// What a node has that shares its store with others.
#[derive(Clone)]
pub struct OtherNodes {
    /// What the others change.
    pub changes: Arc<dyn Changes>,
    /// When this node last knew all of it.
    pub last_heard: Arc<LastHeard>,
    /// Accounts in memory, which they may have changed.
    pub account_memory: Arc<dyn AccountMemory>,
}

/// One adapter for each port, and the values that use cases take. A test may put another in before it assembles them.
pub struct Parts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The audit log.
    pub audit: Arc<dyn Audit>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// How much accounts store.
    pub usages: Arc<dyn Usages>,
    /// Uploads under way.
    pub uploads: Arc<dyn Uploads>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Links.
    pub links: Arc<dyn Links>,
    /// Which blobs are needed.
    pub blob_ledger: Arc<dyn BlobLedger>,
    /// The bytes of contents.
    pub blobs: Arc<dyn Blobs>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// The limiter.
    pub limiter: Arc<dyn Limiter>,
    /// The limiter of the ways in.
    pub entry_limiter: Arc<dyn EntryLimiter>,
    /// Slow hashes.
    pub hasher: Arc<dyn Hasher>,
    /// Tokens.
    pub tokens: Arc<dyn Tokens>,
    /// One-time codes.
    pub otp: Arc<dyn Otp>,
    /// Secrets at rest.
    pub sealer: Arc<dyn Sealer>,
    /// What the server hands out and recognises.
    pub passes: Arc<dyn Passes>,
    /// The signature under the audit log.
    pub head_signer: Arc<dyn HeadSigner>,
    /// Notes of calls.
    pub access_log: Arc<dyn AccessLog>,
    /// Salts of unknown names.
    pub decoys: DecoySalts,
    /// How long tokens and sessions live.
    pub session_policy: SessionPolicy,
    /// Services that may ask whether a token is live.
    pub introspection_clients: ClientCredentials,
    /// Bytes an account may store.
    pub quota_bytes: u64,
    /// How large contents may be, and how long what is left behind is kept.
    pub file_policy: FilePolicy,
    /// The file to which signed heads of the audit log are added.
    pub audit_heads_file: PathBuf,
    /// What this node has because there are others on its store.
    pub other_nodes: Option<OtherNodes>,
    /// The store behind accounts, sessions and audit log.
    pub store: Store,
}

/// Why a server cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The sealing keys do not go together.
    #[error("the key file sealing-keys cannot be used")]
    SealingKeys(#[from] KeysRefused),
    /// The keys that sign the audit log do not go together.
    #[error("the key file audit-signing-keys cannot be used")]
    AuditSigningKeys(#[from] HeadKeysRefused),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreRefused),
    /// The store opened and does not answer.
    #[error("the store does not answer")]
    Unanswered(#[from] StoreError),
    /// The store of contents.
    #[error(transparent)]
    Blobs(#[from] BlobsRefused),
    /// The limiter of the ways in.
    #[error(transparent)]
    EntryLimiter(#[from] EntryLimiterRefused),
    /// Tokens.
    #[error(transparent)]
    Tokens(#[from] ProviderTaken),
    /// Hashes.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// Randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Parts {
    /// Reads or makes the keys, opens the store and builds every adapter. They serve on the runtime on which this is
    /// called.
    ///
    /// # Errors
    /// [`PartsError`].
    pub async fn from_settings(settings: Settings, machine: Machine) -> Result<Self, PartsError> {
        let Settings { storage, token_keys, sessions, introspection_clients, limits, hashing, .. } = settings;
        let Machine { clock, entropy } = machine;
        let (store, keys) = keyed_store::open(&storage, token_keys, Arc::clone(&entropy)).await?;
        let ports = store.ports();
        let limiter = limiter(limits.quotas, entropy.as_ref())?;
        let (users, other_nodes) = users(ports.users, store.changes(), &clock);
        Ok(Self {
            users,
            other_nodes,
            sessions: ports.sessions,
            audit: ports.audit,
            files: ports.files,
            usages: Arc::new(CachedUsages::new(ports.usages, Arc::clone(&clock), USERS_CACHED)),
            uploads: ports.uploads,
            shares: ports.shares,
            links: ports.links,
            blob_ledger: ports.blob_ledger,
            blobs: open_blobs(&storage)?,
            revocations: Arc::new(RevocationIndex::new()),
            entry_limiter: entry_limiter(&limits, &store, &keys, &limiter, &clock)?,
            limiter,
            hasher: hasher(hashing, &keys, Arc::clone(&entropy))?,
            tokens: tokens(keys.token_keys)?,
            otp: Arc::new(TotpCodes::new(OtpIssuer::default())),
            sealer: Arc::new(AeadSealer::new(keys.sealing_keys.clone(), Arc::clone(&entropy))?),
            passes: Arc::new(AeadPasses::new(keys.sealing_keys, Arc::clone(&entropy))?),
            head_signer: Arc::new(Ed25519HeadSigner::new(keys.audit_signing_keys)?),
            access_log: Arc::new(MemoryAccessLog::default()),
            decoys: DecoySalts::new(keys.decoy_key),
            session_policy: sessions,
            introspection_clients,
            quota_bytes: storage.quota_bytes,
            file_policy: storage.files,
            audit_heads_file: audit_heads_file_of(&storage.data_dir),
            store,
            clock,
            entropy,
        })
    }
}

/// Accounts, with a memory that knows of other nodes if there are any.
fn users(
    stored: Arc<dyn Users>,
    changes: Option<Arc<dyn Changes>>,
    clock: &Arc<dyn Clock>,
) -> (Arc<dyn Users>, Option<OtherNodes>) {
    let cached = CachedUsers::new(stored, USERS_CACHED);
    let Some(changes) = changes else { return (Arc::new(cached), None) };
    let last_heard = Arc::new(LastHeard::new(Arc::clone(clock)));
    let cached = Arc::new(cached.trusted_while(Arc::<LastHeard>::clone(&last_heard)));
    let other_nodes = OtherNodes { changes, last_heard, account_memory: Arc::<CachedUsers>::clone(&cached) };
    (cached, Some(other_nodes))
}

fn limiter(quotas: Quotas, entropy: &dyn Entropy) -> Result<Arc<dyn Limiter>, EntropyError> {
    Ok(Arc::new(MemoryLimiter::new(quotas, &random_bytes(entropy)?, Budget::DEFAULT)))
}

fn hasher(
    settings: HashSettings,
    keys: &KeyRing,
    entropy: Arc<dyn Entropy>,
) -> Result<Arc<dyn Hasher>, HasherError> {
    let settings = HasherSettings::new(settings.cost, settings.slots);
    Ok(Arc::new(Argon2Hasher::new(settings, &keys.pepper, entropy)?))
}

fn tokens(keys: TokenKeys) -> Result<Arc<dyn Tokens>, ProviderTaken> {
    let (issuer, audience) = (TOKEN_PARTY.to_owned(), TOKEN_PARTY.to_owned());
    Ok(match keys {
        TokenKeys::Hs256(keyring) => Arc::new(JwtTokens::new(keyring, issuer, audience, TOKENS_CACHED)?),
        TokenKeys::Eddsa(keyring) => Arc::new(EddsaTokens::new(keyring, issuer, audience, TOKENS_CACHED)?),
    })
}
