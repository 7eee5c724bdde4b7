//! Whether the server can do its work.

use crate::Fault;
use epic_outbound::audit::Audit;
use epic_outbound::blobs::Blobs;
use std::sync::Arc;

/// Asks what the server cannot do without.
#[derive(Clone)]
pub struct Readiness {
    audit: Arc<dyn Audit>,
    blobs: Arc<dyn Blobs>,
}

impl Readiness {
    /// Asks the store behind `audit`, and `blobs`.
    #[must_use]
    pub fn new(audit: Arc<dyn Audit>, blobs: Arc<dyn Blobs>) -> Self {
        Self { audit, blobs }
    }

    /// Asks the store for the end of the audit chain, the smallest question that shows that it answers, and the blob store
    /// whether it is there.
    ///
    /// # Errors
    /// [`Fault`] when it does not.
    pub async fn check(&self) -> Result<(), Fault> {
        self.audit.anchor().await?;
        Ok(self.blobs.check().await?)
    }
}
