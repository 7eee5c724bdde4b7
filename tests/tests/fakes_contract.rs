//! The fakes pass the contract kit that the real adapters pass.

use epic_domain::rate_limit::Quotas;
use epic_outbound::access_log::AccessLog;
use epic_outbound::hasher::Hasher;
use epic_outbound::head_signer::HeadSigner;
use epic_outbound::limiter::Limiter;
use epic_outbound::passes::Passes;
use epic_outbound::revocations::Revocations;
use epic_outbound::sealer::Sealer;
use epic_outbound::tokens::Tokens;
use epic_tests::contract::Stores;
use epic_tests::contract::blobs::BlobStore;
use epic_tests::contract::entry_limiter::EntryLimits;
use epic_tests::fakes::{
    FakeAccessLog, FakeAudit, FakeBlobs, FakeClock, FakeEntryLimiter, FakeHasher, FakeHeadSigner,
    FakeLimiter, FakePasses, FakeRevocations, FakeSealer, FakeTokens, MemoryStore,
};
use std::sync::Arc;

async fn fresh() -> Stores {
    Stores::with_audit(Arc::new(MemoryStore::default()), Arc::new(FakeAudit::default()), ())
}

async fn fresh_blobs() -> BlobStore {
    let blobs = FakeBlobs::default();
    BlobStore::new(move || Arc::new(blobs.clone()), ())
}

fn limiter(quotas: Quotas) -> Arc<dyn Limiter> {
    Arc::new(FakeLimiter::new(quotas))
}

async fn entry_limits(quotas: Quotas) -> EntryLimits {
    let clock = Arc::<FakeClock>::default();
    let limiter = FakeEntryLimiter::new(limiter(quotas), Arc::clone(&clock) as _);
    EntryLimits::new(Arc::new(limiter), clock, ())
}

fn new_revocations() -> Arc<dyn Revocations> {
    Arc::new(FakeRevocations::default())
}

fn new_access_log() -> Arc<dyn AccessLog> {
    Arc::new(FakeAccessLog::default())
}

fn new_tokens() -> Arc<dyn Tokens> {
    Arc::new(FakeTokens::default())
}

fn new_sealer() -> Arc<dyn Sealer> {
    Arc::new(FakeSealer::default())
}

fn new_hasher() -> Arc<dyn Hasher> {
    Arc::new(FakeHasher::default())
}

fn new_passes() -> Arc<dyn Passes> {
    Arc::new(FakePasses::default())
}

fn new_head_signer() -> Arc<dyn HeadSigner> {
    Arc::new(FakeHeadSigner::default())
}

epic_tests::store_contract!(fresh);
epic_tests::blobs_contract!(fresh_blobs);
epic_tests::limiter_contract!(limiter);
epic_tests::entry_limiter_contract!(entry_limits);
epic_tests::revocations_contract!(new_revocations);
epic_tests::access_log_contract!(new_access_log);
epic_tests::tokens_contract!(new_tokens);
epic_tests::sealer_contract!(new_sealer);
epic_tests::hasher_contract!(new_hasher);
epic_tests::passes_contract!(new_passes);
epic_tests::head_signer_contract!(new_head_signer);
