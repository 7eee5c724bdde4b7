//! Files: opaque contents, what is said of them, and who may see them.

mod content;
mod digest;
mod entry;
mod link;
mod metadata;
mod once;
mod policy;
mod proofs;
mod share;
mod upload;
mod usage;

pub use content::{Content, ContentNumber};
pub use digest::{ContentDigest, ContentHasher};
pub use entry::{File, FileChange, Revision};
pub use link::{Link, LinkToken, LinkTokenDigest};
pub use metadata::{EncryptedDataKey, EncryptedFilename};
pub use once::{Earlier, IdempotencyKey, Once, RequestFingerprint};
pub use policy::FilePolicy;
pub use proofs::{FileAccess, Ownership, Right, WriteAccess};
pub use share::{Permission, Share};
pub use upload::{Fence, Progress, Received, StageState, Target, Upload, UploadSize};
pub use usage::{OverQuota, Usage};
