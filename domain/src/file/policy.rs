//! How long files, their earlier contents and uploads are kept.

use crate::Timestamp;
use core::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How large contents may be, and how long what is left behind is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePolicy {
    /// The most bytes of one content.
    pub content_bytes_max: u64,
    /// How long an upload may rest before it is given up.
    pub upload_kept: Duration,
    /// How long a file stays in the trash.
    pub trash_kept: Duration,
    /// How long an earlier content is kept after a newer one took over.
    pub versions_kept: Duration,
}

impl FilePolicy {
    /// 10 GiB; a day; 30 days each.
    pub const DEFAULT: Self = Self {
        content_bytes_max: 10 * 1_024 * 1_024 * 1_024,
        upload_kept: DAY,
        trash_kept: Duration::from_secs(30 * 24 * 60 * 60),
        versions_kept: Duration::from_secs(30 * 24 * 60 * 60),
    };

    /// When an upload that goes on at `now` is given up.
    #[must_use]
    pub fn upload_expires_at(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.upload_kept)
    }

    /// Files trashed at this time or before are removed at `now`.
    #[must_use]
    pub fn trash_ends(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.trash_kept)
    }

    /// Contents superseded at this time or before are removed at `now`.
    #[must_use]
    pub fn versions_end(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.versions_kept)
    }
}

impl Default for FilePolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}
