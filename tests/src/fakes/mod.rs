//! In-memory stand-ins for every driven port. They pass the contract kit that the real adapters pass, so a use case
//! tested on them meets the same behaviour.

mod access_log;
mod audit;
mod blobs;
mod changes;
mod clock;
mod entropy;
mod entry_limiter;
mod faults;
mod hasher;
mod head_signer;
mod limiter;
mod memory_store;
mod otp;
mod passes;
mod revocations;
mod sealer;
mod shelf;
mod store_changes;
mod store_files;
mod store_grants;
mod store_sessions;
mod store_uploads;
mod store_users;
mod tokens;

pub use access_log::FakeAccessLog;
pub use audit::FakeAudit;
pub use blobs::FakeBlobs;
pub use changes::FakeChanges;
pub use clock::FakeClock;
pub use entropy::FakeEntropy;
pub use entry_limiter::FakeEntryLimiter;
pub use faults::{Fault, FaultSwitch};
pub use hasher::FakeHasher;
pub use head_signer::FakeHeadSigner;
pub use limiter::FakeLimiter;
pub use memory_store::MemoryStore;
pub use otp::FakeOtp;
pub use passes::FakePasses;
pub use revocations::FakeRevocations;
pub use sealer::FakeSealer;
pub use tokens::FakeTokens;

use crate::builders::split_mix;

/// Sixty-four bits that depend on every one of `bytes`: a toy, no cryptography.
fn mix(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(split_mix(seed), |state, byte| split_mix(state ^ u64::from(*byte)))
}
