//! Whether the server can do its work.

use crate::Fault;
use epic_outbound::audit::Audit;
use std::sync::Arc;

/// Asks what the server cannot do without.
#[derive(Clone)]
pub struct Readiness {
    audit: Arc<dyn Audit>,
}

impl Readiness {
    /// Asks the store behind `audit`.
    #[must_use]
    pub fn new(audit: Arc<dyn Audit>) -> Self {
        Self { audit }
    }

    /// Asks the store for the end of the audit chain, the smallest question that shows that it answers.
    ///
    /// # Errors
    /// [`Fault`] when it does not.
    pub async fn check(&self) -> Result<(), Fault> {
        self.audit.anchor().await?;
        Ok(())
    }
}
